"""Report -> incidents -> notifications."""

import datetime
from typing import Any, ClassVar

import pytest
from pytest_django import Settings

from accounts.models import User
from notifications.models import Incident, MonitorRun, Notification
from notifications.models.priority import Priority
from notifications.system_monitor import runner
from notifications.system_monitor.checks.base import Context, HealthCheck
from notifications.system_monitor.reconcile import reconcile
from notifications.system_monitor.report import Finding, Measurement
from notifications.tests.helpers import NOON, Crashing, Well, problem, see, told


class Patient(Well):
    """A check whose answer a test decides: a list of (scope, priority), or None for no answer."""

    slug = "patient"
    component = "Patient"
    findings: ClassVar[list[tuple[str, Priority]] | None] = []

    def measure(self, context: Context) -> Measurement:
        if self.findings is None:
            raise RuntimeError
        found = [Finding(scope, priority, f"Patient {scope}", "Ill.", "") for scope, priority in self.findings]
        return Measurement("All is well.", len(found), "ills", 1, "at most 0", found)


class Ward:
    """Runs and reconciles one after the other, as the monitor does."""

    def __init__(self) -> None:
        self.previous: dict[str, Any] | None = None

    def run(
        self, *findings: tuple[str, Priority], answers: bool = True, checks: tuple[type[HealthCheck], ...] = (Patient,)
    ) -> None:
        Patient.findings = list(findings) if answers else None
        self.previous = reconcile(runner.run(checks=checks), previous=self.previous)


@pytest.fixture
def ward(admin: User, settings: Settings) -> Ward:
    """Where one good run is enough; tests of the recovery say how many they want."""
    settings.RECOVERY_RUNS = 1
    return Ward()


HIGH, MEDIUM = Priority.HIGH, Priority.MEDIUM


def open_ones() -> list[tuple[str, str]]:
    return list(Incident.objects.unresolved().order_by("kind", "scope").values_list("kind", "scope"))


def test_a_finding_opens_and_its_end_resolves(ward: Ward, admin: User) -> None:
    ward.run(("a", HIGH))
    assert open_ones() == [("patient", "a")]
    ward.run()
    assert open_ones() == []
    assert told(admin) == ["opened", "resolved"]
    assert (
        Notification.objects.get(event="resolved").message == "It is over after less than a minute. Now: All is well."
    )


def test_each_finding_has_an_incident_of_its_own(ward: Ward, admin: User) -> None:
    ward.run(("a", HIGH), ("b", MEDIUM))
    ward.run(("b", MEDIUM), ("c", HIGH))
    assert open_ones() == [("patient", "b"), ("patient", "c")]
    assert told(admin) == ["opened", "opened", "opened", "resolved"]
    assert Incident.objects.get(scope="b").occurrences == 2


def test_a_worse_finding_escalates(ward: Ward, admin: User) -> None:
    ward.run(("a", MEDIUM))
    ward.run(("a", HIGH))
    assert told(admin) == ["opened", "escalated:1"]


def test_ten_runs_of_the_same_problem_tell_it_once(ward: Ward, admin: User) -> None:
    for _ in range(10):
        ward.run(("a", HIGH))
    assert told(admin) == ["opened"]
    assert Incident.objects.get().occurrences == 10
    assert MonitorRun.objects.count() == 10


def test_no_answer_opens_nothing_and_resolves_nothing(ward: Ward, admin: User) -> None:
    ward.run(answers=False)
    assert open_ones() == []
    ward.run(("a", HIGH))
    ward.run(answers=False)
    assert open_ones() == [("patient", "a")]
    assert told(admin) == ["opened"]


def test_three_runs_in_a_row_without_an_answer_are_a_problem_of_their_own(ward: Ward, admin: User) -> None:
    ward.run(answers=False)
    ward.run(answers=False)
    assert open_ones() == []
    ward.run(answers=False)
    ward.run(answers=False)
    assert open_ones() == [("check_unanswered", "patient")]
    assert told(admin) == ["opened"]
    assert Notification.objects.get().title == "Patient: this check is not answering"


