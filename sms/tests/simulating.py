"""The simulated carrier as a test handles it."""

import json
from collections.abc import Callable
from typing import Any

import redis
from django.utils import timezone
from uuid_utils.compat import uuid7

from sms.models import Message
from sms.providers.base import Outbound
from sms.providers.simulator import Simulator
from sms.services import dispatch
from sms.tests.helpers import number

SOME = 300
Wait = Callable[..., None]


def outbound(index: int = 1) -> Outbound:
    return Outbound(uuid7(), number(index), "Acme", "Hello")


def found(message: Outbound) -> str | None:
    return Simulator().lookup(message, since=timezone.now())


def hand_over(*messages: Message) -> list[str]:
    """Lets a worker hand over what waits; returns what became of these messages."""
    dispatch(provider="simulator", seconds=20)
    for message in messages:
        message.refresh_from_db()
    return [message.status for message in messages]


def due(store: "redis.Redis") -> list[tuple[dict[str, str], float]]:
    """What will be reported, and when."""
    stored: Any = store.zrange("simulator:due", 0, -1, withscores=True)
    return [(json.loads(text), at) for text, at in stored]


def fates(store: "redis.Redis", *, of: int) -> dict[str, str]:
    """Hands over so many messages and returns, by their number, the last thing that will be reported of each."""
    for index in range(of):
        Simulator().submit(outbound(index))
    return {item["id"].split("-")[2]: item["status"] for item, _ in due(store) if item["status"] != "ENROUTE"}
