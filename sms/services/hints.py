"""Telling the workers that something waits. Only a hint: the sweeper finds every row without it."""

from collections.abc import Iterable

import structlog
from celery import current_app

from sms import rates

log = structlog.get_logger(__name__)


def hint(*, providers: Iterable[str], after: float = 0.0) -> None:
    """Asks for a worker per provider, now or in so many seconds. One that is asked for already is not asked again."""
    try:
        for provider in providers:
            if after or rates.first_to_ask(provider):
                # By name: tasks import us.
                current_app.send_task("sms.tasks.dispatch", args=[provider], countdown=after or None)
    except Exception as error:  # noqa: BLE001 (whatever the broker's client raises: the rows are stored)
        log.warning("broker unreachable; the sweeper will find the messages", error=str(error)[:200])
