"""The list, in pages whose cursor is an id."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from accounts.models import User
from notifications.tests.conftest import Get
from notifications.tests.helpers import API, ago, tell, titles
from tenants.models import Tenant

ClientOf = Callable[[User], APIClient]


@pytest.fixture
def five(member: User) -> None:
    for number in range(5):
        tell(member, str(number))


def walk(client: APIClient, address: str, direction: str) -> list[list[str]]:
    pages = []
    while address:
        body = client.get(address).json()
        assert set(body) == {"next", "previous", "results"}
        pages.append(titles(body["results"]))
        address = body[direction]
    return pages


def test_pages_lead_from_the_newest_to_the_oldest(client_of: ClientOf, member: User, five: None) -> None:
    assert walk(client_of(member), API + "?page_size=2", "next") == [["4", "3"], ["2", "1"], ["0"]]


def test_and_back_to_the_newest(client_of: ClientOf, member: User, five: None) -> None:
    client = client_of(member)
    last = client.get(client.get(client.get(API + "?page_size=2").json()["next"]).json()["next"]).json()
    assert walk(client, last["previous"], "previous") == [["2", "1"], ["4", "3"]]


def test_a_single_page_leads_nowhere(get: Get, member: User, five: None) -> None:
    body = get(member, "")
    assert (body["next"], body["previous"], len(body["results"])) == (None, None, 5)


def test_what_comes_meanwhile_shifts_no_page(client_of: ClientOf, member: User, five: None) -> None:
    client = client_of(member)
    following = client.get(API + "?page_size=2").json()["next"]
    tell(member, "new")
    assert titles(client.get(following).json()["results"]) == ["2", "1"]


def test_filters_stay_on_the_way(client_of: ClientOf, member: User) -> None:
    for number in range(6):
        tell(member, str(number), priority="high" if number % 2 else "low")
    pages = walk(client_of(member), API + "?page_size=2&priority=high", "next")
    assert pages == [["5", "3"], ["1"]]


def test_the_archive_is_in_it_and_what_expired_is_not(get: Get, member: User) -> None:
    tell(member, "archived", status="archived", archived_at=timezone.now())
    tell(member, "expired", expires_at=ago(seconds=1))
    assert titles(get(member, "")["results"]) == ["archived"]


def test_it_is_mine_and_my_current_tenants_alone(
    get: Get, member: User, owner: User, tenant: Tenant, other_tenant: Tenant
) -> None:
    tell(member, "mine", tenant=tenant)
    tell(member, "of another tenant", tenant=other_tenant)
    tell(owner, "somebody else's")
    assert titles(get(member, "")["results"]) == ["mine"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page_size=0", "page_size"),
        ("page_size=101", "page_size"),
        ("page_size=x", "page_size"),
        ("page_size=", "page_size"),
        ("older_than=x", "older_than"),
        ("newer_than=1", "newer_than"),
        (
            "older_than=01970000-0000-7000-8000-000000000000&newer_than=01970000-0000-7000-8000-000000000000",
            "newer_than",
        ),
        ("status=lost", "status"),
        ("since=yesterday", "since"),
    ],
)
def test_a_bad_query_is_a_400_that_names_the_field(refused: Get, member: User, query: str, field: str) -> None:
    assert list(refused(member, "get", f"?{query}")["errors"]) == [field]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("until=0641-01-05T01:48:52-20:26", []),
        ("since=0641-01-05T01:48:52%2B23:59", ["one"]),
        ("since=0001-01-01T00:00:00%2B14:00", ["one"]),
        ("until=9999-12-31T23:59:59-12:00", ["one"]),
    ],
)
def test_every_offset_and_both_ends_of_time_are_understood(
    get: Get, member: User, query: str, found: list[str]
) -> None:
    tell(member, "one")
    assert titles(get(member, f"?{query}")["results"]) == found


def test_every_page_costs_two_queries(
    client_of: ClientOf, member: User, five: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = client_of(member)
    with django_assert_num_queries(2):
        following = client.get(API + "?page_size=2").json()["next"]
    with django_assert_num_queries(2):
        client.get(following)


# --- One, and many -----------------------------------------------------------------------------------------------


def test_one_can_be_looked_at_and_looking_marks_nothing(get: Get, member: User) -> None:
    row = tell(member, "Hello")
    body = get(member, f"{row.pk}/")
    assert (body["success"], body["notification"]["id"], body["notification"]["status"]) == (
        True,
        str(row.pk),
        "unread",
    )


def test_unread_read_archived_and_back(client_of: ClientOf, member: User) -> None:
    row, client = tell(member), client_of(member)

    def after(call: str) -> tuple[str, bool]:
        for _ in range(2):  # repeating is fine
            item: dict[str, Any] = client.post(f"{API}{row.pk}/{call}/").json()["notification"]
        return item["status"], item["read_at"] is not None

    assert after("mark-read") == ("read", True)
    assert after("archive") == ("archived", True)
    assert after("mark-read") == ("archived", True), "reading does not take out of the archive"
    assert after("mark-unread") == ("unread", False)
    assert after("archive") == ("archived", False)


def test_deleting_is_for_good(client_of: ClientOf, member: User) -> None:
    row, client = tell(member), client_of(member)
    assert client.delete(f"{API}{row.pk}/").json() == {"success": True, "message": "Notification deleted"}
    for method in ("get", "delete"):
        assert getattr(client, method)(f"{API}{row.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("action", "statuses", "count"),
    [
        ("mark_read", ["read", "read", "archived"], 1),
        ("mark_unread", ["unread", "unread", "unread"], 2),
        ("archive", ["archived", "archived", "archived"], 2),
        ("delete", [], 3),
    ],
)
def test_many_at_once(
    client_of: ClientOf, member: User, outsider: User, action: str, statuses: list[str], count: int
) -> None:
    now = timezone.now()
    rows = [tell(member), tell(member, status="read", read_at=now), tell(member, status="archived", archived_at=now)]
    theirs = tell(outsider)
    ids = [str(row.pk) for row in [*rows, theirs]]
    client = client_of(member)
    assert client.post(API + "bulk/", {"ids": ids, "action": action}).json() == {
        "success": True,
        "updated_count": count,
    }
    left = client.get(API).json()["results"]
    assert [item["status"] for item in reversed(left)] == statuses
    theirs.refresh_from_db()
    assert theirs.status == "unread"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"action": "mark_read"}, "ids"),
        ({"ids": [], "action": "mark_read"}, "ids"),
        ({"ids": "x", "action": "mark_read"}, "ids"),
        ({"ids": ["x"], "action": "mark_read"}, "ids.0"),
        ({"ids": ["01970000-0000-7000-8000-000000000000"] * 501, "action": "mark_read"}, "ids"),
        ({"ids": ["01970000-0000-7000-8000-000000000000"], "action": "explode"}, "action"),
        ({"ids": ["01970000-0000-7000-8000-000000000000"]}, "action"),
    ],
)
def test_a_bad_bulk_is_a_400_that_names_the_field(
    refused: Get, member: User, body: dict[str, Any], field: str
) -> None:
    assert list(refused(member, "post", "bulk/", body)["errors"]) == [field]
