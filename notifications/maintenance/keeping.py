"""What a run of the monitor has to do with windows: planning what comes near, telling of it, keeping problems back."""

import datetime
from collections import defaultdict
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from notifications.maintenance.telling import tell_ahead, tell_over
from notifications.maintenance.times import times
from notifications.maintenance.windows import LONGEST_MINUTES
from notifications.models import MaintenanceOccurrence, MaintenanceWindow


def _on_now(*, now: datetime.datetime) -> list[MaintenanceOccurrence]:
    """What is under way."""
    rows = MaintenanceOccurrence.objects.select_related("window").filter(starts_at__lte=now, ends_at__gt=now)
    return list(rows.filter(window__cancelled_at=None).order_by("starts_at", "pk"))


def suppresses(*, check: str, title: str, now: datetime.datetime) -> bool:
    """Whether a platform-wide window keeps a problem of this check from opening; notes in the window that it did."""
    for occurrence in _on_now(now=now):
        if occurrence.window.covers(check):
            occurrence.suppressed[title] = occurrence.suppressed.get(title, 0) + 1
            MaintenanceOccurrence.objects.filter(pk=occurrence.pk).update(suppressed=occurrence.suppressed)
            return True
    return False


def keep_time(*, now: datetime.datetime) -> None:
    """Plans what comes near, and tells those concerned before a window begins and when it ended. In one transaction
    with the monitor's run, under its lease."""
    long_ago = now - datetime.timedelta(minutes=LONGEST_MINUTES)
    living = MaintenanceWindow.objects.filter(cancelled_at=None).filter(~Q(weekdays=[]) | Q(starts_at__gt=long_ago))
    planned = defaultdict[UUID, set[datetime.datetime]](set)
    for key, starts_at in MaintenanceOccurrence.objects.filter(ends_at__gt=now).values_list("window", "starts_at"):
        planned[key].add(starts_at)
    for window in living.order_by("pk"):
        if any(starts_at not in planned[window.pk] for starts_at, _ in _near(window, now)):
            _plan(window.pk, now)
    waiting = MaintenanceOccurrence.objects.select_related("window__tenant").filter(ended_at=None)
    for occurrence in waiting.order_by("starts_at", "pk"):
        _tell(occurrence, now=now)


def _near(window: MaintenanceWindow, now: datetime.datetime) -> list[tuple[datetime.datetime, datetime.datetime]]:
    ahead = datetime.timedelta(minutes=window.announce_minutes)
    return list(times(window, since=now, until=now + ahead + settings.MAINTENANCE_PLANNED_AHEAD))


def _plan(key: UUID, now: datetime.datetime) -> None:
    """Under the window's lock and as it is now: whoever changes or cancels it meanwhile waits, and then finds what
    was planned here."""
    window = MaintenanceWindow.objects.select_for_update(no_key=True).filter(pk=key, cancelled_at=None).first()
    if window is not None:
        rows = [
            MaintenanceOccurrence(window=window, starts_at=start, ends_at=end) for start, end in _near(window, now)
        ]
        MaintenanceOccurrence.objects.bulk_create(rows, ignore_conflicts=True)


def _tell(occurrence: MaintenanceOccurrence, *, now: datetime.datetime) -> None:
    mine = MaintenanceOccurrence.objects.filter(pk=occurrence.pk)
    ahead = datetime.timedelta(minutes=occurrence.window.announce_minutes)
    if occurrence.ends_at <= now:
        # It may have been made longer since it was read.
        if mine.filter(ended_at=None, ends_at__lte=now).update(ended_at=now) and occurrence.announced_at:
            tell_over(occurrence, now=now)
    elif occurrence.starts_at - ahead <= now and mine.filter(announced_at=None).update(announced_at=now):
        tell_ahead(occurrence, now=now)
