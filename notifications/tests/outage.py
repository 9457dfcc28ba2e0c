"""Outages as a machine noted them, for the tests of what becomes of them."""

import datetime
import os
from pathlib import Path

from django.conf import settings

from notifications.system_monitor.fallback import journal

NIGHT = datetime.datetime(2026, 3, 10, 2, 0, tzinfo=datetime.UTC)
MINUTE = datetime.timedelta(minutes=1)


def note(began: datetime.datetime, ended: datetime.datetime | None = None) -> str:
    """One outage in this machine's journal; returns its id."""
    with journal.opened() as notes:
        line = notes.add(kind="began", at=began.isoformat())
        if ended is not None:
            notes.add(kind="ended", outage=line["id"], at=ended.isoformat())
    return str(line["id"])


def spool() -> Path:
    return journal._path()


def environment(**more: str) -> dict[str, str]:
    """Of another process on this machine."""
    words = {"DJANGO_SETTINGS_MODULE": "config.settings", "SPOOL_DIR": str(settings.SPOOL_DIR)}
    return os.environ | words | {"ALERT_TIME_LIMIT_SECONDS": "20"} | more
