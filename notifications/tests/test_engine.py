"""When a problem opens, speaks up again and is over: holds, flaps, repeats, dependencies, newcomers."""

import datetime
from typing import ClassVar

import pytest
from pytest_django import Settings

from accounts.models import User
from notifications import incidents
from notifications.models import Incident, IncidentEvent, NotificationSettings, Suspicion
from notifications.models.priority import Priority
from notifications.system_monitor import runner
from notifications.system_monitor.checks.base import Context, HealthCheck
from notifications.system_monitor.reconcile import reconcile
from notifications.system_monitor.report import Finding, Measurement
from notifications.tests.helpers import NOON, Well, told

pytestmark = pytest.mark.django_db
MINUTE, HOUR = datetime.timedelta(minutes=1), datetime.timedelta(hours=1)
HIGH, MEDIUM, LOW = Priority.HIGH, Priority.MEDIUM, Priority.LOW


class Line(Well):
    """Ill or well as a test says: None, or a priority."""

    slug = "line"
    component = "Line"
    priority: ClassVar[Priority | None] = None
    follows_from: ClassVar[tuple[str, str] | None] = None

    def measure(self, context: Context) -> Measurement:
        found = []
        if self.priority:
            found = [Finding("", self.priority, f"{self.component}: ill", "Ill.", "", self.follows_from)]
        return Measurement("Measured.", 1, "ills", 1, "at most 0", found)


class Child(Line):
    slug = "child"
    component = "Child"
    follows_from = ("line", "")


class Clock:
    """Runs every minute from noon on."""

    def __init__(self) -> None:
        self.minute = 0

    @property
    def now(self) -> datetime.datetime:
        return NOON + self.minute * MINUTE

    def run(self, *course: Priority | None, checks: tuple[type[HealthCheck], ...] = (Line,)) -> None:
        for priority in course:
            Line.priority = priority
            reconcile(runner.run(checks=checks, now=self.now))
            self.minute += 1

    def pass_by(self, length: datetime.timedelta) -> None:
        self.minute += int(length / MINUTE)


@pytest.fixture
def clock(admin: User, monkeypatch: pytest.MonkeyPatch) -> Clock:
    for check in (Line, Child):
        monkeypatch.setattr(check, "priority", None)
        monkeypatch.setattr(check, "hold", datetime.timedelta())
    return Clock()


def timeline() -> list[str]:
    return list(IncidentEvent.objects.order_by("id").values_list("kind", flat=True))


# --- Holds -------------------------------------------------------------------------------------------------------


def test_what_does_not_last_is_never_told(clock: Clock, admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Line, "hold", 5 * MINUTE)
    for _ in range(4):
        clock.run(HIGH, HIGH, HIGH, HIGH, HIGH, None)
    assert Incident.objects.count() == Suspicion.objects.count() == 0
    assert told(admin) == []


def test_what_lasts_is_told_once_it_has_lasted_long_enough(
    clock: Clock, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Line, "hold", 5 * MINUTE)
    clock.run(HIGH, HIGH, HIGH, HIGH, HIGH)
    assert told(admin) == []
    clock.run(HIGH)
    assert told(admin) == ["opened"]
    assert Suspicion.objects.count() == 0
    clock.run(HIGH, HIGH)
    assert told(admin) == ["opened"]


