"""Which incidents other limits would have opened: by the engine's own rules, over what history kept."""

import datetime
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck as Hypothesis
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from notifications.models import CheckResult, Incident, MaintenanceOccurrence, MaintenanceWindow, Threshold
from notifications.models.priority import Priority
from notifications.system_monitor import history, runner
from notifications.system_monitor.backtest import backtest
from notifications.system_monitor.checks import BY_SLUG
from notifications.system_monitor.checks.base import Context
from notifications.system_monitor.judging import Rule, above
from notifications.system_monitor.limits import Limit
from notifications.system_monitor.reconcile import reconcile
from notifications.system_monitor.report import Finding, Measurement
from notifications.tests.helpers import NOON, Well
from notifications.tests.test_backtest_checks import keep, opens
from notifications.thresholds import ThresholdRefused, UnknownThreshold
from tests.database import contents

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = datetime.timedelta(minutes=1), datetime.timedelta(hours=1), datetime.timedelta(days=1)
START = NOON.replace(second=0)
MOST = Limit("warning", "FAILED_MESSAGES_LIMIT", "Depth that is still fine", "m")


class Depth(Well):
    """A check whose answer a test decides: a depth, or None for no answer."""

    slug = "depth"
    component = "Depth"
    limits = (MOST,)
    rules = (Rule("", "Depth: too deep", (MOST,), "measured", "m", above("measured", MOST, Priority.HIGH)),)
    depth: ClassVar[float | None] = 0

    def measure(self, context: Context) -> Measurement:
        if self.depth is None:
            raise RuntimeError
        (rule,) = self.rules
        verdict = rule.judge({"measured": self.depth}, context.limits.values(self.slug, self.limits))
        found = [Finding("", verdict.priority, rule.title, "Deep.", "")] if verdict.priority else []
        return Measurement("Depth.", self.depth, "m", 1, "", found)


@pytest.fixture(autouse=True)
def _depth(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setitem(BY_SLUG, "depth", Depth)
    settings.FAILED_MESSAGES_LIMIT = 50
    settings.RECOVERY_RUNS = 2


def stored(*depths: float | None, since: datetime.datetime = START) -> None:
    """A run a minute."""
    for minute, depth in enumerate(depths):
        Depth.depth = depth
        with transaction.atomic():
            history.store(runner.run(checks=(Depth,), now=since + minute * MINUTE))


def would_have(warning: int, *, check: str = "depth", until: datetime.datetime = START + DAY) -> list[Any]:
    """(begin, end, worst, runs) of each incident, in minutes since START."""
    found = backtest(check=check, proposed={"warning": warning}, days=2, now=until).as_json()
    return [
        (_minute(one["opened_at"]), _minute(one["resolved_at"]), one["worst"], one["runs"])
        for one in found["proposed"]["incidents"]
    ]


def _minute(moment: str | None) -> int | None:
    return moment and int((datetime.datetime.fromisoformat(moment) - START) / MINUTE)  # type: ignore[return-value]


# --- By the engine's rules ---------------------------------------------------------------------------------------


def test_it_says_when_it_would_have_begun_and_ended_how_bad_and_how_often() -> None:
    stored(10, 30, 45, 40, 20, 20, 20)
    assert would_have(29) == [(1, 5, 45, 3)]
    assert would_have(39) == [(2, 5, 45, 2)]
    assert would_have(45) == []


def test_what_is_not_over_has_no_end() -> None:
    stored(10, 60, 61)
    assert would_have(50) == [(1, None, 61, 2)]


def test_it_is_over_after_as_many_good_runs_as_the_engine_wants(settings: Settings) -> None:
    settings.RECOVERY_RUNS = 3
    stored(60, 1, 1, 60, 1, 1, 1, 1)
    assert would_have(50) == [(0, 6, 60, 2)]


def test_a_run_without_an_answer_neither_opens_nor_ends() -> None:
    stored(60, None, None, None, 1, None, 1)
    assert would_have(50) == [(0, 6, 60, 1)]


def test_what_does_not_last_as_long_as_the_check_wants_does_not_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Depth, "hold", 3 * MINUTE)
    stored(60, 60, 60, 1, 60, 60, 60, 60, 1, 1)
    assert would_have(50) == [(7, 9, 60, 1)]


def test_what_flaps_stays_open_until_it_is_quiet_for_long(settings: Settings) -> None:
    settings.RECOVERY_RUNS = 1
    stored(*[60, 1] * 10, *[1] * 10)
    assert would_have(50) == [(0, 1, 60, 1), (2, 3, 60, 1), (4, 24, 60, 8)]


def test_maintenance_would_have_kept_it_from_opening_and_from_nothing_else() -> None:
    window = MaintenanceWindow.objects.create(title="Upgrade", starts_at=START, minutes=3)
    mine = {"starts_at": START, "ends_at": START + 3 * MINUTE}
    MaintenanceOccurrence.objects.create(window=window, **mine)
    stored(60, 60, 60, 60, 1, 1)
    assert would_have(50) == [(3, 5, 60, 1)]
    MaintenanceWindow.objects.update(checks=["sms_service"])
    assert would_have(50) == [(0, 5, 60, 4)]


