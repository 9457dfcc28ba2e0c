"""`system/incidents/`: what admins do with problems, and what becomes of each thing they do."""

import datetime
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from notifications import incidents
from notifications.models import Incident, IncidentEvent, Notification
from notifications.models.priority import Priority
from notifications.system_monitor import reconcile, runner
from notifications.tests.conftest import Get
from notifications.tests.helpers import API, in_threads, problem, resolve, see, told

ClientOf = Callable[[User], APIClient]
INCIDENTS = "system/incidents/"


@pytest.fixture
def incident(admin: User, staff: User) -> Incident:
    return see(problem(Priority.HIGH))


@pytest.fixture
def act(client_of: ClientOf, incident: Incident) -> Get:
    """`act(user, "resolve", {...})`: the reply to an action on the incident."""

    def call(user: User, action: str, body: dict[str, Any] | None = None, status: int = 200) -> Any:
        response = client_of(user).post(f"{API}{INCIDENTS}{incident.pk}/{action}/", body or {})
        assert response.status_code == status, response.content
        return response.json()

    return call


def person(user: User) -> dict[str, str]:
    return {"id": str(user.pk), "email": user.email, "full_name": user.full_name}


def lines(body: Any) -> list[tuple[str, str | None, str, str, str]]:
    """The timeline of a reply, oldest first."""
    return [
        (one["kind"], one["actor"] and one["actor"]["email"], one["before"], one["after"], one["text"])
        for one in reversed(body["incident"]["timeline"])
    ]


OPENED = ("opened", None, "", "high", "It is bad.")


# --- One -----------------------------------------------------------------------------------------------------------


def test_one_is_shown_with_its_timeline_and_who_was_told(
    get: Get, incident: Incident, admin: User, staff: User, owner: User
) -> None:
    body = get(staff, f"{INCIDENTS}{incident.pk}/")
    shown = body["incident"]
    assert (shown["state"], shown["priority"], shown["kind"]) == ("open", "high", "sms_service")
    assert lines(body) == [OPENED]
    assert shown["told"] == {"count": 2, "people": [person(admin), person(staff)]}
    assert (shown["reporter"], shown["assignee"], shown["tenant"], shown["previous"]) == (None, None, None, None)


def test_what_came_back_is_linked_both_ways(get: Get, incident: Incident, admin: User) -> None:
    resolve(incident)
    again = see(problem(Priority.HIGH))
    first, second = (get(admin, f"{INCIDENTS}{one.pk}/")["incident"] for one in (incident, again))
    assert (first["previous"], first["recurred_as"]["id"]) == (None, str(again.pk))
    assert (second["previous"]["id"], second["recurred_as"]) == (str(incident.pk), None)
    assert second["previous"]["state"] == "resolved"


def test_a_reported_one_says_who_reported_it(get: Get, post: Get, staff: User) -> None:
    told_of = post(staff, "system/report-problem/", {"problem_type": "Slow", "description": "Ten seconds."})
    body = get(staff, f"{INCIDENTS}{told_of['incident_id']}/")
    assert body["incident"]["reporter"] == person(staff)
    assert lines(body) == [("opened", staff.email, "", "medium", "Ten seconds.")]


# --- Acknowledging -------------------------------------------------------------------------------------------------


def test_acknowledging_stops_repeats_and_tells_nobody(act: Get, incident: Incident, admin: User, staff: User) -> None:
    body = act(admin, "acknowledge", {"comment": "On it."})
    assert (body["incident"]["state"], body["incident"]["acknowledged_by"]) == ("acknowledged", person(admin))
    assert lines(body) == [OPENED, ("acknowledged", admin.email, "open", "acknowledged", "On it.")]
    incidents.see_problem(problem=problem(Priority.HIGH), now=timezone.now() + datetime.timedelta(days=30))
    assert (told(admin), told(staff)) == (["opened"], ["opened"])


@pytest.mark.parametrize("given", ["minutes", "until"])
def test_it_can_end(given: str, act: Get, incident: Incident, admin: User) -> None:
    end = timezone.now() + datetime.timedelta(minutes=90)
    act(admin, "acknowledge", {"minutes": 90} if given == "minutes" else {"until": end.isoformat()})
    incident.refresh_from_db()
    assert incident.acknowledged_until is not None
    assert abs(incident.acknowledged_until - end) < datetime.timedelta(minutes=1)
    incidents.see_problem(problem=problem(Priority.HIGH), now=end + datetime.timedelta(days=1))
    incident.refresh_from_db()
    assert (incident.state, told(admin)) == ("open", ["opened", "repeated:1"])


