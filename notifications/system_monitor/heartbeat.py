"""Tells a service outside that the monitor ran; when that stops, the service speaks up.

It is the only one who notices a monitor that stopped while nobody asks, so it hears of complete runs only.
"""

from typing import Any

import requests
import structlog
from django.conf import settings

from notifications.system_monitor import isolation

log = structlog.get_logger(__name__)


def ping(report: dict[str, Any]) -> bool:
    """After a run, outside of any transaction: calls HEARTBEAT_URL if the run was complete; says whether that was
    heard. Takes no longer than ALERT_TIME_LIMIT, and a failure is logged, never raised."""
    if not settings.HEARTBEAT_URL or not report.get("stored") or not report.get("complete"):
        return False
    seconds = settings.ALERT_TIME_LIMIT.total_seconds()
    try:
        # requests limits each wait and not the whole of them; where its own limit is enough, it ends tidily.
        (done,) = isolation.all_within(seconds, {"heartbeat": lambda: _call(seconds * 0.9)}).values()
        done.result()
    except (requests.RequestException, isolation.OutOfTime) as error:
        # Not its text, which holds the address; that is a secret to most such services.
        log.warning("the heartbeat was not heard", error=type(error).__name__)
        return False
    return True


def _call(seconds: float) -> None:
    with requests.get(settings.HEARTBEAT_URL, timeout=seconds, stream=True) as answer:
        answer.raise_for_status()
