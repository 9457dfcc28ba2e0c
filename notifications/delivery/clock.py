"""Times by somebody's own clock: when quiet hours end, and when the next digest is due.

A clock is changed twice a year, so nothing here adds hours to what a clock shows: moments are worked out in UTC, and
the clock is read again at each.
"""

import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAY, HOUR, SECOND = datetime.timedelta(days=1), datetime.timedelta(hours=1), datetime.timedelta(seconds=1)
Window = tuple[datetime.time, datetime.time]


def zone_of(name: str) -> datetime.tzinfo:
    """This time zone; UTC for a name that is none, which a shell or an import may have stored."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return datetime.UTC


def is_quiet(moment: datetime.datetime, window: Window, zone: datetime.tzinfo) -> bool:
    """Whether the clock shows a time from the window's beginning on and before its end, maybe of the next day."""
    begins, ends = window
    shown = moment.astimezone(zone).time()
    return begins <= shown < ends if begins <= ends else shown >= begins or shown < ends


def quiet_until(moment: datetime.datetime, window: Window, zone: datetime.tzinfo) -> datetime.datetime:
    """The first moment, from this one on, that is not quiet; at most a day later, as that clock counts days.

    Where a change of the clock jumps over the end, that is the moment of the change; where it sets the clock back into
    the window, it is quiet until the end comes again.
    """
    moment = moment.astimezone(datetime.UTC)  # two times of one zone are subtracted as its clock shows them
    while is_quiet(moment, window, zone):
        ends = moment + _shown_until(moment.astimezone(zone), window[1])
        moment = _next_change(moment, ends, zone) or ends
    return moment


def _shown_until(shown: datetime.datetime, end: datetime.time) -> datetime.timedelta:
    """How far the hands of a clock are from that time."""
    hands = shown.replace(tzinfo=None)
    away = datetime.datetime.combine(hands, end) - hands
    return away if away > datetime.timedelta() else away + DAY


def _next_change(
    after: datetime.datetime, until: datetime.datetime, zone: datetime.tzinfo
) -> datetime.datetime | None:
    """The moment, to the second, at which the clock is changed in between; None when it is not."""

    def offset(moment: datetime.datetime) -> datetime.timedelta | None:
        return moment.astimezone(zone).utcoffset()

    before = offset(after)
    if offset(until) == before:
        return None
    low, high = after, until
    while high - low > SECOND:
        middle = low + (high - low) / 2
        low, high = (middle, high) if offset(middle) == before else (low, middle)
    return high.replace(microsecond=0)


def next_hour(moment: datetime.datetime, zone: datetime.tzinfo) -> datetime.datetime:
    """When the clock next shows a full hour."""
    shown = moment.astimezone(zone)
    gone = datetime.timedelta(minutes=shown.minute, seconds=shown.second, microseconds=shown.microsecond)
    return moment.astimezone(datetime.UTC) + HOUR - gone


def next_at(moment: datetime.datetime, time: datetime.time, zone: datetime.tzinfo) -> datetime.datetime:
    """When the clock next shows this time; on a day that leaves it out, as much later as the clock was set ahead."""
    moment = moment.astimezone(datetime.UTC)
    today = moment.astimezone(zone).date()
    days = (datetime.datetime.combine(today + DAY * number, time, zone) for number in range(3))
    return next(one.astimezone(datetime.UTC) for one in days if one > moment)
