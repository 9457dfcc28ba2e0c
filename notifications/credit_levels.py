"""What a balance of SMS credits means to one person, by their own thresholds."""

from dataclasses import dataclass

from accounts.models import User
from notifications.kinds import SmsCreditLow
from notifications.models import Notification, NotificationSettings
from notifications.models.priority import Priority
from notifications.preferences import settings_of
from notifications.services import notify
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


def _thresholds(mine: NotificationSettings) -> dict[str, int]:
    """The worst first."""
    return {"critical": mine.sms_credit_critical_threshold, "warning": mine.sms_credit_warning_threshold}
