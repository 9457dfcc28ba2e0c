"""What evaluating the six checks asks of Postgres: how many statements, how long, and what more messages add to it."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from statistics import median
from typing import TYPE_CHECKING, Any

from bench import health_rows as rows
from bench.measure import Bound, Found, Measure
from bench.stage import Stage
from bench.turns import in_turns, ratios

if TYPE_CHECKING:
    from notifications.system_monitor.report import Report

SMALL, LARGE, FULL = 100_000, 1_000_000, 10_000_000
#: What is not counted: it reads nothing.
FRAME = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET ")
SCOPE = "SET LOCAL bellwether.tenant"
#: Some milliseconds of Postgres's time that do not depend on what is stored, to hold each size against.
FLOOR = "SELECT sum(n) FROM generate_series(1, 100000) AS n"


class Health(Measure):
    name = "health"
    bounds = (
        Bound("health_sql", "<=", 12, "SQL statements of all six checks, without BEGIN, COMMIT, SAVEPOINT and SET"),
        Bound("health_ms", "<=", 50, "milliseconds in these statements"),
        Bound("health_growth", "<=", 1.2, "those with many messages / with 100,000"),
    )

    def run(self, stage: Stage, keys: Collection[str]) -> Mapping[str, Found]:
        total = FULL if stage.full else LARGE
        stage.say(f"{rows.TENANTS:,} tenants, {rows.USERS:,} users, {rows.NOTIFICATIONS:,} notifications")
        rows.fill_people()
        small: list[float] = []
        if "health_growth" in keys:
            stage.say(f"{SMALL:,} messages")
            rows.fill_messages(first=1, last=SMALL)
            small = ratios(*_speeds())
        stage.say(f"{total:,} messages")
        rows.fill_messages(first=SMALL + 1 if small else 1, last=total)
        counted = [_evaluate()[0] for _ in range(5)]
        checks, floor = _speeds()
        found = {
            "health_sql": Found(counted, f"{total:,} messages"),
            "health_ms": Found(checks, f"{total:,} messages"),
            "health_growth": Found(
                [one / median(small) for one in ratios(checks, floor)] if small else [],
                f"{total:,} / {SMALL:,} messages, each over the same sum of its turn",
            ),
        }
        return {key: found[key] for key in keys}


def _speeds() -> tuple[list[float], list[float]]:
    """Milliseconds of the checks' statements and of the floor, turn by turn."""
    speeds = in_turns({"checks": lambda: _evaluate()[1], "floor": _floor})
    return speeds["checks"], speeds["floor"]


def _evaluate() -> tuple[int, float]:
    """How many statements one evaluation is, and how many milliseconds they took."""
    from notifications.system_monitor import runner

    with _watched() as spent:
        report = runner.run()
    _require_answers(report)
    return len(spent), sum(spent) * 1000


def _floor() -> float:
    from django.db import connection

    with _watched() as spent, connection.cursor() as cursor:
        cursor.execute(FLOOR)
    return sum(spent) * 1000


@contextmanager
def _watched() -> Iterator[list[float]]:
    """Seconds of each statement that reads something, from asking to having the rows."""
    from django.db import connection

    spent: list[float] = []

    def watch(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            text = sql.partition("; ")[2] if sql.startswith(SCOPE) else sql
            if not text.startswith(FRAME):
                spent.append(time.perf_counter() - started)

    with connection.execute_wrapper(watch):
        yield spent


def _require_answers(report: "Report") -> None:
    silent = [result.component for result in report.results if result.measurement is None]
    if silent:
        raise RuntimeError(f"No answer from {', '.join(silent)}.")
