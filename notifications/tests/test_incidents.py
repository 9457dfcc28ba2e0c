"""One problem is one line, and it goes away by itself when it is over."""

import datetime

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from notifications import incidents
from notifications.models import Incident, Notification
from notifications.models.priority import Priority
from notifications.tests.helpers import ago, in_threads, problem, resolve, see, told

HIGH, MEDIUM, LOW = Priority.HIGH, Priority.MEDIUM, Priority.LOW


def test_opening_tells_every_admin_once(admin: User, staff: User, owner: User, outsider: User) -> None:
    see(problem())
    assert (told(admin), told(staff)) == (["opened"], ["opened"])
    assert (told(owner), told(outsider)) == ([], [])


def test_a_notification_of_a_problem_says_what_and_what_to_do(admin: User) -> None:
    incident = see(problem(HIGH, scope="provider:simulator", advice="Wait."))
    row = Notification.objects.get()
    assert (row.title, row.message) == ("sms_service provider:simulator", "It is bad. Wait.")
    assert (row.notification_type, row.priority, row.is_system, row.is_auto_generated) == (
        "system",
        "high",
        True,
        True,
    )
    assert row.incident == incident
    assert row.data == {"kind": "sms_service", "scope": "provider:simulator", "state": "open", "occurrences": 1}


def test_a_notification_does_not_carry_whom_its_problem_is_about(admin: User) -> None:
    see(problem(details={"lowest": [{"tenant": "acme"}]}))
    assert "acme" not in str(Notification.objects.values().get())
    assert Incident.objects.get().details == {"lowest": [{"tenant": "acme"}]}


def test_seeing_it_again_counts_and_tells_nobody(admin: User) -> None:
    first = see(problem())
    again = see(problem())
    assert again.pk == first.pk
    assert again.occurrences == 2
    assert told(admin) == ["opened"]


def test_seeing_it_again_keeps_its_words_up_to_date(admin: User) -> None:
    opened = see(problem()).opened_at
    with time_machine.travel(ago(hours=-1)):
        see(incidents.Problem("sms_service", "", MEDIUM, "New title", "New summary", "New advice", {"n": 2}))
    now = Incident.objects.get()
    assert (now.title, now.summary, now.advice, now.details) == ("New title", "New summary", "New advice", {"n": 2})
    assert now.opened_at == opened
    assert now.last_seen_at - opened > datetime.timedelta(minutes=59)


def test_problems_of_another_kind_or_scope_are_their_own(admin: User) -> None:
    for one in (problem(), problem(scope="provider:simulator"), problem(kind="database")):
        see(one)
    assert Incident.objects.count() == 3
    assert told(admin) == ["opened", "opened", "opened"]


@pytest.mark.django_db(transaction=True)
def test_24_openers_at_once_open_one_incident_and_tell_each_admin_once(admin: User, staff: User) -> None:
    seen = in_threads(24, lambda _: see(problem()).pk)
    assert len(set(seen)) == 1
    assert Incident.objects.get().occurrences == 24
    assert (told(admin), told(staff)) == (["opened"], ["opened"])


# --- Worse and better --------------------------------------------------------------------------------------------


def test_a_rise_is_told_a_fall_is_not_and_a_second_rise_is_told_again(admin: User) -> None:
    for priority in (MEDIUM, HIGH, HIGH, LOW, MEDIUM):
        see(problem(priority))
    assert told(admin) == ["opened", "escalated:1", "escalated:2"]
    incident = Incident.objects.get()
    assert (incident.priority, incident.escalations, incident.occurrences) == ("medium", 2, 5)


def test_an_escalation_has_the_new_priority_and_says_that_it_is_worse(admin: User) -> None:
    see(problem(MEDIUM))
    see(problem(HIGH))
    row = Notification.objects.get(event="escalated:1")
    assert (row.title, row.priority) == ("Worse: sms_service", "high")


@pytest.mark.django_db(transaction=True)
def test_24_that_see_it_rise_at_once_tell_it_once(admin: User) -> None:
    see(problem(MEDIUM))
    in_threads(24, lambda _: see(problem(HIGH)))
    assert told(admin) == ["opened", "escalated:1"]


# --- Over --------------------------------------------------------------------------------------------------------


def test_resolving_closes_it_and_tells_it_with_the_duration(admin: User) -> None:
    incident = see(problem(HIGH))
    with time_machine.travel(ago(hours=-2, minutes=-1)):
        assert resolve(incident) is True
    incident.refresh_from_db()
    assert incident.state == "resolved"
    assert incident.resolved_at is not None
    row = Notification.objects.get(event="resolved")
    assert (row.title, row.message) == (
        "Resolved: sms_service",
        "It is over after 2 hours. Now: all is well.",
    )
    assert (row.priority, row.notification_type, row.data["state"]) == ("low", "success", "resolved")


def test_resolving_tells_those_who_were_told_that_it_opened(admin: User, staff: User) -> None:
    incident = see(problem())
    late = User.objects.create_user("late@acme.test", is_staff=True)
    User.objects.filter(pk=staff.pk).update(is_staff=False)  # no admin any more, but was told
    resolve(incident)
    assert (told(admin), told(staff), told(late)) == (["opened", "resolved"], ["opened", "resolved"], [])


def test_who_left_meanwhile_is_not_told(admin: User, staff: User) -> None:
    incident = see(problem())
    User.objects.filter(pk=staff.pk).update(is_active=False)
    resolve(incident)
    assert (told(admin), told(staff)) == (["opened", "resolved"], ["opened"])


def test_resolving_twice_is_fine_and_tells_once(admin: User) -> None:
    incident = see(problem())
    assert (resolve(incident), resolve(incident)) == (True, False)
    assert told(admin) == ["opened", "resolved"]


@pytest.mark.django_db(transaction=True)
def test_of_24_that_resolve_at_once_one_does_and_tells(admin: User, staff: User) -> None:
    incident = see(problem())
    assert sum(in_threads(24, lambda _: resolve(incident))) == 1
    assert (told(admin), told(staff)) == (["opened", "resolved"], ["opened", "resolved"])


def test_one_who_read_or_deleted_the_first_line_still_hears_the_end(admin: User) -> None:
    incident = see(problem())
    Notification.objects.update(status="read", read_at=timezone.now())
    resolve(incident)
    assert told(admin) == ["opened", "resolved"]


def test_a_problem_that_comes_back_is_a_new_incident_and_told(admin: User) -> None:
    first = see(problem())
    resolve(first)
    second = see(problem())
    assert second.pk != first.pk
    assert (second.occurrences, second.state) == (1, "open")
    assert told(admin) == ["opened", "resolved", "opened"]


@pytest.mark.django_db(transaction=True)
def test_opening_and_resolving_at_once_never_leaves_two_open_and_every_end_was_a_beginning(admin: User) -> None:
    def both(number: int) -> None:
        if number % 2:
            see(problem())
        else:
            for incident in Incident.objects.unresolved():
                resolve(incident)

    for _ in range(3):
        in_threads(24, both)
    assert Incident.objects.unresolved().count() <= 1
    opened, resolved = told(admin).count("opened"), told(admin).count("resolved")
    assert opened == Incident.objects.count()
    assert resolved == Incident.objects.filter(state="resolved").count()