@pytest.mark.usefixtures("admin")
@hypothesis_settings(max_examples=30, deadline=None, suppress_health_check=[Hypothesis.function_scoped_fixture])
@given(
    depths=st.lists(st.sampled_from([1, 50, 51, 80, None]), max_size=40),
    recovery=st.integers(1, 3),
    hold=st.sampled_from([0, 1, 3]),
)
def test_by_the_limits_in_force_it_says_what_the_engine_did(
    depths: list[int | None], recovery: int, hold: int, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RECOVERY_RUNS, settings.UNANSWERED_RUNS_LIMIT = recovery, 1000
    monkeypatch.setattr(Depth, "hold", hold * MINUTE)
    with transaction.atomic():
        for minute, depth in enumerate(depths):
            Depth.depth = depth
            reconcile(runner.run(checks=(Depth,), now=START + minute * MINUTE))
        done = list(Incident.objects.order_by("opened_at").values_list("opened_at", "resolved_at"))
        found = backtest(check="depth", proposed={"warning": 50}, days=2, now=START + DAY)
        (before,), (after,) = found.before, found.after
        for course in (before, after):
            assert [(one.opened_at, one.resolved_at) for one in course.incidents] == done
        transaction.set_rollback(True)


# --- Hours -------------------------------------------------------------------------------------------------------


def test_of_an_hour_the_worst_of_its_minutes_counts_and_the_answer_says_so() -> None:
    for hour, (lowest, highest) in enumerate([(1, 10), (1, 60), (1, 10)]):
        CheckResult.objects.create(
            check_slug="depth", span="hour", at=START + hour * HOUR, ok=60, measured=5, measured_minutes=60,
            lowest=lowest, highest=highest,
        )  # fmt: skip
    keep("depth", at=START + 3 * HOUR, measured=4)
    assert would_have(50) == [(60, 120, 60, 60)]
    found = backtest(check="depth", proposed={"warning": 50}, days=2, now=START + DAY).as_json()
    assert "Of 3 hours only the lowest and the highest are stored" in found["notes"][0]
    assert found["minutes_since"] == "2026-03-10T15:00:00.000Z"


def test_of_a_number_that_falls_the_lowest_of_an_hour_counts() -> None:
    more = {name: [95.0, 70.0, 99.0, 60] for name in ("share", "reachable_share")}
    more |= {name: [50, 10, 90, 60] for name in ("settled", "reachable_settled")}
    CheckResult.objects.create(check_slug="sms_service", span="hour", at=START, ok=60, more=more)
    assert (opens("sms_service", warning=71), opens("sms_service", warning=70)) == (True, False)


# --- What it says ------------------------------------------------------------------------------------------------


def test_it_compares_with_the_limits_in_force() -> None:
    Threshold.objects.create(check_slug="depth", name="warning", value=55)
    stored(60, 52, 1, 1, 52, 1, 1)
    found = backtest(check="depth", proposed={"warning": 50}, days=2, now=START + DAY).as_json()
    assert (found["in_force"]["limits"], found["proposed"]["limits"]) == ({"warning": 55}, {"warning": 50})
    assert (found["in_force"]["count"], found["proposed"]["count"]) == (1, 2)
    assert (found["minutes"], found["unanswered_minutes"]) == (7, 0)


def test_it_writes_nothing_and_costs_the_same_however_much_is_stored() -> None:
    costs = []
    for number in (1, 300):
        stored(*[60, 1] * number)
        before = contents()
        with CaptureQueriesContext(connection) as queries:
            backtest(check="depth", proposed={"warning": 50}, days=2, now=START + DAY)
        costs.append(len(queries))
        assert contents() == before
    assert costs == [3, 3]  # the limits, the history, the maintenance


def test_a_long_list_is_cut_and_counted(settings: Settings) -> None:
    settings.RECOVERY_RUNS, settings.INCIDENT_FLAPS = 1, 10**6
    stored(*[60, 1] * 120)
    found = backtest(check="depth", proposed={"warning": 50}, days=2, now=START + DAY).as_json()
    assert (found["proposed"]["count"], len(found["proposed"]["incidents"])) == (120, 100)


@pytest.mark.parametrize(
    ("check", "proposed", "error", "text"),
    [
        ("nonsense", {"warning": 1}, UnknownThreshold, "There is no check nonsense. There are: database, sms_service"),
        ("sms_service", {"count": 1}, UnknownThreshold, "It has: warning, minimum_sample."),
        ("sms_service", {}, ThresholdRefused, "sms_service has: warning, minimum_sample."),
        ("sms_service", {"warning": 101}, ThresholdRefused, "warning: Must be from 0 to 100 %."),
        ("sms_credits", {"low": 5}, ThresholdRefused, "low: No backtest is possible. History keeps how many"),
        ("sms_credits", {"critical": 25}, ThresholdRefused, "critical must be below warning (25)."),
        ("sms_credits", {"warning": 10}, ThresholdRefused, "warning must be above critical (10)."),
    ],
)
def test_what_could_not_be_saved_or_judged_is_refused(
    check: str, proposed: Mapping[str, int], error: type[Exception], text: str
) -> None:
    with pytest.raises(error) as refused:
        backtest(check=check, proposed=proposed, days=2, now=START)
    assert text in str(refused.value)
