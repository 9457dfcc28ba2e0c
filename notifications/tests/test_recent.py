"""The poll: what every open tab asks every 30 seconds."""

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from accounts.models import User
from notifications import services
from notifications.models import Notification
from notifications.tests.conftest import Get
from notifications.tests.helpers import API, ago, tell, titles
from tenants import services as tenants
from tenants.models import Tenant

RECENT = API + "recent/"
#: A poll is stored from one request to the next, and ended after a commit.
committed = pytest.mark.django_db(transaction=True)
ClientOf = Callable[[User], APIClient]


def etag_of(client: APIClient) -> str:
    return str(client.get(RECENT)["ETag"])


def again(client: APIClient, etag: str) -> Any:
    return client.get(RECENT, HTTP_IF_NONE_MATCH=etag)


def test_an_item_has_exactly_the_keys_of_the_contract(get: Get, member: User) -> None:
    tell(member)
    body = get(member, "recent/")
    assert set(body) == {"success", "notifications", "unread_count"}
    assert set(body["notifications"][0]) == {
        *("id", "title", "message", "notification_type", "priority", "status", "is_unread", "is_system"),
        *("is_auto_generated", "action_text", "action_url", "data", "created_at", "updated_at", "read_at"),
        *("expires_at", "time_ago", "incident"),
    }


def test_an_empty_inbox_is_an_empty_list_and_a_zero(get: Get, member: User) -> None:
    assert get(member, "recent/") == {"success": True, "notifications": [], "unread_count": 0}


def test_the_newest_comes_first(get: Get, member: User) -> None:
    for title in ("first", "second", "third"):
        tell(member, title)
    assert titles(get(member, "recent/")["notifications"]) == ["third", "second", "first"]


def test_recent_shows_ten_unless_asked_for_another_number(get: Get, member: User) -> None:
    for number in range(12):
        tell(member, str(number))
    assert len(get(member, "recent/")["notifications"]) == 10
    assert len(get(member, "recent/?limit=11")["notifications"]) == 11
    assert titles(get(member, "recent/?limit=1")["notifications"]) == ["11"]


def test_fifty_is_the_most_and_fifty_is_fine(get: Get, member: User) -> None:
    assert get(member, "recent/?limit=50")["success"] is True


@pytest.mark.parametrize("limit", ["0", "51", "-1", "abc", "1.5", "true", "%203", "1e1", "9" * 2000])
def test_a_bad_limit_is_a_400_that_names_it(limit: str, refused: Get, member: User) -> None:
    body = refused(member, "get", f"recent/?limit={limit}")
    assert list(body["errors"]) == ["limit"]
    assert body["detail"].startswith("limit: ")
    assert body["success"] is False


def test_unread_count_counts_the_whole_inbox_and_not_the_page(get: Get, member: User) -> None:
    for _ in range(4):
        tell(member)
    body = get(member, "recent/?limit=2")
    assert len(body["notifications"]) == 2
    assert body["unread_count"] == 4


def test_the_unread_count_is_capped_alike_everywhere(get: Get, member: User, settings: Settings) -> None:
    settings.UNREAD_COUNT_CAP = 3
    for _ in range(5):
        tell(member)
    assert get(member, "recent/")["unread_count"] == 3
    assert get(member, "unread-count/") == {"success": True, "unread_count": 3}


def test_the_cap_is_a_thousand(settings: Settings) -> None:
    assert settings.UNREAD_COUNT_CAP == 1000


def test_a_read_one_is_shown_and_not_counted(get: Get, member: User) -> None:
    tell(member, "read", status="read", read_at=timezone.now())
    body = get(member, "recent/")
    assert titles(body["notifications"]) == ["read"]
    assert body["notifications"][0]["is_unread"] is False
    assert body["unread_count"] == 0
    assert get(member, "unread-count/")["unread_count"] == 0


def test_expired_and_archived_ones_are_in_no_list_and_no_count(get: Get, member: User) -> None:
    tell(member, "expired", expires_at=ago(seconds=1))
    tell(member, "archived", status="archived", archived_at=timezone.now())
    tell(member, "open", expires_at=ago(hours=-1))
    body = get(member, "recent/")
    assert titles(body["notifications"]) == ["open"]
    assert body["unread_count"] == 1
    assert get(member, "unread-count/")["unread_count"] == 1
    assert titles(get(member, "real/")["notifications"]) == ["open"]


def test_looking_marks_nothing_as_read(get: Get, member: User) -> None:
    tell(member)
    get(member, "recent/")
    get(member, "real/")
    assert Notification.objects.unread().count() == 1


def test_time_ago_is_said_from_the_creation(get: Get, member: User) -> None:
    tell(member, created_at=ago(hours=2, minutes=40))
    assert get(member, "recent/")["notifications"][0]["time_ago"] == "2 hours ago"


