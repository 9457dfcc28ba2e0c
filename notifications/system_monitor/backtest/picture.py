"""A backtest as text, for a terminal of a hundred columns."""

import datetime
import textwrap
from collections.abc import Iterator

from notifications.system_monitor.backtest import Backtest
from notifications.system_monitor.backtest.course import Course, Opened, numbers_of
from notifications.system_monitor.judging import Rule, Values

WIDTH = 72
BLOCKS, PLAIN = "▁▂▃▄▅▆▇█", "_.-:=+*#"
#: Incidents that are listed of each of the two.
MOST = 20


def lines(found: Backtest, *, blocks: bool) -> Iterator[str]:
    """`blocks` where the terminal can show them."""
    yield f"{found.check.component}, {_day(found.since)} to {_day(found.until)} UTC"
    for before, after in zip(found.before, found.after, strict=True):
        yield ""
        yield f"{before.rule.title}  ({_shown(before.rule)} in {before.rule.unit})"
        yield from _chart(found, before, after, BLOCKS if blocks else PLAIN)
    for words, courses, values in (
        ("In force", found.before, found.in_force),
        ("Proposed", found.after, found.proposed),
    ):
        yield ""
        yield from _listed(words, courses, values)
    for note in found.notes:
        yield ""
        yield from textwrap.wrap(note, 100)


def _chart(found: Backtest, before: Course, after: Course, signs: str) -> Iterator[str]:
    """The worst of each slice of time, and under it when the incident would have been open."""
    slices: list[list[float]] = [[] for _ in range(WIDTH)]
    for row in found.rows:
        value = numbers_of(row, before.rule).get(before.rule.shown)
        if value is not None:
            slices[_column(found, row.at)].append(value)
    pick = min if before.rule.shown in before.rule.falling else max
    worst = [pick(some) if some else None for some in slices]
    known = [value for value in worst if value is not None]
    if known:
        low, high = min(known), max(known)
        step = (high - low) / (len(signs) - 1) or 1.0
        yield "  " + "".join(" " if one is None else signs[int((one - low) / step)] for one in worst).rstrip()
        yield f"  from {_number(low)} to {_number(high)} {before.rule.unit}, {_length(found)} a sign"
    for words, course in (("in force", before), ("proposed", after)):
        yield f"  {_open(found, course)} {words}"


def _open(found: Backtest, course: Course) -> str:
    signs = ["."] * WIDTH
    for one in course.incidents:
        end = one.resolved_at or found.until
        for column in range(_column(found, one.opened_at), _column(found, end) + 1):
            signs[column] = "#"
    return "".join(signs)


def _column(found: Backtest, moment: datetime.datetime) -> int:
    column = int((moment - found.since) / (found.until - found.since) * WIDTH)
    return min(max(column, 0), WIDTH - 1)


def _length(found: Backtest) -> str:
    minutes = (found.until - found.since).total_seconds() / 60 / WIDTH
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.0f} hours"


def _listed(words: str, courses: list[Course], values: Values) -> Iterator[str]:
    opened = sorted((one for course in courses for one in course.incidents), key=lambda one: one.opened_at)
    limits = ", ".join(f"{name} {value}" for name, value in values.items())
    yield f"{words} ({limits}): {len(opened)} incident{'' if len(opened) == 1 else 's'}"
    yield from (f"  {_line(one)}" for one in opened[:MOST])
    if len(opened) > MOST:
        yield f"  and {len(opened) - MOST} more; --format json lists up to a hundred"


def _line(one: Opened) -> str:
    end = _day(one.resolved_at) if one.resolved_at else "still open      "
    worst = "" if one.worst is None else f", worst {_number(one.worst)} {one.rule.unit}"
    minutes = "1 minute" if one.minutes == 1 else f"{one.minutes} minutes"
    return f"{_day(one.opened_at)}  {end}  {minutes}, seen in {one.runs}{worst}, {one.priority.value}"


def _number(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0")


def _shown(rule: Rule) -> str:
    return "lowest" if rule.shown in rule.falling else "highest"


def _day(moment: datetime.datetime) -> str:
    return f"{moment.astimezone(datetime.UTC):%Y-%m-%d %H:%M}"