def test_an_answer_starts_the_count_again(ward: Ward) -> None:
    for answers in (False, False, True, False, False):
        ward.run(answers=answers)
    assert open_ones() == []


def test_the_count_is_said_in_the_report(ward: Ward) -> None:
    ward.run(answers=False)
    ward.run(answers=False)
    assert ward.previous is not None
    assert ward.previous["components"][0]["details"]["unanswered_runs"] == 2
    ward.run()
    assert "unanswered_runs" not in ward.previous["components"][0]["details"]


@pytest.mark.parametrize("findings", [[], [("a", HIGH)]])
def test_an_answer_good_or_bad_ends_the_silence(ward: Ward, admin: User, findings: list[tuple[str, Priority]]) -> None:
    for _ in range(3):
        ward.run(answers=False)
    ward.run(*findings)
    assert open_ones() == [("patient", scope) for scope, _ in findings]
    assert told(admin).count("resolved") == 1


def test_each_check_counts_its_own_silence(ward: Ward) -> None:
    for _ in range(2):
        ward.run(checks=(Patient, Crashing))
    ward.run(answers=False, checks=(Patient, Crashing))
    assert open_ones() == [("check_unanswered", "crashing")]


def test_how_many_runs_is_a_setting(ward: Ward, settings: Settings) -> None:
    settings.UNANSWERED_RUNS_LIMIT = 1
    ward.run(answers=False)
    assert open_ones() == [("check_unanswered", "patient")]


def test_reconciling_the_same_report_again_tells_nobody(admin: User) -> None:
    Patient.findings = [("a", HIGH)]
    report = runner.run(checks=(Patient,))
    reconcile(report)
    reconcile(report)
    assert told(admin) == ["opened"]
    assert open_ones() == [("patient", "a")]


def test_a_problem_that_a_person_reported_is_closed_by_people(ward: Ward, admin: User, staff: User) -> None:
    mine = Incident.objects.create(kind="patient", scope="by hand", priority=HIGH, title="x", reporter=staff)
    see(problem(kind="of no check of this report"))
    ward.run()
    mine.refresh_from_db()
    assert mine.state == "open"
    assert open_ones() == [("of no check of this report", ""), ("patient", "by hand")]


def test_the_incident_keeps_what_was_measured(ward: Ward) -> None:
    ward.run(("a", HIGH))
    incident = Incident.objects.get()
    assert (incident.priority, incident.title, incident.summary) == ("high", "Patient a", "Ill.")
    assert incident.details["sample"] == 1
    assert incident.details["threshold"] == "at most 0"


def test_a_run_is_stored_with_its_state_and_report(ward: Ward) -> None:
    ward.run(("a", HIGH))
    run = MonitorRun.objects.get()
    assert run.state == "critical"
    assert run.report == ward.previous


def test_what_cannot_be_stored_is_not_told(admin: User) -> None:
    """The transition and its notifications are one transaction."""
    Patient.findings = [("a", HIGH), ("b" * 121, HIGH)]  # longer than its column
    with pytest.raises(Exception, match="too long"):
        reconcile(runner.run(checks=(Patient,)))
    assert not Incident.objects.exists()
    assert not Notification.objects.exists()
    assert not MonitorRun.objects.exists()


# --- Not asked, and not asked again ------------------------------------------------------------------------------


class Gone(Well):
    slug = "gone"
    component = "Gone"
    is_gone: ClassVar[bool] = True

    def measure(self, context: Context) -> Measurement:
        found = [Finding("unreachable", HIGH, "Gone: unreachable", "It is gone.", "")] if self.is_gone else []
        return Measurement("It is there.", None, "things", 0, "there", found)


class Child(Well):
    slug = "child"
    component = "Child"
    depends_on = ("gone",)


class Grandchild(Well):
    slug = "grandchild"
    component = "Grandchild"
    depends_on = ("child",)


