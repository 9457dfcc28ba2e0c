"""What a template cannot be, and who may not write one."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from notifications import texts
from notifications.models import NotificationTemplate
from notifications.tests.conftest import Get
from notifications.tests.helpers import API, in_threads
from notifications.tests.test_templates_api import BODY, make

ClientOf = Callable[[User], APIClient]


@pytest.fixture
def client(client_of: ClientOf, staff: User) -> APIClient:
    return client_of(staff)


@pytest.mark.parametrize("field", ["title", "message"])
@pytest.mark.parametrize("text", ["$nobody", "${nobody}", "$title.x $recipient", "${title.x}", "5 $", "$ title", "${"])
def test_an_unknown_or_broken_placeholder_is_a_400_that_lists_what_there_is(
    field: str, text: str, refused: Get, client: APIClient, staff: User
) -> None:
    answer = refused(staff, "post", "templates/", BODY | {field: text})
    assert list(answer["errors"]) == [field]
    assert "There are: $title, $duration, $summary." in answer["detail"]
    assert not NotificationTemplate.objects.exists()
    key = make(client)["id"]
    assert list(refused(staff, "patch", f"templates/{key}/", {field: text})["errors"]) == [field]
    assert getattr(NotificationTemplate.objects.get(), field) == BODY[field]


def test_another_kind_must_know_the_placeholders_too(refused: Get, client: APIClient, staff: User) -> None:
    key = make(client)["id"]
    answer = refused(staff, "patch", f"templates/{key}/", {"kind": "problem_opened"})
    assert answer["errors"] == {"message": ["Unknown: duration. There are: $title, $summary, $advice."]}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "nobody"),
        ("kind", None),
        ("kind", ["problem_opened"]),
        ("name", ""),
        ("name", "n" * 201),
        ("title", " "),
        ("title", "t" * 201),
        ("message", "m" * 4001),
        ("message", None),
        ("notification_type", "sky"),
        ("priority", "sky-high"),
        ("is_active", "perhaps"),
    ],
)
def test_a_bad_value_is_a_400_that_names_the_field(field: str, value: Any, refused: Get, staff: User) -> None:
    assert list(refused(staff, "post", "templates/", BODY | {field: value})["errors"]) == [field]
    assert not NotificationTemplate.objects.exists()


@pytest.mark.parametrize("field", ["kind", "name", "title", "message"])
def test_a_missing_field_is_a_400_that_names_it(field: str, refused: Get, staff: User) -> None:
    body = {name: value for name, value in BODY.items() if name != field}
    assert list(refused(staff, "post", "templates/", body)["errors"]) == [field]


def test_a_second_active_one_of_a_kind_is_a_400_that_names_kind(client: APIClient, refused: Get, staff: User) -> None:
    make(client)
    assert list(refused(staff, "post", "templates/", BODY | {"name": "Other"})["errors"]) == ["kind"]
    other = make(client, name="Other", is_active=False)["id"]
    assert list(refused(staff, "patch", f"templates/{other}/", {"is_active": True})["errors"]) == ["kind"]
    assert NotificationTemplate.objects.filter(is_active=True).count() == 1


def test_a_name_is_taken_in_whatever_letters(client: APIClient, refused: Get, staff: User) -> None:
    make(client)
    body = BODY | {"name": "SHORT and glad", "is_active": False}
    assert list(refused(staff, "post", "templates/", body)["errors"]) == ["name"]


@pytest.mark.django_db(transaction=True)
def test_of_8_active_ones_saved_at_once_one_is_stored_and_the_others_name_kind() -> None:
    def save(number: int) -> list[str]:
        try:
            texts.create_template(fields=BODY | {"name": f"Number {number}"})
        except texts.TextRefused as refused:
            return list(refused.errors)
        return []

    assert sorted(in_threads(8, save)) == [[], *[["kind"]] * 7]
    assert NotificationTemplate.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_kind_and_a_placeholder_changed_at_once_still_agree() -> None:
    changes = ({"kind": "problem_opened"}, {"message": "$duration"})

    def change(number: int) -> bool:
        try:
            return texts.change_template(template_id=key, changes=changes[number]) is not None
        except texts.TextRefused:
            return False

    for _ in range(10):
        NotificationTemplate.objects.all().delete()
        key = texts.create_template(fields=BODY | {"message": "$summary"}).pk
        assert sorted(in_threads(2, change)) == [False, True]


def test_members_and_owners_are_refused(client_of: ClientOf, client: APIClient, owner: User, member: User) -> None:
    key = make(client)["id"]
    for user in (owner, member):
        theirs = client_of(user)
        answers = [
            theirs.get(API + "templates/"),
            theirs.post(API + "templates/", BODY),
            theirs.get(f"{API}templates/{key}/"),
            theirs.patch(f"{API}templates/{key}/", {"title": "Mine"}),
            theirs.delete(f"{API}templates/{key}/"),
            theirs.post(f"{API}templates/{key}/preview/"),
        ]
        assert [answer.status_code for answer in answers] == [403] * 6
    assert NotificationTemplate.objects.get().title == "Over: $title"


def test_one_that_is_not_there_is_a_404(client: APIClient) -> None:
    path = f"{API}templates/{uuid4()}/"
    answers = [client.get(path), client.put(path, BODY), client.delete(path), client.post(path + "preview/")]
    assert [answer.status_code for answer in answers] == [404] * 4
