"""How often anybody may call the API, and that nobody's calls use up somebody else's."""

import datetime
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
import time_machine
from pytest_django import Settings
from rest_framework.test import APIClient
from structlog.testing import capture_logs

from accounts import redis_link
from accounts.models import User
from accounts.tests.conftest import LOGOUT, PROFILE, REFRESH
from accounts.throttling import seconds_to_wait
from config.tests.test_exceptions import assert_problem
from notifications.tests.helpers import in_threads
from sms.providers.simulator import sign

ClientOf = Callable[[User], APIClient]
READ, WRITE, ADMINS_ONLY = PROFILE, "/api/notifications/mark-all-read/", "/api/notifications/templates/"
HERE, THERE = "10.6.6.6", "10.7.7.7"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """Stands still, one second before the minute is over."""
    with time_machine.travel("2026-03-01T09:29:59Z", tick=False) as coordinates:
        yield coordinates


@pytest.fixture(autouse=True)
def _limits(settings: Settings) -> None:
    settings.READS_PER_MINUTE, settings.WRITES_PER_MINUTE = 6, 3
    settings.ANONYMOUS_CALLS_PER_MINUTE, settings.CALLS_PER_MINUTE_AND_ADDRESS = 4, 1000


def reads(client: APIClient, count: int, **extra: Any) -> list[int]:
    return [client.get(READ, **extra).status_code for _ in range(count)]


def writes(client: APIClient, count: int, **extra: Any) -> list[int]:
    return [client.post(WRITE, {}, **extra).status_code for _ in range(count)]


# --- One person --------------------------------------------------------------------------------------------------


def test_after_the_limit_a_call_is_a_429_in_the_one_shape(client_of: ClientOf, member: User) -> None:
    client = client_of(member)
    assert reads(client, 6) == 6 * [200]
    response = client.get(READ)
    assert assert_problem(response, 429)["code"] == "throttled"
    assert response["Retry-After"] == "10"


def test_an_import_counts_as_twenty_writes_and_uses_up_nothing_else(
    client_of: ClientOf, member: User, owner: User, settings: Settings
) -> None:
    settings.WRITES_PER_MINUTE = 60
    client = client_of(member)

    def imports(client: APIClient) -> int:
        path = "/api/sms/contacts/import/?dry_run=true"
        return client.generic("POST", path, "0754123456,Asha", content_type="text/csv").status_code

    assert [imports(client) for _ in range(4)] == [200, 200, 200, 429]
    assert writes(client, 5) == 5 * [200]
    assert imports(client_of(owner)) == 200


def test_retry_after_is_true(client_of: ClientOf, member: User, clock: time_machine.Traveller) -> None:
    client = client_of(member)
    reads(client, 6)
    clock.shift(2.5)
    refused = client.get(READ)
    assert refused["Retry-After"] == "8"  # 7.5, and whoever comes back a moment too early is sent away again
    clock.shift(7)
    assert reads(client, 1) == [429]
    clock.shift(int(refused["Retry-After"]) - 7)
    assert reads(client, 2) == [200, 429]


def test_asking_before_it_is_time_postpones_nothing(
    client_of: ClientOf, member: User, clock: time_machine.Traveller
) -> None:
    client = client_of(member)
    assert reads(client, 30).count(200) == 6
    assert client.get(READ)["Retry-After"] == "10"
    clock.shift(10)
    assert reads(client, 2) == [200, 429]


def test_a_new_minute_brings_no_second_burst(client_of: ClientOf, member: User, clock: time_machine.Traveller) -> None:
    client = client_of(member)
    assert reads(client, 6) == 6 * [200]
    clock.shift(2)
    assert reads(client, 6) == 6 * [429]


def test_a_pause_is_saved_up_to_one_minute_and_no_further(
    client_of: ClientOf, member: User, clock: time_machine.Traveller
) -> None:
    client = client_of(member)
    reads(client, 6)
    clock.shift(600)
    assert reads(client, 7) == [*6 * [200], 429]


def test_writes_are_dearer_and_counted_apart(client_of: ClientOf, member: User) -> None:
    client = client_of(member)
    assert writes(client, 4) == [200, 200, 200, 429]
    assert client.post(WRITE)["Retry-After"] == "20"
    assert reads(client, 6) == 6 * [200]


