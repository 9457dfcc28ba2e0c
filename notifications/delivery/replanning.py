"""Whoever changes their wishes means what is still to come, too: what waits for its time is decided again."""

import datetime
from collections.abc import Iterator
from uuid import UUID

from django.db.models import Q
from django.db.models.fields.json import KT

from notifications.delivery.rules import Decision, decide
from notifications.models import Channel, Delivery
from notifications.models.delivery import DeliveryQuerySet
from notifications.models.priority import Priority
from notifications.preferences.wishes import wishes_of

State, Together = Delivery.State, Delivery.Together
KINDS = ("tenant", "category", "priority", "channel", "together")


def replan(*, user_id: UUID, now: datetime.datetime) -> int:
    """In the transaction that changed the wishes; returns how many deliveries it moved.

    What was tried already, is due, or is a digest itself goes its way.
    """
    moved = 0
    for same, decision in _decisions(user_id, now):
        moved += _move(same, decision, now)
    return moved


def _decisions(user_id: UUID, now: datetime.datetime) -> Iterator[tuple[DeliveryQuerySet, Decision]]:
    """All deliveries about which is decided alike, and what is decided now."""
    rows = _to_come(user_id, now)
    kinds = sorted(set(rows.values_list(*KINDS)), key=str)
    for tenant in {kind[0] for kind in kinds}:
        wishes = wishes_of(user_ids=[user_id], tenant_id=tenant)[user_id]
        for _, category, priority, channel, together in (kind for kind in kinds if kind[0] == tenant):
            decided = decide(category=category, priority=Priority(priority), wishes=wishes, now=now)
            (decision,) = (one for one in decided if one.channel == channel)
            yield (
                rows.filter(tenant=tenant, category=category, priority=priority, channel=channel, together=together),
                decision,
            )


def _to_come(user_id: UUID, now: datetime.datetime) -> DeliveryQuerySet:
    of_person = Delivery.objects.filter(recipient=user_id, channel__in=[Channel.EMAIL, Channel.SMS], attempts=0)
    ahead = of_person.filter(Q(state=State.HELD) | Q(state=State.WAITING, due_at__gt=now))
    return ahead.annotate(category=KT("content__category"))


def _move(rows: DeliveryQuerySet, decision: Decision, now: datetime.datetime) -> int:
    """Rows that another transaction has claimed or merged meanwhile no longer fit, and are its own."""
    if decision.is_sent and not decision.digest and decision.due_at is None:
        rows = rows.exclude(together=Together.STORM)  # it is a storm still
    changes = {
        "state": decision.state,
        "rule": decision.rule,
        "together": decision.digest,
        "due_at": decision.due_at or now,
        "finished_at": None if decision.is_sent else now,
    }
    return rows.exclude(state=decision.state, due_at=changes["due_at"], rule=decision.rule).update(**changes)
