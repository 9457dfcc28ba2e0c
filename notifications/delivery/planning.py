"""What is to happen for each of many people: their wishes, the rules, what is set up, and the storm brake.

Three queries, however many people.
"""

import datetime
from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

from notifications.delivery import ready, rules, storm
from notifications.models import Channel
from notifications.models.priority import Priority
from notifications.preferences.wishes import wishes_of


def plan(
    *, user_ids: Collection[UUID], tenant_id: UUID | None, category: str, priority: Priority, now: datetime.datetime
) -> dict[UUID, list[rules.Decision]]:
    """One decision for e-mail and one for SMS for each of these people; `decision.state` is what a Delivery begins as,
    and `decision.digest` what its `together` holds."""
    wishes = wishes_of(user_ids=user_ids, tenant_id=tenant_id)
    lacks = {channel: ready.lacking(channel) for channel in (Channel.EMAIL, Channel.SMS)}
    decided = {
        person: [
            _as_far_as_it_goes(one, lacks[one.channel])
            for one in rules.decide(category=category, priority=priority, wishes=theirs, now=now)
        ]
        for person, theirs in wishes.items()
    }
    return storm.brake(decisions=decided, priority=priority, now=now)


def _as_far_as_it_goes(decision: rules.Decision, lack: str) -> rules.Decision:
    """Nothing goes out by a channel that was not set up, and it says so."""
    if not (lack and decision.is_sent):
        return decision
    return replace(decision, rule=lack, is_sent=False, due_at=None, digest="", steps=(*decision.steps, lack))
