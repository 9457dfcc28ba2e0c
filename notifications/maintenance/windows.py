"""Making, changing and cancelling a window."""

import copy
import datetime
import itertools
from collections.abc import Container
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from notifications.maintenance.telling import tell_ahead, tell_cancelled
from notifications.maintenance.times import CALENDAR, coming, moment_of, times
from notifications.models import MaintenanceOccurrence, MaintenanceWindow
from tenants.models import Tenant

#: A week of each.
LONGEST_MINUTES = LONGEST_ANNOUNCEMENT = 7 * 24 * 60
EARLIEST = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
#: Every weekday under every offset of a zone comes within it.
A_YEAR_OF_TIMES = datetime.timedelta(days=400)


class WindowRefused(Exception):
    """A window that makes no sense; `errors` says why, by field."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.errors = {field: why}


class WindowGone(Exception):
    """It is over or cancelled: what was is not changed any more."""


def draft(*, fields: dict[str, Any], now: datetime.datetime, of: MaintenanceWindow | None = None) -> MaintenanceWindow:
    """A window made of fields, or of another one with some of them changed; not stored. Raises WindowRefused.

    `starts_at` and `until` are moments, or clock times of its zone where they are naive; `tenant` is an id or None.
    """
    window = MaintenanceWindow(announce_minutes=60) if of is None else copy.copy(of)
    for name in ("title", "minutes", "announce_minutes"):
        setattr(window, name, fields.get(name, getattr(window, name)))
    if "tenant" in fields:
        window.tenant = _tenant(fields["tenant"])
    _set_clock(window, fields, of)
    window.weekdays = sorted(set(fields.get("weekdays", window.weekdays)))
    window.checks = list(dict.fromkeys(fields.get("checks", window.checks)))
    _judge(window, now, given=fields)
    return window


def _tenant(key: UUID | None) -> Tenant | None:
    found = Tenant.objects.filter(pk=key).first() if key else None
    if key and found is None:
        raise WindowRefused("tenant", "There is no such tenant.")
    return found


def _set_clock(window: MaintenanceWindow, fields: dict[str, Any], of: MaintenanceWindow | None) -> None:
    if of is None:
        window.timezone = fields.get("timezone") or (window.tenant.timezone if window.tenant else "UTC")
    elif fields.get("timezone", of.timezone) != of.timezone:
        window.timezone = fields["timezone"]
        if "starts_at" not in fields:
            raise WindowRefused("starts_at", "Say it again for another time zone: the same clock or the same moment?")
    zone = ZoneInfo(window.timezone)
    for name in ("starts_at", "until"):
        if fields.get(name) is not None:
            setattr(window, name, _moment(name, fields[name], zone))
    if "until" in fields and fields["until"] is None:
        window.until = None


def _moment(name: str, clock: datetime.datetime, zone: ZoneInfo) -> datetime.datetime:
    try:
        moment = moment_of(clock, zone)
    except OverflowError:
        raise WindowRefused(name, "It lies outside of the calendar.") from None
    if moment is None:
        raise WindowRefused(name, f"The clocks of {zone.key} skip {clock:%H:%M} on that day.")
    return moment


def _judge(window: MaintenanceWindow, now: datetime.datetime, *, given: Container[str]) -> None:
    """What no single field can say."""
    for name in ("starts_at", "until"):
        moment = getattr(window, name) if name in given else None
        if moment is not None and not EARLIEST <= moment <= now + CALENDAR:
            raise WindowRefused(name, "Must lie between the year 2000 and five years from now.")
    if window.until is not None and not window.weekdays:
        raise WindowRefused("until", "Only what recurs on weekdays has an end.")
    if not coming(window, now=now, count=1):
        if window.weekdays:
            raise WindowRefused("until", "It would not happen any more before then.")
        raise WindowRefused("starts_at", "It would be over already.")
    soon = times(window, since=now, until=max(now, window.starts_at) + A_YEAR_OF_TIMES)
    for (_, end), (start, _) in itertools.pairwise(soon):
        if start <= end:
            raise WindowRefused("minutes", "It would begin again before it is over; it has to end at some time.")


def create_window(*, author: User, fields: dict[str, Any], now: datetime.datetime | None = None) -> MaintenanceWindow:
    """Stores a window; its first announcement comes with the monitor's next run. Raises WindowRefused."""
    window = draft(fields=fields, now=now or timezone.now())
    window.author = author
    window.save()
    return window


