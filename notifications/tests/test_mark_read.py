"""Marking as read: repeatable, bounded by what was shown, and one's own only."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from accounts.models import User
from notifications import services
from notifications.models import Notification
from notifications.tests.conftest import Get
from notifications.tests.helpers import API, ago, tell
from tenants.models import Tenant


def unread(user: User) -> list[str]:
    return list(Notification.objects.filter(recipient=user).unread().order_by("id").values_list("title", flat=True))


def test_mark_read_answers_with_the_item_as_it_is_now(post: Get, member: User) -> None:
    row = tell(member)
    body = post(member, f"{row.pk}/mark-read/")
    assert body["success"] is True
    assert body["notification"]["id"] == str(row.pk)
    assert body["notification"]["status"] == "read"
    assert body["notification"]["is_unread"] is False
    assert body["notification"]["read_at"] is not None


def test_marking_twice_keeps_the_first_read_at(post: Get, member: User) -> None:
    row = tell(member)
    first = post(member, f"{row.pk}/mark-read/")
    with time_machine.travel(ago(seconds=-60)):
        second = post(member, f"{row.pk}/mark-read/")
    assert second["notification"]["read_at"] == first["notification"]["read_at"]
    assert second["notification"]["updated_at"] == first["notification"]["updated_at"]


def test_only_that_one_is_marked(post: Get, member: User, outsider: User) -> None:
    row = tell(member, "this")
    tell(member, "that")
    tell(outsider, "theirs")
    post(member, f"{row.pk}/mark-read/")
    assert unread(member) == ["that"]
    assert unread(outsider) == ["theirs"]


def test_an_archived_one_stays_archived(post: Get, member: User) -> None:
    row = tell(member, status="archived", archived_at=timezone.now())
    post(member, f"{row.pk}/mark-read/")
    row.refresh_from_db()
    assert (row.status, row.read_at) == ("archived", None)


@pytest.mark.parametrize("key", ["01970000-0000-7000-8000-000000000000", "12", "not-a-uuid"])
def test_an_unknown_or_malformed_id_is_a_404(key: str, client_of: Callable[[User], APIClient], member: User) -> None:
    response = client_of(member).post(f"{API}{key}/mark-read/")
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"


def test_mark_read_is_no_get(client_of: Callable[[User], APIClient], member: User) -> None:
    row = tell(member)
    assert client_of(member).get(f"{API}{row.pk}/mark-read/").status_code == 405
    assert unread(member) == ["Hello"]


def test_mark_all_read_marks_all_says_how_many_and_finds_none_the_second_time(
    post: Get, member: User, outsider: User
) -> None:
    for _ in range(3):
        tell(member)
    tell(outsider, "theirs")
    assert post(member, "mark-all-read/") == {
        "success": True,
        "message": "Marked 3 notifications as read",
        "marked_count": 3,
    }
    assert post(member, "mark-all-read/")["marked_count"] == 0
    assert unread(member) == []
    assert unread(outsider) == ["theirs"]


def test_mark_all_read_keeps_the_read_at_of_what_was_read(member: User) -> None:
    before = ago(days=1)
    row = tell(member, status="read", read_at=before)
    services.mark_all_read(user=member)
    row.refresh_from_db()
    assert row.read_at == before


def test_what_has_expired_is_neither_marked_nor_counted(post: Get, member: User) -> None:
    tell(member, "expired", expires_at=ago(seconds=1))
    assert post(member, "mark-all-read/")["marked_count"] == 0
    assert unread(member) == ["expired"]


# --- The watermark -----------------------------------------------------------------------------------------------


def test_before_an_id_includes_it_and_spares_what_came_after(post: Get, member: User) -> None:
    tell(member, "older")
    shown = tell(member, "newest shown")
    tell(member, "after")
    assert post(member, "mark-all-read/", {"before": str(shown.pk)})["marked_count"] == 2
    assert unread(member) == ["after"]


def test_an_id_on_a_page_of_another_person_or_tenant_marks_nothing(
    post: Get, member: User, owner: User, tenant: Tenant, other_tenant: Tenant
) -> None:
    mine, anothers = tell(member, tenant=tenant), tell(owner)
    elsewhere, shown_last = tell(member, tenant=other_tenant), anothers.pk
    for shown in (anothers, elsewhere):
        assert post(member, "mark-all-read/", {"before": str(shown.pk)})["marked_count"] == 0
    anothers.delete()
    assert post(member, "mark-all-read/", {"before": str(shown_last)})["marked_count"] == 1
    mine.refresh_from_db()
    assert mine.status == "read"


def test_before_a_time_of_the_api_includes_it_and_spares_what_came_after(get: Get, post: Get, member: User) -> None:
    moment = datetime.datetime(2026, 3, 10, 12, 0, 0, 123_999, tzinfo=datetime.UTC)
    tell(member, "older", created_at=moment - datetime.timedelta(days=1))
    tell(member, "newest shown", created_at=moment)  # the API shows .123, three digits fewer than are stored
    shown = get(member, "recent/")["notifications"][0]["created_at"]
    assert shown == "2026-03-10T12:00:00.123Z"
    tell(member, "after", created_at=moment + datetime.timedelta(microseconds=1))
    assert post(member, "mark-all-read/", {"before": shown})["marked_count"] == 2
    assert unread(member) == ["after"]


@pytest.mark.parametrize("before", ["2026-03-10T15:00:00+03:00", "2026-03-10T12:00:00", "2026-03-10T12:00:00Z"])
def test_before_understands_offsets_and_takes_a_bare_time_for_utc(before: str, post: Get, member: User) -> None:
    noon = datetime.datetime(2026, 3, 10, 12, tzinfo=datetime.UTC)
    tell(member, "at noon", created_at=noon)
    tell(member, "after", created_at=noon + datetime.timedelta(seconds=1))
    post(member, "mark-all-read/", {"before": before})
    assert unread(member) == ["after"]


@pytest.mark.parametrize(
    "before",
    [
        "garbage",
        "",
        5,
        True,
        ["x"],
        {},
        "2026-13-01T00:00:00Z",
        "12:00",
        "x" * 100_000,
        "\x00",
        "2026-03-10T25:00:00Z",
    ],
)
def test_a_before_that_is_neither_id_nor_time_is_a_400(before: Any, refused: Get, member: User) -> None:
    tell(member, "still unread")
    body = refused(member, "post", "mark-all-read/", {"before": before})
    assert list(body.get("errors", {"before": ""})) == ["before"]  # NUL is refused before any field is read
    assert unread(member) == ["still unread"]


@pytest.mark.parametrize(
    ("before", "left"),
    [
        ("9999-12-31T23:59:59.999999Z", []),
        ("9999-12-31T23:59:59.999999-12:00", []),
        ("0001-01-01T00:00:00+14:00", ["one"]),
        ("9999-01-01T00:00:00-20:26", []),
        ("0641-01-05T01:48:52+23:59", ["one"]),
        ("00000000-0000-0000-0000-000000000000", ["one"]),
        ("ffffffff-ffff-ffff-ffff-ffffffffffff", []),
        (None, []),
    ],
)
def test_the_ends_of_time_are_times_too(before: str | None, left: list[str], post: Get, member: User) -> None:
    tell(member, "one")
    post(member, "mark-all-read/", {"before": before})
    assert unread(member) == left


# --- What it costs -----------------------------------------------------------------------------------------------


def test_marking_costs_the_same_few_queries_however_many_there_are(
    client_of: Callable[[User], APIClient], member: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    rows = [tell(member) for _ in range(30)]
    client = client_of(member)
    with django_assert_num_queries(3):  # who is asking, the mark, the row for the reply
        client.post(f"{API}{rows[0].pk}/mark-read/")
    with django_assert_num_queries(2):  # who is asking, the marks
        client.post(f"{API}mark-all-read/")