@pytest.mark.parametrize("path", ["recent/", "real/", "unread-count/"])
def test_an_anonymous_caller_gets_a_401(path: str, anonymous: APIClient, db: None) -> None:
    response = anonymous.get(API + path)
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")


# --- The ETag ----------------------------------------------------------------------------------------------------


def test_an_unchanged_inbox_is_a_304_without_a_body(client_of: ClientOf, member: User) -> None:
    tell(member)
    client = client_of(member)
    response = again(client, etag_of(client))
    assert response.status_code == 304
    assert response.content == b""


def test_a_304_carries_the_same_headers_as_a_200(client_of: ClientOf, member: User, settings: Settings) -> None:
    settings.POLL_INTERVAL_SECONDS = 45
    client = client_of(member)
    full = client.get(RECENT)
    for response in (full, again(client, full["ETag"])):
        assert response["ETag"] == full["ETag"]
        assert response["Cache-Control"] == "private, no-cache"
        assert response["X-Poll-Interval"] == "45"
        assert response["X-Request-ID"]
        assert "Authorization" in response["Vary"]


def test_the_callers_own_request_id_comes_back_on_a_304(client_of: ClientOf, member: User) -> None:
    client = client_of(member)
    response = client.get(RECENT, HTTP_IF_NONE_MATCH=etag_of(client), HTTP_X_REQUEST_ID="trace-7")
    assert response.status_code == 304
    assert response["X-Request-ID"] == "trace-7"


def test_the_etag_of_one_person_is_never_a_304_for_another(
    client_of: ClientOf, member: User, owner: User, outsider: User
) -> None:
    etag = etag_of(client_of(member))  # all three inboxes are empty, so the bodies are the same
    for other in (owner, outsider):
        response = again(client_of(other), etag)
        assert response.status_code == 200
        assert response["ETag"] != etag


def test_an_anonymous_caller_with_a_good_etag_gets_a_401(
    client_of: ClientOf, member: User, anonymous: APIClient
) -> None:
    assert again(anonymous, etag_of(client_of(member))).status_code == 401


@committed
def test_an_etag_ends_when_its_owner_switches_the_tenant(
    client_of: ClientOf, member: User, tenant: Tenant, other_tenant: Tenant
) -> None:
    tenants.add_member(tenant=other_tenant, user=member)
    client = client_of(member)
    etag = etag_of(client)
    client.post("/api/tenants/switch/", {"tenant_id": str(other_tenant.pk)})
    assert again(client, etag).status_code == 200
    client.post("/api/tenants/switch/", {"tenant_id": str(tenant.pk)})
    assert again(client, etag).status_code == 304


@committed
def test_something_new_is_a_200(client_of: ClientOf, member: User) -> None:
    client = client_of(member)
    etag = etag_of(client)
    tell(member, "new")
    response = again(client, etag)
    assert response.status_code == 200
    assert titles(response.json()["notifications"]) == ["new"]


@committed
def test_something_read_is_a_200(client_of: ClientOf, member: User) -> None:
    tell(member)
    client = client_of(member)
    etag = etag_of(client)
    services.mark_all_read(user=member)
    assert again(client, etag).status_code == 200


@committed
def test_something_expired_is_a_200(client_of: ClientOf, member: User) -> None:
    tell(member, expires_at=ago(seconds=-30))
    client = client_of(member)
    etag = etag_of(client)
    with time_machine.travel(ago(seconds=-31)):
        assert again(client, etag).json()["notifications"] == []


@committed
def test_something_unread_beyond_the_page_is_a_200(client_of: ClientOf, member: User) -> None:
    older = tell(member, status="read", read_at=timezone.now())
    for _ in range(10):
        tell(member)
    client = client_of(member)
    etag = etag_of(client)
    services.mark_unread(user=member, notification_id=older.pk)
    assert again(client, etag).json()["unread_count"] == 11


@committed
def test_a_time_ago_that_would_read_differently_is_a_200(client_of: ClientOf, member: User) -> None:
    tell(member)
    client = client_of(member)
    etag = etag_of(client)
    with time_machine.travel(ago(seconds=-61)):
        assert again(client, etag).json()["notifications"][0]["time_ago"] == "1 minute ago"


# --- What it costs -----------------------------------------------------------------------------------------------


@committed
@pytest.mark.parametrize(
    ("path", "first", "then"), [("recent/?limit=50", 2, 1), ("unread-count/", 2, 2), ("real/?limit=100", 2, 2)]
)
def test_a_read_costs_the_same_few_queries_however_full_the_inbox_is(
    path: str,
    first: int,
    then: int,
    client_of: ClientOf,
    member: User,
    tenant: Tenant,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    client = client_of(member)
    for queries in (first, then):
        with django_assert_num_queries(queries):
            client.get(API + path)
        for _ in range(20):
            tell(member, tenant=tenant)
