"""When a window happens.

Wall-clock times are worked out in the window's own time zone, so that 02:30 stays 02:30 across a change of the clocks.
What a spring forward skips happens when it would have been; what an autumn repeats happens the first time.
"""

import datetime
import itertools
from collections.abc import Iterator
from typing import NamedTuple
from zoneinfo import ZoneInfo

from notifications.models import MaintenanceWindow

#: How far ahead a window may begin.
CALENDAR = datetime.timedelta(days=5 * 366)


class Time(NamedTuple):
    starts_at: datetime.datetime
    ends_at: datetime.datetime
    timezone: str


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


def coming(window: MaintenanceWindow, *, now: datetime.datetime, count: int) -> list[Time]:
    """The next so many times, the present one included; none of what is cancelled or over."""
    if window.cancelled_at is not None:
        return []
    found = itertools.islice(times(window, since=now, until=now + 2 * CALENDAR), count)
    return [Time(start, end, window.timezone) for start, end in found]


def state_of(window: MaintenanceWindow, *, now: datetime.datetime) -> str:
    """planned, on, over or cancelled."""
    if window.cancelled_at is not None:
        return "cancelled"
    found = coming(window, now=now, count=1)
    return "over" if not found else "on" if found[0].starts_at <= now else "planned"


def moment_of(clock: datetime.datetime, zone: ZoneInfo) -> datetime.datetime | None:
    """The moment at which the clocks of a zone show this, the first one where they do so twice; None where they skip
    it. What has an offset already is a moment."""
    if clock.tzinfo is not None:
        return clock
    moment = clock.replace(tzinfo=zone).astimezone(datetime.UTC)
    return moment if moment.astimezone(zone).replace(tzinfo=None) == clock else None
