"""Times and lengths as people say them."""

import datetime

UNITS = (
    ("year", 365 * 86400),
    ("month", 30 * 86400),
    ("week", 7 * 86400),
    ("day", 86400),
    ("hour", 3600),
    ("minute", 60),
)
#: Letters of the longest unit that is no word for what is counted: "ms", "GB".
SHORT = 2


def duration(length: datetime.timedelta) -> str:
    """The largest unit only: "2 hours", "less than a minute"."""
    seconds = length.total_seconds()
    for name, size in UNITS:
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {name}{'s' if count > 1 else ''}"
    return "less than a minute"


def age(length: datetime.timedelta) -> str:
    """ "just now", "2 hours ago"."""
    return "just now" if length < datetime.timedelta(minutes=1) else f"{duration(length)} ago"


def time_ago(then: datetime.datetime, *, now: datetime.datetime) -> str:
    return age(now - then)


def changes_in(length: datetime.timedelta) -> datetime.timedelta:
    """How long `age` of something this old stays as it is."""
    seconds = length.total_seconds()
    for index, (_, size) in enumerate(UNITS):
        if seconds >= size:
            following = (seconds // size + 1) * size
            larger = UNITS[index - 1][1] if index else following  # four weeks are followed by a month, not by five
            return datetime.timedelta(seconds=min(following, larger) - seconds)
    return datetime.timedelta(seconds=60 - seconds)


def window(length: datetime.timedelta) -> str:
    """A rule's window, exactly: "24 hours", "90 minutes"."""
    minutes = int(length.total_seconds() // 60)
    if minutes % 60 == 0:
        return f"{minutes // 60} hours" if minutes != 60 else "hour"
    return f"{minutes} minutes" if minutes != 1 else "minute"


def count(number: int, noun: str) -> str:
    """ "1 table is", "3 tables are"."""
    return f"{number} {noun} is" if number == 1 else f"{number} {noun}s are"


def measure(number: float, unit: str) -> str:
    """A number and its unit: "1,250,000 messages", "1 message", "2.5 ms"."""
    counted = len(unit) > SHORT and unit.endswith("s")
    return f"{number:,.12g} {unit[:-1] if counted and number == 1 else unit}".strip()
