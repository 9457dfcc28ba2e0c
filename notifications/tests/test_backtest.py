"""Which incidents other limits would have opened: by the engine's own rules, over what history kept."""

import datetime
import io
import json
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck as Hypothesis
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from accounts.models import User
from notifications.models import CheckResult, Incident, MaintenanceOccurrence, MaintenanceWindow, Threshold
from notifications.models.priority import Priority
from notifications.system_monitor import history, runner
from notifications.system_monitor.backtest import backtest
from notifications.system_monitor.checks import BY_SLUG, CHECKS
from notifications.system_monitor.checks.base import Context
from notifications.system_monitor.judging import Rule, above
from notifications.system_monitor.limits import Limit
from notifications.system_monitor.reconcile import reconcile
from notifications.system_monitor.report import Finding, Measurement
from notifications.tests.helpers import NOON, Well, account, look, messages, tenants
from notifications.thresholds import ThresholdRefused, UnknownThreshold
from sms.models import Status
from tenants.models import Tenant
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


# --- The six checks ----------------------------------------------------------------------------------------------


def keep(check: str, at: datetime.datetime = START, **numbers: Any) -> None:
    """What a minute of a check had; `measured` is its own number."""
    measured = numbers.pop("measured", None)
    CheckResult.objects.create(
        check_slug=check, span="minute", at=at, ok=1, measured=measured, measured_minutes=int(measured is not None),
        lowest=measured, highest=measured, more=numbers,
    )  # fmt: skip


def opens(check: str, minutes: int = 60, **proposed: int) -> bool:
    found = backtest(check=check, proposed=proposed, days=1, now=START + minutes * MINUTE)
    return any(course.incidents for course in found.after)


@pytest.mark.parametrize("check", CHECKS)
def test_every_limit_is_judged_by_a_rule_or_says_why_it_is_not(check: Any) -> None:
    judged = {limit for rule in check.rules for limit in rule.limits}
    for limit in check.limits:
        assert (limit in judged) != bool(limit.why_no_backtest), limit.name


def test_what_the_checks_keep_suffices_for_every_rule(tenant: Tenant, admin: User) -> None:
    """What they say of the platform as it is, judged again by the limits in force, is what they said."""
    messages(tenant, 3, status=Status.DELIVERED)
    messages(tenant, 60, status=Status.UNDELIVERED)
    account(tenant, 20, of=100)
    report = runner.run()
    with transaction.atomic():
        history.store(report)
    until = report.started_at + MINUTE
    for check in CHECKS:
        for limit in check.limits:
            if not limit.why_no_backtest:
                found = backtest(check=check.slug, proposed={limit.name: limit.default}, days=1, now=until)
                (result,) = [one for one in report.results if one.slug == check.slug]
                said = {one.scope for one in result.findings}
                for course in found.before + found.after:
                    assert course.not_judged == 0, limit.name
                    assert bool(course.incidents) == (course.rule.scope in said), limit.name
    assert {one.slug for one in report.results if one.findings} == {"sms_service", "failed_messages", "sms_credits"}


def test_database() -> None:
    keep("database", measured=120.5, connections_percent=50.5, size_bytes=3 * 1024**3 + 1)
    assert (opens("database", latency=120), opens("database", latency=121)) == (True, False)
    assert (opens("database", connections=50), opens("database", connections=51)) == (True, False)
    assert (opens("database", size=3), opens("database", size=4), opens("database", size=0)) == (True, False, False)


def test_sms_service_goes_by_the_exact_share_and_the_sample() -> None:
    keep("sms_service", measured=85.0, settled=1000, share=84.99, reachable_settled=1000, reachable_share=84.99)
    assert (opens("sms_service", warning=85), opens("sms_service", warning=84)) == (True, False)
    assert opens("sms_service", warning=85, minimum_sample=1000)
    assert not opens("sms_service", warning=85, minimum_sample=1001)


def test_a_rate_that_silent_providers_explain_would_not_have_opened() -> None:
    keep("sms_service", measured=50, settled=100, share=50, reachable_settled=40, reachable_share=99)
    found = backtest(check="sms_service", proposed={"warning": 90}, days=1, now=START + HOUR)
    assert [(course.incidents, course.kept_back) for course in found.after] == [([], 1)]


def test_without_settled_messages_no_rate_is_low() -> None:
    keep("sms_service", settled=0, reachable_settled=0)
    found = backtest(check="sms_service", proposed={"warning": 100}, days=1, now=START + HOUR)
    assert [(course.incidents, course.not_judged) for course in found.after] == [([], 0)]


def test_stuck_messages_are_not_judged_above_what_was_counted() -> None:
    keep("message_delivery", measured=11, elsewhere=11, counted_up_to=11)
    assert opens("message_delivery", warning=5)
    assert opens("message_delivery", warning=10)
    found = backtest(check="message_delivery", proposed={"warning": 11}, days=1, now=START + HOUR)
    assert [(course.incidents, course.not_judged) for course in found.after] == [([], 1)]
    assert "1 minutes could not be judged" in " ".join(found.notes)
    assert "counted up to one more than the limit" in " ".join(found.notes)


def test_fewer_than_were_counted_are_judged_by_any_limit() -> None:
    keep("message_delivery", measured=7, elsewhere=7, counted_up_to=11)
    assert (opens("message_delivery", warning=6), opens("message_delivery", warning=500)) == (True, False)


CREDITS: dict[str, Any] = {
    "empty": 0,
    "critical": 0,
    "warning": 0,
    "low": 0,
    "under_low": 0,
    "by_own_warning": 0,
    "by_own_critical": 0,
    "lowest_percent": 30,
    "lowest_percent_for_critical": 30,
}


