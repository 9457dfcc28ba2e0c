"""A carrier that cannot reach the network: it takes messages and posts signed receipts to our own webhook.

It keeps its memory in Redis, outside of every worker, as a real carrier would: killing a worker does not make it
forget what it took. `manage.py simulator run` is its engine; `manage.py simulator profile NAME` changes its health
while it runs.
"""

import datetime
import hashlib
import hmac
import json
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import urlsplit

import redis
import requests
from django.conf import settings

from sms.models.states import Status
from sms.providers.base import (
    BadReceipt,
    BadSignature,
    DeliveryReceipt,
    Outbound,
    Permanent,
    Provider,
    Temporary,
    Uncertain,
    Webhook,
)

SIGNATURE_HEADER = "X-Simulator-Signature"
SIGNATURE_MAX_AGE_SECONDS = 300
MEMORY_SECONDS = 24 * 3600
LARGEST_BATCH = 200
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class Profile:
    """How the simulated network behaves. Delays are in seconds from submission to the last receipt."""

    delivered_share: float
    delay: tuple[float, float]
    reachable: bool = True


PROFILES = {
    "healthy": Profile(delivered_share=0.98, delay=(0.3, 1.5)),
    "degraded": Profile(delivered_share=0.25, delay=(0.5, 2.5)),
    "outage": Profile(delivered_share=0.0, delay=(0, 0), reachable=False),
}
DEFAULT_PROFILE = "healthy"
FAILURES = (("UNDELIV", "absent_subscriber"), ("UNDELIV", "network_congestion"), ("REJECTD", "blocked_by_operator"))


@cache
def _redis() -> "redis.Redis":
    return redis.Redis.from_url(settings.REDIS_URL, decode_responses=True, socket_timeout=2, socket_connect_timeout=2)


def set_profile(name: str) -> None:
    """Changes the carrier's health from the next message on. Raises KeyError for an unknown name."""
    PROFILES[name]
    _redis().set("simulator:profile", name)


def profile_name() -> str:
    stored = _redis().get("simulator:profile")
    return str(stored) if stored in PROFILES else DEFAULT_PROFILE


def counters() -> dict[str, int]:
    """How many messages the carrier took, and how many it was handed twice."""
    return {name: int(_redis().get(f"simulator:{name}") or 0) for name in ("accepted", "duplicates")}


