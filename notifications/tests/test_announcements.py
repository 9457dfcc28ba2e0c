"""What the platform's admins tell many at once."""

import datetime
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries
from rest_framework.test import APIClient

from accounts.models import User
from notifications import announcements, preferences
from notifications.models import Announcement, Notification
from notifications.tests.conftest import Get
from notifications.tests.helpers import API
from tenants.models import Tenant

ClientOf = Callable[[User], APIClient]
CREATE = "system/create/"
BODY = {"title": "Maintenance", "message": "On Sunday."}


def people(count: int) -> None:
    User.objects.bulk_create(User(email=f"person-{n}@many.test") for n in range(count))


def recipients() -> list[str]:
    return sorted(Notification.objects.values_list("recipient__email", flat=True))


def announce(author: User, audience: Any = "everyone", **words: Any) -> Announcement:
    return announcements.announce(author=author, title="Hi", message="All", audience=audience, **words)


# --- Who is told --------------------------------------------------------------------------------------------------


def test_without_an_audience_the_platforms_admins_are_told(
    post: Get, admin: User, staff: User, owner: User, outsider: User
) -> None:
    body = post(staff, CREATE, BODY)
    mine = Notification.objects.get(recipient=staff)
    assert body == {
        "success": True,
        "message": "Created 2 notifications",
        "notification_id": str(mine.pk),
        "notifications_created": 2,
    }
    assert recipients() == ["admin@acme.test", "staff@acme.test"]
    assert (mine.title, mine.message, mine.kind) == ("Maintenance", "On Sunday.", "announcement")
    assert (mine.notification_type, mine.priority, mine.status) == ("info", "medium", "unread")
    assert (mine.is_system, mine.is_auto_generated, mine.tenant, mine.expires_at) == (True, False, None, None)
    assert (mine.data, mine.action_url) == ({}, "")


@pytest.mark.parametrize("audience", ["admins", None])
def test_admins_can_be_named_too(audience: Any, post: Get, admin: User, staff: User, owner: User) -> None:
    assert post(admin, CREATE, BODY | {"audience": audience})["notifications_created"] == 2


def test_everyone_is_everyone_who_is_active(post: Get, admin: User, owner: User, outsider: User, member: User) -> None:
    User.objects.filter(pk=member.pk).update(is_active=False)
    assert post(admin, CREATE, BODY | {"audience": "everyone"})["notifications_created"] == 3
    assert recipients() == ["admin@acme.test", "outsider@globex.test", "owner@acme.test"]


@pytest.mark.parametrize("by", ["slug", "id"])
def test_a_tenants_people_are_told_for_that_tenant_alone(
    by: str, post: Get, get: Get, admin: User, owner: User, member: User, outsider: User, tenant: Tenant
) -> None:
    body = post(admin, CREATE, BODY | {"audience": {"tenant": tenant.slug if by == "slug" else str(tenant.pk)}})
    assert recipients() == ["member@acme.test", "owner@acme.test"]
    assert set(Notification.objects.values_list("tenant", flat=True)) == {tenant.pk}
    assert UUID(body["notification_id"]) == Notification.objects.order_by("id")[0].pk  # the author has none
    (shown,) = get(member, "recent/")["notifications"]
    assert (shown["title"], shown["incident"]) == ("Maintenance", None)
    assert get(outsider, "recent/")["notifications"] == []


def test_people_are_told_by_their_addresses_once_each(post: Get, admin: User, owner: User, outsider: User) -> None:
    emails = ["OUTSIDER@globex.test", " owner@acme.test ", "owner@acme.test"]
    body = post(admin, CREATE, BODY | {"audience": {"emails": emails}})
    assert body["notifications_created"] == 2
    assert recipients() == ["outsider@globex.test", "owner@acme.test"]


def test_with_in_app_off_only_high_and_critical_ones_come(post: Get, admin: User, staff: User) -> None:
    preferences.change_settings(user=admin, changes={"in_app_notifications_enabled": False})
    body = post(admin, CREATE, BODY)
    assert body["notifications_created"] == 1
    assert body["notification_id"] == str(Notification.objects.get(recipient=staff).pk)
    assert post(admin, CREATE, BODY | {"priority": "high"})["notifications_created"] == 2


def test_when_nobody_wants_it_nothing_is_created(post: Get, admin: User) -> None:
    preferences.change_settings(user=admin, changes={"in_app_notifications_enabled": False})
    body = post(admin, CREATE, BODY)
    assert (body["notifications_created"], body["notification_id"]) == (0, None)
    assert "job_id" not in body


