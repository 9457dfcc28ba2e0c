"""One text message to one recipient."""

import datetime
from collections.abc import Iterable
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models.functions import Greatest
from django.utils.timezone import now
from uuid_utils.compat import uuid7

from sms.models.batch import Batch
from sms.models.states import COARSE, PENDING, SENDING, Status, require_transitions
from sms.models.traffic import Traffic
from tenants.models import ScopedManager, TenantScoped


class MessageQuerySet(models.QuerySet["Message"]):
    def move(self, to: Status, *, froms: Iterable[Status], at: datetime.datetime, **changes: Any) -> int:
        """Moves those of these messages that are in one of `froms`; returns how many.

        A conditional UPDATE: of two movers at once one finds the message gone. Raises IllegalTransition.
        """
        froms = tuple(froms)
        require_transitions(froms, to)
        return self.filter(status__in=froms).update(status=to, status_changed_at=at, **changes)

    def stuck(self, *, now: datetime.datetime, after: datetime.timedelta) -> Self:
        """Pending or sending for longer than `after`, though nothing explains it.

        Left out: what is or was until then scheduled for later, and what a carrier still has time to deliver.
        """
        waited = models.Q(next_attempt_at__gt=now - after) | models.Q(deliver_before__gt=now)
        return self.filter(status__in=[*PENDING, *SENDING], status_changed_at__lt=now - after).exclude(waited)

    def waiting(self) -> Self:
        """Queued for now: what is meant for later has `next_attempt_at`, which the dispatcher takes off in time."""
        return self.filter(status=Status.QUEUED, next_attempt_at=None)


class MessageManager(ScopedManager.from_queryset(MessageQuerySet)):  # type: ignore[misc]
    pass


class Message(TenantScoped):
    """A message. `status` only changes through sms.services, along the arrows of sms.models.states."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False, help_text="Carriers echo it in receipts.")
    # `db_constraint=False` here and below: the composite key (tenant, id) of the migration is the constraint.
    batch = models.ForeignKey(
        Batch,
        null=True,
        on_delete=models.CASCADE,
        related_name="messages",
        db_constraint=False,
        help_text="What was accepted in one call.",
    )
    recipient = models.CharField(max_length=16, help_text="E.164.")
    sender_id = models.CharField(max_length=16, help_text="What the recipient sees as the sender.")
    text = models.TextField(max_length=1600)
    segments = models.PositiveSmallIntegerField(help_text="Parts it is sent as; each costs one credit.")
    traffic = models.CharField(max_length=15, choices=Traffic, default=Traffic.TRANSACTIONAL)
    status = models.CharField(max_length=12, choices=Status, default=Status.QUEUED)
    status_changed_at = models.DateTimeField(default=now)
    failure_reason = models.CharField(max_length=60, blank=True, help_text="Our word; see sms.reasons.")
    error_code = models.CharField(max_length=30, blank=True, help_text="The carrier's own code for it.")
    credits = models.PositiveSmallIntegerField(default=0, help_text="Reserved for it; none for unlimited accounts.")
    credits_settled_at = models.DateTimeField(
        null=True, blank=True, help_text="When those were spent or given back, once."
    )
    provider = models.CharField(max_length=30, blank=True)
    provider_message_id = models.CharField(max_length=100, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True, help_text="Scheduled, or to be tried again then.")
    valid_until = models.DateTimeField(null=True, blank=True, help_text="Worth nothing to its reader after this.")
    claim_token = models.UUIDField(null=True, blank=True, help_text="Fences off a worker whose lease ran out.")
    claim_expires_at = models.DateTimeField(null=True, blank=True)
    handover_at = models.DateTimeField(
        null=True, blank=True, help_text="Committed before the carrier was called: from here on it may have it."
    )
    submitted_at = models.DateTimeField(null=True, blank=True, help_text="When the carrier took it.")
    asked_at = models.DateTimeField(null=True, blank=True, help_text="When the carrier was last asked about it.")
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
            # the target of attempts' composite key: an attempt is its message's tenant's; read backwards it is the
            # tenant's own list, newest first
            models.UniqueConstraint(fields=["tenant", "id"], name="message_key_of_tenant"),
        ]
        indexes: ClassVar = [
            # used by the sweeper: only what is still on its way
            models.Index(
                fields=["status", "status_changed_at"],
                name="message_on_its_way",
                condition=models.Q(status__in=[*PENDING, *SENDING]),
            ),
            # used by sms.stuck: what no carrier has a deadline for, the longest unmoved first
            models.Index(
                Greatest("status_changed_at", "next_attempt_at"),
                name="message_unmoved",
                condition=models.Q(status__in=[*PENDING, *SENDING], deliver_before=None),
            ),
            # used by sms.stuck and the sweeper: what a carrier had time for until then
            models.Index(
                fields=["deliver_before"],
                name="message_past_deadline",
                condition=models.Q(status__in=[*PENDING, *SENDING], deliver_before__isnull=False),
            ),
            # used by claiming: the oldest that wait of one tenant, and which tenants have any
            models.Index(
                fields=["provider", "traffic", "tenant", "id"],
                name="message_to_dispatch",
                condition=models.Q(status="queued", next_attempt_at=None),
            ),
            # used by claiming.release_due(): what was meant for later and is due now
            models.Index(
                fields=["next_attempt_at"],
                name="message_for_later",
                condition=models.Q(status="queued", next_attempt_at__isnull=False),
            ),
            # used by the tenant's own list: what was sent to one number, newest first; and by opting out
            models.Index(fields=["tenant", "recipient", "-id"], name="message_to_number"),
        ]

    def __str__(self) -> str:
        return f"{self.recipient} {self.status}"

    @property
    def coarse_status(self) -> str:
        return COARSE[Status(self.status)]


class Attempt(TenantScoped):
    """One handing over of a message to a carrier, and what came of it. Kept for the message's timeline."""

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted"
        THROTTLED = "throttled"
        TEMPORARY = "temporary"
        PERMANENT = "permanent"
        UNCERTAIN = "uncertain"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="timeline", db_constraint=False)
    number = models.PositiveSmallIntegerField()
    provider = models.CharField(max_length=30)
    outcome = models.CharField(max_length=10, choices=Outcome)
    reason = models.CharField(max_length=60, blank=True)
    error_code = models.CharField(max_length=30, blank=True)
    provider_message_id = models.CharField(max_length=100, blank=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(default=now)

    class Meta:
        indexes: ClassVar = [
            # used by routing.review_providers(): what the last minutes' attempts came to
            models.Index(fields=["finished_at"], name="attempt_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.outcome}"