def sign(body: bytes, *, at: int) -> str:
    """The value of the signature header: a time and an HMAC-SHA256 over time and raw body."""
    digest = hmac.new(settings.SIMULATOR_SECRET.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


class Simulator(Provider):
    slug = "simulator"
    title = "Simulator"
    delivery_deadline = datetime.timedelta(minutes=10)
    statuses: ClassVar[Mapping[str, Status]] = {
        "ENROUTE": Status.SENT,
        "DELIVRD": Status.DELIVERED,
        "UNDELIV": Status.UNDELIVERED,
        "REJECTD": Status.REJECTED,
        "EXPIRED": Status.EXPIRED,
    }

    def submit(self, message: Outbound) -> str:
        self.check_reachable()
        if not message.recipient.startswith("+"):
            raise Permanent("invalid_number")
        try:
            return self._accept(message)
        except redis.RedisError:  # perhaps after it noted the message, as with a reply that is lost on its way
            raise Uncertain("gateway_broke_off") from None

    def _accept(self, message: Outbound) -> str:
        store = _redis()
        number = int(store.incr("simulator:accepted"))
        provider_id = f"sim-{settings.SIMULATOR_SEED}-{number}-{message.reference.hex[-8:]}"
        if not store.set(f"simulator:reference:{message.reference}", provider_id, nx=True, ex=MEMORY_SECONDS):
            store.incr("simulator:duplicates")
        now = time.time()
        receipts = self._fate(provider_id, random.Random(f"{settings.SIMULATOR_SEED}:{number}"))  # noqa: S311
        store.zadd("simulator:due", {json.dumps(receipt): now + after for after, receipt in receipts})
        return provider_id

    @staticmethod
    def _fate(provider_id: str, dice: random.Random) -> list[tuple[float, dict[str, str]]]:
        """What will be reported of a message, and after how many seconds."""
        profile = PROFILES[profile_name()]
        after = dice.uniform(*profile.delay)
        last, error = ("DELIVRD", "") if dice.random() < profile.delivered_share else dice.choice(FAILURES)
        return [
            (after / 3, {"id": provider_id, "status": "ENROUTE", "error": ""}),
            (after, {"id": provider_id, "status": last, "error": error}),
        ]

    def lookup(self, message: Outbound, *, since: datetime.datetime) -> str | None:
        try:
            found = _redis().get(f"simulator:reference:{message.reference}")
        except redis.RedisError:
            raise Temporary("gateway_unreachable") from None
        return str(found) if found else None

    def check_reachable(self) -> None:
        try:
            name = profile_name()
        except redis.RedisError:
            raise Temporary("gateway_unreachable") from None
        if not PROFILES[name].reachable:
            raise Temporary("gateway_unreachable")

    def read_receipts(self, call: Webhook) -> list[DeliveryReceipt]:
        self._verify(call.body, call.headers.get(SIGNATURE_HEADER, ""))
        try:
            return [self._read(item) for item in json.loads(call.body)["receipts"]]
        except (ValueError, KeyError, TypeError, ArithmeticError, OSError, RecursionError) as error:
            # the last three: a time beyond the calendar or the platform's clock, and nesting beyond Python's stack
            raise BadReceipt(f"Not a receipt: {error}") from None

    @staticmethod
    def _verify(body: bytes, header: str) -> None:
        at = header.removeprefix("t=").partition(",")[0]
        if not settings.SIMULATOR_SECRET or not at.isascii() or not at.isdigit() or len(at) > 12:
            raise BadSignature("The signature is missing.")
        # bytes, because compare_digest refuses text that is not ASCII
        if not hmac.compare_digest(sign(body, at=int(at)).encode(), header.encode(errors="replace")):
            raise BadSignature("The signature is wrong.")
        if abs(time.time() - int(at)) > SIGNATURE_MAX_AGE_SECONDS:
            raise BadSignature("The signature is too old.")

    def _read(self, item: dict[str, Any]) -> DeliveryReceipt:
        return DeliveryReceipt(
            provider_message_id=str(item["id"])[:100],
            status=self.statuses[item["status"]],
            reason=str(item.get("error", ""))[:60],
            occurred_at=datetime.datetime.fromtimestamp(float(item["at"]), tz=datetime.UTC),
            raw=item,
        )


def post_due_receipts() -> int:
    """One turn of the engine: posts what is due to our webhook, and forgets it once that answered 200.

    Returns how many were posted. What the webhook did not take is offered again in a second: at least once, as real
    carriers do.
    """
    target = urlsplit(settings.PUBLIC_URL)
    if target.hostname not in LOOPBACK:
        raise ValueError(f"The simulator posts to this machine only; PUBLIC_URL is {settings.PUBLIC_URL}.")
    store = _redis()
    now = time.time()
    due: list[tuple[str, float]] = store.zrangebyscore("simulator:due", 0, now, 0, LARGEST_BATCH, withscores=True)  # type: ignore[assignment]
    if not due:
        return 0
    items = [json.loads(text) | {"at": score} for text, score in due]
    texts = [text for text, _ in due]
    if _post(json.dumps({"receipts": items}).encode()):
        store.zrem("simulator:due", *texts)
        return len(texts)
    store.zadd("simulator:due", dict.fromkeys(texts, now + 1), xx=True)
    return 0


def _post(body: bytes) -> bool:
    headers = {SIGNATURE_HEADER: sign(body, at=int(time.time())), "Content-Type": "application/json"}
    url = f"{settings.PUBLIC_URL}/api/sms/receipts/{Simulator.slug}/"
    with requests.Session() as session:
        session.trust_env = False  # a proxy named in the environment is not this machine
        try:
            answer = session.post(url, data=body, headers=headers, timeout=10, allow_redirects=False)
        except requests.RequestException:
            return False
    return answer.status_code == HTTPStatus.OK
