"""The event stream, as a process of its own on a real Redis and Postgres: what is told, and the way there."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import redis
from django.db import transaction
from rest_framework.test import APIClient

from accounts.models import User
from notifications import announcements, services
from notifications.changes import inbox_changed
from notifications.tests.helpers import API, tell
from notifications.tests.streams import (
    PATH,
    TICKET,
    StreamProcess,
    begin,
    ticket,
)

ClientOf = Callable[[User], APIClient]
RECENT = API + "recent/"
pytestmark = pytest.mark.django_db(transaction=True)


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
