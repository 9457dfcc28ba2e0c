"""Which deliveries a worker takes next, and giving back what it has no time for.

The more urgent go first, however long the others wait: an alarm does not stand behind a newsletter to ten thousand.
"""

import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.utils import timezone
from uuid_utils.compat import uuid7

from notifications.delivery import moot
from notifications.models import Delivery
from notifications.models.priority import Priority

State = Delivery.State

# The row locks are skipped, not waited for: what another worker is claiming is not ours. Picked once and kept: inside
# a join Postgres may pick again for each row, and then LIMIT bounds nothing. An operator is told of the end only after
# the beginning: the other way round leaves an alarm open for ever.
CLAIM = """
WITH picked AS MATERIALIZED (
    SELECT mine.id FROM unnest(%(order)s::text[]) AS urgent (priority)
    CROSS JOIN LATERAL (
        SELECT waiting.id FROM notifications_delivery AS waiting
        WHERE waiting.state = 'waiting' AND waiting.channel = %(channel)s AND waiting.priority = urgent.priority
          AND waiting.due_at <= %(now)s
          AND (waiting.channel <> 'operators' OR NOT EXISTS (
              SELECT 1 FROM notifications_delivery AS earlier
              WHERE earlier.incident_id = waiting.incident_id AND earlier.channel = 'operators'
                AND earlier.id < waiting.id AND earlier.state IN ('waiting', 'claimed')
                AND earlier.content ->> 'operator' = waiting.content ->> 'operator'
          ))
        ORDER BY waiting.due_at LIMIT %(most)s FOR UPDATE SKIP LOCKED
    ) AS mine
    LIMIT %(most)s
)
UPDATE notifications_delivery AS delivery
SET state = 'claimed', claim_token = %(token)s, lease_expires_at = %(until)s, attempts = attempts + 1
FROM picked
WHERE delivery.id = picked.id
RETURNING delivery.id, content, endpoint_id, recipient_id, incident_id, rule, reference, attempts,
          (SELECT CASE WHEN NOT is_active THEN '' WHEN %(channel)s = 'email' THEN email
                       WHEN phone_verified THEN phone_number ELSE '' END
           FROM accounts_user WHERE accounts_user.id = recipient_id),
          CASE WHEN EXISTS (SELECT FROM notifications_notification AS told
                            WHERE told.id = notification_id AND told.expires_at <= %(now)s) THEN %(expired)s
               WHEN recipient_id IS NOT NULL AND tenant_id IS NOT NULL
                    AND NOT EXISTS (SELECT FROM tenants_membership AS one
                                    WHERE one.user_id = recipient_id AND one.tenant_id = delivery.tenant_id)
               THEN %(left)s ELSE '' END
"""
MOST_URGENT_FIRST = [str(priority) for priority in reversed(Priority)]


@dataclass(frozen=True)
class Claimed:
    """One delivery in a worker's hands."""

    token: UUID
    id: UUID
    content: dict[str, Any]
    endpoint_id: UUID | None
    recipient_id: UUID | None
    incident_id: UUID | None
    rule: str
    reference: str
    attempts: int
    """This one counts."""
    address: str
    """Where its recipient is reached now: whoever moved is reached where they are, and who is gone nowhere."""


def claim(*, channel: str, most: int) -> list[Claimed]:
    """Takes up to `most` that are due, for DELIVERY_LEASE; [] when none are to be had. What is moot by now is let
    go."""
    while True:
        now, token = timezone.now(), uuid7()
        rows = take(channel=channel, most=most, now=now, token=token)
        for reason in moot.REASONS:
            if over := [key for key, *_, why in rows if why == reason]:
                moot.skip_claimed(over, reason=reason, token=token, now=now)
        if mine := [_claimed(token, row) for *row, why in rows if not why]:
            return mine
        if not rows:
            return []


def take(*, channel: str, most: int, now: datetime.datetime, token: UUID) -> list[Any]:
    """The claim itself, in one statement: its rows, each with why the delivery is moot, or "", at its end."""
    values: dict[str, Any] = {"channel": channel, "most": most, "now": now, "order": MOST_URGENT_FIRST}
    values |= {"token": token, "until": now + settings.DELIVERY_LEASE, "expired": moot.EXPIRED, "left": moot.LEFT}
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, values)
        return sorted(cursor.fetchall())  # by their ids, which are the order in which they were written


def _claimed(token: UUID, row: Sequence[Any]) -> Claimed:
    key, text, endpoint, person, incident, rule, reference, attempts, address = row
    content = json.loads(text)
    address = address or content.get("operator", "")
    return Claimed(token, key, content, endpoint, person, incident, rule, reference, attempts, address)


def give_back(deliveries: Sequence[Claimed]) -> None:
    """What was claimed and not begun: it waits again, as if nobody had taken it."""
    if deliveries:
        mine = Delivery.objects.filter(
            pk__in=[one.id for one in deliveries], claim_token=deliveries[0].token, state=State.CLAIMED
        )
        mine.update(state=State.WAITING, claim_token=None, lease_expires_at=None, attempts=F("attempts") - 1)
