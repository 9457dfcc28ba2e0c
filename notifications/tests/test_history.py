"""What the checks said: stored by the minute, and read as uptime."""

import datetime
from typing import Any, ClassVar

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import User
from notifications.models import CheckResult
from notifications.models.check_result import Minutes
from notifications.models.priority import Priority
from notifications.system_monitor import history, runner
from notifications.system_monitor.checks import CHECKS
from notifications.system_monitor.checks.base import Context
from notifications.system_monitor.reconcile import reconcile
from notifications.system_monitor.report import Finding, Listing, Measurement
from notifications.tests.helpers import NOON, Crashing, Well, in_threads

pytestmark = pytest.mark.django_db
SECOND, MINUTE = datetime.timedelta(seconds=1), datetime.timedelta(minutes=1)
HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)
START = NOON.replace(second=0)
STATES = ("ok", "warning", "critical", "unknown")


class Gauge(Well):
    """Says what a test wants: a number and a state; without a number that it has none, None as state for a crash."""

    slug = "gauge"
    component = "Gauge"
    said: ClassVar[tuple[str | None, float | None, dict[str, float | None]]] = ("ok", 1, {})

    def measure(self, context: Context) -> Measurement:
        state, number, more = self.said
        if state is None:
            raise RuntimeError
        found = [] if state == "ok" else [Finding("", Priority.LOW, "Gauge", "Ill.", "")]
        return Measurement("Said.", number, "things", 7, "", found, numbers=more)


class Warned(Gauge):
    listing = Listing.WARNINGS


def run(state: str | None, number: float | None = 1, *, at: datetime.datetime = NOON, **more: float | None) -> None:
    Gauge.said = (state, number, more)
    checks = (Warned,) if state == "warning" else (Gauge,)
    with transaction.atomic():
        history.store(runner.run(checks=checks, now=at))


def row(at: datetime.datetime = START, span: str = "minute") -> CheckResult:
    return CheckResult.objects.get(check_slug="gauge", span=span, at=at)


def told(one: CheckResult) -> tuple[int, ...]:
    return tuple(getattr(one, state) for state in STATES)


# --- Storing -----------------------------------------------------------------------------------------------------


def test_every_check_of_a_run_is_stored_in_its_minute_with_what_it_measured(admin: User) -> None:
    report = runner.run()
    reconcile(report)
    rows = {one.check_slug: one for one in CheckResult.objects.all()}
    assert set(rows) == {check.slug for check in CHECKS}
    for result in report.results:
        assert result.measurement is not None
        one = rows[result.slug]
        assert (one.state, one.at) == (result.state.value, report.started_at.replace(second=0, microsecond=0))
        assert (one.measured, one.sample) == (result.measurement.measured, result.measurement.sample)
        assert set(one.more) <= set(result.measurement.numbers)


def test_a_run_is_stored_in_one_statement(admin: User) -> None:
    report = runner.run()
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        history.store(report)
    assert len(queries) == 1


def test_reconciling_the_same_report_again_stores_it_once(admin: User) -> None:
    report = runner.run(now=NOON)
    reconcile(report)
    before = list(CheckResult.objects.order_by("pk").values())
    reconcile(report)
    assert list(CheckResult.objects.order_by("pk").values()) == before


def test_storing_the_same_report_twice_changes_nothing() -> None:
    Gauge.said = ("warning", 3, {"p95_seconds": 8.5})
    report = runner.run(checks=(Gauge, Crashing), now=NOON)
    history.store(report)
    before = list(CheckResult.objects.values())
    history.store(report)
    assert list(CheckResult.objects.values()) == before


