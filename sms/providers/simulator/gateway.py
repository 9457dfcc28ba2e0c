"""The simulated carrier as a provider."""

import datetime
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

import redis
from django.conf import settings

from sms.models.states import Status
from sms.providers.base import (
    BadReceipt,
    BadSignature,
    DeliveryReceipt,
    Outbound,
    Permanent,
    Provider,
    RateLimited,
    Temporary,
    Uncertain,
    Webhook,
)
from sms.providers.simulator import memory
from sms.providers.simulator.numbers import magic_of
from sms.providers.simulator.profiles import PROFILES, is_up

SIGNATURE_HEADER = "X-Simulator-Signature"
SIGNATURE_MAX_AGE_SECONDS = 300
REFUSALS = {"permanent": Permanent, "temporary": Temporary, "uncertain": Uncertain}


def sign(body: bytes, *, at: int) -> str:
    """The value of the signature header: a time and an HMAC-SHA256 over time and raw body."""
    digest = hmac.new(settings.SIMULATOR_SECRET.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


class Simulator(Provider):
    slug = "simulator"
    title = "Simulator"
    delivery_deadline = datetime.timedelta(minutes=10)
    concurrency = 16
    statuses: ClassVar[Mapping[str, Status]] = {
        "ENROUTE": Status.SENT,
        "DELIVRD": Status.DELIVERED,
        "UNDELIV": Status.UNDELIVERED,
        "REJECTD": Status.REJECTED,
        "EXPIRED": Status.EXPIRED,
    }

    def submit(self, message: Outbound) -> str:
        if not message.recipient.startswith("+"):
            raise Permanent("invalid_number")
        try:
            word, said, seconds = memory.take(message, magic=magic_of(message.recipient))
        except memory.NotConnected:
            raise Temporary("gateway_unreachable") from None
        except redis.RedisError:  # perhaps after it noted the message, as with a reply that is lost on its way
            raise Uncertain("gateway_broke_off") from None
        if word == "throttled":
            raise RateLimited(wait=seconds)
        if word in REFUSALS:
            raise REFUSALS[word](said)
        if word == "lost":
            raise Uncertain("gateway_broke_off")
        time.sleep(seconds)
        return said

    def lookup(self, message: Outbound, *, since: datetime.datetime) -> str | None:
        try:
            return memory.known_as(message)
        except redis.RedisError:
            raise Temporary("gateway_unreachable") from None

    def check_reachable(self) -> None:
        try:
            profile = PROFILES[memory.profile_name()]
        except redis.RedisError:
            raise Temporary("gateway_unreachable") from None
        if not is_up(profile, at=time.time()):
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
            reference=UUID(str(item["reference"])) if item.get("reference") is not None else None,
            raw=item,
        )
