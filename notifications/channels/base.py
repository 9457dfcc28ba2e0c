"""What a way out of the house is: one file each in this package, which knows its vendor and nothing of rules."""

import abc
import datetime
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django.db import connection

if TYPE_CHECKING:
    from notifications.delivery.claiming import Claimed


@dataclass(frozen=True)
class Parcel:
    """One delivery as a channel gets it, the same at each attempt."""

    id: UUID
    """Stable: a receiver knows a repeat by it."""
    content: dict[str, Any]
    """See notifications.delivery.content."""
    address: str
    """A mailbox, an E.164 number, or nothing where the channel itself knows."""
    endpoint: UUID | None = None
    attempt: int = 1
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Settled:
    """What a later receipt says: it arrived, or it did not."""

    has_arrived: bool
    reason: str


class TryAgain(Exception):
    """It was not taken, and may be later; `after` is what the receiver asked for."""

    def __init__(self, reason: str, *, after: datetime.timedelta | None = None) -> None:
        super().__init__(reason)
        self.after = after


class Refused(Exception):
    """It was refused for good: trying again would be refused again."""


class Uncertain(Exception):
    """It may have been taken. Told at least once, so it is tried again, with the same id."""


class InTransaction(RuntimeError):
    """Somebody would have waited for the network with rows locked."""


def require_no_transaction() -> None:
    """Before the network is waited for. Raises InTransaction."""
    # A test's own transaction is not one that anybody waits for; Django marks those for its durable blocks.
    if not all(getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
        raise InTransaction


class Channel(abc.ABC):
    slug: ClassVar[str]
    #: Handed over by one worker in one go, over one connection where the channel has one.
    batch: ClassVar[int] = 50
    #: After so many attempts a delivery is given up; seconds until the next one after the 1st, 2nd, ... attempt.
    attempts: ClassVar[int] = 8
    backoff: ClassVar[tuple[int, ...]] = (30, 120, 600, 1800, 3600, 7200, 14400)
    #: What it took is not told yet: `outcomes` says later what became of it.
    is_settled_later: ClassVar[bool] = False

    def besides(self, deliveries: Sequence["Claimed"]) -> dict[UUID, dict[str, Any]]:
        """What it wants to have in a parcel's `extra`, looked up for a batch at once."""
        return {}

    def outcomes(self, references: Sequence[str]) -> dict[str, Settled]:
        """What became of what it took, by the references that `send` returned, where that is known already."""
        return {}

    @classmethod
    def pause_after(cls, attempt: int) -> datetime.timedelta:
        """How long until the next one, as the channel has it."""
        return datetime.timedelta(seconds=cls.backoff[min(attempt, len(cls.backoff)) - 1])

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Around a batch: what is opened once for all of it. Raises TryAgain when it cannot be opened."""
        yield

    @abc.abstractmethod
    def send(self, parcel: Parcel) -> str:
        """Hands it over and returns the receiver's reference, if it gave one. Never called in a transaction.

        Raises TryAgain, Refused or Uncertain, in words for people and without secrets.
        """
