"""Which deliveries a worker takes next, and giving back what it has no time for."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.utils import timezone
from uuid_utils.compat import uuid7

from notifications.models import Delivery

State = Delivery.State

# The row locks are skipped, not waited for: what another worker is claiming is not ours. Picked once and kept: inside
# a join Postgres may pick again for each row, and then LIMIT bounds nothing. What is told in a digest waits for the
# digest. An operator is told of the end only after the beginning: the other way round leaves an alarm open for ever.
CLAIM = """
WITH picked AS MATERIALIZED (
    SELECT waiting.id FROM notifications_delivery AS waiting
    WHERE waiting.state = 'waiting' AND waiting.channel = %(channel)s AND waiting.due_at <= %(now)s
      AND NOT waiting.content ? 'digest'
      AND (waiting.channel <> 'operators' OR NOT EXISTS (
          SELECT 1 FROM notifications_delivery AS earlier
          WHERE earlier.incident_id = waiting.incident_id AND earlier.channel = 'operators'
            AND earlier.id < waiting.id AND earlier.state IN ('waiting', 'claimed')
            AND earlier.content ->> 'operator' = waiting.content ->> 'operator'
      ))
    ORDER BY waiting.due_at LIMIT %(most)s FOR UPDATE SKIP LOCKED
)
UPDATE notifications_delivery AS delivery
SET state = 'claimed', claim_token = %(token)s, lease_expires_at = %(until)s, attempts = attempts + 1
FROM picked
WHERE delivery.id = picked.id
RETURNING delivery.id
"""


def claim(*, channel: str, most: int) -> list[Delivery]:
    """Takes up to `most` that are due, for DELIVERY_LEASE; with their recipients. [] when none are to be had."""
    now = timezone.now()
    values: dict[str, Any] = {"channel": channel, "most": most, "now": now}
    values |= {"token": uuid7(), "until": now + settings.DELIVERY_LEASE}
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, values)
        ids = [key for (key,) in cursor.fetchall()]
    return list(Delivery.objects.filter(pk__in=ids).select_related("recipient").order_by("id")) if ids else []


def give_back(deliveries: Sequence[Delivery]) -> None:
    """What was claimed and not begun: it waits again, as if nobody had taken it."""
    if deliveries:
        mine = Delivery.objects.filter(
            pk__in=[one.pk for one in deliveries], claim_token=deliveries[0].claim_token, state=State.CLAIMED
        )
        mine.update(state=State.WAITING, claim_token=None, lease_expires_at=None, attempts=F("attempts") - 1)