def test_that_of_a_reported_problem_ends_with_the_monitors_next_run(admin: User) -> None:
    incident, _ = incidents.report_problem(
        reporter=admin, problem_type="Slow", description="Ten seconds.", priority=Priority.HIGH, data={}
    )
    until = timezone.now() + datetime.timedelta(hours=5)
    incidents.acknowledge(incident=incident, actor=admin, until=until)
    for hours in (4, 6, 7):
        reconcile.reconcile(runner.run(checks=(), now=timezone.now() + datetime.timedelta(hours=hours)))
    incident.refresh_from_db()
    assert incident.state == "open"
    assert told(admin) == ["reported:1", "repeated:1"]
    kinds = IncidentEvent.objects.order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["opened", "acknowledged", "acknowledgement_ended", "repeated"]


def test_acknowledging_again_moves_the_end_and_says_who(act: Get, admin: User, staff: User) -> None:
    act(admin, "acknowledge", {"minutes": 5})
    body = act(staff, "acknowledge")
    assert (body["incident"]["acknowledged_by"], body["incident"]["acknowledged_until"]) == (person(staff), None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"minutes": 0}, "minutes"),
        ({"minutes": 129_601}, "minutes"),
        ({"minutes": "soon"}, "minutes"),
        ({"until": "2020-01-01T00:00:00Z"}, "until"),
        ({"until": "2126-01-01T00:00:00Z"}, "until"),
        ({"until": "2126-01-01T00:00:00Z", "minutes": 5}, "until"),
        ({"comment": "x" * 2001}, "comment"),
    ],
)
def test_what_is_wrong_is_named_and_changes_nothing(
    body: dict[str, Any], field: str, refused: Get, incident: Incident, admin: User
) -> None:
    assert field in refused(admin, "post", f"{INCIDENTS}{incident.pk}/acknowledge/", body)["errors"]
    incident.refresh_from_db()
    assert (incident.state, IncidentEvent.objects.count()) == ("open", 1)


# --- Assigning -----------------------------------------------------------------------------------------------------


def test_it_is_given_to_somebody_to_me_and_to_nobody(act: Get, admin: User, staff: User) -> None:
    assert act(admin, "assign", {"assignee": str(staff.pk)})["incident"]["assignee"] == person(staff)
    assert act(admin, "assign", {"assignee": "me"})["incident"]["assignee"] == person(admin)
    body = act(admin, "assign", {"assignee": None})
    assert body["incident"]["assignee"] is None
    assert [line[:4] for line in lines(body)[1:]] == [
        ("assigned", admin.email, "", staff.email),
        ("assigned", admin.email, staff.email, admin.email),
        ("assigned", admin.email, admin.email, ""),
    ]
    assert (told(admin), told(staff)) == (["opened"], ["opened", "assigned:1"])


@pytest.mark.parametrize("who", ["a member", "nobody", "an admin who left"])
def test_only_the_platforms_admins_are_given_one(
    who: str, refused: Get, incident: Incident, admin: User, staff: User, member: User
) -> None:
    User.objects.filter(pk=staff.pk).update(is_active=False)
    key = {"a member": member.pk, "nobody": uuid4(), "an admin who left": staff.pk}[who]
    body = refused(admin, "post", f"{INCIDENTS}{incident.pk}/assign/", {"assignee": str(key)})
    assert "assignee" in body["errors"]
    incident.refresh_from_db()
    assert incident.assignee is None


# --- Commenting, resolving, reopening ------------------------------------------------------------------------------


def test_a_comment_is_a_line_also_of_what_is_over_and_tells_nobody(act: Get, incident: Incident, admin: User) -> None:
    resolve(incident)
    assert lines(act(admin, "comment", {"text": "It was the switch."}))[-1] == (
        ("commented", admin.email, "", "", "It was the switch.")
    )
    assert told(admin) == ["opened", "resolved"]


def test_a_comment_that_is_sent_again_is_there_once(client_of: ClientOf, incident: Incident, admin: User) -> None:
    for _ in range(2):
        client_of(admin).post(f"{API}{INCIDENTS}{incident.pk}/comment/", {"text": "Once."}, HTTP_IDEMPOTENCY_KEY="one")
    assert IncidentEvent.objects.filter(kind="commented").count() == 1


