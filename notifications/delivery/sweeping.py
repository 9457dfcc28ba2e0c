"""Finding what a crash or a lost hint left behind, what became of what was taken, and what was given up."""

import datetime
import json
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from notifications.channels import CHANNELS, get_channel
from notifications.channels.base import Settled
from notifications.delivery import digests, watching
from notifications.delivery.hints import hint
from notifications.models import Delivery, DeliveryAttempt

State = Delivery.State
BATCH = 1000
#: A receipt that has not come after this long does not come any more.
RECEIPT_AWAITED = datetime.timedelta(days=2)


def sweep() -> dict[str, int]:
    """Takes back what a lost worker was at, follows what is settled later, and asks for workers where something is
    due; safe to run twice and at the same time as anything."""
    now = timezone.now()
    found = {"replayed": replay(now=now), "settled": settle(now=now), "digests": digests.make_due(now)}
    waiting = _channels_with_something_due(now)
    hint(channels=waiting)
    watched = {"dead": watching.watch_dead_letters(now=now), "blocked": watching.watch_channels(now=now)}
    return found | watched | {"hinted": len(waiting)}


# The attempt is kept like any other: it may have been taken. What takes its worker down each time is given up too.
REPLAY = """
WITH lost AS MATERIALIZED (
    SELECT id, attempts >= (%(caps)s::jsonb ->> channel)::int AS is_enough
    FROM notifications_delivery WHERE state = 'claimed' AND lease_expires_at < %(now)s
    ORDER BY lease_expires_at LIMIT %(most)s FOR UPDATE SKIP LOCKED
), back AS (
    UPDATE notifications_delivery AS delivery
    SET state = CASE WHEN is_enough THEN 'dead' ELSE 'waiting' END, claim_token = NULL, lease_expires_at = NULL,
        reason = %(reason)s, due_at = %(now)s, finished_at = CASE WHEN is_enough THEN %(now)s END
    FROM lost
    WHERE delivery.id = lost.id
    RETURNING delivery.id, delivery.attempts
)
INSERT INTO notifications_deliveryattempt (id, delivery_id, number, at, seconds, outcome, reason)
SELECT uuid7(), id, attempts, %(now)s, 0, 'unknown', %(reason)s FROM back
"""


def replay(*, now: datetime.datetime) -> int:
    """Lets wait again what a worker held longer than its lease; returns how many."""
    held = Delivery.objects.filter(state=State.CLAIMED, lease_expires_at__lt=now).order_by()
    caps = {slug: get_channel(slug).attempts for slug in held.values_list("channel", flat=True).distinct()}
    values: dict[str, Any] = {"now": now, "most": BATCH, "caps": json.dumps(caps)}
    values["reason"] = "The worker that had it was lost; it may have been taken."
    count = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(REPLAY, values)
            found: int = cursor.rowcount
        count += found
        if found < BATCH:
            return count


def settle(*, now: datetime.datetime) -> int:
    """Ends what a channel took and has later heard of; returns how many. The newest attempt is what it speaks of."""
    count = 0
    for slug in CHANNELS:
        taken = Delivery.objects.taken().filter(channel=slug).order_by("id")
        references = dict(taken.values_list("reference", "pk")[:BATCH])
        if references:
            said = get_channel(slug).outcomes(list(references))
            count += sum(_settle(references[one], what, now=now) for one, what in said.items())
            old = Delivery.objects.taken().filter(channel=slug, created_at__lt=now - RECEIPT_AWAITED)
            count += old.update(finished_at=now, reason="It was taken; whether it arrived was never said.")
    return count


def _settle(key: UUID, what: Settled, *, now: datetime.datetime) -> int:
    mine = Delivery.objects.taken().filter(pk=key)
    count = mine.update(
        state=State.SENT if what.has_arrived else State.DEAD, reason=what.reason[:300], finished_at=now
    )
    if count and not what.has_arrived:
        newest = DeliveryAttempt.objects.filter(delivery=key).order_by("-id").values("pk")[:1]
        DeliveryAttempt.objects.filter(pk__in=newest).update(outcome="refused", reason=what.reason[:300])
    return count


def _channels_with_something_due(now: datetime.datetime) -> list[str]:
    due = Delivery.objects.filter(state=State.WAITING, due_at__lte=now)
    return [slug for slug in CHANNELS if due.filter(channel=slug).exists()]


def try_again(*, ids: list[UUID]) -> int:
    """Lets dead letters wait again, with all their attempts before them; returns how many of these there were."""
    now = timezone.now()
    dead = Delivery.objects.given_up().filter(pk__in=ids)
    channels = set(dead.values_list("channel", flat=True))
    fresh: dict[str, Any] = {"state": State.WAITING, "due_at": now, "attempts": 0, "finished_at": None}
    count = dead.update(**fresh, handled_at=None, reference="")
    hint(channels=sorted(channels))
    return count


def see_to(*, ids: list[UUID]) -> int:
    """Somebody has seen to these dead letters in another way: the monitor is content. Returns how many."""
    return Delivery.objects.given_up().filter(pk__in=ids, handled_at=None).update(handled_at=timezone.now())
