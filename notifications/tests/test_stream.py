"""The event stream, as a process of its own on a real Redis and Postgres: who is let in, what is told, and its end."""

import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from django.db import transaction
from django.test import Client
from rest_framework.test import APIClient

from accounts import services as accounts
from accounts.models import User
from accounts.tests.conftest import LOGOUT
from conftest import PASSWORD
from notifications import announcements, services
from notifications.changes import inbox_changed
from notifications.tests.helpers import API, tell
from notifications.tests.streams import PATH, TICKET, Event, StreamProcess, Watcher, running, ticket
from tenants import services as tenants
from tenants.models import Tenant

ClientOf = Callable[[User], APIClient]
RECENT = API + "recent/"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def shared(django_db_setup: None) -> Iterator[StreamProcess]:
    """One process for all that does not harm it."""
    with running() as process:
        yield process


@pytest.fixture
def stream(shared: StreamProcess) -> Iterator[StreamProcess]:
    yield shared
    shared.hang_up()


def begin(stream: StreamProcess, client: APIClient) -> tuple[Watcher, str]:
    """A stream that has said where it begins, and the id that it gave that."""
    watcher = stream.watch(client)
    first = watcher.next()
    assert (first.name, first.data["reason"]) == ("poll", "opened")
    return watcher, first.id


def page_of(user: User) -> Client:
    client = Client()
    reply = client.post("/sign-in/", {"username": user.email, "password": PASSWORD})
    assert reply.status_code == 302
    return client


def cookie(client: Client) -> str:
    return f"sessionid={client.cookies['sessionid'].value}"


# --- What is told ------------------------------------------------------------------------------------------------


def test_a_change_is_told_and_the_poll_knows_of_it_then(
    stream: StreamProcess, client_of: ClientOf, member: User
) -> None:
    client = client_of(member)
    watcher, _ = begin(stream, client)
    with watcher:
        etag = client.get(RECENT)["ETag"]
        for number in range(1, 4):
            tell(member)
            event = watcher.next()
            assert (event.name, event.data) == ("inbox", {"version": event.id, "within": 0})
            reply = client.get(RECENT, HTTP_IF_NONE_MATCH=etag)
            assert (reply.status_code, reply.json()["unread_count"]) == (200, number)
            etag = reply["ETag"]


def test_every_kind_of_change_is_told(stream: StreamProcess, client_of: ClientOf, member: User, admin: User) -> None:
    watcher, _ = begin(stream, client_of(member))
    note = tell(member)
    services.mark_all_read(user=member)
    announcements.announce(author=admin, title="Hi", message="You", audience="everyone")
    services.delete(user=member, notification_id=note.pk)
    with watcher:
        assert [watcher.next().name for _ in range(4)] == 4 * ["inbox"]


def test_nobody_is_told_of_anothers_inbox(
    stream: StreamProcess, client_of: ClientOf, member: User, owner: User, outsider: User
) -> None:
    watcher, _ = begin(stream, client_of(member))
    tell(owner)
    tell(outsider)
    tell(member)
    with watcher:
        assert watcher.next().name == "inbox"
        watcher.beats(2)


def test_what_is_rolled_back_is_not_told(stream: StreamProcess, client_of: ClientOf, member: User) -> None:
    watcher, _ = begin(stream, client_of(member))
    with transaction.atomic():
        tell(member)
        transaction.set_rollback(True)
    with watcher:
        watcher.beats(2)


