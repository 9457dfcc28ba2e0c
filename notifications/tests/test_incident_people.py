"""What people do with incidents: acknowledge, assign, comment, resolve, reopen."""

import datetime

import pytest
from django.utils import timezone

from accounts.models import User
from notifications import incidents
from notifications.models import Incident, IncidentEvent, Notification
from notifications.models.priority import Priority
from notifications.tests.helpers import in_threads, problem, resolve, see, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident(admin: User, staff: User) -> Incident:
    return see(problem(Priority.HIGH))


def timeline() -> list[tuple[str, str | None, str, str, str]]:
    rows = IncidentEvent.objects.exclude(kind="opened").order_by("id")
    return list(rows.values_list("kind", "actor__email", "before", "after", "text"))


def test_acknowledging_says_who_until_when_and_tells_nobody(incident: Incident, admin: User) -> None:
    until = timezone.now() + datetime.timedelta(hours=2)
    done = incidents.acknowledge(incident=incident, actor=admin, until=until, comment="On it.")
    assert (done.state, done.acknowledged_by, done.acknowledged_until) == ("acknowledged", admin, until)
    assert timeline() == [("acknowledged", admin.email, "open", "acknowledged", "On it.")]
    assert told(admin) == ["opened"]


def test_assigning_is_noted_only_when_it_changes_something(incident: Incident, admin: User, staff: User) -> None:
    for assignee in (staff, staff, None):
        incidents.assign(incident=incident, actor=admin, assignee=assignee)
    assert [line[:4] for line in timeline()] == [
        ("assigned", admin.email, "", staff.email),
        ("assigned", admin.email, staff.email, ""),
    ]


def test_who_is_given_it_is_told_once_an_assignment_and_by_whom(incident: Incident, admin: User, staff: User) -> None:
    for assignee in (staff, staff, None, staff):
        incidents.assign(incident=incident, actor=admin, assignee=assignee)
    assert [event.partition(":")[0] for event in told(staff)] == ["opened", "assigned", "assigned"]
    newest = Notification.objects.filter(recipient=staff).latest("id")
    assert (newest.title, newest.priority, newest.incident) == (
        f"Assigned to you: {incident.title}",
        "high",
        incident,
    )
    assert newest.message.startswith(f"{admin.full_name} asks you to look after it. ")
    incidents.assign(incident=incident, actor=admin, assignee=admin)  # who takes it knows
    assert told(admin) == ["opened"]


def test_a_person_resolves_it_with_words_and_everybody_who_was_told_is_told(
    incident: Incident, admin: User, staff: User
) -> None:
    for _ in range(2):  # repeating is fine
        done = incidents.close(incident=incident, actor=admin, resolution="Restarted the gateway.")
    assert (done.state, done.resolved_by, done.resolution) == ("resolved", admin, "Restarted the gateway.")
    assert timeline() == [("resolved", admin.email, "open", "resolved", "Restarted the gateway.")]
    assert (told(admin), told(staff)) == (["opened", "resolved"], ["opened", "resolved"])


def test_what_is_over_is_commented_on_but_not_acknowledged_or_assigned(incident: Incident, admin: User) -> None:
    resolve(incident)
    incidents.comment(incident=incident, actor=admin, text="It was the switch.")
    assert timeline()[-1] == ("commented", admin.email, "", "", "It was the switch.")
    with pytest.raises(incidents.IncidentOver):
        incidents.acknowledge(incident=incident, actor=admin)
    with pytest.raises(incidents.IncidentOver):
        incidents.assign(incident=incident, actor=admin, assignee=admin)


def test_reopening_tells_and_its_second_end_is_told_too(incident: Incident, admin: User) -> None:
    resolve(incident)
    for _ in range(2):  # reopening what is open is fine
        incidents.reopen(incident=incident, actor=admin, reason="Not fixed.")
    resolve(incident)
    assert told(admin) == ["opened", "resolved", "reopened:1", "resolved:1"]
    assert [line[0] for line in timeline()] == ["resolved", "reopened", "resolved"]


def test_what_has_come_back_under_a_new_incident_is_not_reopened(incident: Incident, admin: User) -> None:
    resolve(incident)
    see(problem(Priority.HIGH))
    with pytest.raises(incidents.AlreadyOpen):
        incidents.reopen(incident=incident, actor=admin, reason="Not fixed.")
    incident.refresh_from_db()
    assert incident.state == "resolved"
    assert Incident.objects.unresolved().count() == 1


@pytest.mark.django_db(transaction=True)
def test_16_people_who_do_everything_at_once_leave_one_story(admin: User, staff: User) -> None:
    incident = see(problem(Priority.HIGH))

    def act(number: int) -> None:
        mine = Incident.objects.get(pk=incident.pk)
        try:
            match number % 4:
                case 0:
                    incidents.close(incident=mine, actor=admin, resolution="Done.")
                case 1:
                    incidents.reopen(incident=mine, actor=staff, reason="No.")
                case 2:
                    incidents.acknowledge(incident=mine, actor=admin)
                case _:
                    incidents.assign(incident=mine, actor=staff, assignee=admin)
        except incidents.IncidentOver:
            pass

    in_threads(16, act)
    incident.refresh_from_db()
    kinds = list(IncidentEvent.objects.order_by("id").values_list("kind", flat=True))
    assert kinds.count("resolved") - kinds.count("reopened") == (incident.state == "resolved")
    assert kinds.count("reopened") == incident.reopens
    assert told(staff).count("resolved") + sum(event.startswith("resolved:") for event in told(staff)) == kinds.count(
        "resolved"
    )
