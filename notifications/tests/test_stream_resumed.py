"""Whoever comes back to the event stream is told what was missed, or to poll once."""

from collections.abc import Callable

import pytest
import redis
from django.conf import settings as django_settings
from rest_framework.test import APIClient

from accounts.models import User
from notifications.tests.helpers import tell
from notifications.tests.streams import (
    PATH,
    Event,
    StreamProcess,
    begin,
    ticket,
)

ClientOf = Callable[[User], APIClient]
pytestmark = pytest.mark.django_db(transaction=True)


def version_of(user: User) -> str:
    with redis.Redis.from_url(django_settings.REDIS_URL) as store:
        version = store.get(f"inbox:{user.pk}")
    assert isinstance(version, bytes)
    return version.decode()


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