def test_every_session_of_a_person_counts(client_of: ClientOf, member: User) -> None:
    assert reads(client_of(member), 3) + reads(client_of(member), 4) == [*6 * [200], 429]


def test_nobody_starves_somebody_else_at_the_same_address(
    client_of: ClientOf, member: User, owner: User, anonymous: APIClient
) -> None:
    assert reads(client_of(member), 20)[-1] == 429
    assert reads(client_of(owner), 6) == 6 * [200]
    assert reads(anonymous, 4) == 4 * [401]


def test_who_hammers_at_what_is_not_theirs_is_counted_too(client_of: ClientOf, member: User) -> None:
    client = client_of(member)
    assert [client.get(ADMINS_ONLY).status_code for _ in range(7)] == [*6 * [403], 429]
    assert reads(client, 1) == [429]


def test_zero_is_no_limit(client_of: ClientOf, member: User, settings: Settings) -> None:
    settings.READS_PER_MINUTE = 0
    assert reads(client_of(member), 20) == 20 * [200]


# --- One address -------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_calls_without_valid_credentials_are_counted_by_address_and_together(anonymous: APIClient) -> None:
    with_bad_token = {"HTTP_AUTHORIZATION": "Bearer nonsense"}
    answers = [
        anonymous.post(REFRESH, {"refresh": "x"}),
        anonymous.post(LOGOUT, {"refresh": "x"}),
        anonymous.get(READ),
        anonymous.get(READ, **with_bad_token),  # type: ignore[arg-type]
    ]
    assert [answer.status_code for answer in answers] == 4 * [401]
    for refused in (anonymous.post(REFRESH, {"refresh": "x"}), anonymous.get(READ), anonymous.post(LOGOUT, {})):
        assert_problem(refused, 429)
        assert refused["Retry-After"] == "15"
    assert reads(anonymous, 1, REMOTE_ADDR=THERE) == [401]


def test_strangers_do_not_keep_out_who_is_signed_in(client_of: ClientOf, member: User, anonymous: APIClient) -> None:
    assert reads(anonymous, 5)[-1] == 429
    assert reads(client_of(member), 6) == 6 * [200]


def test_one_address_has_a_looser_limit_whoever_calls(
    client_of: ClientOf, member: User, owner: User, outsider: User, settings: Settings
) -> None:
    settings.CALLS_PER_MINUTE_AND_ADDRESS = 10
    assert reads(client_of(member), 6) + reads(client_of(owner), 5) == [*10 * [200], 429]
    assert reads(client_of(outsider), 1) == [429]
    assert reads(client_of(owner), 2, REMOTE_ADDR=THERE) == [200, 200], "what was refused was not counted"


def test_an_ipv6_customer_has_one_network_and_not_endless_addresses(db: None, anonymous: APIClient) -> None:
    same = [anonymous.get(READ, REMOTE_ADDR=f"2001:db8:1:1::{n}").status_code for n in range(1, 6)]
    assert same == [*4 * [401], 429]
    assert reads(anonymous, 1, REMOTE_ADDR="2001:db8:1:2::1") == [401]


def test_a_made_up_forwarded_address_does_not_help(db: None, anonymous: APIClient) -> None:
    codes = [anonymous.get(READ, HTTP_X_FORWARDED_FOR=f"1.1.1.{n}").status_code for n in range(5)]
    assert codes == [*4 * [401], 429]


def test_behind_a_proxy_of_ours_it_is_the_callers_address(db: None, anonymous: APIClient, settings: Settings) -> None:
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"NUM_PROXIES": 1}
    made_up = [anonymous.get(READ, HTTP_X_FORWARDED_FOR=f"1.1.1.{n}, {HERE}").status_code for n in range(5)]
    assert made_up == [*4 * [401], 429]
    assert reads(anonymous, 1, HTTP_X_FORWARDED_FOR=THERE) == [401]


