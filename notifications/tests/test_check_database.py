"""Database: a trivial query's time, the connections, the size, and whether all tables are there."""

import dataclasses
import datetime
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from config import embedded
from notifications.models import MonitorRun
from notifications.system_monitor import runner
from notifications.system_monitor.checks.base import Context
from notifications.system_monitor.checks.database import Database, _findings
from notifications.system_monitor.checks.database.vitals import GIGABYTE, Vitals
from notifications.system_monitor.report import State
from notifications.tests.helpers import NOON, look

FINE = Vitals(
    milliseconds=1,
    connections=5,
    max_connections=100,
    size_bytes=GIGABYTE,
    missing_tables=[],
    unapplied_migrations=[],
    growth_bytes_per_day=None,
    longest_transaction_seconds=None,
    cache_hit_percent=None,
    live_tuples=0,
    dead_tuples=0,
    worst_tables=[],
)


def scopes(**vitals: object) -> list[str]:
    fine = dataclasses.replace(FINE, **vitals)  # type: ignore[arg-type]
    return [finding.scope for finding in _findings(fine, Context(NOON))]


@pytest.fixture
def limits(settings: Settings) -> None:
    settings.DATABASE_LATENCY_LIMIT_MS = 500
    settings.DATABASE_CONNECTIONS_LIMIT_PERCENT = 90
    settings.DATABASE_SIZE_LIMIT_GB = 2


def test_it_is_ok_and_says_what_it_measured(db: None) -> None:
    result = look(Database)
    assert result.state is State.OK
    assert result.measurement is not None
    assert result.measurement.sample == 1
    assert result.measurement.threshold == "at most 500 ms"
    assert result.summary == f"Postgres answers in {result.measurement.measured:g} ms."
    assert set(result.measurement.details) == {
        *("connections", "max_connections", "connections_percent", "size_bytes"),
        *("missing_tables", "missing_tables_total", "unapplied_migrations", "unapplied_migrations_total"),
        *("growth_bytes_per_day", "longest_transaction_seconds", "cache_hit_percent"),
        *("live_tuples", "dead_tuples", "worst_tables"),
    }
    assert result.measurement.details["max_connections"] == 120
    assert result.measurement.details["connections"] >= 1
    assert result.measurement.details["size_bytes"] > 1_000_000
    assert result.measurement.details["missing_tables_total"] == 0


@pytest.mark.usefixtures("limits")
@pytest.mark.parametrize(("milliseconds", "found"), [(499.99, []), (500, []), (500.01, ["latency"])])
def test_slow_is_strictly_more_than_the_limit(milliseconds: float, found: list[str]) -> None:
    assert scopes(milliseconds=milliseconds) == found


@pytest.mark.usefixtures("limits")
@pytest.mark.parametrize(
    ("connections", "of", "found"),
    [(89, 100, []), (90, 100, []), (91, 100, ["connections"]), (1800, 2000, []), (1801, 2000, ["connections"])],
)
def test_almost_full_is_strictly_more_than_the_limit(connections: int, of: int, found: list[str]) -> None:
    assert scopes(connections=connections, max_connections=of) == found


@pytest.mark.usefixtures("limits")
@pytest.mark.parametrize(("size", "found"), [(2 * GIGABYTE - 1, []), (2 * GIGABYTE, []), (2 * GIGABYTE + 1, ["size"])])
def test_too_large_is_strictly_more_than_the_limit(size: int, found: list[str]) -> None:
    assert scopes(size_bytes=size) == found


def test_without_a_size_limit_no_size_is_too_large(settings: Settings) -> None:
    settings.DATABASE_SIZE_LIMIT_GB = 0
    assert scopes(size_bytes=10**15) == []


@pytest.mark.usefixtures("limits")
def test_every_fault_is_a_finding_of_its_own_and_high() -> None:
    worst = dataclasses.replace(
        FINE,
        milliseconds=501,
        connections=99,
        size_bytes=3 * GIGABYTE,
        missing_tables=["sms_message"],
        unapplied_migrations=["sms.0001_initial"],
    )
    findings = _findings(worst, Context(NOON))
    assert [finding.scope for finding in findings] == ["latency", "connections", "size", "tables"]
    assert {finding.priority for finding in findings} == {"high"}
    assert findings[3].summary == "1 table is missing, the first is sms_message."


