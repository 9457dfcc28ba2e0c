"""What a carrier's gateway must be able to do, and the words it is spoken of in."""

import abc
import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from sms.models.message import Status


class ProviderError(Exception):
    """The gateway did not take the message; `reason` is stored and shown to the sender."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Permanent(ProviderError):
    """It never will: a bad number, a barred sender id."""


class Temporary(ProviderError):
    """It refused before taking anything (connection refused, 429, 503), so trying again cannot send twice."""


class Uncertain(ProviderError):
    """It may have taken it (a time-out, a dropped connection after the request): ask, don't resend."""


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


@dataclass(frozen=True)
class DeliveryReceipt:
    """What a carrier says became of a message. Raises BadReceipt when it names none or cannot be stored."""

    provider_message_id: str
    status: Status
    reason: str
    occurred_at: datetime.datetime

    def __post_init__(self) -> None:
        if not self.provider_message_id:
            raise BadReceipt("Not a receipt: it names no message.")
        text = self.provider_message_id + self.reason
        if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
            raise BadReceipt("Not a receipt: it contains NUL characters or unpaired surrogates.")


class Provider(abc.ABC):
    """One vendor. Adding one means a file beside this one, its test, and a line in `providers/__init__.py`."""

    slug: ClassVar[str]
    title: ClassVar[str]
    #: The vendor's words for a message's state, as ours.
    statuses: ClassVar[Mapping[str, Status]]
    #: How long the vendor tries before it gives up; until then a sent message is not stuck.
    delivery_deadline: ClassVar[datetime.timedelta]

    @abc.abstractmethod
    def submit(self, message: Outbound) -> str:
        """Hands a message over and returns the vendor's id for it. Raises Permanent, Temporary or Uncertain."""

    @abc.abstractmethod
    def lookup(self, reference: UUID) -> str | None:
        """Asks whether a message was taken: the vendor's id, or None when it surely was not. Raises Temporary."""

    @abc.abstractmethod
    def read_receipts(self, body: bytes, headers: Mapping[str, str]) -> list[DeliveryReceipt]:
        """Verifies and reads a webhook call. Raises BadSignature or BadReceipt."""

    @abc.abstractmethod
    def check_reachable(self) -> None:
        """Returns when the gateway answers; raises Temporary with the reason when it does not."""