# --- What they are told -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("notification_type", "link", "metadata"),
    [("notification_type", "link", "metadata"), ("type", "action_url", "data")],
)
def test_fields_go_by_either_name(
    notification_type: str, link: str, metadata: str, post: Get, get: Get, admin: User
) -> None:
    soon = timezone.now() + datetime.timedelta(days=1)
    words = {notification_type: "maintenance", link: "/status/?id=1#top", metadata: {"a": [1]}, "priority": "urgent"}
    post(admin, CREATE, BODY | words | {"expires_at": soon.isoformat()})
    (shown,) = get(admin, "recent/")["notifications"]
    assert (shown["notification_type"], shown["priority"]) == ("maintenance", "critical")
    assert (shown["action_url"], shown["data"]) == ("/status/?id=1#top", {"a": [1]})
    assert shown["expires_at"] == soon.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def test_nulls_and_an_empty_link_are_as_good_as_nothing(post: Get, admin: User) -> None:
    nothing = dict.fromkeys(("notification_type", "type", "metadata", "data", "audience", "expires_at"))
    post(admin, CREATE, BODY | nothing | {"link": "", "action_url": None})
    row = Notification.objects.get()
    assert (row.notification_type, row.action_url, row.data) == ("info", "", {})


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "http://example.com:8000/a?b=//c#d",
        "https://xn--bcher-kva.example/",
        "/",
        "/inbox/?next=https://example.com//x",
    ],
)
def test_a_link_is_an_http_address_or_a_path_here(url: str, post: Get, admin: User) -> None:
    post(admin, CREATE, BODY | {"link": url})
    assert Notification.objects.get().action_url == url


@pytest.mark.parametrize(
    "url",
    [
        *("javascript:alert(1)", "JAVASCRIPT:alert(1)", "java\tscript:alert(1)", "\x01javascript:alert(1)"),
        *(
            "//evil.example",
            "///evil.example",
            "/a//b",
            "/\\evil.example",
            "\\\\evil.example",
            "https:\\\\evil.example",
        ),
        *("/\tx", "/x\n", "\n/x", "/\u2028x", "/\x7f", "/a b", "http://a b", "data:text/html,x", "ftp://example.com"),
        *("inbox/", "?x", "#x", "example.com", "http:example.com", "http://", "http:///x", "https://:80/", "http://["),
        *("http://example.com:x/", "http://example.com:99999/", "mailto:a@example.com", "/" + "x" * 500),
    ],
)
@pytest.mark.parametrize("name", ["link", "action_url"])
def test_any_other_link_is_a_400_that_names_it(name: str, url: str, refused: Get, admin: User) -> None:
    assert list(refused(admin, "post", CREATE, BODY | {name: url})["errors"]) == [name]
    assert not Announcement.objects.exists()


def emails(count: int) -> dict[str, list[str]]:
    return {"emails": [f"{n}@x.test" for n in range(count)]}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("title", value) for value in ("", None, "t" * 201, ["x"])],
        *[("message", value) for value in (" ", None, "m" * 4001, {"a": 1})],
        *[("notification_type", value) for value in ("sky", 5)],
        *[("type", value) for value in ("sky", ["info"])],
        *[("priority", value) for value in ("sky-high", None)],
        *[("metadata", value) for value in ("x", [1], {"log": "x" * 4000})],
        *[("data", value) for value in ("x", {"a": [[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]})],
        *[("expires_at", value) for value in ("soon", "2020-01-01T00:00:00Z", 5, "9999-12-31T23:59:59-14:00")],
        *[("audience", value) for value in ("nobody", 5, [], {}, ["admins"], {"tenant": 5}, {"tenant": ""})],
        *[("audience", {"emails": value}) for value in ("x", [], [5], None)],
        *[("audience", {"tenant": "acme", "emails": ["admin@acme.test"]}), ("audience", emails(501))],
        *[("audience", {"tenant": "nobody"}), ("audience", {"tenant": str(uuid4())})],
    ],
)
def test_a_bad_value_is_a_400_that_names_the_field(
    field: str, value: Any, refused: Get, admin: User, tenant: Tenant
) -> None:
    assert list(refused(admin, "post", CREATE, BODY | {field: value})["errors"]) == [field]
    assert not Announcement.objects.exists()
    assert not Notification.objects.exists()


def test_addresses_that_nobody_has_are_named(refused: Get, admin: User, owner: User, member: User) -> None:
    User.objects.filter(pk=member.pk).update(is_active=False)
    audience = {"emails": ["ghost@x.test", owner.email, member.email]}
    answer = refused(admin, "post", CREATE, BODY | {"audience": audience})
    assert answer["detail"] == "audience: No active user has the address ghost@x.test, member@acme.test."
    assert not Notification.objects.exists()


def test_a_small_audience_costs_the_same_however_many(
    admin: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(2):
        # The template; a savepoint around the count, the announcement, its rows, its cursor, and a look at it;
        # who has no inbox, two queries for what people want, the endpoints, and what leaves the house.
        with django_assert_num_queries(13):
            announce(admin)
        if User.objects.count() == 1:
            people(400)


def test_members_and_owners_are_refused(client_of: ClientOf, admin: User, owner: User, member: User) -> None:
    key = announce(admin).pk
    for user in (owner, member):
        assert client_of(user).post(API + CREATE, BODY).status_code == 403
        assert client_of(user).get(f"{API}{CREATE}{key}/").status_code == 403
    assert Announcement.objects.count() == 1


def test_a_call_that_is_sent_again_under_the_same_key_tells_once(client_of: ClientOf, admin: User) -> None:
    client = client_of(admin)
    replies = [client.post(API + CREATE, BODY, headers={"Idempotency-Key": "k"}).json() for _ in range(2)]
    assert replies[0] == replies[1]
    assert Notification.objects.count() == 1
