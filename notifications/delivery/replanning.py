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


def replan(*, user_id: UUID, now: datetime.datetime) -> int:
    """In the transaction that changed the wishes; returns how many deliveries it moved.

    What was tried already, is due, or is a digest itself goes its way.
    """
    return sum(_move(rows, decision, together, now) for rows, decision, together in _decided(user_id, now))


def _decided(user_id: UUID, now: datetime.datetime) -> Iterator[tuple[DeliveryQuerySet, Decision, str]]:
    """All deliveries about which is decided alike, what is decided now, and what holds them."""
    to_come = _to_come(user_id, now)
    # Few, however many deliveries there are.
    kinds = set(to_come.values_list("tenant", KT("content__category"), "priority", "channel", "together"))
    wishes = {tenant: wishes_of(user_ids=[user_id], tenant_id=tenant) for tenant in {kind[0] for kind in kinds}}
    for tenant, category, priority, channel, together in sorted(kinds, key=str):
        mine = wishes[tenant].get(user_id)
        if mine is not None:
            decided = decide(category=category, priority=Priority(priority), wishes=mine, now=now)
            alike = to_come.filter(tenant=tenant, content__category=category, priority=priority)
            (decision,) = (one for one in decided if one.channel == channel)
            yield alike.filter(channel=channel, together=together), decision, together


def _to_come(user_id: UUID, now: datetime.datetime) -> DeliveryQuerySet:
    of_person = Delivery.objects.filter(recipient=user_id, channel__in=[Channel.EMAIL, Channel.SMS], attempts=0)
    return of_person.filter(Q(state=State.HELD) | Q(state=State.WAITING, due_at__gt=now))


def _move(rows: DeliveryQuerySet, decision: Decision, together: str, now: datetime.datetime) -> int:
    """Rows that another transaction has claimed or merged meanwhile no longer fit, and are its own."""
    due_at = decision.due_at or now
    if together == Together.STORM and decision.is_sent and not decision.digest:
        # A storm is none the less one; only when its summary comes may change.
        return rows.filter(due_at__lt=due_at).update(due_at=due_at) if decision.due_at else 0
    return rows.exclude(state=decision.state, due_at=due_at, rule=decision.rule).update(
        state=decision.state,
        rule=decision.rule,
        together=decision.digest,
        due_at=due_at,
        finished_at=None if decision.is_sent else now,
    )
