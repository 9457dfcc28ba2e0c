"""What the tests of this room share: messages in any state, a carrier that does as it is told, threads."""

import base64
import datetime
import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from celery import current_app
from django.db import connection
from django.utils import timezone

from sms.models import CreditAccount, Message, Status
from sms.providers.base import BadReceipt, DeliveryReceipt, Outbound, Provider
from tenants.models import Tenant
from tenants.scope import all_tenants

T = TypeVar("T")
#: The keys of every error body; `errors` comes with invalid fields only.
ERROR_KEYS = {"type", "title", "status", "detail", "success", "error", "code", "request_id"}


def number(index: int) -> str:
    """A valid number for every index below a million."""
    return f"+255754{index:06d}"


def make_message(tenant: Tenant, **fields: Any) -> Message:
    plain = {
        "recipient": number(1),
        "sender_id": "Acme",
        "text": "Hello",
        "segments": 1,
        "provider": "simulator",
    }
    with all_tenants(because="the test makes messages of any tenant"):
        message: Message = Message.objects.create(tenant=tenant, **plain | fields)
    return message


def credits_of(tenant: Tenant) -> int:
    with all_tenants(because="the test looks at any tenant's account"):
        return CreditAccount.objects.values_list("available", flat=True).get(tenant=tenant)  # type: ignore[no-any-return]


def receipt(provider_message_id: str, status: Status, *, reason: str = "", second: int = 0) -> DeliveryReceipt:
    """What a carrier reports; `second` orders several by when they happened."""
    at = timezone.now() + datetime.timedelta(seconds=second)
    return DeliveryReceipt(provider_message_id=provider_message_id, status=status, reason=reason, occurred_at=at)


def at_once(count: int, work: Callable[[int], T]) -> list[T]:
    """Runs `work(0)` to `work(count - 1)` in as many threads that begin in the same moment."""
    start = threading.Barrier(count)

    def run(index: int) -> T:
        try:
            connection.ensure_connection()
            start.wait(timeout=20)
            with all_tenants(because="the test's threads play the platform"):
                return work(index)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def hints() -> list[list[UUID]]:
    """The ids in each message that the broker holds for the workers, oldest first, read without taking it."""
    with current_app.connection_for_read() as broker:
        channel: Any = broker.default_channel
        waiting = channel.client.lrange("celery", 0, -1)
    envelopes = [json.loads(text) for text in reversed(waiting)]
    bodies = [
        json.loads(base64.b64decode(envelope["body"]))
        for envelope in envelopes
        if envelope["headers"]["task"] == "sms.tasks.deliver_messages"
    ]
    return [[UUID(key) for key in args[0]] for args, *_ in bodies]


def hinted(message: Message) -> int:
    """How many hints at this message the broker holds."""
    return sum(chunk.count(message.pk) for chunk in hints())


class Carrier(Provider):
    """Takes every message and remembers it. Tests subclass it for the failures that the simulator cannot produce."""

    slug = "carrier"
    title = "Carrier"
    statuses: ClassVar[Mapping[str, Status]] = {}
    delivery_deadline = datetime.timedelta(minutes=10)
    taken: ClassVar[list[UUID]] = []

    @staticmethod
    def name_of(reference: UUID) -> str:
        return f"c-{reference}"

    def submit(self, message: Outbound) -> str:
        self.taken.append(message.reference)
        return self.name_of(message.reference)

    def lookup(self, reference: UUID) -> str | None:
        return self.name_of(reference) if reference in self.taken else None

    def read_receipts(self, body: bytes, headers: Mapping[str, str]) -> list[DeliveryReceipt]:
        raise BadReceipt("This carrier sends no receipts over HTTP.")

    def check_reachable(self) -> None:
        return
