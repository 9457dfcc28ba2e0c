"""How delivery is doing, channel by channel. What it costs depends on what waits and on a quarter of an hour, not on
how much was ever sent."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count, Min
from django.utils import timezone

from accounts.fields import first_id
from notifications.models import Channel, Delivery, DeliveryAttempt

LATELY = datetime.timedelta(minutes=15)


@dataclass(frozen=True)
class Figures:
    channel: str
    attempts: Mapping[str, int]
    """Of the last quarter of an hour, by how they ended: every outcome, also those that none had."""
    waiting: int
    """For their time, or for another attempt."""
    oldest_due_seconds: float
    """How long ago the one that is due the longest should have been taken by a worker; 0 where none is due."""
    given_up: int
    """And not seen to."""


def of_every_channel() -> list[Figures]:
    now = timezone.now()
    lately = DeliveryAttempt.objects.filter(pk__gte=first_id(now - LATELY)).values_list("delivery__channel", "outcome")
    tried = {(channel, outcome): count for channel, outcome, count in lately.annotate(Count("pk"))}
    waits = Delivery.objects.filter(state=Delivery.State.WAITING).values_list("channel")
    waiting = {channel: (count, due_at) for channel, count, due_at in waits.annotate(Count("pk"), Min("due_at"))}
    dead = dict(Delivery.objects.to_be_seen_to().values_list("channel").annotate(Count("pk")))
    found = []
    for channel in Channel.values:
        attempts = {outcome: tried.get((channel, outcome), 0) for outcome in DeliveryAttempt.Outcome.values}
        count, due_at = waiting.get(channel, (0, now))
        oldest = max(0.0, (now - due_at).total_seconds())
        found.append(Figures(channel, attempts, count, oldest, dead.get(channel, 0)))
    return found
