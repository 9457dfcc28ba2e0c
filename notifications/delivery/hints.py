"""Telling the workers that something waits. Only a hint: the sweeper finds every row without it."""

from collections.abc import Iterable

import structlog
from celery import current_app
from django.core.cache import cache

log = structlog.get_logger(__name__)
#: A worker that was asked for and has not begun after this long is asked for again.
ASKED_SECONDS = 10


def hint(*, channels: Iterable[str]) -> None:
    """Asks for a worker per channel; one that is asked for already and has not begun is not asked for again."""
    try:
        for channel in channels:
            if cache.add(_asked(channel), 1, ASKED_SECONDS):
                current_app.send_task("notifications.tasks.hand_over", args=[channel])  # by name: tasks import us
    except Exception as error:  # noqa: BLE001 (whatever the broker's client raises: the rows are stored)
        log.warning("broker unreachable; the sweeper will find the deliveries", error=str(error)[:200])


def has_begun(channel: str) -> None:
    """From here on whoever writes a delivery asks again: this worker may have looked already."""
    try:
        cache.delete(_asked(channel))
    except Exception as error:  # noqa: BLE001 (as above; it expires by itself)
        log.warning("the hint stands until it expires", channel=channel, error=str(error)[:200])


def _asked(channel: str) -> str:
    return f"delivery-asked:{channel}"
