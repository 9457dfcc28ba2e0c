"""The poll's short way: what Redis vouches for, and that it is never older than Postgres."""

import datetime
import json
from collections.abc import Callable
from typing import Any

import pytest
import redis
import time_machine
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from accounts import services as accounts
from accounts.models import SignIn, User
from accounts.tokens import SessionRefreshToken
from notifications import announcements, poll, poll_store
from notifications.models import MissedChange, Notification
from notifications.tests.helpers import API, fresh, problem, see, tell
from tenants import services as tenants
from tenants.models import Tenant

RECENT = API + "recent/"
ClientOf = Callable[[User], APIClient]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def warm(client_of: ClientOf, member: User) -> APIClient:
    """A member whose inbox is stored."""
    client = client_of(member)
    assert client.get(RECENT).status_code == 200
    return client


# --- One body, made two ways -------------------------------------------------------------------------------------


@pytest.mark.parametrize("prepared", [True, False])
def test_the_body_is_the_serializers(member: User, tenant: Tenant, settings: Settings, prepared: bool) -> None:
    settings.PREPARED_STATEMENTS = prepared
    moment = datetime.datetime(2026, 3, 1, 23, 59, 59, 999_999, tzinfo=datetime.UTC)
    tell(member, 'Quotes " and \\ and </script>', message="Zażółć 😀\n\ttabs\u2028", tenant=tenant)
    tell(member, data={"a": [1, 2.5, None, True, {"b": "é\u0001"}], "": "x"}, priority="critical")
    tell(member, created_at=moment, updated_at=moment, read_at=moment, status="read")
    tell(member, expires_at=timezone.now() + datetime.timedelta(days=400), action_text="Go", action_url="/x?a=1&b=2")
    for days in (0.01, 0.5, 3, 9, 28, 29, 45, 800):
        tell(member, created_at=timezone.now() - datetime.timedelta(days=days))
    for limit in (1, 10, 50):
        with time_machine.travel(timezone.now(), tick=False):
            body = poll.compute(user_id=str(member.pk), tenant_id=str(tenant.pk), limit=limit)
            assert json.loads(body.content) == fresh(member, limit=limit)


def test_the_viewset_and_the_short_way_answer_alike(client_of: ClientOf, member: User) -> None:
    tell(member)
    client = client_of(member)
    long_way, short_way = client.get(RECENT), client.get(RECENT)
    assert long_way.content == short_way.content
    for name in ("ETag", "Cache-Control", "Vary", "X-Poll-Interval", "X-Inbox", "Content-Type"):
        assert long_way[name] == short_way[name], name
    unchanged = client.get(RECENT, HTTP_IF_NONE_MATCH=short_way["ETag"])
    assert (unchanged.status_code, unchanged["X-Inbox"]) == (304, short_way["X-Inbox"])


def test_every_reply_says_whose_inbox_it_is_and_not_who_that_is(
    client_of: ClientOf, member: User, outsider: User, tenant: Tenant, other_tenant: Tenant
) -> None:
    tenants.add_member(tenant=other_tenant, user=member)
    by_page = Client()
    by_page.force_login(member)
    here = {client.get(RECENT)["X-Inbox"] for client in (client_of(member), client_of(member), by_page)}
    assert len(here) == 1  # of every session, token or cookie
    tenants.switch_tenant(user=member, tenant_id=other_tenant.pk)
    there, another = client_of(member).get(RECENT)["X-Inbox"], client_of(outsider).get(RECENT)["X-Inbox"]
    assert len({*here, there, another}) == 3
    tenants.switch_tenant(user=member, tenant_id=tenant.pk)
    assert {client_of(member).get(RECENT)["X-Inbox"]} == here
    assert member.pk.hex not in there


# --- What it costs -----------------------------------------------------------------------------------------------


def test_an_unchanged_poll_touches_no_table_and_makes_one_round_trip(
    warm: APIClient, django_assert_num_queries: DjangoAssertNumQueries, sent_to_redis: list[Any]
) -> None:
    warm.get(RECENT)  # the script is known to the server from here on
    sent_to_redis.clear()
    with django_assert_num_queries(0):
        stored = warm.get(RECENT)
        same = warm.get(RECENT, HTTP_IF_NONE_MATCH=stored["ETag"])
    assert (stored.status_code, same.status_code, same.content) == (200, 304, b"")
    assert len(sent_to_redis) == 2


