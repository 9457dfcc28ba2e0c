"""What happens to the stream's process, and to what it stands on: signals, kills, a Redis that goes, readers that do
not read."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis
from django.conf import settings
from rest_framework.test import APIClient

from accounts import services as accounts
from accounts.models import User
from config import embedded
from notifications import poll_store
from notifications.stream import server
from notifications.tests.helpers import tell
from notifications.tests.streams import PATH, PATIENCE, StreamProcess, Watcher, begin, running, ticket

ClientOf = Callable[[User], APIClient]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def valkey(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[embedded.Valkey]:
    """One of this test's own, to be stopped and frozen."""
    where = embedded.places(tmp_path)
    own = embedded.Valkey(where)
    own.start()
    monkeypatch.setattr(settings, "REDIS_URL", where.redis_url)
    yield own
    if own.process is not None:
        own.process.send_signal(signal.SIGCONT)
    own.stop()
    embedded.remove_private_folders(where)


@pytest.fixture
def stream() -> Iterator[StreamProcess]:
    with running() as process:
        yield process


def told_by(watcher: Watcher, name: str) -> Any:
    """The next event of this name, whatever comes before it."""
    while (event := watcher.next()).name != name:
        pass
    return event


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_told_to_end_it_says_goodbye_and_when_to_come_back(
    stream: StreamProcess, client_of: ClientOf, member: User
) -> None:
    client = client_of(member)
    watchers = [begin(stream, client)[0] for _ in range(8)]
    stream.send(signal.SIGTERM)
    returns = set()
    for watcher in watchers:
        with watcher:
            (event,) = watcher.rest()
            assert (event.name, event.data["reason"]) == ("bye", "shutdown")
            assert watcher.retry == event.data["retry"]
            assert 1000 <= event.data["retry"] <= 3040
            returns.add(event.data["retry"])
    assert len(returns) > 1
    assert stream.process is not None
    stream.process.wait(PATIENCE)


def test_killed_and_started_again_nothing_is_lost(client_of: ClientOf, member: User) -> None:
    client = client_of(member)
    with running() as stream:
        watcher, _ = begin(stream, client)
        tell(member)
        last = watcher.next().id
        stream.send(signal.SIGKILL)
        assert watcher.rest() == []
        tell(member)
        tell(member)
        stream.process.wait(PATIENCE)  # type: ignore[union-attr]
        stream.start()
        with stream.watch(client, since=last) as again:
            assert [again.next().name for _ in range(2)] == ["inbox", "inbox"]
            again.beats(1)


def test_a_redis_that_is_started_again_is_found_again(
    valkey: embedded.Valkey, stream: StreamProcess, client_of: ClientOf, member: User
) -> None:
    client = client_of(member)
    watcher, _ = begin(stream, client)
    with watcher:
        valkey.stop()
        assert told_by(watcher, "poll").data["reason"] == "unavailable"
        with stream.ask(f"{PATH}?ticket=any") as refused:
            assert (refused.status, refused.body()["code"]) == (503, "unavailable")
            assert refused.headers["retry-after"] == "5"
        valkey.start()
        assert told_by(watcher, "poll").data["reason"] == "resumed"
        wait_until(lambda: _reached(member, watcher))


def _reached(user: User, watcher: Watcher) -> bool:
    """A change is told, once the web process asks Redis again as well."""
    with redis.Redis.from_url(settings.REDIS_URL) as store:
        before = store.get(f"inbox:{user.pk}")
        tell(user)
        moved: bool = store.get(f"inbox:{user.pk}") != before
        return moved and told_by(watcher, "inbox").name == "inbox"


def test_a_session_that_ended_while_redis_was_away_ends_its_stream(
    valkey: embedded.Valkey, stream: StreamProcess, client_of: ClientOf, member: User, owner: User
) -> None:
    ended, _ = begin(stream, client_of(member))
    stays, _ = begin(stream, client_of(owner))
    with ended, stays:
        valkey.stop()
        told_by(stays, "poll")
        accounts.end_sessions(user=member, because="signed out")
        valkey.start()
        assert [event.name for event in ended.rest()] == ["poll", "bye"]
        assert told_by(stays, "poll").data["reason"] == "resumed"


def test_a_redis_that_is_frozen_is_taken_for_lost(
    valkey: embedded.Valkey, stream: StreamProcess, client_of: ClientOf, member: User
) -> None:
    watcher, _ = begin(stream, client_of(member))
    with watcher:
        assert valkey.process is not None
        valkey.process.send_signal(signal.SIGSTOP)
        assert told_by(watcher, "poll").data["reason"] == "unavailable"
        valkey.process.send_signal(signal.SIGCONT)
        assert told_by(watcher, "poll").data["reason"] == "resumed"


def test_who_does_not_read_is_dropped_and_costs_the_others_nothing(
    stream: StreamProcess, client_of: ClientOf, member: User
) -> None:
    assert stream.process is not None
    process = psutil.Process(stream.process.pid)
    client = client_of(member)
    slow, _ = begin(stream, client, receive_buffer=2048)
    quick, _ = begin(stream, client)
    with slow, quick:
        files, memory = process.num_fds(), process.memory_info().rss
        for _ in range(40):
            for _ in range(100):
                poll_store.forget(user_ids=[member.pk])
            for _ in range(100):
                assert quick.next().name == "inbox"
        assert len(slow.rest()) < 4000  # what lay in buffers, and then the end
        wait_until(lambda: process.num_fds() < files)
        assert process.memory_info().rss - memory < 4_000_000


def test_who_neither_reads_nor_answers_is_given_up_by_the_kernel(stream: StreamProcess) -> None:
    """Its sockets have what the listening one was given: a bound on what lies unread, and on how long."""
    with server.listening("127.0.0.1", 0) as link:
        client = socket.create_connection(link.getsockname())
        taken, _ = link.accept()
        with client, taken:
            assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000
            assert taken.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) == 2 * 16_384


def test_it_takes_no_more_than_it_may_have_files(client_of: ClientOf, member: User) -> None:
    with running(files=203) as stream:
        client = client_of(member)
        for _ in range(3):
            begin(stream, client)
        with stream.ask(f"{PATH}?ticket={ticket(client)}") as refused:
            assert refused.status == 503


def test_what_it_does_not_understand_is_taken_for_something_missed(
    stream: StreamProcess, client_of: ClientOf, member: User
) -> None:
    watcher, _ = begin(stream, client_of(member))
    with watcher, redis.Redis.from_url(settings.REDIS_URL) as store:
        store.publish(poll_store.CHANNEL, b"\xff")
        assert [watcher.next().data["reason"] for _ in range(2)] == ["unavailable", "resumed"]
        tell(member)
        assert watcher.next().name == "inbox"


def test_leaving_leaves_nothing(stream: StreamProcess, client_of: ClientOf, member: User) -> None:
    assert stream.process is not None
    process = psutil.Process(stream.process.pid)
    client = client_of(member)
    kept, _ = begin(stream, client)
    files = process.num_fds()
    for _ in range(3):
        some = [begin(stream, client)[0] for _ in range(5)]
        for watcher in some:
            watcher.link.close()
    with kept:
        wait_until(lambda: process.num_fds() <= files)


def test_a_port_that_is_taken_is_one_line(stream: StreamProcess) -> None:
    command = [sys.executable, "manage.py", "stream", "--port", str(stream.port)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ, timeout=60)
    assert done.returncode == 1
    assert done.stderr.strip().endswith(f"Cannot listen at 127.0.0.1:{stream.port}: Address already in use")