def change_window(
    *, window: MaintenanceWindow, changes: dict[str, Any], now: datetime.datetime | None = None
) -> MaintenanceWindow:
    """Writes the given fields. What has not begun is planned anew, and told anew where it was told; what is under way
    ends when the window now says, or at once. What is no change does nothing. Raises WindowRefused and WindowGone.
    """
    now = now or timezone.now()
    with transaction.atomic():
        mine = _locked(window, now)
        changed = draft(fields=changes, now=now, of=mine)
        if all(getattr(changed, name) == getattr(mine, name) for name in CHANGEABLE):
            return mine
        changed.save()
        _end_present(changed, now)
        told = mine.occurrences.filter(starts_at__gt=now, announced_at__isnull=False).exists()
        mine.occurrences.filter(starts_at__gt=now).delete()
        if told:
            _tell_next(changed, now)
    return changed


CHANGEABLE = (
    *("title", "minutes", "announce_minutes", "tenant_id", "timezone", "starts_at", "until", "weekdays"),
    "checks",
)


def _end_present(window: MaintenanceWindow, now: datetime.datetime) -> None:
    """What is under way lasts as long as the window now says, also when it was ended before."""
    present = dict(times(window, since=now, until=now + datetime.timedelta.resolution))
    under_way = window.occurrences.filter(starts_at__lte=now, ends_at__gt=now)
    under_way.exclude(starts_at__in=present).update(ends_at=now)
    for start, end in present.items():
        window.occurrences.filter(starts_at=start).update(ends_at=end, ended_at=None)


def _tell_next(window: MaintenanceWindow, now: datetime.datetime) -> None:
    """Whoever was told of a time that is not right any more is told of the one that is, and not again before it."""
    ahead = [one for one in coming(window, now=now, count=2) if one.starts_at > now][:1]
    for start, end, _ in ahead:
        row = MaintenanceOccurrence.objects.create(window=window, starts_at=start, ends_at=end, announced_at=now)
        tell_ahead(row, now=now)


def cancel_window(*, window: MaintenanceWindow, now: datetime.datetime | None = None) -> MaintenanceWindow:
    """Ends it, now and for good; what it was in the middle of ends with it, and whoever was told of a time to come is
    told. Repeating it is fine. Raises WindowGone for what is over."""
    now = now or timezone.now()
    with transaction.atomic():
        mine = MaintenanceWindow.objects.select_for_update(of=("self",)).select_related("tenant").get(pk=window.pk)
        if mine.cancelled_at is not None:
            return mine
        _require_coming(mine, now)
        mine.cancelled_at = now
        mine.save(update_fields=["cancelled_at", "updated_at"])
        ahead = mine.occurrences.filter(starts_at__gt=now)
        if told := ahead.filter(announced_at__isnull=False).order_by("starts_at").first():
            tell_cancelled(told, now=now)
        ahead.delete()
        mine.occurrences.filter(starts_at__lte=now, ends_at__gt=now).update(ends_at=now)
    return mine


def _locked(window: MaintenanceWindow, now: datetime.datetime) -> MaintenanceWindow:
    """FOR UPDATE, which also waits for a run of the monitor that is planning it (see keeping.plan)."""
    mine = MaintenanceWindow.objects.select_for_update(of=("self",)).select_related("tenant").get(pk=window.pk)
    if mine.cancelled_at is not None:
        raise WindowGone("It was cancelled. Make a new one.")
    _require_coming(mine, now)
    return mine


def _require_coming(window: MaintenanceWindow, now: datetime.datetime) -> None:
    if not coming(window, now=now, count=1):
        raise WindowGone("It is over. Make a new one.")
