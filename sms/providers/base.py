"""What a carrier's gateway must be able to do, and the words it is spoken of in."""

import abc
import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings

from sms.models.states import Status


class ProviderError(Exception):
    """The gateway did not take the message. `reason` is our word (sms.reasons), stored and shown to the sender;
    `code` the gateway's own."""

    def __init__(self, reason: str, *, code: str = "") -> None:
        super().__init__(reason)
        self.reason = reason[:60]
        self.code = code[:30]


class Permanent(ProviderError):
    """It never will: a bad number, a barred sender id."""


class Temporary(ProviderError):
    """It refused before taking anything (connection refused, 503), so trying again cannot send twice."""


class RateLimited(Temporary):
    """It refused because we are too fast (429). `wait` is in seconds, None where it does not say."""

    def __init__(self, reason: str = "throttled", *, code: str = "", wait: float | None = None) -> None:
        super().__init__(reason, code=code)
        self.wait = wait


class Uncertain(ProviderError):
    """It may have taken it (a time-out, a dropped connection after the request): ask, don't resend."""


class CannotAsk(Exception):
    """This gateway has no way to ask what became of a message; its receipts or its deadline will tell."""


class BadReceipt(Exception):
    """A receipt that is not from the carrier, or not readable."""


class BadSignature(BadReceipt):
    """The signature is missing, wrong or too old."""


@dataclass(frozen=True)
class Outbound:
    """What is handed to a gateway. `reference` is our own id; a gateway that can echoes it."""

    reference: UUID
    recipient: str
    sender_id: str
    text: str
    valid_until: datetime.datetime | None = None

    def receipt_url(self, provider: str) -> str:
        """Where the gateway posts this message's receipts, for those that take an address with each message."""
        return f"{settings.PUBLIC_URL}/api/sms/receipts/{provider}/?reference={self.reference}"


@dataclass(frozen=True)
class Webhook:
    """A carrier's call, as it came. `target` is its path with the query string."""

    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def url(self) -> str:
        """The address that the carrier signed: the configured public one, never what a Host header says."""
        return f"{settings.PUBLIC_URL}{self.target}"


@dataclass(frozen=True)
class DeliveryReceipt:
    """What a carrier says became of a message. Raises BadReceipt when it names none or cannot be stored."""

    provider_message_id: str
    status: Status
    reason: str
    occurred_at: datetime.datetime
    error_code: str = ""
    reference: UUID | None = None
    """Our id for the message, where the carrier echoes it."""
    raw: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.provider_message_id:
            raise BadReceipt("Not a receipt: it names no message.")
        texts = (self.provider_message_id, self.reason, self.error_code, *_texts(self.raw))
        if any("\x00" in text or any("\ud800" <= sign <= "\udfff" for sign in text) for text in texts):
            raise BadReceipt("Not a receipt: it contains NUL characters or unpaired surrogates.")


def _texts(value: Any) -> Iterator[str]:
    """Every text in what a carrier posted, at any depth."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting.extend([*item, *item.values()])
        elif isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, str):
            yield item


class Provider(abc.ABC):
    """One vendor. Adding one means a file beside this one, its test, and a line in `providers/__init__.py`."""

    slug: ClassVar[str]
    title: ClassVar[str]
    #: The vendor's words for a message's state, as ours.
    statuses: ClassVar[Mapping[str, Status]]
    #: How long the vendor tries before it gives up; until then a sent message is not stuck.
    delivery_deadline: ClassVar[datetime.timedelta]
    #: Calls that may be under way at once from one worker.
    concurrency: ClassVar[int] = 8

    @property
    def rate(self) -> float | None:
        """Messages a second that all workers together may hand over; None: as fast as it goes."""
        return settings.SMS_RATES.get(self.slug)

    @abc.abstractmethod
    def submit(self, message: Outbound) -> str:
        """Hands a message over and returns the vendor's id for it.

        Raises Permanent, Temporary, RateLimited or Uncertain. It is called from several threads at once and must not
        touch the database.
        """

    @abc.abstractmethod
    def lookup(self, message: Outbound, *, since: datetime.datetime) -> str | None:
        """Asks whether a message that was handed over at `since` was taken: the vendor's id, or None when it surely
        was not. Raises Temporary, or CannotAsk."""

    @abc.abstractmethod
    def read_receipts(self, call: Webhook) -> list[DeliveryReceipt]:
        """Verifies and reads a webhook call. Raises BadSignature or BadReceipt."""

    @abc.abstractmethod
    def check_reachable(self) -> None:
        """Returns when the gateway answers; raises Temporary with the reason when it does not."""
