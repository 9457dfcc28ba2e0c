"""The messages that are stuck, by the rule of `Message.objects.stuck()`, without looking at any that are not.

What a carrier has a deadline for is found by that deadline, everything else by when it last moved or was due; so the
millions that are scheduled, or still in their time, cost nothing.
"""

import datetime
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import connection

from sms.models.states import PENDING, SENDING, Status

OLDEST = """
SELECT provider, status, status_changed_at FROM (
    (SELECT provider, status, status_changed_at FROM sms_message
     WHERE status IN %(on_its_way)s AND deliver_before IS NULL
       AND GREATEST(status_changed_at, next_attempt_at) <= %(until)s AND status_changed_at < %(until)s
       AND provider <> ALL(%(but_not_of)s)
     ORDER BY GREATEST(status_changed_at, next_attempt_at) LIMIT %(most)s)
    UNION ALL
    (SELECT provider, status, status_changed_at FROM sms_message
     WHERE status IN %(on_its_way)s AND deliver_before <= %(now)s
       AND GREATEST(status_changed_at, next_attempt_at) <= %(until)s AND status_changed_at < %(until)s
       AND provider <> ALL(%(but_not_of)s)
     ORDER BY deliver_before LIMIT %(most)s)
) AS stuck ORDER BY status_changed_at LIMIT %(most)s
"""


@dataclass(frozen=True)
class Stuck:
    provider: str
    status: Status
    since: datetime.datetime
    """When its state last changed."""


def oldest(
    *, now: datetime.datetime, after: datetime.timedelta, most: int, but_not_of: Collection[str] = ()
) -> list[Stuck]:
    """At most so many of those in scope that have been pending or sending for longer than `after`, oldest first."""
    values: dict[str, Any] = {
        "on_its_way": (*PENDING, *SENDING),
        "now": now,
        "until": now - after,
        "most": most,
        "but_not_of": list(but_not_of),
    }
    with connection.cursor() as cursor:
        cursor.execute(OLDEST, values)
        return [Stuck(provider, Status(status), since) for provider, status, since in cursor.fetchall()]
