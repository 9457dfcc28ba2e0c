"""What evaluating the six checks asks of Postgres: how many statements, how long, and what more messages add to it."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

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
T = TypeVar("T")
#: The name of the database in which there are only so many.
BESIDE = "bench_small"


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
        ways = {"large": lambda: _evaluate()[1]}
        with _room_for_another() as copy:
            if "health_growth" in keys:
                stage.say(f"{SMALL:,} messages")
                rows.fill_messages(first=1, last=SMALL)
                small = copy()
                ways["small"] = lambda: small(_evaluate)[1]
            stage.say(f"{total:,} messages")
            rows.fill_messages(first=SMALL + 1 if "small" in ways else 1, last=total)
            counted = [_evaluate()[0] for _ in range(5)]
            speeds = in_turns(ways)
        growth = ratios(speeds["large"], speeds["small"]) if "small" in speeds else []
        found = {
            "health_sql": Found(counted, f"{total:,} messages"),
            "health_ms": Found(speeds["large"], f"{total:,} messages"),
            "health_growth": Found(growth, f"{total:,} / {SMALL:,} messages, each in a database of its own"),
        }
        return {key: found[key] for key in keys}


@contextmanager
def _room_for_another() -> Iterator[Callable[[], Callable[[Callable[[], T]], T]]]:
    """Yields what copies the database as it is now, and returns what does something in the copy."""
    from django.db import DEFAULT_DB_ALIAS, connection, connections

    from config.database import as_owner

    mine = connections[DEFAULT_DB_ALIAS]
    other = mine.copy()
    other.settings_dict = mine.settings_dict | {"NAME": BESIDE}

    def copy() -> Callable[[Callable[[], T]], T]:
        with as_owner(), connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {BESIDE} TEMPLATE {connection.settings_dict['NAME']}")
        other.ensure_connection()  # what wraps its statements is put on it as it opens
        return there

    def there(work: Callable[[], T]) -> T:
        connections[DEFAULT_DB_ALIAS] = other
        try:
            return work()
        finally:
            connections[DEFAULT_DB_ALIAS] = mine

    try:
        yield copy
    finally:
        other.close()
        with as_owner(), connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {BESIDE}")


def _evaluate() -> tuple[int, float]:
    """How many statements one evaluation is, and how many milliseconds they took."""
    from notifications.system_monitor import runner

    with _watched() as spent:
        report = runner.run()
    _require_answers(report)
    return len(spent), sum(spent) * 1000


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