def test_what_depends_on_something_unreachable_is_not_asked_and_is_not_called_silent(
    ward: Ward, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        ward.run(checks=(Gone, Child, Grandchild, Well))
    assert open_ones() == [("gone", "unreachable")]
    assert ward.previous is not None
    said = [(item["status"], item["details"]["summary"]) for item in ward.previous["components"]]
    assert said[1:3] == [
        ("UNKNOWN", "Not asked: Gone is unreachable."),
        ("UNKNOWN", "Not asked: Child was not asked."),
    ]
    assert said[3][0] == "OK"
    monkeypatch.setattr(Gone, "is_gone", False)
    ward.run(checks=(Gone, Child, Grandchild, Well))
    assert ward.previous["state"] == "ok"


def test_runs_in_which_it_was_not_asked_neither_add_to_a_silence_nor_end_it(
    ward: Ward, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Mute(Child):
        def measure(self, context: Context) -> Measurement:
            raise RuntimeError

    def run(*, is_gone: bool) -> list[tuple[str, str]]:
        monkeypatch.setattr(Gone, "is_gone", is_gone)
        ward.run(checks=(Gone, Mute))
        return [one for one in open_ones() if one[0] != "gone"]

    assert run(is_gone=False) == []
    assert run(is_gone=False) == []
    assert run(is_gone=True) == []
    assert run(is_gone=False) == [("check_unanswered", "child")]
    assert run(is_gone=True) == [("check_unanswered", "child")]


class Leisurely(Patient):
    slug = "leisurely"
    component = "Leisurely"
    cadence = datetime.timedelta(minutes=5)


class Hours:
    """Runs at moments of its own, as the monitor does."""

    def __init__(self) -> None:
        self.previous: dict[str, Any] | None = None

    def run(self, minute: float, *findings: tuple[str, Priority], measure_all: bool = False) -> str:
        Patient.findings = list(findings)
        now = NOON + datetime.timedelta(minutes=minute)
        report = runner.run(checks=(Leisurely,), now=now, previous=None if measure_all else self.previous)
        self.previous = reconcile(report, previous=self.previous)
        return str(self.previous["components"][0]["status"])


def test_within_its_cadence_the_last_answer_stands_and_opens_nothing(ward: Ward, admin: User) -> None:
    hours = Hours()
    assert hours.run(0) == "OK"
    first = hours.previous
    assert hours.run(4.9, ("a", HIGH)) == "OK"
    assert first is not None
    assert hours.previous is not None
    assert hours.previous["components"] == first["components"]
    assert open_ones() == []
    assert hours.run(5, ("a", HIGH)) == "ERROR"
    assert open_ones() == [("leisurely", "a")]


def test_a_bad_answer_that_stands_is_listed_and_neither_seen_again_nor_resolved(ward: Ward, admin: User) -> None:
    hours = Hours()
    hours.run(0, ("a", HIGH))
    assert hours.run(1) == "ERROR"
    assert hours.previous is not None
    assert [item["component"] for item in hours.previous["issues"]] == ["Leisurely"]
    assert hours.previous["state"] == "critical"
    assert Incident.objects.get().occurrences == 1
    assert open_ones() == [("leisurely", "a")]
    assert hours.run(6) == "OK"
    assert open_ones() == []


def test_a_run_that_measures_everything_takes_no_answer_along(ward: Ward, admin: User) -> None:
    hours = Hours()
    hours.run(0)
    assert hours.run(1, ("a", HIGH), measure_all=True) == "ERROR"
    assert open_ones() == [("leisurely", "a")]


def test_no_answer_does_not_stand(ward: Ward, admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    hours = Hours()
    with monkeypatch.context() as broken:
        broken.setattr(Leisurely, "measure", Crashing.measure)
        assert hours.run(0) == "UNKNOWN"
    assert hours.run(1) == "OK"


def test_an_answer_from_the_future_does_not_stand(ward: Ward, admin: User) -> None:
    hours = Hours()
    hours.run(10)
    assert hours.run(8, ("a", HIGH)) == "ERROR"