def test_resolving_tells_who_was_told_and_whoever_comes_second_learns_that_it_was_over(
    act: Get, admin: User, staff: User
) -> None:
    newcomer = User.objects.create_user("new@acme.test", is_staff=True)  # has not been told that it opened
    first = act(admin, "resolve", {"resolution": "Restarted the gateway."})
    second = act(staff, "resolve", {"resolution": "It went away."})
    assert (first["message"], second["message"]) == ("Incident resolved", "It was resolved before")
    assert second["incident"]["resolution"] == "Restarted the gateway."
    assert second["incident"]["resolved_by"] == person(admin)
    assert lines(second) == [OPENED, ("resolved", admin.email, "open", "resolved", "Restarted the gateway.")]
    assert (told(admin), told(staff), told(newcomer)) == (["opened", "resolved"], ["opened", "resolved"], [])
    assert "Restarted the gateway." in Notification.objects.get(recipient=staff, event="resolved").message


def test_what_the_monitor_still_sees_opens_anew_and_refers_to_what_was_resolved(
    act: Get, get: Get, incident: Incident, admin: User
) -> None:
    act(admin, "resolve", {"resolution": "It is fine."})
    again = see(problem(Priority.HIGH))
    assert get(admin, f"{INCIDENTS}{again.pk}/")["incident"]["previous"]["id"] == str(incident.pk)
    assert told(admin) == ["opened", "resolved", "opened"]
    assert act(admin, "reopen", status=409)["code"] == "already_open"


def test_reopening_tells_all_admins_and_repeating_it_tells_nobody(act: Get, admin: User, staff: User) -> None:
    act(admin, "resolve", {"resolution": "Done."})
    for _ in range(2):
        body = act(staff, "reopen", {"reason": "Not fixed."})
    assert (body["incident"]["state"], body["incident"]["resolution"], body["incident"]["reopens"]) == ("open", "", 1)
    assert lines(body)[-1] == ("reopened", staff.email, "resolved", "open", "Not fixed.")
    assert told(admin) == told(staff) == ["opened", "resolved", "reopened:1"]


@pytest.mark.parametrize(("action", "body"), [("acknowledge", {}), ("assign", {"assignee": "me"})])
def test_what_is_over_has_to_be_reopened_first(
    action: str, body: dict[str, Any], act: Get, incident: Incident, admin: User
) -> None:
    resolve(incident)
    assert act(admin, action, body, status=409)["code"] == "incident_over"
    assert list(IncidentEvent.objects.order_by("id").values_list("kind", flat=True)) == ["opened", "resolved"]


@pytest.mark.parametrize(
    ("action", "body"),
    [
        *(("acknowledge", {}), ("assign", {"assignee": "me"}), ("comment", {"text": "Hm."})),
        *(("resolve", {"resolution": "Done."}), ("reopen", {})),
    ],
)
def test_one_that_does_not_exist_is_a_404(action: str, body: dict[str, Any], client_of: ClientOf, admin: User) -> None:
    assert client_of(admin).post(f"{API}{INCIDENTS}{uuid4()}/{action}/", body).status_code == 404


# --- At once -------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_eight_admins_who_resolve_at_once_end_it_once(
    client_of: ClientOf, incident: Incident, admin: User, staff: User
) -> None:
    clients = [client_of(admin if number % 2 else staff) for number in range(8)]
    address = f"{API}{INCIDENTS}{incident.pk}/resolve/"

    replies = in_threads(8, lambda n: clients[n].post(address, {"resolution": f"By {n}."}).json())

    assert sorted(one["message"] for one in replies).count("Incident resolved") == 1
    assert len({one["incident"]["resolution"] for one in replies}) == 1
    assert IncidentEvent.objects.filter(kind="resolved").count() == 1
    assert told(admin) == told(staff) == ["opened", "resolved"]


@pytest.mark.django_db(transaction=True)
def test_who_acknowledges_while_another_resolves_leaves_it_resolved(
    client_of: ClientOf, incident: Incident, admin: User, staff: User
) -> None:
    bodies = {"acknowledge": {}, "resolve": {"resolution": "Done."}}
    clients = [(client_of(admin), "acknowledge"), (client_of(staff), "resolve")] * 4

    def act(number: int) -> int:
        client, action = clients[number]
        return client.post(f"{API}{INCIDENTS}{incident.pk}/{action}/", bodies[action]).status_code

    assert set(in_threads(8, act)) <= {200, 409}
    incident.refresh_from_db()
    assert incident.state == "resolved"
    changes = IncidentEvent.objects.exclude(kind="opened").order_by("id").values_list("kind", "before", "after")
    *acknowledged, (_, before, _) = changes
    assert before == ("acknowledged" if acknowledged else "open")