def test_a_changed_inbox_costs_one_query(
    warm: APIClient, member: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    tell(member)
    with django_assert_num_queries(1):
        assert warm.get(RECENT).json()["unread_count"] == 1
    with django_assert_num_queries(0):
        assert warm.get(RECENT).json()["unread_count"] == 1


def test_the_query_is_its_own_check_of_the_connection(
    warm: APIClient, member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(member)
    connection.health_check_done = False  # type: ignore[attr-defined] # as at the start of every request
    monkeypatch.setattr(connection, "is_usable", lambda: pytest.fail("Postgres was asked twice"))
    assert warm.get(RECENT).json()["unread_count"] == 1


def test_a_connection_that_postgres_ended_is_replaced(warm: APIClient, member: User) -> None:
    tell(member)
    connection.ensure_connection()
    ended = connection.connection.info.backend_pid
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [ended])
    other.close()
    assert warm.get(RECENT).json()["unread_count"] == 1
    assert connection.connection.info.backend_pid != ended


def test_a_page_with_a_session_cookie_is_answered_too(member: User, anonymous: APIClient) -> None:
    tell(member)
    anonymous.force_login(member)
    first = anonymous.get(RECENT)
    assert first.json()["unread_count"] == 1
    assert anonymous.get(RECENT, HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 304


# --- Whoever may no longer see it --------------------------------------------------------------------------------


def test_signing_out_ends_polls_at_once(member: User) -> None:
    session = accounts.record_success(user=member, method=SignIn.Method.TOKEN, address=None, user_agent="")
    tokens = SessionRefreshToken.for_session(session).pair()
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens['access']}")
    assert [client.get(RECENT).status_code for _ in range(2)] == [200, 200]
    APIClient().post("/api/auth/logout/", {"refresh": tokens["refresh"]})
    assert client.get(RECENT).status_code == 401


def test_deactivating_ends_polls_at_once(warm: APIClient, member: User) -> None:
    member.is_active = False
    member.save()
    assert warm.get(RECENT).status_code == 401


def test_deleting_ends_polls_at_once(warm: APIClient, member: User) -> None:
    member.delete()
    assert warm.get(RECENT).status_code == 401


def test_a_new_password_ends_polls_at_once(warm: APIClient, member: User) -> None:
    member.set_password("another battery staple")
    member.save()
    assert warm.get(RECENT).status_code == 401


def test_switching_the_tenant_shows_the_other_inbox_at_once(
    warm: APIClient, member: User, tenant: Tenant, other_tenant: Tenant
) -> None:
    tell(member, "of the first", tenant=tenant)
    tenants.add_member(tenant=other_tenant, user=member)
    assert warm.get(RECENT).json()["unread_count"] == 1
    tenants.switch_tenant(user=member, tenant_id=other_tenant.pk)
    assert warm.get(RECENT).json() == {"success": True, "notifications": [], "unread_count": 0}


@pytest.mark.parametrize("column", ["tenant", "incident", "announcement"])
def test_what_a_notification_belongs_to_takes_it_out_of_the_inbox_at_once(
    column: str, warm: APIClient, member: User, tenant: Tenant
) -> None:
    told = tell(member, tenant=tenant)
    announced = announcements.announce(author=member, title="Hi", message="You", audience="admins")
    belongs = {"tenant": tenant, "incident": see(problem()), "announcement": announced}
    Notification.objects.filter(pk=told.pk).update(**{column: belongs[column]})
    assert warm.get(RECENT).json()["unread_count"] == 1
    belongs[column].delete()
    assert warm.get(RECENT).json() == fresh(member)


def test_a_session_that_ends_while_it_is_being_vouched_for_is_not_remembered(
    client_of: ClientOf, member: User
) -> None:
    client = client_of(member)
    marks = poll_store.marks(user=str(member.pk))
    session = SignIn.objects.get(user=member)
    accounts.end_session(session_id=str(session.pk), because="signed out")  # after Postgres was asked, before the note
    poll_store.vouch(session=str(session.pk), tenant="", epoch=marks.epoch)
    assert client.get(RECENT).status_code == 401


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é"])
def test_a_token_that_is_none_is_401(token: str, anonymous: APIClient) -> None:
    anonymous.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert anonymous.get(RECENT).status_code == 401


def test_a_refresh_token_is_no_access_token(warm: APIClient, member: User) -> None:
    session = SignIn.objects.get(user=member)
    warm.credentials(HTTP_AUTHORIZATION=f"Bearer {SessionRefreshToken.for_session(session)}")
    assert warm.get(RECENT).status_code == 401


def test_an_expired_token_is_401_although_its_session_is_vouched_for(warm: APIClient) -> None:
    with time_machine.travel(timezone.now() + datetime.timedelta(minutes=16)):
        assert warm.get(RECENT).status_code == 401


# --- Without Redis, and with one that forgot ---------------------------------------------------------------------


def test_without_redis_the_answers_are_the_same(warm: APIClient, member: User, settings: Settings) -> None:
    tell(member)
    before = warm.get(RECENT)
    settings.REDIS_URL = "redis://127.0.0.1:1"
    without = warm.get(RECENT)
    assert (without.status_code, without.content) == (200, before.content)
    assert warm.get(RECENT, HTTP_IF_NONE_MATCH=before["ETag"]).status_code == 304


def test_a_redis_that_lost_everything_serves_nothing_old(warm: APIClient, member: User) -> None:
    etag = warm.get(RECENT)["ETag"]
    Notification.objects.create(recipient=member, kind="x", notification_type="info", title="Unannounced", message="")
    with redis.Redis.from_url(django_settings.REDIS_URL) as server:
        server.flushdb()
    answer = warm.get(RECENT, HTTP_IF_NONE_MATCH=etag)
    assert (answer.status_code, answer.json()["unread_count"]) == (200, 1)


def test_a_change_that_redis_did_not_hear_of_is_made_up_for(warm: APIClient, member: User, settings: Settings) -> None:
    there = settings.REDIS_URL
    settings.REDIS_URL = "redis://127.0.0.1:1"
    tell(member)
    assert list(MissedChange.objects.values_list("user_id", flat=True)) == [member.pk]
    with pytest.raises(redis.RedisError):
        poll_store.make_up_for_missed()
    assert MissedChange.objects.count() == 1

    settings.REDIS_URL = there
    assert poll_store.make_up_for_missed() == 1
    assert warm.get(RECENT).json()["unread_count"] == 1
    assert not MissedChange.objects.exists()


# --- How often ---------------------------------------------------------------------------------------------------


def test_one_person_who_polls_without_end_is_asked_to_wait_and_costs_no_query(
    warm: APIClient, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.POLLS_PER_MINUTE = 3
    with time_machine.travel((timezone.now() + datetime.timedelta(minutes=1)).replace(second=20), tick=False):
        assert [warm.get(RECENT).status_code for _ in range(4)] == [200, 200, 200, 429]
        refused = warm.get(RECENT)
        with django_assert_num_queries(0):
            warm.get(RECENT)
    assert 1 <= int(refused["Retry-After"]) <= 40
    assert refused.json()["code"] == "throttled"


def test_the_interval_grows_with_the_load_up_to_tenfold(settings: Settings) -> None:
    settings.POLL_INTERVAL_SECONDS, settings.POLLS_PER_SECOND = 30, 100
    assert [poll.interval(load) for load in (0, 1000, 1001, 2500, 10**9)] == [30, 30, 60, 90, 300]


def test_the_load_of_the_window_before_decides(warm: APIClient, settings: Settings) -> None:
    settings.POLLS_PER_SECOND = 1
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        for _ in range(11):
            warm.get(RECENT)
    with time_machine.travel(now + datetime.timedelta(seconds=10), tick=False):
        assert warm.get(RECENT)["X-Poll-Interval"] == str(2 * settings.POLL_INTERVAL_SECONDS)
