"""What is to happen for each of many people: their wishes, the rules and the storm brake, in three queries."""

import datetime
from collections.abc import Collection
from uuid import UUID

from notifications.delivery import rules, storm
from notifications.models.priority import Priority
from notifications.preferences.wishes import wishes_of


def plan(
    *, user_ids: Collection[UUID], tenant_id: UUID | None, category: str, priority: Priority, now: datetime.datetime
) -> dict[UUID, list[rules.Decision]]:
    """One decision for e-mail and one for SMS for each of these people; `decision.state` is what a Delivery begins as,
    and `decision.digest` what its `together` holds."""
    wishes = wishes_of(user_ids=user_ids, tenant_id=tenant_id)
    decided = {
        person: rules.decide(category=category, priority=priority, wishes=theirs, now=now)
        for person, theirs in wishes.items()
    }
    return storm.brake(decisions=decided, priority=priority, now=now)
