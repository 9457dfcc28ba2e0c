"""The settings that every scenario is played by, in whichever process."""

import contextlib
import datetime
from collections.abc import Iterator
from pathlib import Path

from django.test import override_settings

GENEROUS = datetime.timedelta(minutes=2)


@contextlib.contextmanager
def rules(spool: Path, cadence: datetime.timedelta) -> Iterator[None]:
    """The product's defaults, but for what depends on how fast this machine is, and on where it keeps its notes."""
    with override_settings(
        MONITOR_INTERVAL_SECONDS=int(cadence.total_seconds()),
        CHECK_TIME_LIMIT=GENEROUS,
        MONITOR_TIME_LIMIT=GENEROUS,
        DATABASE_LATENCY_LIMIT_MS=60_000,
        DATABASE_CONNECTIONS_LIMIT_PERCENT=100,
        SPOOL_DIR=spool,
        ALERT_URLS=[],
        ALERT_EMAILS=[],
        HEARTBEAT_URL="",
    ):
        yield
