"""Who is told of a window, and of what."""

import datetime
from zoneinfo import ZoneInfo

from accounts.models import User
from notifications.kinds import Kind, MaintenanceAhead, MaintenanceCancelled, MaintenanceOver
from notifications.models import MaintenanceOccurrence, MaintenanceWindow
from notifications.services import notify
from tenants.models import Membership


def tell_ahead(occurrence: MaintenanceOccurrence, *, now: datetime.datetime) -> None:
    checks = ", ".join(occurrence.window.checks) or "every check"
    _notify(MaintenanceAhead, occurrence.window, _when(occurrence) | {"checks": checks}, now=now)


def tell_over(occurrence: MaintenanceOccurrence, *, now: datetime.datetime) -> None:
    meanwhile = ", ".join(sorted(occurrence.suppressed))
    suppressed = f"Not told meanwhile: {meanwhile}." if meanwhile else "Nothing was kept back."
    _notify(MaintenanceOver, occurrence.window, {"suppressed": suppressed}, now=now)


def tell_cancelled(occurrence: MaintenanceOccurrence, *, now: datetime.datetime) -> None:
    _notify(MaintenanceCancelled, occurrence.window, _when(occurrence), now=now)


def _when(occurrence: MaintenanceOccurrence) -> dict[str, str]:
    zone = ZoneInfo(occurrence.window.timezone)
    ends = {"starts": occurrence.starts_at, "ends": occurrence.ends_at}
    return {name: f"{moment.astimezone(zone):%Y-%m-%d %H:%M %Z}" for name, moment in ends.items()}


def _notify(kind: type[Kind], window: MaintenanceWindow, context: dict[str, str], *, now: datetime.datetime) -> None:
    notify(
        kind=kind,
        recipients=_concerned(window),
        context={"title": window.title} | context,
        tenant=window.tenant,
        data={"maintenance": str(window.pk)},
        now=now,
    )


def _concerned(window: MaintenanceWindow) -> list[User]:
    """The platform's admins; for a tenant's window its owners and admins."""
    if window.tenant_id is None:
        return list(User.objects.platform_admins())
    roles = [Membership.Role.OWNER, Membership.Role.ADMIN]
    return list(User.objects.active().filter(memberships__tenant=window.tenant_id, memberships__role__in=roles))
