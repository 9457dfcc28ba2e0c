"""One text message to one recipient, and the states it passes."""

import datetime
from typing import ClassVar, Self
from uuid import UUID

from django.db import models
from django.utils.timezone import now
from uuid_utils.compat import uuid7

from tenants.models import ScopedManager, TenantScoped


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


PENDING = (Status.QUEUED,)
SENDING = (Status.CLAIMED, Status.SUBMITTED, Status.SENT, Status.UNKNOWN)
FAILED = (Status.UNDELIVERED, Status.REJECTED, Status.EXPIRED)
#: What people and checks call the states.
COARSE = {
    **dict.fromkeys(PENDING, "pending"),
    **dict.fromkeys(SENDING, "sending"),
    **dict.fromkeys(FAILED, "failed"),
    Status.DELIVERED: "delivered",
    Status.CANCELLED: "cancelled",
}

#: A receipt moves a message only up. Carriers repeat, shuffle and lose receipts, so arrival order means nothing:
#: a late "sent" never overwrites "delivered", and of two failures the first one stays.
RANK = {
    Status.QUEUED: 0,
    Status.CLAIMED: 1,
    Status.UNKNOWN: 2,
    Status.SUBMITTED: 3,
    Status.SENT: 4,
    Status.UNDELIVERED: 5,
    Status.REJECTED: 5,
    Status.EXPIRED: 5,
    Status.DELIVERED: 6,
    Status.CANCELLED: 7,
}


def below(status: Status) -> list[Status]:
    """The states that a receipt for `status` may replace."""
    return [other for other, rank in RANK.items() if rank < RANK[status]]


class MessageQuerySet(models.QuerySet["Message"]):
    def stuck(self, *, now: datetime.datetime, after: datetime.timedelta) -> Self:
        """Pending or sending for longer than `after`, though nothing explains it.

        Left out: what is scheduled for later, and what a carrier still has time to deliver.
        """
        waiting = models.Q(next_attempt_at__gt=now) | models.Q(deliver_before__gt=now)
        return self.filter(status__in=[*PENDING, *SENDING], status_changed_at__lt=now - after).exclude(waiting)

    def to_hand_out(self, *, now: datetime.datetime) -> Self:
        """Queued and due."""
        return self.filter(models.Q(next_attempt_at=None) | models.Q(next_attempt_at__lte=now), status=Status.QUEUED)


class MessageManager(ScopedManager.from_queryset(MessageQuerySet)):  # type: ignore[misc]
    pass


class Message(TenantScoped):
    """A message. `status` only changes through sms.services."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    batch_id = models.UUIDField(help_text="Messages accepted by one call share it.")
    recipient = models.CharField(max_length=16, help_text="E.164.")
    sender_id = models.CharField(max_length=16, help_text="What the recipient sees as the sender.")
    text = models.TextField(max_length=1600)
    segments = models.PositiveSmallIntegerField(help_text="Parts it is sent as; each costs one credit.")
    status = models.CharField(max_length=12, choices=Status, default=Status.QUEUED)
    status_changed_at = models.DateTimeField(default=now)
    failure_reason = models.CharField(max_length=60, blank=True)
    provider = models.CharField(max_length=30, blank=True)
    provider_message_id = models.CharField(max_length=100, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    claim_token = models.UUIDField(null=True, blank=True, help_text="Fences off a worker whose lease ran out.")
    claim_expires_at = models.DateTimeField(null=True, blank=True)
    deliver_before = models.DateTimeField(null=True, blank=True, help_text="The carrier gives up after this.")
    created_at = models.DateTimeField(default=now, editable=False)

    objects: ClassVar[MessageManager] = MessageManager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(status__in=Status.values), name="message_status_known"),
            # used by services.apply_receipts: finds a message by the carrier's id
            models.UniqueConstraint(
                fields=["provider", "provider_message_id"],
                name="message_of_provider_once",
                condition=~models.Q(provider_message_id=""),
            ),
        ]
        indexes: ClassVar = [
            # used by stuck(), to_hand_out() and the sweeper: only what is still on its way
            models.Index(
                fields=["status", "status_changed_at"],
                name="message_on_its_way",
                condition=models.Q(status__in=[*PENDING, *SENDING]),
            ),
            # used by the tenant's own list, newest first
            models.Index(fields=["tenant", "-id"], name="message_of_tenant"),
        ]

    def __str__(self) -> str:
        return f"{self.recipient} {self.status}"

    @property
    def coarse_status(self) -> str:
        return COARSE[Status(self.status)]

    @property
    def reference(self) -> UUID:
        """Our name for it towards carriers; they echo it in receipts."""
        return self.id