def test_credits_open_at_the_lowest_percent_and_are_urgent_at_the_other_limit() -> None:
    keep("sms_credits", measured=0, **CREDITS)
    assert (opens("sms_credits", warning=29), opens("sms_credits", warning=30)) == (False, True)
    found = backtest(check="sms_credits", proposed={"critical": 30, "warning": 40}, days=1, now=START + HOUR)
    assert [one["priority"] for one in found.as_json()["proposed"]["incidents"]] == ["high"]
    found = backtest(check="sms_credits", proposed={"critical": 29, "warning": 40}, days=1, now=START + HOUR)
    assert [one["priority"] for one in found.as_json()["proposed"]["incidents"]] == ["medium"]


@pytest.mark.parametrize("other", ["empty", "under_low", "by_own_warning", "by_own_critical"])
def test_credits_that_are_low_by_something_else_are_low_by_any_percent(other: str) -> None:
    keep("sms_credits", measured=1, **CREDITS | {other: 1})
    assert opens("sms_credits", warning=1, critical=0)


def test_the_bands_agree_with_what_is_kept_of_them_for_any_limits(settings: Settings) -> None:
    """Whether anybody is low by other limits, asked of the tenants themselves."""
    for number, one in enumerate(tenants(12)):
        account(one, number * 7, of=number * 13 + 5)
        if number in (2, 7):
            Threshold.objects.create(tenant=one, check_slug="sms_credits", name="warning", value=number * 5)
    settings.LOW_CREDITS_LIMIT = 1
    for missing in range(12):
        Tenant.objects.filter(slug=f"tenant-{missing - 1:02}").update(suspended_at=timezone.now())
        said = look(BY_SLUG["sms_credits"], now=NOON)
        CheckResult.objects.all().delete()
        with transaction.atomic():
            history.store(runner.run(checks=(BY_SLUG["sms_credits"],), now=START))
        for warning in (2, 30, 55, 60, 100):
            would = opens("sms_credits", warning=warning, critical=1)
            settings.LOW_CREDITS_WARNING_PERCENT, settings.LOW_CREDITS_CRITICAL_PERCENT = warning, 1
            did = bool(look(BY_SLUG["sms_credits"], now=NOON).findings)
            settings.LOW_CREDITS_WARNING_PERCENT, settings.LOW_CREDITS_CRITICAL_PERCENT = 25, 10
            assert would == did, (missing, warning, said.summary)


def test_user_activity_goes_by_the_exact_share() -> None:
    keep("user_activity", measured=70.0, share=70.01)
    assert (opens("user_activity", warning=70), opens("user_activity", warning=71)) == (True, False)


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


# --- The command -------------------------------------------------------------------------------------------------


def command(*words: str) -> str:
    out = io.StringIO()
    call_command("backtest_thresholds", *words, stdout=out)
    return out.getvalue()


@pytest.fixture
def failed_lately() -> None:
    minute = timezone.now().replace(second=0, microsecond=0)
    for ago, failed in ((180, 3), (120, 40), (119, 45), (60, 3), (59, 3), (30, 70), (20, 3), (19, 3)):
        keep("failed_messages", at=minute - ago * MINUTE, measured=failed)


def test_the_command_shows_both_sides_and_a_picture(failed_lately: None) -> None:
    text = command("--check", "failed_messages", "--warning", "39", "--days", "1")
    assert text.startswith("Failed Messages, ")
    assert "In force (warning 50): 1 incident\n" in text
    assert "Proposed (warning 39): 2 incidents\n" in text
    assert "61 minutes, seen in 2, worst 45 messages, high" in text
    assert text.count("#") >= 3
    assert "from 3 to 70 messages, 20 minutes a sign" in text


def test_the_command_says_it_as_json_alone(failed_lately: None) -> None:
    said = json.loads(command("--check", "failed_messages", "--set", "warning=39", "--format", "json"))
    assert (said["in_force"]["count"], said["proposed"]["count"]) == (1, 2)
    assert said["proposed"]["incidents"][0]["worst"] == 45


def test_names_with_two_words_are_options_too() -> None:
    assert "minimum_sample 5" in command("--check", "sms_service", "--minimum-sample", "5")


def test_without_history_it_says_so() -> None:
    assert "Nothing is stored of these days." in command("--check", "sms_service", "--warning", "85")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--check", "nonsense", "--warning", "1"], "There is no check nonsense. There are: database"),
        (["--check", "sms_service", "--critical", "1"], "sms_service has no limit critical. It has: warning"),
        (["--check", "sms_service"], "Name one. sms_service has: warning, minimum_sample."),
        (["--check", "sms_service", "--warning", "1", "--days", "91"], "--days must be from 1 to 90."),
        (["--check", "sms_service", "--set", "count=3"], "sms_service has no limit count."),
    ],
)
def test_a_bad_argument_is_a_clear_message_and_exit_code_2(words: list[str], text: str) -> None:
    with pytest.raises(CommandError, match=text.replace("(", r"\(")) as refused:
        command(*words)
    assert refused.value.returncode == 2


@pytest.mark.parametrize("words", [["--count", "3"], ["--set", "warning"], ["--set", "warning=x"], ["--warning", "x"]])
def test_an_option_that_there_is_not_names_those_that_there_are(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        command("--check", "sms_service", *words)
    assert left.value.code == 2
    assert "sms_service (warning, minimum_sample)" in capsys.readouterr().err
