"""What was held, told together: at its time all of one person and channel becomes one delivery, which its parts name.

What the storm brake held is summed up apart, and by its own rule: at once when the storm begins, and when it is over.
"""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from uuid_utils.compat import uuid7

from notifications.delivery.moot import skip_held
from notifications.delivery.words import DIGEST, STORM, content_of
from notifications.models import Channel, Delivery
from notifications.models.priority import Priority, worst

State, Together = Delivery.State, Delivery.Together
#: People and channels of one transaction: short locks, and a killed run has kept what it did.
BATCH = 100

# A storm is summed up when it begins: what is held follows nothing that was summed up within a window before it. Then
# when it is over, or has gone on for too long.
GROUPS = """
WITH held AS (
    SELECT recipient_id, channel, together = 'storm' AS is_storm, min(due_at) AS oldest, max(due_at) AS newest
    FROM notifications_delivery WHERE state = 'held' AND due_at <= %(now)s
    GROUP BY recipient_id, channel, together = 'storm'
)
SELECT recipient_id, channel, is_storm FROM held
WHERE NOT is_storm OR newest <= %(now)s - %(window)s::interval OR oldest <= %(now)s - %(longest)s::interval
   OR NOT EXISTS (
       SELECT 1 FROM notifications_delivery AS told
       WHERE told.recipient_id = held.recipient_id AND told.channel = held.channel
         AND told.state = 'merged' AND told.together = 'storm' AND told.due_at > held.oldest - %(window)s::interval
   )
ORDER BY recipient_id, channel, is_storm LIMIT %(most)s
"""
# In the order of their ids, and waiting for whoever holds them: of two at once the second then finds nothing left.
PARTS = """
SELECT part.id, part.recipient_id, part.channel, part.together = 'storm', part.together, part.priority, part.tenant_id,
       part.created_at, part.content ->> 'category', part.content ->> 'title', part.content ->> 'action_url',
       part.content ->> 'notification_id'
FROM notifications_delivery AS part
JOIN unnest(%(people)s::uuid[], %(channels)s::text[], %(storms)s::bool[]) AS wanted (person, channel, is_storm)
  ON part.recipient_id = wanted.person AND part.channel = wanted.channel
 AND (part.together = 'storm') = wanted.is_storm
WHERE part.state = 'held' AND part.due_at <= %(now)s
ORDER BY part.id FOR UPDATE OF part
"""
MERGE = """
UPDATE notifications_delivery AS part SET state = 'merged', digest_id = told.digest, finished_at = %(now)s
FROM unnest(%(parts)s::uuid[], %(digests)s::uuid[]) AS told (part, digest) WHERE part.id = told.part
"""


@dataclass(frozen=True)
class Part:
    """One delivery that was held, without what only its own message needs."""

    id: UUID
    recipient_id: UUID
    channel: str
    is_storm: bool
    together: str
    priority: str
    tenant_id: UUID | None
    created_at: datetime.datetime
    category: str
    title: str
    action_url: str
    notification_id: str | None

    @property
    def group(self) -> tuple[str, str, bool]:
        return str(self.recipient_id), self.channel, self.is_storm


def make_due(now: datetime.datetime | None = None) -> int:
    """Writes the digests and summaries that are due; returns how many. Safe to run twice, at the same time, and to
    kill: a digest and the end of its parts are written in one transaction."""
    now = now or timezone.now()
    made = 0
    while True:
        with transaction.atomic():
            skip_held(now=now)
            groups = _due_groups(now)
            parts = _locked_parts(groups, now)
            made += _tell_together(parts, now)
        if not parts:
            return made


def _due_groups(now: datetime.datetime) -> list[tuple[UUID, str, bool]]:
    values: dict[str, Any] = {
        "now": now,
        "most": BATCH,
        "window": settings.STORM_WINDOW,
        "longest": settings.STORM_LONGEST,
    }
    with connection.cursor() as cursor:
        cursor.execute(GROUPS, values)
        found: list[tuple[UUID, str, bool]] = cursor.fetchall()
    return found


def _locked_parts(groups: Sequence[tuple[UUID, str, bool]], now: datetime.datetime) -> list[Part]:
    if not groups:
        return []
    people, channels, storms = (list(each) for each in zip(*groups, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(PARTS, {"people": people, "channels": channels, "storms": storms, "now": now})
        return [Part(*row) for row in cursor.fetchall()]


def _tell_together(parts: list[Part], now: datetime.datetime) -> int:
    digests: list[Delivery] = []
    merged: list[tuple[UUID, UUID]] = []
    alone: list[UUID] = []
    for _, each in groupby(sorted(parts, key=lambda part: part.group), key=lambda part: part.group):
        group = list(each)
        if len(group) == 1 and not group[0].is_storm:
            alone.append(group[0].id)
            continue
        digest = _digest(group, now)
        digests.append(digest)
        merged += [(part.id, digest.pk) for part in group]
    Delivery.objects.bulk_create(digests)
    _merge(merged, now)
    # A digest of one is that one.
    Delivery.objects.filter(pk__in=alone).update(state=State.WAITING, due_at=now)
    return len(digests)


def _merge(pairs: Sequence[tuple[UUID, UUID]], now: datetime.datetime) -> None:
    if pairs:
        parts, digests = (list(each) for each in zip(*pairs, strict=True))
        with connection.cursor() as cursor:
            cursor.execute(MERGE, {"parts": parts, "digests": digests, "now": now})


def _digest(parts: Sequence[Part], now: datetime.datetime) -> Delivery:
    newest_first = sorted(parts, key=lambda part: (part.created_at, part.id), reverse=True)
    first, key = newest_first[0], uuid7()
    priority = worst(*(Priority(part.priority) for part in parts))
    return Delivery(
        id=key,
        key=f"{STORM if first.is_storm else DIGEST}:{key}",
        channel=Channel(first.channel),
        recipient_id=first.recipient_id,
        tenant_id=_one(part.tenant_id for part in parts),
        priority=priority,
        content=content_of(newest_first, priority=priority, now=now),
        rule=_rule(parts),
        due_at=now,
        created_at=now,
    )


def _rule(parts: Sequence[Part]) -> str:
    if parts[0].is_storm:
        return f"The storm brake held {len(parts)}; this tells them together."
    which = _one(part.together for part in parts)
    return f"{which.capitalize() + ' digest' if which else 'Digest'} of {len(parts)}."


def _one(values: Iterable[Any]) -> Any:
    """What is the same in all of them; None when they differ."""
    found = set(values)
    return found.pop() if len(found) == 1 else None
