"""`last_seen_at` follows what people do, not what their forgotten tabs poll."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.conftest import LOGIN, PROFILE

ClientOf = Callable[[User], APIClient]
NOW = datetime.datetime(2026, 3, 1, 12, 0, tzinfo=datetime.UTC)
AN_HOUR_AGO = NOW - datetime.timedelta(hours=1)


def seen(user: User) -> datetime.datetime | None:
    at: datetime.datetime | None = User.objects.values_list("last_seen_at", flat=True).get(pk=user.pk)
    return at


def last_seen(user: User, at: datetime.datetime | None) -> None:
    User.objects.filter(pk=user.pk).update(last_seen_at=at)


@pytest.fixture
def client(client_of: ClientOf, member: User) -> Any:
    """The member's, now; they were last seen an hour ago."""
    with time_machine.travel(NOW, tick=False):
        client = client_of(member)
        last_seen(member, AN_HOUR_AGO)
        yield client


def test_a_write_moves_it(client: APIClient, member: User) -> None:
    client.patch(PROFILE, {"bio": "x"})

    assert seen(member) == NOW


def test_the_first_write_of_somebody_never_seen_moves_it(client: APIClient, member: User) -> None:
    last_seen(member, None)

    client.patch(PROFILE, {"bio": "x"})

    assert seen(member) == NOW


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_a_poll_of_the_api_moves_nothing(client: APIClient, member: User, method: str) -> None:
    for path in (PROFILE, "/api/tenants/", "/api/notifications/recent/"):
        assert getattr(client, method)(path).status_code == 200

    assert seen(member) == AN_HOUR_AGO


def test_a_poll_of_the_api_with_a_pages_session_moves_nothing(client: APIClient, member: User) -> None:
    page = Client()
    page.force_login(member)
    last_seen(member, AN_HOUR_AGO)

    page.get("/api/notifications/recent/")

    assert seen(member) == AN_HOUR_AGO


def test_opening_a_page_moves_it(client: APIClient, member: User) -> None:
    page = Client()
    page.force_login(member)
    last_seen(member, AN_HOUR_AGO)

    assert page.get("/inbox/").status_code == 200
    assert seen(member) == NOW


def test_a_refused_write_moves_nothing(client: APIClient, member: User) -> None:
    assert client.patch(PROFILE, {"timezone": "Mars"}).status_code == 400

    assert seen(member) == AN_HOUR_AGO


def test_nobody_elses_moves(client: APIClient, owner: User, outsider: User) -> None:
    for user in (owner, outsider):
        last_seen(user, AN_HOUR_AGO)

    client.patch(PROFILE, {"bio": "x"})

    assert (seen(owner), seen(outsider)) == (AN_HOUR_AGO, AN_HOUR_AGO)


def updates_of_last_seen(client: APIClient) -> int:
    executed: list[str] = []

    def watch(execute: Any, sql: str, *rest: Any) -> Any:
        executed.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(watch):
        client.patch(PROFILE, {"bio": "x"})
    return sum('SET "last_seen_at"' in sql for sql in executed)


def test_it_is_written_at_most_once_in_five_minutes(client: APIClient, member: User) -> None:
    writes = []
    for minute in (0, 1, 4, 5, 6, 10, 11):
        with time_machine.travel(NOW + datetime.timedelta(minutes=minute), tick=False):
            writes.append(updates_of_last_seen(client))

    assert writes == [1, 0, 0, 0, 1, 0, 0]
    assert seen(member) == NOW + datetime.timedelta(minutes=6)


def test_how_often_is_a_setting(client: APIClient, member: User, settings: Any) -> None:
    settings.LAST_SEEN_RESOLUTION = datetime.timedelta(hours=2)

    client.patch(PROFILE, {"bio": "x"})

    assert seen(member) == AN_HOUR_AGO


def test_it_never_moves_back(client: APIClient, member: User) -> None:
    """Two processes, one of which read the user before the other wrote."""
    last_seen(member, NOW + datetime.timedelta(minutes=1))

    client.patch(PROFILE, {"bio": "x"})

    assert seen(member) == NOW + datetime.timedelta(minutes=1)


def test_a_failed_sign_in_in_ones_name_moves_nothing(client: APIClient, member: User, anonymous: APIClient) -> None:
    anonymous.post(LOGIN, {"email": member.email, "password": "wrong"})

    assert seen(member) == AN_HOUR_AGO


def test_an_anonymous_page_view_asks_for_no_user(db: None, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert Client().get("/sign-in/").status_code == 200
