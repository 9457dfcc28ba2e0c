"""The states a message passes, and which may follow which: the one table that every writer goes by."""

from collections.abc import Iterable, Mapping

from django.db import models


class Status(models.TextChoices):
    QUEUED = "queued"
    CLAIMED = "claimed"  # a worker holds it and may be handing it to the carrier
    SUBMITTED = "submitted"  # the carrier took it and gave it an id
    SENT = "sent"  # the carrier says it went out
    UNKNOWN = "unknown"  # it may or may not have reached the carrier: ask, never resend blindly
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


#: From each state to those that may follow it. docs/sms.md draws it; a test holds the two together.
TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    Status.QUEUED: frozenset({Status.CLAIMED, Status.CANCELLED, Status.EXPIRED, Status.REJECTED}),
    # Back to queued: the carrier refused for now, or the lease ended before anything was handed over.
    Status.CLAIMED: frozenset({Status.QUEUED, Status.SUBMITTED, Status.REJECTED, Status.UNKNOWN}),
    # Back to queued: the carrier says that it never had it.
    Status.UNKNOWN: frozenset({Status.QUEUED, Status.SUBMITTED, Status.REJECTED, Status.EXPIRED}),
    Status.SUBMITTED: frozenset({Status.SENT, Status.DELIVERED, Status.UNDELIVERED, Status.REJECTED, Status.EXPIRED}),
    Status.SENT: frozenset({Status.DELIVERED, Status.UNDELIVERED, Status.REJECTED, Status.EXPIRED}),
    # A phone that shows the text outranks whoever gave it up; of two failures the first one stays.
    Status.UNDELIVERED: frozenset({Status.DELIVERED}),
    Status.REJECTED: frozenset({Status.DELIVERED}),
    Status.EXPIRED: frozenset({Status.DELIVERED}),
    Status.DELIVERED: frozenset(),
    Status.CANCELLED: frozenset(),
}

PENDING = (Status.QUEUED,)
SENDING = (Status.CLAIMED, Status.SUBMITTED, Status.SENT, Status.UNKNOWN)
FAILED = (Status.UNDELIVERED, Status.REJECTED, Status.EXPIRED)
#: Nothing more is waited for.
FINAL = (Status.DELIVERED, *FAILED, Status.CANCELLED)
#: What people and checks call the states.
COARSE = {
    **dict.fromkeys(PENDING, "pending"),
    **dict.fromkeys(SENDING, "sending"),
    **dict.fromkeys(FAILED, "failed"),
    Status.DELIVERED: "delivered",
    Status.CANCELLED: "cancelled",
}

#: Of several receipts for one message the highest counts. Carriers repeat, shuffle and lose receipts, so the order in
#: which they arrive means nothing.
RECEIPT_RANK = {Status.SENT: 1, Status.UNDELIVERED: 2, Status.REJECTED: 2, Status.EXPIRED: 2, Status.DELIVERED: 3}


class IllegalTransition(ValueError):
    """A writer tried to move messages along an arrow that TRANSITIONS does not have: a fault in the code."""


def sources(to: Status) -> tuple[Status, ...]:
    """The states that `to` may follow."""
    return tuple(status for status, following in TRANSITIONS.items() if to in following)


def require_transitions(froms: Iterable[Status], to: Status) -> None:
    """Raises IllegalTransition unless `to` may follow each of these states."""
    for status in froms:
        if to not in TRANSITIONS[Status(status)]:
            raise IllegalTransition(f"A message that is {status} cannot become {to}.")