def test_a_change_is_one_round_trip_to_redis(
    client_of: ClientOf, member: User, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []
    real = redis.connection.AbstractConnection.send_packed_command

    def counting(self: Any, command: Any, **options: Any) -> Any:
        sent.append(command)
        return real(self, command, **options)  # type: ignore[no-untyped-call]

    tell(member)
    monkeypatch.setattr(redis.connection.AbstractConnection, "send_packed_command", counting)
    inbox_changed(user_ids=[member.pk, owner.pk])
    assert len(sent) == 1


def test_heartbeats_come_while_nothing_happens(stream: StreamProcess, client_of: ClientOf, member: User) -> None:
    watcher, _ = begin(stream, client_of(member))
    with watcher:
        watcher.beats(3)
    assert 1000 <= (watcher.retry or 0) <= 3005


def test_the_headers_keep_proxies_and_caches_out_of_it(
    stream: StreamProcess, client_of: ClientOf, member: User
) -> None:
    with stream.watch(client_of(member), headers={"X-Request-ID": "mine"}) as watcher:
        assert watcher.headers["content-type"] == "text/event-stream"
        assert watcher.headers["cache-control"] == "private, no-store"
        assert watcher.headers["x-accel-buffering"] == "no"
        assert watcher.headers["x-request-id"] == "mine"


# --- Coming back -------------------------------------------------------------------------------------------------


def test_what_was_missed_is_told_in_order(stream: StreamProcess, client_of: ClientOf, member: User) -> None:
    client = client_of(member)
    watcher, _ = begin(stream, client)
    with watcher:
        tell(member)
        last = watcher.next().id
    with stream.watch(client, since=last) as again:
        again.beats(1)  # nothing was missed
    versions = []
    for _ in range(3):
        tell(member)
        versions.append(version_of(member))
    with stream.watch(client, since=last) as again:
        assert [again.next() for _ in range(3)] == [
            Event("inbox", {"version": version, "within": 0}, version) for version in versions
        ]
        tell(member)
        assert again.next().id == version_of(member)


def test_nothing_is_missed_by_whoever_was_away_before_anything_happened(
    stream: StreamProcess, client_of: ClientOf, member: User
) -> None:
    client = client_of(member)
    watcher, opened = begin(stream, client)
    watcher.link.close()
    with stream.watch(client, since=opened) as again:
        again.beats(1)


def test_an_id_may_stand_in_the_address(stream: StreamProcess, client_of: ClientOf, member: User) -> None:
    client = client_of(member)
    watcher, opened = begin(stream, client)
    watcher.link.close()
    with stream.ask(f"{PATH}?ticket={ticket(client)}&last_event_id={opened}") as again:
        again.beats(1)


@pytest.mark.parametrize("unknown", ["0123456789abcdef", "x", "9" * 3000, "\xff", "1764054000000-0"])
def test_who_comes_back_with_what_is_not_known_polls_once(
    stream: StreamProcess, client_of: ClientOf, member: User, unknown: str
) -> None:
    tell(member)
    with stream.watch(client_of(member), since=unknown) as watcher:
        assert watcher.next() == Event("poll", {"reason": "opened", "within": 0}, version_of(member))


def test_who_missed_more_than_is_kept_polls_once(stream: StreamProcess, client_of: ClientOf, member: User) -> None:
    client = client_of(member)
    watcher, _ = begin(stream, client)
    with watcher:
        tell(member)
        last = watcher.next().id
    for _ in range(32):
        tell(member)
    with stream.watch(client, since=last) as again:
        assert again.next().name == "poll"
    with redis.Redis.from_url(django_settings.REDIS_URL) as store:
        assert store.xlen(f"events:{member.pk}") == 32
        assert 0 < store.ttl(f"events:{member.pk}") <= 900


def test_who_does_not_watch_leaves_nothing_to_be_kept(client_of: ClientOf, member: User) -> None:
    tell(member)
    with redis.Redis.from_url(django_settings.REDIS_URL) as store:
        assert store.keys("events:*") == []


def test_a_gap_is_not_taken_for_nothing(stream: StreamProcess, client_of: ClientOf, member: User) -> None:
    client = client_of(member)
    watcher, _ = begin(stream, client)
    with watcher:
        tell(member)
        last = watcher.next().id
    with redis.Redis.from_url(django_settings.REDIS_URL) as store:
        kept = store.xrange(f"events:{member.pk}")
        store.delete(f"events:{member.pk}")
        tell(member)  # nobody keeps it
        for key, fields in kept:
            store.xadd(f"events:{member.pk}", fields, id=key)
    with stream.watch(client, since=last) as again:
        assert again.next().name == "poll"


def version_of(user: User) -> str:
    with redis.Redis.from_url(django_settings.REDIS_URL) as store:
        version = store.get(f"inbox:{user.pk}")
    assert isinstance(version, bytes)
    return version.decode()


# --- Who is let in -----------------------------------------------------------------------------------------------


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


# --- The way there -----------------------------------------------------------------------------------------------


def test_the_poll_says_where_the_stream_is(client_of: ClientOf, member: User) -> None:
    client = client_of(member)
    for _ in range(2):
        reply = client.get(RECENT)
        assert reply["Link"] == f'<{PATH}>; rel="stream"'
    assert client.get(RECENT, HTTP_IF_NONE_MATCH=reply["ETag"])["Link"] == reply["Link"]


@pytest.mark.parametrize("query", ["", "?ticket=a&last_event_id=b%26"])
def test_without_a_proxy_the_web_process_sends_on(
    client_of: ClientOf, member: User, settings: Any, query: str
) -> None:
    settings.STREAM_PORT = 8123
    settings.ALLOWED_HOSTS = ["bell.example.com", "[::1]"]
    client = client_of(member)
    for host, name in (("bell.example.com:8000", "bell.example.com"), ("[::1]:8000", "[::1]")):
        reply = client.get(PATH + query, HTTP_ACCEPT="text/event-stream", HTTP_HOST=host)
        assert (reply.status_code, reply["Location"]) == (307, f"http://{name}:8123{PATH}{query}")
    settings.STREAM_URL = "https://stream.example.com/there/"
    assert client.get(PATH + query, HTTP_HOST="bell.example.com")["Location"] == f"{settings.STREAM_URL}{query}"


def test_the_web_process_leaves_tickets_alone_and_refuses_everybody_else(
    stream: StreamProcess, client_of: ClientOf, member: User, anonymous: APIClient
) -> None:
    one = ticket(client_of(member))
    assert anonymous.get(f"{PATH}?ticket={one}").status_code == 307
    with stream.ask(f"{PATH}?ticket={one}") as watcher:
        assert watcher.status == 200
    reply = anonymous.get(PATH, HTTP_ACCEPT="text/event-stream")
    assert (reply.status_code, reply["Content-Type"]) == (401, "application/problem+json")


def test_the_tickets_reply(client_of: ClientOf, member: User) -> None:
    body = client_of(member).post(TICKET).json()
    assert body == {
        "success": True,
        "ticket": body["ticket"],
        "url": f"{PATH}?ticket={body['ticket']}",
        "expires_in": 30,
    }
    assert re.fullmatch(r"[\w-]{32}", body["ticket"])


def test_a_tab_that_watches_is_nobody_who_acts(client_of: ClientOf, member: User) -> None:
    client = client_of(member)
    User.objects.update(last_seen_at=None)
    ticket(client)
    member.refresh_from_db()
    assert member.last_seen_at is None


def test_a_page_without_its_csrf_token_gets_no_ticket(member: User) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(member)
    assert client.post(TICKET).status_code == 403
