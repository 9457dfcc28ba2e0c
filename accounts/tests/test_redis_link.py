"""Asking Redis, and telling it without waiting for an answer."""

import pytest
import redis
from django.conf import settings
from uuid_utils.compat import uuid7

from accounts.redis_link import Link, Resting, link


def test_what_is_told_is_done_before_what_is_asked_next() -> None:
    key = f"told:{uuid7()}"
    for value in (b"first", b"second"):
        link().tell("SET", key, value, "PX", 60_000)
        assert link().ask(lambda client: client.get(key)) == value


def test_what_redis_refuses_is_not_heard_and_the_next_answer_is_the_next_question_s() -> None:
    key = f"told:{uuid7()}"
    link().tell("SET", key, "no number", "PX", 60_000)
    link().tell("INCR", key)
    assert link().ask(lambda client: client.get(key)) == b"no number"


def test_a_connection_that_redis_has_ended_is_replaced() -> None:
    mine = Link(settings.REDIS_URL)
    assert mine.ask(lambda client: client.ping())
    number = mine.ask(lambda client: client.client_id())
    link().ask(lambda client: client.client_kill_filter(_id=str(number)))
    key = f"told:{uuid7()}"
    mine.tell("SET", key, "still", "PX", 60_000)
    assert mine.ask(lambda client: client.get(key)) == b"still"


def test_nobody_who_is_gone_is_told_twice() -> None:
    gone = Link("redis://127.0.0.1:1/0")
    with pytest.raises(redis.ConnectionError):
        gone.tell("SET", "key", "value")
    with pytest.raises(Resting):
        gone.tell("SET", "key", "value")
