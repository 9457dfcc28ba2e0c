"""The card: one line a scenario, one cell a number, and red where a number is not the one that was to be."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from notifications.tests.scenarios.script import Numbers, Scenario

#: Heading, width, and what stands in it.
COLUMNS: tuple[tuple[str, int, str], ...] = (
    ("incidents", 10, "incidents"),
    ("false", 7, "false"),
    ("missed", 7, "missed"),
    ("resolved", 9, "resolved"),
    ("opened after", 13, "opening_delay"),
    ("resolved after", 15, "resolving_delay"),
    ("told", 36, "told"),
)
NAME_WIDTH = 26
Paint = Callable[[str], str]


@dataclass(frozen=True)
class Line:
    """How one scenario came out. `found` is None where it broke off, and `error` says why."""

    scenario: Scenario
    found: Numbers | None
    seconds: float
    error: str = ""

    @property
    def red(self) -> list[str]:
        """The cells that are not as expected; all of them where it broke off."""
        if self.found is None:
            return [name for _, _, name in COLUMNS]
        return self.found.differences(self.scenario.expected)

    @property
    def ok(self) -> bool:
        return not self.red


def heading() -> str:
    return "scenario".ljust(NAME_WIDTH) + "".join(title.ljust(width) for title, width, _ in COLUMNS) + "runs  seconds"


def row(line: Line, paint: Paint) -> str:
    cells = [line.scenario.name.ljust(NAME_WIDTH)]
    for _, width, name in COLUMNS:
        text = _cell(line, name).ljust(width)
        cells.append(paint(text) if name in line.red else text)
    cells.append(f"{len(line.scenario.runs()):>4}{line.seconds:>9.1f}")
    return "".join(cells) + (f"\n  {paint(line.error)}" if line.error else "")


def _cell(line: Line, name: str) -> str:
    """What it is, and what it should be where that is something else."""
    wanted = _text(getattr(line.scenario.expected, name))
    found = "?" if line.found is None else _text(getattr(line.found, name))
    return f"{found}!={wanted} " if name in line.red else found


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{name} {count}" for name, count in sorted(value.items()) if count) or "nobody"
    return "-" if value is None else str(value)


def total(lines: Sequence[Line], paint: Paint) -> str:
    """The sums, the worst delays, and how many cells are as they should be."""
    found = [line.found for line in lines if line.found is not None]
    sums = {name: sum(getattr(one, name) for one in found) for name in ("incidents", "false", "missed", "resolved")}
    for name in ("opening_delay", "resolving_delay"):
        sums[name] = max((getattr(one, name) or 0 for one in found), default=0)
    told = sum(sum(one.told.values()) for one in found)
    texts = {name: str(value) for name, value in sums.items()} | {"told": f"{told} notifications"}
    cells = "".join(texts[name].ljust(width) for _, width, name in COLUMNS)
    runs, seconds = sum(len(line.scenario.runs()) for line in lines), sum(line.seconds for line in lines)
    red = sum(len(line.red) for line in lines)
    of = len(lines) * len(COLUMNS)
    verdict = f"{of - red} of {of} cells are as expected."
    return f"{'total'.ljust(NAME_WIDTH)}{cells}{runs:>4}{seconds:>9.1f}\n\n{paint(verdict) if red else verdict}"
