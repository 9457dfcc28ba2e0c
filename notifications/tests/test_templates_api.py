"""The platform's own words for a kind of notification."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pytest_django.fixtures import DjangoAssertNumQueries
from rest_framework.test import APIClient
from structlog.testing import capture_logs

from accounts.models import User
from notifications import services, texts
from notifications.kinds import KINDS, Kind, ProblemResolved
from notifications.models import Notification, NotificationTemplate
from notifications.tests.conftest import Get
from notifications.tests.helpers import API, problem, resolve, see

ClientOf = Callable[[User], APIClient]
BODY = {
    "name": "Short and glad",
    "kind": "problem_resolved",
    "title": "Over: $title",
    "message": "After ${duration}. It cost $$5.",
}
CONTEXT = {"title": "SMS", "duration": "2 hours", "summary": "Now: all is well."}


def make(client: APIClient, **changes: Any) -> Any:
    response = client.post(API + "templates/", BODY | changes)
    assert response.status_code == 201, response.content
    return response.json()["template"]


def tell(user: User, context: Mapping[str, object] = CONTEXT) -> Notification:
    (row,) = services.notify(kind=ProblemResolved, recipients=[user], context=context)
    row.refresh_from_db()
    return row


@pytest.fixture
def client(client_of: ClientOf, staff: User) -> APIClient:
    return client_of(staff)


def test_it_is_made_shown_changed_and_deleted(client: APIClient, get: Get, staff: User) -> None:
    made = make(client)
    row = NotificationTemplate.objects.get()
    assert made == {
        "id": str(row.pk),
        "name": "Short and glad",
        "title": "Over: $title",
        "message": "After ${duration}. It cost $$5.",
        "notification_type": "success",
        "priority": "low",
        "is_active": True,
        "created_at": made["created_at"],
        "updated_at": made["updated_at"],
        "kind": "problem_resolved",
    }
    assert get(staff, "templates/") == {"success": True, "templates": [made]}
    assert get(staff, f"templates/{row.pk}/")["template"] == made
    for method in ("put", "patch"):
        changed = getattr(client, method)(f"{API}templates/{row.pk}/", {"title": f"By {method}"}).json()
        assert set(changed) == {"success", "message", "template"}
        assert changed["template"] == made | {
            "title": f"By {method}",
            "updated_at": changed["template"]["updated_at"],
        }
    gone = client.delete(f"{API}templates/{row.pk}/")
    assert (gone.status_code, gone.json()["template"]["id"]) == (200, str(row.pk))
    assert client.get(f"{API}templates/{row.pk}/").status_code == 404
    assert not NotificationTemplate.objects.exists()


def test_type_and_priority_are_kept_as_given_and_urgent_is_critical(client: APIClient) -> None:
    made = make(client, notification_type="warning", priority="urgent", is_active=False)
    assert (made["notification_type"], made["priority"], made["is_active"]) == ("warning", "critical", False)


# --- What readers get ---------------------------------------------------------------------------------------------


def test_an_active_one_words_its_kind_and_a_change_holds_at_once(client: APIClient, admin: User) -> None:
    assert tell(admin).title == "Resolved: SMS"
    key = make(client, priority="critical", notification_type="error")["id"]
    row = tell(admin)
    assert (row.title, row.message) == ("Over: SMS", "After 2 hours. It cost $5.")
    assert (row.priority, row.notification_type) == ("low", "success")  # words alone
    client.patch(f"{API}templates/{key}/", {"title": "Done: $title"})
    assert tell(admin).title == "Done: SMS"
    client.patch(f"{API}templates/{key}/", {"is_active": False})
    assert tell(admin).title == "Resolved: SMS"
    client.patch(f"{API}templates/{key}/", {"is_active": True})
    client.delete(f"{API}templates/{key}/")
    assert tell(admin).title == "Resolved: SMS"


def test_it_words_the_incidents_of_the_monitor_and_no_other_kind(client: APIClient, admin: User) -> None:
    make(client)
    resolve(see(problem()))
    assert sorted(Notification.objects.filter(recipient=admin).values_list("title", flat=True)) == [
        "Over: sms_service",
        "sms_service",
    ]


def test_it_costs_one_query(
    client: APIClient, admin: User, staff: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(2):
        with django_assert_num_queries(9):  # the template, the settings, a savepoint around the rows; the outbox
            services.notify(kind=ProblemResolved, recipients=[admin, staff], context=CONTEXT)
        if not NotificationTemplate.objects.exists():
            make(client)


def test_what_it_makes_is_cut_to_what_a_row_holds(client: APIClient, admin: User) -> None:
    make(client, title="$title" * 20, message="$summary" * 20)
    row = tell(admin, CONTEXT | {"title": "t" * 20, "summary": "s" * 300})
    assert (row.title, row.message) == ("t" * 200, "s" * 4000)


@pytest.mark.parametrize(
    ("stored", "context"),
    [
        ({"title": "$nobody"}, {}),
        ({"message": "$ {"}, {}),
        ({"title": "$title.__class__ ${title.x}"}, {}),
        ({"title": "$summary"}, {"summary": ""}),
        ({"title": "$duration"}, {"duration": object()}),
    ],
)
def test_a_template_that_cannot_be_filled_in_loses_no_notification(
    stored: dict[str, str], context: dict[str, object], client: APIClient, admin: User
) -> None:
    make(client)
    NotificationTemplate.objects.update(**stored)
    with capture_logs() as logs:
        row = tell(admin, CONTEXT | context)
    assert row.title == "Resolved: SMS"
    assert [(line["log_level"], line["template"], line["kind"]) for line in logs] == [
        ("warning", "Short and glad", "problem_resolved")
    ]


def test_a_variable_that_the_context_lacks_is_no_loss_either(client: APIClient, admin: User) -> None:
    make(client, kind="problem_opened", title="$title", message="$advice")

    class Terse(Kind):
        slug = "problem_opened"
        notification_type = Notification.Type.SYSTEM
        title = message = "$title"
        variables = {"title": "x", "advice": "y"}

    (row,) = services.notify(kind=Terse, recipients=[admin], context={"title": "Bad"})
    assert (row.title, row.message) == ("Bad", "Bad")


def test_a_value_is_no_template_and_reaches_nothing(client: APIClient, admin: User) -> None:
    make(client, message="$summary")
    row = tell(admin, CONTEXT | {"summary": "$title {{ settings.SECRET_KEY }} {0.__class__} ${title}"})
    assert row.message == "$title {{ settings.SECRET_KEY }} {0.__class__} ${title}"


# --- Preview ------------------------------------------------------------------------------------------------------


def test_a_preview_shows_examples_and_what_is_given_and_tells_nobody(client: APIClient) -> None:
    path = f"{API}templates/{make(client)['id']}/preview/"
    assert client.post(path).json() == {
        "success": True,
        "preview": {
            "title": "Over: SMS Service: the success rate is low",
            "message": "After 2 hours. It cost $5.",
        },
        "variables": ["title", "duration", "summary"],
    }
    shown = client.post(path, {"context": {"duration": 3}}).json()["preview"]
    assert shown["message"] == "After 3. It cost $5."
    assert not Notification.objects.exists()


@pytest.mark.parametrize("context", ["x", None, [1], {"nobody": "x"}, {"title": {"a": 1}}, {"title": None}])
def test_a_bad_context_is_a_400_that_names_it(context: Any, client: APIClient, refused: Get, staff: User) -> None:
    answer = refused(staff, "post", f"templates/{make(client)['id']}/preview/", {"context": context})
    assert next(iter(answer["errors"])).split(".")[0] == "context"


def test_a_preview_of_a_broken_one_says_what_is_broken(client: APIClient, refused: Get, staff: User) -> None:
    key = make(client)["id"]
    NotificationTemplate.objects.update(message="$nobody")
    assert list(refused(staff, "post", f"templates/{key}/preview/")["errors"]) == ["message"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_declares_what_its_own_texts_show(kind: type[Kind]) -> None:
    whole = NotificationTemplate(kind=kind.slug, title=kind.title, message=kind.message)
    assert all(texts.preview(template=whole, context={}))
    assert kind.write(kind.variables) == texts.preview(template=whole, context={})
