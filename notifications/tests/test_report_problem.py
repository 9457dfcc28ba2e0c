"""An admin reports a problem."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from notifications import incidents
from notifications.models import Incident, Notification
from notifications.models.priority import Priority
from notifications.tests.conftest import Get
from notifications.tests.helpers import API, in_threads, resolve, told

REPORT = "system/report-problem/"
BODY = {"problem_type": "Slow site", "description": "Pages take ten seconds."}


def test_the_reply_names_the_incident_and_the_reporters_own_row(post: Get, admin: User, staff: User) -> None:
    body = post(staff, REPORT, BODY)
    incident = Incident.objects.get()
    mine = Notification.objects.get(recipient=staff)
    assert body == {
        "success": True,
        "message": "Problem reported successfully",
        "notification_id": str(mine.pk),
        "incident_id": str(incident.pk),
    }


def test_every_admin_is_told_the_reporter_too_and_nobody_else(
    post: Get, admin: User, staff: User, owner: User, outsider: User
) -> None:
    post(staff, REPORT, BODY | {"data": {"page": "/inbox/"}})
    assert (told(admin), told(staff)) == (["reported:1"], ["reported:1"])
    assert (told(owner), told(outsider)) == ([], [])
    row = Notification.objects.get(recipient=admin)
    assert row.title == "Problem reported: Slow site"
    assert row.message == "Pages take ten seconds. (reported by Sam)"
    assert (row.priority, row.is_system, row.is_auto_generated) == ("medium", True, False)
    assert row.data["report"] == {"page": "/inbox/"}


def test_the_incident_keeps_who_reported_it_and_what(post: Get, staff: User) -> None:
    post(staff, REPORT, BODY | {"priority": "high", "data": {"page": "/inbox/"}})
    incident = Incident.objects.get()
    assert (incident.kind, incident.reporter, incident.priority) == ("reported_problem", staff, "high")
    assert (incident.summary, incident.details) == ("Pages take ten seconds.", {"page": "/inbox/"})


def test_a_second_report_joins_the_open_one_counts_and_tells_again(post: Get, admin: User, staff: User) -> None:
    first = post(staff, REPORT, BODY)
    second = post(admin, REPORT, BODY | {"description": "Still slow."})
    assert second["incident_id"] == first["incident_id"]
    assert Notification.objects.get(pk=second["notification_id"]).recipient == admin
    assert Incident.objects.get().occurrences == 2
    assert (told(admin), told(staff)) == (["reported:1", "reported:2"], ["reported:1", "reported:2"])
    assert Notification.objects.filter(message="Still slow. (reported by Ada, 2 times so far)").count() == 2


def test_the_same_type_in_other_letters_is_the_same_problem(post: Get, admin: User) -> None:
    post(admin, REPORT, BODY)
    post(admin, REPORT, BODY | {"problem_type": "  SLOW SITE "})
    assert Incident.objects.get().occurrences == 2


def test_another_type_is_another_problem(post: Get, admin: User) -> None:
    post(admin, REPORT, BODY)
    post(admin, REPORT, BODY | {"problem_type": "No mail"})
    assert Incident.objects.count() == 2


def test_the_highest_priority_is_kept_and_each_report_is_told_with_its_own(post: Get, admin: User) -> None:
    for priority in ("medium", "critical", "low"):
        post(admin, REPORT, BODY | {"priority": priority})
    assert Incident.objects.get().priority == "critical"
    rows = Notification.objects.order_by("id")
    assert [row.priority for row in rows] == ["medium", "critical", "low"]


def test_urgent_is_critical(post: Get, admin: User) -> None:
    post(admin, REPORT, BODY | {"priority": "urgent"})
    assert Incident.objects.get().priority == "critical"
    assert Notification.objects.get().priority == "critical"


def test_a_report_after_the_end_opens_a_new_incident(post: Get, admin: User) -> None:
    first = post(admin, REPORT, BODY)
    resolve(Incident.objects.get())
    assert post(admin, REPORT, BODY)["incident_id"] != first["incident_id"]


@pytest.mark.django_db(transaction=True)
def test_24_reports_at_once_are_one_incident_counted_and_told_24_times(admin: User, staff: User) -> None:
    def report(number: int) -> Notification:
        return incidents.report_problem(
            reporter=(admin, staff)[number % 2],
            problem_type="Slow",
            description="x",
            priority=Priority.LOW,
            data={},
        )[1]

    mine = in_threads(24, report)
    assert Incident.objects.get().occurrences == 24
    assert sorted(told(admin)) == sorted(f"reported:{n}" for n in range(1, 25))
    assert [row.recipient for row in mine] == [admin, staff] * 12


# --- What is refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"problem_type": "Slow"},
        {"description": "x"},
        {"problem_type": "", "description": "x"},
        {"problem_type": "Slow", "description": "   "},
        {"problem_type": None, "description": "x"},
        {"problem_type": "Slow", "description": None, "priority": "sky-high"},
    ],
)
def test_a_missing_text_is_refused_in_the_words_that_clients_show(
    body: dict[str, Any], refused: Get, admin: User
) -> None:
    answer = refused(admin, "post", REPORT, body)
    assert answer["error"] == answer["detail"] == "Problem type and description are required"
    assert not Incident.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("problem_type", "x" * 101),
        ("problem_type", ["x"]),
        ("description", "x" * 2001),
        ("description", {"a": 1}),
        ("priority", "sky-high"),
        ("priority", None),
        ("priority", 5),
        ("data", "text"),
        ("data", [1, 2]),
        ("data", None),
        ("data", {"log": "x" * 4000}),
    ],
)
def test_a_bad_value_is_a_400_that_names_the_field(field: str, value: Any, refused: Get, admin: User) -> None:
    answer = refused(admin, "post", REPORT, BODY | {field: value})
    assert list(answer["errors"]) == [field]
    assert not Incident.objects.exists()
    assert not Notification.objects.exists()


@pytest.mark.parametrize("number", ["1e400", "-1e400"])
def test_a_number_that_json_cannot_store_is_a_400(number: str, refused: Get, admin: User) -> None:
    text = f'{{"problem_type": "Slow", "description": "x", "data": {{"n": [{number}]}}}}'
    assert list(refused(admin, "post", REPORT, text)["errors"]) == ["data"]


@pytest.mark.parametrize("depth", [50, 500, 850, 880, 885, 890, 895, 900, 1500])
def test_data_nested_without_end_is_a_400_at_every_depth(depth: int, refused: Get, admin: User) -> None:
    text = f'{{"problem_type": "Slow", "description": "x", "data": {{"n": {"[" * depth}{"]" * depth}}}}}'
    refused(admin, "post", REPORT, text)
    assert not Incident.objects.exists()


def test_data_nested_as_people_nest_it_is_fine(post: Get, admin: User) -> None:
    data = {"browser": {"name": "x", "tabs": [{"url": "/", "at": [1.5, True, None]}]}}
    post(admin, REPORT, BODY | {"data": data})
    assert Incident.objects.get().details == data


@pytest.mark.parametrize("who", ["owner", "member", "outsider"])
def test_who_is_no_admin_gets_a_403(
    who: str, request: pytest.FixtureRequest, client_of: Callable[[User], APIClient], admin: User
) -> None:
    response = client_of(request.getfixturevalue(who)).post(API + REPORT, BODY)
    assert response.status_code == 403
    assert response.json()["error"] == "Permission denied. Admin access required."
    assert not Incident.objects.exists()


@pytest.mark.parametrize(
    ("method", "path"), [("post", REPORT), ("get", "system/health-check/"), ("post", "system/cleanup/")]
)
def test_an_anonymous_caller_gets_a_401(method: str, path: str, anonymous: APIClient, admin: User) -> None:
    assert getattr(anonymous, method)(API + path).status_code == 401
    assert not Incident.objects.exists()
