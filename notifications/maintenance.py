"""Maintenance windows: when they are, what they keep from opening, and telling of them. Their only writer.

Wall-clock times are worked out in the window's own time zone, so that 02:30 stays 02:30 across a change of the clocks.
What a spring forward skips happens when it would have been; what an autumn repeats happens the first time.
"""

import datetime
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from notifications.kinds import Kind, MaintenanceAhead, MaintenanceOver
from notifications.models import MaintenanceOccurrence, MaintenanceWindow
from notifications.services import notify
from tenants.models import Membership


def times(
    window: MaintenanceWindow, *, since: datetime.datetime, until: datetime.datetime
) -> Iterator[tuple[datetime.datetime, datetime.datetime]]:
    """Begin and end of every time that the window happens and that touches `since` to `until`, in order."""
    length = datetime.timedelta(minutes=window.minutes)
    if not window.weekdays:
        if window.starts_at < until and window.starts_at + length > since:
            yield window.starts_at, window.starts_at + length
        return
    zone = ZoneInfo(window.timezone)
    first = window.starts_at.astimezone(zone)
    day = max(first.date(), (since - length).astimezone(zone).date() - datetime.timedelta(days=1))
    while True:
        start = datetime.datetime.combine(day, first.time().replace(tzinfo=None), tzinfo=zone).astimezone(datetime.UTC)
        if start >= until or (window.until is not None and start > window.until):
            return
        if day.weekday() in window.weekdays and start >= window.starts_at and start + length > since:
            yield start, start + length
        day += datetime.timedelta(days=1)


def create_window(*, author: User, fields: dict[str, Any]) -> MaintenanceWindow:
    """Stores a window; its first announcement comes with the monitor's next run."""
    return MaintenanceWindow.objects.create(author=author, **fields)


def change_window(*, window: MaintenanceWindow, changes: dict[str, Any]) -> MaintenanceWindow:
    """Writes the given fields; what was planned and has not begun is planned anew."""
    with transaction.atomic():
        for name, value in changes.items():
            setattr(window, name, value)
        window.save()
        window.occurrences.filter(starts_at__gt=timezone.now()).delete()
    return window


def cancel_window(*, window: MaintenanceWindow) -> None:
    """Ends it, now and for good; what it was in the middle of ends with it. Repeating it is fine."""
    now = timezone.now()
    with transaction.atomic():
        MaintenanceWindow.objects.filter(pk=window.pk, cancelled_at=None).update(cancelled_at=now)
        window.occurrences.filter(starts_at__gt=now).delete()
        window.occurrences.filter(starts_at__lte=now, ends_at__gt=now).update(ends_at=now)


def on_now(*, now: datetime.datetime) -> list[MaintenanceOccurrence]:
    """What is under way."""
    rows = MaintenanceOccurrence.objects.select_related("window").filter(starts_at__lte=now, ends_at__gt=now)
    return list(rows.filter(window__cancelled_at=None).order_by("starts_at", "pk"))


def suppresses(*, check: str, title: str, now: datetime.datetime) -> bool:
    """Whether a platform-wide window keeps a problem of this check from opening; notes in the window that it did."""
    for occurrence in on_now(now=now):
        if occurrence.window.covers(check):
            occurrence.suppressed[title] = occurrence.suppressed.get(title, 0) + 1
            MaintenanceOccurrence.objects.filter(pk=occurrence.pk).update(suppressed=occurrence.suppressed)
            return True
    return False


def keep_time(*, now: datetime.datetime) -> None:
    """Plans what comes near, and tells those concerned before a window begins and when it ended. In one transaction
    with the monitor's run, under its lease."""
    for window in MaintenanceWindow.objects.filter(cancelled_at=None):
        ahead = datetime.timedelta(minutes=window.announce_minutes)
        for starts_at, ends_at in times(window, since=now, until=now + ahead + settings.MAINTENANCE_PLANNED_AHEAD):
            _plan(window, starts_at, ends_at)
    waiting = MaintenanceOccurrence.objects.select_related("window").filter(ended_at=None).order_by("starts_at", "pk")
    for occurrence in waiting:
        _tell(occurrence, now=now)


def _plan(window: MaintenanceWindow, starts_at: datetime.datetime, ends_at: datetime.datetime) -> None:
    row = MaintenanceOccurrence(window=window, starts_at=starts_at, ends_at=ends_at)
    MaintenanceOccurrence.objects.bulk_create([row], ignore_conflicts=True)


def _tell(occurrence: MaintenanceOccurrence, *, now: datetime.datetime) -> None:
    window = occurrence.window
    mine = MaintenanceOccurrence.objects.filter(pk=occurrence.pk)
    ahead = datetime.timedelta(minutes=window.announce_minutes)
    if occurrence.ends_at <= now:
        if mine.filter(ended_at=None).update(ended_at=now) and occurrence.announced_at:
            meanwhile = ", ".join(sorted(occurrence.suppressed))
            suppressed = f"Not told meanwhile: {meanwhile}." if meanwhile else "Nothing was kept back."
            _notify(MaintenanceOver, window, {"title": window.title, "suppressed": suppressed}, now=now)
    elif occurrence.starts_at - ahead <= now and mine.filter(announced_at=None).update(announced_at=now):
        context = {
            "title": window.title,
            "starts": _local(occurrence.starts_at, window.timezone),
            "ends": _local(occurrence.ends_at, window.timezone),
            "checks": ", ".join(window.checks) or "every check",
        }
        _notify(MaintenanceAhead, window, context, now=now)


def _local(moment: datetime.datetime, zone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M %Z}"


def _notify(kind: type[Kind], window: MaintenanceWindow, context: dict[str, str], *, now: datetime.datetime) -> None:
    notify(
        kind=kind,
        recipients=_concerned(window),
        context=context,
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
