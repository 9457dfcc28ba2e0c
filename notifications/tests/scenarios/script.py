"""A scenario as it stands in its file: what happens, what is really wrong meanwhile, and what that must lead to."""

import datetime
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

FOLDER = Path(__file__).parent / "histories"
#: Midnight of an ordinary Tuesday, where a scenario does not say otherwise.
STARTS = datetime.datetime(2026, 3, 10, 0, 0, tzinfo=datetime.UTC)
CADENCE = "0:15"
Span = datetime.timedelta


class BadScenario(Exception):
    """The message says which file, which line of it, and what would be right."""


@dataclass(frozen=True)
class Happening:
    """One thing that happens, by a word of `words.py`."""

    at: Span
    word: str
    value: Any
    more: Mapping[str, Any]


@dataclass(frozen=True)
class Truth:
    """Something that was really wrong, by the platform's rules: what the monitor says is judged by it."""

    kind: str
    scope: str
    since: Span
    until: Span | None
    """None: it is not over when the scenario ends."""
    silent: str = ""
    """Why nobody is to be told, though it is so."""

    def holds(self, at: Span) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True)
class Numbers:
    """What a history led to, or was to lead to: the cells of its line of the card."""

    incidents: int
    """How many were opened."""
    told: Mapping[str, int]
    """Notifications by person; who is not named got none."""
    false: int
    """Alarms of what was not so, or was not to be told, and all-clears of what was not over."""
    missed: int
    """What was so and to be told, and was not open for a moment of that time."""
    resolved: int
    opening_delay: int | None = None
    """Runs that passed a problem by before it was opened, at worst; None where none was opened."""
    resolving_delay: int | None = None
    """Runs that left it open after it was over, at worst; None where none was resolved."""

    def differences(self, expected: Self) -> list[str]:
        """Names of the cells that are not as expected."""
        return [one.name for one in fields(self) if getattr(self, one.name) != getattr(expected, one.name)]


@dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    starts: datetime.datetime
    cadence: Span
    lasts: Span
    happens: tuple[Happening, ...]
    """In the order in which they happen."""
    truths: tuple[Truth, ...]
    expected: Numbers

    def runs(self) -> list[Span]:
        """When the monitor runs: at once, and again after each cadence."""
        return [number * self.cadence for number in range(self.lasts // self.cadence + 1)]


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load(name: str, *, in_tests: bool = False) -> Scenario:
    """Reads histories/{name}.toml; `in_tests` with the coarser cadence that a long one may have there, and the same
    expectations. Raises BadScenario."""
    path = FOLDER / f"{name}.toml"
    try:
        return _scenario(name, tomllib.loads(path.read_text()), in_tests=in_tests)
    except FileNotFoundError:
        raise BadScenario(f"There is no scenario {name}; there are {', '.join(names())}.") from None
    except (tomllib.TOMLDecodeError, BadScenario, TypeError) as error:
        raise BadScenario(f"{path.name}: {error}") from None


def _scenario(name: str, given: dict[str, Any], *, in_tests: bool) -> Scenario:
    top = dict(given)
    try:
        title, lasts, expected = top.pop("title"), span(top.pop("lasts")), Numbers(**top.pop("expected"))
    except KeyError as error:
        raise BadScenario(f"{error.args[0]} is missing.") from None
    starts, cadence = top.pop("starts", STARTS), span(top.pop("cadence", CADENCE))
    coarser = span(top.pop("cadence_in_tests", "0:00"))
    happens = [one for line in top.pop("happens", []) for one in _happenings(line, lasts)]
    truths = tuple(one for line in top.pop("truths", []) for one in _truths(line))
    if top:
        raise BadScenario(f"{', '.join(top)}: nobody knows this; docs/scenarios.md has what there is.")
    happens.sort(key=lambda one: one.at)
    return Scenario(
        name, title, starts, coarser if in_tests and coarser else cadence, lasts, tuple(happens), truths, expected
    )


def _happenings(line: dict[str, Any], lasts: Span) -> list[Happening]:
    """One line is one thing that happens once (`at`), or again and again (`from`, `every`, `until`, all included)."""
    more = dict(line)
    if "every" in more:
        first, every, last = span(more.pop("from")), span(more.pop("every")), span(more.pop("until"))
        times = [first + number * every for number in range((last - first) // every + 1)]
    elif "at" in more:
        times = [span(more.pop("at"))]
    else:
        raise BadScenario(f"{line}: when? With `at`, or with `from`, `every` and `until`.")
    if not times or times[-1] > lasts:
        raise BadScenario(f"{line}: this would happen after the last run.")
    word = next(iter(more), "")
    value = more.pop(word, None)
    return [Happening(at, word, value, more) for at in times]


def _truths(line: dict[str, Any]) -> Iterator[Truth]:
    """Once, or so many `times`, each `every` so long after the one before."""
    more = dict(line)
    since, until = span(more.pop("from")), more.pop("until", None)
    end = None if until is None else span(until)
    every, times = span(more.pop("every", "0:00")), more.pop("times", 1)
    for later in (number * every for number in range(times)):
        yield Truth(
            scope=more.get("scope", ""),
            since=since + later,
            until=None if end is None else end + later,
            **{name: value for name, value in more.items() if name != "scope"},
        )


def span(text: Any) -> Span:
    """Hours and minutes since the first run: "26:05" is five past two on the second day. Raises BadScenario."""
    found = re.fullmatch(r"(\d+):([0-5]\d)", text) if isinstance(text, str) else None
    if not found:
        raise BadScenario(f"{text!r} is no time; it would be hours and minutes, as in 1:05.")
    return Span(hours=int(found[1]), minutes=int(found[2]))