def test_no_answer_neither_ends_a_suspicion_nor_a_problem(
    clock: Clock, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Dumb(Line):
        def measure(self, context: Context) -> Measurement:
            raise RuntimeError

    monkeypatch.setattr(Line, "hold", 2 * MINUTE)
    clock.run(HIGH)
    clock.run(None, checks=(Dumb,))
    assert Suspicion.objects.count() == 1
    clock.run(HIGH)
    assert told(admin) == ["opened"]


def test_it_is_over_after_as_many_good_runs_as_the_setting_says(clock: Clock, admin: User, settings: Settings) -> None:
    settings.RECOVERY_RUNS = 3
    clock.run(HIGH, None, None, HIGH, None, None)
    assert told(admin) == ["opened"]
    clock.run(None)
    assert told(admin) == ["opened", "resolved"]


def test_a_check_may_want_more_good_runs_than_the_others(
    clock: Clock, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Line, "recovery_runs", 4)
    clock.run(HIGH, None, None, None)
    assert told(admin) == ["opened"]
    clock.run(None)
    assert told(admin) == ["opened", "resolved"]


def test_what_flaps_stays_open_until_it_has_been_quiet_for_long(clock: Clock, admin: User, settings: Settings) -> None:
    settings.RECOVERY_RUNS = 1
    clock.run(*[HIGH, None] * 20)
    # Twice it was taken for over; the third incident stays.
    assert told(admin) == ["opened", "resolved", "opened", "resolved", "opened"]
    clock.run(*[None] * 4)
    assert len(told(admin)) == 5
    clock.run(None)  # the sixth in a row, with the one of the last flap
    assert told(admin)[5:] == ["resolved"]


def test_what_flaps_for_hours_is_damped_for_hours(clock: Clock, admin: User, settings: Settings) -> None:
    settings.RECOVERY_RUNS, settings.INCIDENT_REPEAT = 1, datetime.timedelta()
    clock.run(*[HIGH, None] * 180)  # thrice as long as the window in which flaps are counted
    assert told(admin) == ["opened", "resolved", "opened", "resolved", "opened"]


def test_what_comes_back_long_after_is_no_flapping(clock: Clock, admin: User, settings: Settings) -> None:
    settings.RECOVERY_RUNS = 1
    for _ in range(5):
        clock.run(HIGH, None)
        clock.pass_by(2 * HOUR)
    assert told(admin) == ["opened", "resolved"] * 5


def test_a_recurrence_is_a_new_incident_that_names_the_last_one(clock: Clock, settings: Settings) -> None:
    settings.RECOVERY_RUNS = 1
    clock.run(HIGH, None, HIGH)
    first, second = Incident.objects.order_by("id")
    assert (first.previous, second.previous) == (None, first)


# --- Better, worse, again ----------------------------------------------------------------------------------------


def test_a_rise_is_told_a_fall_is_noted(clock: Clock, admin: User) -> None:
    clock.run(MEDIUM, HIGH, LOW, MEDIUM)
    assert told(admin) == ["opened", "escalated:1", "escalated:2"]
    assert timeline() == ["opened", "worse", "better", "worse"]
    changes = IncidentEvent.objects.exclude(kind="opened").order_by("id").values_list("before", "after")
    assert list(changes) == [("medium", "high"), ("high", "low"), ("low", "medium")]


def test_what_stays_open_is_told_again_after_a_while(clock: Clock, admin: User, settings: Settings) -> None:
    settings.INCIDENT_REPEAT = 4 * HOUR
    clock.run(HIGH)
    for _ in range(9):
        clock.pass_by(HOUR)
        clock.run(HIGH)
    assert told(admin) == ["opened", "repeated:1", "repeated:2"]


def test_without_a_repeat_interval_it_is_told_once(clock: Clock, admin: User, settings: Settings) -> None:
    settings.INCIDENT_REPEAT = datetime.timedelta()
    clock.run(HIGH)
    clock.pass_by(48 * HOUR)
    clock.run(HIGH)
    assert told(admin) == ["opened"]


def test_acknowledging_stops_the_repeats_and_ends_when_it_was_meant_to(
    clock: Clock, admin: User, settings: Settings
) -> None:
    settings.INCIDENT_REPEAT = 4 * HOUR
    clock.run(HIGH)
    incidents.acknowledge(incident=Incident.objects.get(), actor=admin, until=NOON + 10 * HOUR)
    for _ in range(12):
        clock.pass_by(HOUR)
        clock.run(HIGH)
    assert told(admin) == ["opened", "repeated:1"]
    assert timeline() == ["opened", "acknowledged", "acknowledgement_ended", "repeated"]
    assert Incident.objects.get().state == "open"


def test_an_acknowledged_problem_that_gets_worse_is_told(clock: Clock, admin: User) -> None:
    clock.run(MEDIUM)
    incidents.acknowledge(incident=Incident.objects.get(), actor=admin)
    clock.run(HIGH)
    assert told(admin) == ["opened", "escalated:1"]
    assert Incident.objects.get().state == "acknowledged"


def test_an_acknowledged_problem_is_over_by_itself(clock: Clock, admin: User) -> None:
    clock.run(MEDIUM)
    incidents.acknowledge(incident=Incident.objects.get(), actor=admin)
    clock.run(None, None)
    assert told(admin) == ["opened", "resolved"]


def test_the_same_report_twice_changes_nothing(clock: Clock, admin: User) -> None:
    clock.run(HIGH)
    Line.priority = None
    report = runner.run(checks=(Line,), now=clock.now)
    for _ in range(5):
        reconcile(report)
    assert Incident.objects.get().good_runs == 1
    assert told(admin) == ["opened"]


# --- What follows from something else ----------------------------------------------------------------------------


def test_what_follows_from_an_open_problem_is_not_opened_and_noted_there_once(
    clock: Clock, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Child, "priority", HIGH)
    clock.run(HIGH, HIGH, HIGH, checks=(Line, Child))
    assert [one.kind for one in Incident.objects.all()] == ["line"]
    assert timeline() == ["opened", "suppressed"]
    assert IncidentEvent.objects.get(kind="suppressed").text == "Child: ill"
    clock.run(None, None, None, checks=(Line, Child))
    assert told(admin) == ["opened", "resolved", "opened"]  # it is ill without its parent, too


def test_what_was_open_before_its_parent_stays_and_its_end_passes(
    clock: Clock, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Child, "priority", HIGH)
    clock.run(None, checks=(Line, Child))
    clock.run(HIGH, HIGH, checks=(Line, Child))
    assert Incident.objects.unresolved().count() == 2
    monkeypatch.setattr(Child, "priority", None)
    clock.run(HIGH, HIGH, checks=(Line, Child))
    assert [one.kind for one in Incident.objects.unresolved()] == ["line"]
    assert told(admin) == ["opened", "opened", "resolved"]


# --- Who is told -------------------------------------------------------------------------------------------------


def test_an_admin_who_comes_while_it_is_open_is_told_of_it_and_of_its_end(clock: Clock, admin: User) -> None:
    clock.run(HIGH, HIGH)
    late = User.objects.create_user("late@acme.test", is_staff=True)
    clock.run(HIGH, HIGH)
    assert (told(admin), told(late)) == (["opened"], ["opened"])
    assert IncidentEvent.objects.get(kind="told_late").text == "late@acme.test"
    clock.run(None, None)
    assert (told(admin), told(late)) == (["opened", "resolved"], ["opened", "resolved"])
    User.objects.create_user("later@acme.test", is_staff=True)
    clock.run(None)
    assert not User.objects.get(email="later@acme.test").notifications.exists()


def test_who_deleted_the_notification_is_not_told_again_but_of_the_end(clock: Clock, admin: User) -> None:
    clock.run(HIGH)
    admin.notifications.all().delete()
    clock.run(HIGH, HIGH)
    assert told(admin) == []
    clock.run(None, None)
    assert told(admin) == ["resolved"]


def test_who_wants_no_small_news_is_spared_its_end_too(clock: Clock, admin: User, staff: User) -> None:
    NotificationSettings.objects.create(user=staff, in_app_notifications_enabled=False)
    clock.run(MEDIUM, MEDIUM, None, None)
    assert (told(admin), told(staff)) == (["opened", "resolved"], [])


def test_who_was_spared_the_beginning_is_told_when_it_gets_worse_and_then_of_the_end(
    clock: Clock, admin: User, staff: User
) -> None:
    NotificationSettings.objects.create(user=staff, in_app_notifications_enabled=False)
    clock.run(MEDIUM, HIGH, None, None)
    assert told(staff) == ["escalated:1", "resolved"]