def test_receipts_come_in_bursts_and_are_not_limited(db: None, anonymous: APIClient) -> None:
    body, url = b'{"receipts": []}', "/api/sms/receipts/simulator/"
    for _ in range(10):
        signature = sign(body, at=int(time.time()))
        headers = {"X-Simulator-Signature": signature}
        signed = anonymous.generic("POST", url, body.decode(), content_type="application/json", headers=headers)
        assert signed.status_code == 200
        assert anonymous.post(url, {}).status_code == 403, "and neither is a carrier whose secret is an old one"


# --- What it costs, and when it cannot be had ---------------------------------------------------------------------


def test_a_call_makes_one_round_trip(client_of: ClientOf, member: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_of(member)
    reads(client, 1)  # the script is known to the server from here on
    sent: list[Any] = []
    real = redis.connection.AbstractConnection.send_packed_command

    def counting(self: Any, command: Any, **options: Any) -> Any:
        sent.append(command)
        return real(self, command, **options)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(redis.connection.AbstractConnection, "send_packed_command", counting)
    assert reads(client, 1) + writes(client, 1) == [200, 200]
    assert len(sent) == 2


@pytest.mark.django_db(transaction=True)
def test_sixteen_at_once_get_exactly_what_there_is(client_of: ClientOf, member: User, settings: Settings) -> None:
    settings.READS_PER_MINUTE = 70
    clients = [client_of(member) for _ in range(16)]
    answers = in_threads(16, lambda number: reads(clients[number], 10))
    assert sum(answer.count(200) for answer in answers) == 70
    assert sum(answer.count(429) for answer in answers) == 90


@pytest.mark.parametrize("most", [1, 7, 240, 599, 6000, 7001])
def test_a_bucket_holds_exactly_its_limit(most: int) -> None:
    assert [seconds_to_wait({"x": most}) == 0 for _ in range(most + 1)] == [*most * [True], False]


def test_buckets_are_forgotten_when_they_are_full_again(settings: Settings) -> None:
    seconds_to_wait({"x": 6})
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        assert 9_000 < client.pttl("x") <= 10_001


def test_a_clock_that_is_set_back_keeps_nobody_out(clock: time_machine.Traveller) -> None:
    seconds_to_wait({"x": 1})
    clock.shift(datetime.timedelta(hours=-1))
    assert seconds_to_wait({"x": 1}) == 0


def test_without_redis_everybody_is_let_through_and_the_log_says_so_once(
    client_of: ClientOf, member: User, settings: Settings
) -> None:
    client = client_of(member)
    settings.REDIS_URL = "redis://127.0.0.1:2"
    with capture_logs() as lines:
        assert reads(client, 20) == 20 * [200]
    assert [line["event"] for line in lines if "throttle" in line["event"]] == ["throttles are off"]


@pytest.fixture
def hanging(settings: Settings) -> Iterator[Callable[[], int]]:
    """A Redis that takes connections and never answers; gives how many it took."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(50)
        server.setblocking(False)
        settings.REDIS_URL = f"redis://127.0.0.1:{server.getsockname()[1]}"
        taken: list[socket.socket] = []

        def count() -> int:
            try:
                while True:
                    taken.append(server.accept()[0])
            except BlockingIOError:
                return len(taken)

        yield count
        for one in taken:
            one.close()


@pytest.mark.parametrize("path", [READ, "/api/notifications/recent/"])
def test_one_that_hangs_is_waited_for_once(
    path: str, client_of: ClientOf, member: User, hanging: Callable[[], int]
) -> None:
    client = client_of(member)
    assert [client.get(path).status_code for _ in range(8)] == 8 * [200]
    assert hanging() == 1


def test_after_a_pause_one_caller_finds_out_whether_it_is_back(
    hanging: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    link = redis_link.link()
    with pytest.raises(redis.TimeoutError):
        link.ask(lambda client: client.ping())
    with pytest.raises(redis_link.Resting):
        link.ask(lambda _: "asked")

    later = time.monotonic() + 6
    monkeypatch.setattr(time, "monotonic", lambda: later)

    def while_it_is_found_out(_: Any) -> str:
        with pytest.raises(redis_link.Resting):
            link.ask(lambda _: "asked too")
        return "back"

    assert link.ask(while_it_is_found_out) == "back"
    assert link.ask(lambda _: "asked") == "asked"
