"""How often one address may try, and that it never keeps somebody else out."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
import time_machine
from django.conf import settings as django_settings
from django.test import Client

from accounts import throttling
from accounts.models import SignIn, User

Login = Callable[..., Any]
ATTACKER, SOMEBODY_ELSE = "10.6.6.6", "10.7.7.7"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """Stands still, 20 seconds before the minute is over."""
    with time_machine.travel("2026-03-01T09:30:40Z", tick=False) as coordinates:
        yield coordinates


@pytest.fixture(autouse=True)
def _limits(settings: Any) -> None:
    settings.SIGN_IN_ATTEMPTS_PER_MINUTE = 3
    settings.SIGN_IN_ATTEMPTS_PER_MINUTE_AND_ADDRESS = 8


def statuses(login: Login, *emails: str, **extra: Any) -> list[int]:
    return [login(email, "wrong", **extra).status_code for email in emails]


def test_after_the_limit_an_attempt_is_a_429_that_says_when_to_come_back(login: Login, owner: User) -> None:
    assert statuses(login, *3 * ["owner@acme.test"]) == [401, 401, 401]

    response = login("owner@acme.test", "wrong")

    assert response.status_code == 429
    assert response["Retry-After"] == "20"
    assert response["Content-Type"] == "application/problem+json"
    assert (response.json()["code"], response.json()["success"]) == ("throttled", False)
    assert response.json()["detail"].startswith("Too many sign-in attempts.")


def test_the_right_password_does_not_help_while_throttled(login: Login, owner: User) -> None:
    statuses(login, *3 * ["owner@acme.test"])

    assert login("owner@acme.test").status_code == 429


def test_a_throttled_attempt_is_on_record_with_its_user(login: Login, owner: User) -> None:
    statuses(login, *4 * ["Owner@acme.test"], REMOTE_ADDR=ATTACKER)

    throttled = SignIn.objects.get(outcome="throttled")
    assert (throttled.user, throttled.email, throttled.method) == (owner, "owner@acme.test", "token")
    assert throttled.address == ATTACKER


def test_whoever_hammers_at_either_door_does_not_fill_the_record(
    login: Login, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttling, "RECORDED_REFUSALS", 2)
    statuses(login, *9 * ["owner@acme.test"], REMOTE_ADDR=ATTACKER)
    form = {"username": "owner@acme.test", "password": "wrong"}
    assert Client(REMOTE_ADDR=ATTACKER).post("/sign-in/", form).status_code == 429
    statuses(login, *4 * ["owner@acme.test"], REMOTE_ADDR=SOMEBODY_ELSE)

    throttled = SignIn.objects.filter(outcome="throttled").order_by("id").values_list("address", flat=True)
    assert list(throttled) == [ATTACKER, ATTACKER, SOMEBODY_ELSE]


def test_a_new_minute_is_a_new_chance(login: Login, owner: User, clock: time_machine.Traveller) -> None:
    statuses(login, *4 * ["owner@acme.test"])
    clock.shift(20)

    assert login("owner@acme.test").status_code == 200


def test_another_address_is_not_kept_out_by_it(login: Login, owner: User) -> None:
    assert statuses(login, *4 * ["owner@acme.test"], REMOTE_ADDR=ATTACKER)[-1] == 429

    assert login("owner@acme.test", REMOTE_ADDR=SOMEBODY_ELSE).status_code == 200
    assert statuses(login, *2 * ["owner@acme.test"], REMOTE_ADDR=SOMEBODY_ELSE) == [401, 401]


def test_another_e_mail_from_the_same_address_is_counted_apart(login: Login, owner: User, member: User) -> None:
    assert statuses(login, *4 * ["owner@acme.test"])[-1] == 429

    assert login("member@acme.test").status_code == 200


def test_one_address_that_tries_many_e_mails_is_stopped_as_well(login: Login, db: None) -> None:
    tried = [f"guess{number}@acme.test" for number in range(9)]

    assert statuses(login, *tried) == [*8 * [401], 429]


def test_writing_the_same_e_mail_differently_does_not_help(login: Login, owner: User) -> None:
    spellings = ["owner@acme.test", "OWNER@acme.test", "  Owner@Acme.Test", "owner@acme.test "]

    assert statuses(login, *spellings)[-1] == 429


def test_a_made_up_forwarded_address_does_not_help(login: Login, owner: User) -> None:
    codes = [login("owner@acme.test", "wrong", HTTP_X_FORWARDED_FOR=f"1.1.1.{n}").status_code for n in range(4)]

    assert codes == [401, 401, 401, 429]


def test_malformed_attempts_count_too(login: Login, db: None) -> None:
    assert [login("owner@acme.test", "").status_code for _ in range(4)] == [400, 400, 400, 429]


@pytest.mark.parametrize("email", ["a b c@acme.test", "a" * 254, "ümlaut@acme.test", "a\x7f\n@acme.test"])
def test_odd_addresses_are_counted_like_any(login: Login, db: None, email: str) -> None:
    assert statuses(login, *4 * [email]) == [401, 401, 401, 429]


def test_redis_keeps_no_e_mail_address_and_forgets_its_counters(login: Login, owner: User) -> None:
    login("owner@acme.test")

    with redis.Redis.from_url(django_settings.REDIS_URL) as client:
        counters = [key for key in client.scan_iter() if b"sign-in" in key]
        assert len(counters) == 2
        assert not any(b"owner" in key for key in counters)
        assert all(0 < client.ttl(key) <= 120 for key in counters)


@pytest.fixture
def dead_redis(settings: Any) -> None:
    """An address that nobody listens at."""
    settings.REDIS_URL = "redis://127.0.0.1:1"


@pytest.mark.usefixtures("dead_redis")
def test_without_redis_everybody_is_let_through_to_the_password(login: Login, owner: User) -> None:
    assert statuses(login, *5 * ["owner@acme.test"]) == 5 * [401]
    assert login("owner@acme.test").status_code == 200