def test_what_could_not_be_reconciled_is_not_stored(admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """History is part of the same transaction."""
    report = runner.run()
    monkeypatch.setattr("notifications.models.MonitorRun.objects.create", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        reconcile(report)
    assert not CheckResult.objects.exists()


@pytest.mark.parametrize(
    ("said", "worst"),
    [
        (["ok", "ok"], "ok"),
        (["ok", "warning"], "warning"),
        (["warning", "ok"], "warning"),
        (["critical", "ok", "warning"], "critical"),
        (["ok", None], "ok"),
        ([None, "ok"], "ok"),
        ([None, None], "unknown"),
        (["critical", None], "critical"),
    ],
)
def test_a_minute_counts_once_as_its_worst_answer(said: list[str | None], worst: str) -> None:
    for second, state in enumerate(said):
        run(state, at=START + datetime.timedelta(seconds=second))
    assert told(row()) == tuple(int(state == worst) for state in STATES)
    assert row().state == worst


def test_a_minute_keeps_the_last_measurement_and_its_lowest_and_highest() -> None:
    for second, number in enumerate([5.0, 9.0, 2.0, 4.0]):
        run("ok", number, at=START + datetime.timedelta(seconds=second), p95_seconds=number * 2)
    one = row()
    assert (one.measured, one.lowest, one.highest, one.sample, one.more) == (4, 2, 9, 7, {"p95_seconds": 8})


def test_a_run_without_an_answer_does_not_take_the_minutes_measurement_away() -> None:
    run("ok", 5, depth=3)
    run(None)
    assert (row().measured, row().lowest, row().highest, row().sample, row().more) == (5, 5, 5, 7, {"depth": 3})


def test_a_run_in_which_there_was_nothing_to_measure_does() -> None:
    run("ok", 5)
    run("ok", None)
    assert (row().measured, row().measured_minutes, row().lowest) == (None, 0, 5)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_is_left_out_and_breaks_no_run(number: float) -> None:
    run("ok", number, odd=number, even=2, none=None)
    assert (row().measured, row().more) == (None, {"even": 2})


def test_a_check_that_says_very_many_numbers_keeps_few_of_them() -> None:
    run("ok", 1, at=NOON, **{f"number_{n:03}": float(n) for n in range(1000)})
    assert len(row().more) == history.MOST_NUMBERS


def test_an_answer_that_still_stands_is_not_counted_as_measured_again(
    admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Gauge, "cadence", 5 * MINUTE)
    Gauge.said = ("ok", 1, {})
    before: dict[str, Any] | None = None
    for minute in range(11):
        before = reconcile(runner.run(checks=(Gauge, Well), now=NOON + minute * MINUTE, previous=before))
    assert CheckResult.objects.of("well").count() == 11
    assert list(CheckResult.objects.of("gauge").values_list("at", flat=True)) == [
        START + minute * MINUTE for minute in (0, 5, 10)
    ]


def test_no_check_of_ours_keeps_more_as_the_platform_grows() -> None:
    for result in runner.run().results:
        assert result.measurement is not None
        assert len(result.measurement.numbers) <= 20


@pytest.mark.django_db(transaction=True)
def test_two_that_store_the_same_minute_at_once_leave_one_row() -> None:
    reports = [runner.run(checks=(Well, Crashing), now=NOON) for _ in range(8)]
    in_threads(8, lambda number: history.store(reports[number]))
    assert CheckResult.objects.count() == 2


# --- An outage ---------------------------------------------------------------------------------------------------


def test_a_time_without_postgres_is_a_critical_database_and_no_answer_of_the_rest(settings: Settings) -> None:
    settings.MONITOR_INTERVAL_SECONDS = 60
    at = START + 10 * MINUTE
    CheckResult.objects.create(check_slug="database", span="minute", at=at, ok=1)
    CheckResult.objects.create(check_slug="sms_service", span="minute", at=at, ok=1, more={"share": 99})
    for _ in range(2):
        history.store_outage(began=at + 30 * SECOND, ended=at + 3 * MINUTE + 5 * SECOND)
    assert CheckResult.objects.count() == 6 * 4
    days = CheckResult.objects.all().by_day()
    (database,), (service,), (people,) = (days[one].values() for one in ("database", "sms_service", "user_activity"))
    assert database == Minutes(critical=4)
    assert service == Minutes(ok=1, unknown=3)
    assert people == Minutes(unknown=4)
    assert CheckResult.objects.get(check_slug="sms_service", at=at).more == {"share": 99}


def test_an_outage_weighs_no_more_than_time_that_was_measured(settings: Settings) -> None:
    """Where the monitor runs every quarter of an hour, an hour's outage is four minutes of those that are counted."""
    settings.MONITOR_INTERVAL_SECONDS = 15 * 60
    history.store_outage(began=START, ended=START + HOUR - SECOND)
    assert list(CheckResult.objects.all().by_day()["database"].values()) == [Minutes(critical=4)]


def test_an_outage_of_long_ago_joins_the_hours_that_are_there() -> None:
    CheckResult.objects.create(check_slug="database", span="hour", at=START, ok=50)
    history.store_outage(began=START, ended=START + 4 * MINUTE)
    history.roll_up(now=START + 3 * DAY)
    row = CheckResult.objects.get(check_slug="database")
    assert (row.ok, row.critical) == (50, 5)


# --- Reading -----------------------------------------------------------------------------------------------------


def test_a_day_is_the_sum_of_its_minutes_and_hours_by_check() -> None:
    for at, state in ((0, "ok"), (1, "ok"), (2, "warning"), (3, None), (24 * 60, "critical")):
        run(state, at=NOON + at * MINUTE)
    CheckResult.objects.create(check_slug="gauge", span="hour", at=START - HOUR, ok=50, critical=3, unknown=2)
    CheckResult.objects.create(check_slug="other", span="hour", at=START, ok=7)
    assert CheckResult.objects.since(START - DAY).by_day() == {
        "gauge": {
            datetime.date(2026, 3, 10): Minutes(ok=52, warning=1, critical=3, unknown=3),
            datetime.date(2026, 3, 11): Minutes(critical=1),
        },
        "other": {datetime.date(2026, 3, 10): Minutes(ok=7)},
    }


@pytest.mark.parametrize(
    ("minutes", "percent"),
    [
        (Minutes(ok=99, critical=1), 99.0),
        (Minutes(ok=3, warning=1), 75.0),
        (Minutes(ok=10, unknown=90), 100.0),
        (Minutes(unknown=90), None),
        (Minutes(), None),
        (Minutes(ok=129_599, critical=1), 99.999),  # one minute of ninety days does not round up to none
        (Minutes(critical=5), 0.0),
    ],
)
def test_uptime_is_the_share_of_ok_and_unknown_stands_apart(minutes: Minutes, percent: float | None) -> None:
    assert minutes.uptime_percent == percent


def test_uptime_of_two_times_is_that_of_their_sum() -> None:
    assert Minutes(1, 2, 3, 4) + Minutes(10, 20, 30, 40) == Minutes(11, 22, 33, 44)
