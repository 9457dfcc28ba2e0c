"""What a balance of SMS credits means to one person, by their own thresholds."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from accounts.models import User
from notifications.kinds import SmsCreditLow
from notifications.models import Notification, NotificationSettings
from notifications.models.priority import Priority
from notifications.preferences import settings_of
from notifications.services import notify
from tenants.models import Membership, Tenant
from tenants.services import current_membership

PRIORITIES = {"critical": Priority.HIGH, "warning": Priority.MEDIUM}


@dataclass(frozen=True)
class TriedOut:
    percentage: float
    """With one decimal."""
    level: str
    """ "critical", "warning" or "ok"."""
    notification: Notification | None
    """None when the level is ok, or in-app notifications are off for its priority."""


def try_out(*, user: User, current_credits: int, total_credits: int) -> TriedOut:
    """Judges a balance as if it were real and tells this person alone. `total_credits` is at least 1."""
    mine = settings_of(user=user)
    thresholds = _thresholds(mine)
    # In whole numbers: 10.04 % is shown as 10.0 and still above 10.
    reached = [level for level, percent in thresholds.items() if current_credits * 100 <= percent * total_credits]
    percentage = round(current_credits * 100 / total_credits, 1)
    if not reached:
        return TriedOut(percentage, "ok", None)
    level = reached[0]
    context = {
        "current_credits": current_credits,
        "total_credits": total_credits,
        "percentage": percentage,
        "level": level,
        "threshold": thresholds[level],
    }
    membership = current_membership(user)
    rows = notify(
        kind=SmsCreditLow,
        recipients=[user],
        context=context,
        tenant=membership.tenant if membership else None,
        priority=PRIORITIES[level],
        data=context | {"test": True},
    )
    return TriedOut(percentage, level, rows[0] if rows else None)


@dataclass(frozen=True)
class Fall:
    """How far a tenant's balance fell: from and to whole percent of what it was after the last top-up."""

    tenant_id: UUID
    top_up: int
    percent_before: int
    percent: int
    available: int
    balance_after_top_up: int


def tell_of_fall(*, fall: Fall) -> list[Notification]:
    """Tells the tenant's owners and admins whose own threshold this fall crossed, and returns the rows that are new.

    Each level once a top-up, and of two that are crossed at once the worse one. A suspended tenant is told nothing.
    """
    roles = [Membership.Role.OWNER, Membership.Role.ADMIN]
    team = Membership.objects.in_use().filter(tenant=fall.tenant_id, role__in=roles)
    people = list(User.objects.active().filter(pk__in=team.values("user")))
    if not people:
        return []
    tenant = Tenant.objects.get(pk=fall.tenant_id)
    told: list[Notification] = []
    for (level, threshold), recipients in _crossed(people, fall).items():
        told += _tell(level, threshold, recipients, tenant, fall)
    return told


def _crossed(people: Sequence[User], fall: Fall) -> dict[tuple[str, int], list[User]]:
    """Who is to be told which level, and at which threshold of theirs it begins."""
    # Whoever never looked at their settings has none stored, and means the defaults.
    stored = NotificationSettings.objects.filter(user__in=people).in_bulk(field_name="user_id")
    crossed: dict[tuple[str, int], list[User]] = {}
    for person in people:
        thresholds = _thresholds(stored.get(person.pk) or NotificationSettings())
        # The worst that is reached now; what was reached before was told then.
        reached = next(((level, least) for level, least in thresholds.items() if fall.percent <= least), None)
        if reached and fall.percent_before > reached[1]:
            crossed.setdefault(reached, []).append(person)
    return crossed


def _tell(level: str, threshold: int, recipients: Sequence[User], tenant: Tenant, fall: Fall) -> list[Notification]:
    context = {
        "current_credits": fall.available,
        "total_credits": fall.balance_after_top_up,
        "percentage": round(fall.available * 100 / fall.balance_after_top_up, 1),
        "level": level,
        "threshold": threshold,
    }
    return notify(
        kind=SmsCreditLow,
        recipients=recipients,
        context=context,
        tenant=tenant,
        event=f"top-up {fall.top_up}: {level}",
        priority=PRIORITIES[level],
        data=context,
    )


def _thresholds(mine: NotificationSettings) -> dict[str, int]:
    """The worst first."""
    return {"critical": mine.sms_credit_critical_threshold, "warning": mine.sms_credit_warning_threshold}
