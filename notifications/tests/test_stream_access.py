"""Who is let in to the event stream, from which pages, and what ends it."""

import threading
from collections.abc import Callable

import pytest
import redis
from django.conf import settings as django_settings
from rest_framework.test import APIClient

from accounts import services as accounts
from accounts.models import User
from accounts.tests.conftest import LOGOUT
from conftest import PASSWORD
from notifications.tests.helpers import tell
from notifications.tests.streams import (
    PATH,
    StreamProcess,
    begin,
    cookie,
    page_of,
    running,
    ticket,
)
from tenants import services as tenants
from tenants.models import Tenant

ClientOf = Callable[[User], APIClient]
pytestmark = pytest.mark.django_db(transaction=True)


def test_a_page_is_let_in_by_its_cookie(stream: StreamProcess, member: User) -> None:
    page = page_of(member)
    for _ in range(2):  # by Postgres, and by what it vouched for
        with stream.ask(headers={"Cookie": cookie(page)}) as watcher:
            assert watcher.status == 200
            assert watcher.next().name == "poll"
            tell(member)
            assert watcher.next().name == "inbox"


def test_a_ticket_works_once(stream: StreamProcess, client_of: ClientOf, member: User) -> None:
    one = ticket(client_of(member))
    answers: list[int] = []

    def use() -> None:
        with stream.ask(f"{PATH}?ticket={one}") as watcher:
            answers.append(watcher.status)

    together = [threading.Thread(target=use) for _ in range(8)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    assert sorted(answers) == [200, *7 * [401]]


def test_a_ticket_is_kept_only_for_a_while_and_not_as_it_is(client_of: ClientOf, member: User) -> None:
    one = ticket(client_of(member))
    with redis.Redis.from_url(django_settings.REDIS_URL) as store:
        (key,) = store.keys("ticket:*")
        assert 0 < store.ttl(key) <= 30
        assert one not in key.decode()


def sign_out(client: APIClient, user: User) -> None:
    accounts.end_sessions(user=user, because="signed out")


def deactivate(client: APIClient, user: User) -> None:
    user.is_active = False
    user.save()


def change_password(client: APIClient, user: User) -> None:
    user.set_password("another horse battery staple")
    user.save()
    accounts.end_sessions(user=user, because="password changed")


def promote(client: APIClient, user: User) -> None:
    user.is_staff = not user.is_staff
    user.save()


def move_elsewhere(client: APIClient, user: User) -> None:
    other = Tenant.objects.create(name="Initech", slug="initech")
    tenants.add_member(tenant=other, user=user)
    reply = client.post("/api/tenants/switch/", {"tenant_id": str(other.pk)})
    assert reply.status_code == 200


def delete(client: APIClient, user: User) -> None:
    user.delete()


ENDINGS = [sign_out, deactivate, change_password, promote, move_elsewhere, delete]


@pytest.mark.parametrize("change", ENDINGS)
def test_a_ticket_ends_with_what_it_stands_for(
    stream: StreamProcess, client_of: ClientOf, member: User, change: Callable[[APIClient, User], None]
) -> None:
    client = client_of(member)
    one = ticket(client)
    change(client, member)
    with stream.ask(f"{PATH}?ticket={one}") as watcher:
        assert (watcher.status, watcher.body()["code"]) == (401, "ticket_not_valid")


def test_a_ticket_outlives_what_changes_nothing_about_it(
    stream: StreamProcess, client_of: ClientOf, member: User
) -> None:
    client = client_of(member)
    one = ticket(client)
    client.patch("/api/auth/profile/", {"first_name": "Minnie"})
    with stream.ask(f"{PATH}?ticket={one}") as watcher:
        assert watcher.status == 200


@pytest.mark.parametrize(
    ("path", "headers", "status", "code"),
    [
        (PATH, {}, 401, "not_authenticated"),
        (PATH, {"Cookie": "sessionid=nonsense"}, 401, "session_ended"),
        (PATH, {"Cookie": "sessionid="}, 401, "not_authenticated"),
        (PATH, {"Cookie": "=;;;\xff\x01"}, 401, "not_authenticated"),
        (PATH, {"Authorization": "Bearer x"}, 401, "not_authenticated"),
        (f"{PATH}?ticket=nonsense", {}, 401, "ticket_not_valid"),
        (f"{PATH}?ticket=%00%ff", {}, 401, "ticket_not_valid"),
        (f"{PATH}?ticket=", {}, 401, "not_authenticated"),
        (f"{PATH}?ticket=a&ticket=b", {}, 400, "invalid"),
        (f"{PATH}?last_event_id=a&last_event_id=b", {}, 400, "invalid"),
        ("/api/notifications/recent/", {}, 404, "not_found"),
        (PATH, {"Host": "evil.example.com"}, 400, "bad_request"),
        (PATH, {"Host": ""}, 400, "bad_request"),
    ],
)
def test_refusals_have_the_one_shape(
    stream: StreamProcess, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    with stream.ask(path, headers=headers) as watcher:
        assert watcher.status == status
        assert watcher.headers["content-type"] == "application/problem+json"
        body = watcher.body()
    assert (body["status"], body["success"], body["code"], body["error"]) == (status, False, code, body["detail"])
    assert body["request_id"] == watcher.headers["x-request-id"]
    assert set(body) - {"errors"} == {
        "type", "title", "status", "detail", "success", "error", "code", "request_id"
    }  # fmt: skip
    assert (status == 401) == ("www-authenticate" in watcher.headers)
    assert (status == 400 and code == "invalid") == ("errors" in body)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD"])
def test_other_methods_are_refused(stream: StreamProcess, method: str) -> None:
    with stream.ask(method=method) as watcher:
        assert (watcher.status, watcher.headers["allow"]) == (405, "GET, OPTIONS")


def test_one_person_has_only_so_many(client_of: ClientOf, member: User, owner: User) -> None:
    with running(STREAMS_PER_PERSON="2", STREAM_CONNECTIONS="3") as stream:
        client = client_of(member)
        (first, _), (second, _) = begin(stream, client), begin(stream, client)
        with stream.ask(f"{PATH}?ticket={ticket(client)}") as third:
            assert (third.status, third.body()["code"]) == (429, "too_many_streams")
            assert "retry-after" in third.headers
        with stream.watch(client_of(owner)), stream.ask(f"{PATH}?ticket={ticket(client_of(owner))}") as fourth:
            assert (fourth.status, fourth.headers["retry-after"]) == (503, "5")
        first.link.close()
        second.beats(2)  # by now it has noticed
        with stream.watch(client):
            second.link.close()


# --- Other origins -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("origin", "allowed", "with_cookie"),
    [
        ("https://front.example.com", True, False),
        ("http://localhost:8000", True, True),
        ("https://localhost", True, True),
        ("https://evil.example.com", False, False),
        ("http://localhost.evil.example.com", False, False),
        ("null", False, False),
        ("http://[", False, False),
        ("", False, False),
    ],
)
def test_pages_of_other_origins_may_read_where_they_are_listed(
    stream: StreamProcess, client_of: ClientOf, member: User, origin: str, allowed: bool, with_cookie: bool
) -> None:
    headers = {"Origin": origin} if origin else {}
    page = page_of(member)
    refused = stream.ask(headers=headers)
    with refused, stream.watch(client_of(member), headers=headers) as by_ticket:
        for one in (refused, by_ticket):
            assert one.headers.get("access-control-allow-origin") == (origin if allowed else None)
            assert one.headers.get("access-control-allow-credentials") == ("true" if with_cookie else None)
            assert "Origin" in one.headers["vary"]
    with stream.ask(headers=headers | {"Cookie": cookie(page)}) as by_cookie:
        assert by_cookie.status == (200 if with_cookie or not origin else 403)
    with stream.ask(method="OPTIONS", headers=headers) as preflight:
        assert (preflight.status, preflight.headers.get("access-control-allow-origin")) == (
            204,
            origin if allowed else None,
        )


# --- What ends it ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", ENDINGS)
def test_it_ends_when_what_let_it_in_is_gone(
    stream: StreamProcess,
    client_of: ClientOf,
    member: User,
    owner: User,
    change: Callable[[APIClient, User], None],
) -> None:
    client = client_of(member)
    watcher, _ = begin(stream, client)
    bystander, _ = begin(stream, client_of(owner))
    with watcher, bystander:
        change(client, member)
        *before, last = watcher.rest()
        assert (last.name, last.data["reason"]) == ("bye", "access")
        assert {event.name for event in before} <= {"inbox"}  # joining a tenant is a change that lets one stay
        bystander.beats(1)


def test_signing_out_ends_the_streams_of_that_session_and_of_no_other(stream: StreamProcess, member: User) -> None:
    def session() -> tuple[APIClient, str]:
        client = APIClient()
        body = {"email": member.email, "password": PASSWORD}
        tokens = client.post("/api/auth/login/", body).json()["tokens"]
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens['access']}")
        return client, tokens["refresh"]

    (mine, refresh), (other, _) = session(), session()
    ended, _ = begin(stream, mine)
    stays, _ = begin(stream, other)
    with ended, stays:
        assert APIClient().post(LOGOUT, {"refresh": refresh}).status_code == 200
        assert [event.name for event in ended.rest()] == ["bye"]
        assert stays.next().name == "inbox"  # its version moved along
        tell(member)
        assert stays.next().name == "inbox"


def test_signing_out_of_a_page_ends_its_streams(stream: StreamProcess, member: User) -> None:
    page = page_of(member)
    with stream.ask(headers={"Cookie": cookie(page)}) as watcher:
        assert watcher.next().name == "poll"
        old = cookie(page)
        page.post("/sign-out/")
        assert [event.name for event in watcher.rest()] == ["bye"]
    with stream.ask(headers={"Cookie": old}) as again:
        assert again.status == 401


def test_nothing_is_told_between_a_revocation_and_its_end(
    stream: StreamProcess, client_of: ClientOf, member: User
) -> None:
    watcher, _ = begin(stream, client_of(member))
    with watcher:
        accounts.end_sessions(user=member, because="signed out")
        for _ in range(5):
            tell(member)
        assert [event.name for event in watcher.rest()] == ["bye"]