def test_migrations_that_are_not_applied_are_told_where_no_table_is_missing() -> None:
    (finding,) = _findings(dataclasses.replace(FINE, unapplied_migrations=["sms.0002_a", "sms.0003_b"]), Context(NOON))
    assert (finding.scope, finding.priority) == ("migrations", "high")
    assert finding.summary == "2 migrations are not applied, the first is sms.0002_a."


def test_a_migration_that_is_not_applied_is_found(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sms' AND name = '0002_what_the_database_holds'")
    result = look(Database)
    assert [finding.scope for finding in result.findings] == ["migrations"]
    assert result.measurement is not None
    assert result.measurement.details["unapplied_migrations"] == ["sms.0002_what_the_database_holds"]


def test_growth_is_what_was_added_a_day_since_the_oldest_stored_run(db: None) -> None:
    now = timezone.now()
    for hours, size in ((12, 1000), (48, 0)):
        report = {"components": [{"check": "sms_service"}, {"check": "database", "details": {"size_bytes": size}}]}
        at = now - datetime.timedelta(hours=hours)
        MonitorRun.objects.create(started_at=at, finished_at=at, state="ok", report=report)
    measurement = look(Database, now=now).measurement
    assert measurement is not None
    assert measurement.details["growth_bytes_per_day"] == pytest.approx(measurement.details["size_bytes"] / 2, abs=1)


@pytest.mark.parametrize("report", [{"components": []}, {"components": [{"check": "database", "details": {}}]}])
def test_without_a_stored_size_there_is_no_growth(db: None, report: dict[str, Any]) -> None:
    at = timezone.now() - datetime.timedelta(hours=2)
    MonitorRun.objects.create(started_at=at, finished_at=at, state="ok", report=report)
    measurement = look(Database).measurement
    assert measurement is not None
    assert measurement.details["growth_bytes_per_day"] is None


@pytest.mark.django_db(transaction=True)
def test_it_says_how_long_the_longest_transaction_of_another_session_lasts() -> None:
    def longest() -> float | None:
        measurement = look(Database).measurement
        assert measurement is not None
        value: float | None = measurement.details["longest_transaction_seconds"]
        return value

    assert longest() is None
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            time.sleep(0.2)
            found = longest()
    finally:
        other.close()
    assert found is not None
    assert 0.2 <= found < 20


def test_a_slow_database_is_critical(db: None, settings: Settings) -> None:
    settings.DATABASE_LATENCY_LIMIT_MS = -1
    result = look(Database)
    assert result.state is State.CRITICAL
    assert [finding.scope for finding in result.findings] == ["latency"]
    assert "the limit is -1 ms" in result.summary


@pytest.fixture
def elsewhere(transactional_db: None) -> Iterator[None]:
    """Lets a test point the connection somewhere else, and points it back."""
    before = dict(connection.settings_dict)
    connection.close()
    yield
    connection.close()
    connection.settings_dict.update(before)


def test_missing_tables_are_counted_and_the_first_ten_are_named(elsewhere: None) -> None:
    connection.settings_dict["NAME"] = embedded.DATABASE  # where nothing was ever migrated
    result = look(Database)
    assert result.state is State.CRITICAL
    assert [finding.scope for finding in result.findings] == ["tables"]
    assert result.measurement is not None
    details = result.measurement.details
    assert len(details["missing_tables"]) == 10
    assert details["missing_tables"] == sorted(details["missing_tables"])
    assert details["missing_tables_total"] > 10


def test_an_unreachable_database_is_critical_and_the_others_are_not_asked(elsewhere: None) -> None:
    connection.settings_dict |= {"HOST": "127.0.0.1", "PORT": "1"}
    report = runner.run()
    first, *others = report.results
    assert (first.state, first.summary) == (State.CRITICAL, "Postgres does not answer.")
    assert [(finding.scope, finding.priority) for finding in first.findings] == [("unreachable", "high")]
    assert {(result.state, result.summary) for result in others} == {
        (State.UNKNOWN, "Not asked: Database is unreachable.")
    }
    assert report.state is State.CRITICAL
    assert report.as_json()["healthy"] is False
