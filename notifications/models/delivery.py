"""What leaves the house to tell somebody, and what became of it."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils.timezone import now
from uuid_utils.compat import uuid7

from notifications.models.incident import Incident
from notifications.models.notification import Notification
from notifications.models.priority import Priority
from notifications.models.webhook import WebhookEndpoint
from tenants.models import Tenant


class Channel(models.TextChoices):
    """Ways out of the house. The inbox is none: a row of it is there when its transaction commits."""

    EMAIL = "email", "E-mail"
    SMS = "sms", "SMS"
    WEBHOOK = "webhook"
    OPERATORS = "operators", "Operators' channels"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def unfinished(self) -> Self:
        return self.filter(state__in=[Delivery.State.WAITING, Delivery.State.HELD, Delivery.State.CLAIMED])

    def given_up(self) -> Self:
        """The dead letters."""
        return self.filter(state=Delivery.State.DEAD)

    def to_be_seen_to(self) -> Self:
        """Dead letters that nobody has seen to. A tenant's endpoints are the tenant's own concern."""
        dead = self.given_up().filter(handled_at=None)
        return dead.exclude(models.Q(channel=Channel.WEBHOOK) & models.Q(tenant__isnull=False))

    def of_notification(self, notification: Notification) -> Self:
        """What became of it on each channel, with the attempts in order."""
        mine = self.filter(notification=notification).order_by("channel", "id")
        return mine.prefetch_related(models.Prefetch("tries", DeliveryAttempt.objects.order_by("id")))

    def taken(self) -> Self:
        """Those that a channel took and will say more about."""
        return self.filter(state=Delivery.State.SENT, finished_at=None)


class Delivery(models.Model):
    """One message to one place: a person's mailbox or phone, a webhook endpoint, or the operators' channels.

    Written in the transaction that writes what it tells of, and handed over after it commits: at least once, each time
    with the same id, so that a receiver can drop a repeat. Only notifications.delivery writes it.

    Not a TenantScoped model: the platform's own belong to no tenant. Its scope is the recipient or the endpoint.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting for its time or for another attempt"
        HELD = "held", "To be told together with others at its time"
        CLAIMED = "claimed", "A worker is at it"
        SENT = "sent"
        DEAD = "dead", "Given up"
        SKIPPED = "skipped", "Not sent, by a rule"
        MERGED = "merged", "Told in a digest or summary"

    class Together(models.TextChoices):
        HOURLY = "hourly", "In a digest each hour"
        DAILY = "daily", "In a digest each day"
        STORM = "storm", "In the summary of a storm"

    id = models.UUIDField(
        primary_key=True, default=uuid7, editable=False, help_text="What receivers know a repeat by."
    )
    key = models.CharField(max_length=200, help_text="What is told to whom; the deduplication.")
    channel = models.CharField(max_length=10, choices=Channel)
    notification = models.ForeignKey(
        Notification, null=True, blank=True, on_delete=models.CASCADE, related_name="deliveries"
    )
    # A row changes twice in its life, and every index over what most rows do not have would pay for it each time.
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,  # `delivery_of_person` leads with it
    )
    endpoint = models.ForeignKey(
        WebhookEndpoint, null=True, blank=True, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    tenant = models.ForeignKey(
        Tenant, null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    incident = models.ForeignKey(
        Incident, null=True, blank=True, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    digest = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="parts",
        db_index=False,  # most rows have none
        help_text="What told it instead.",
    )
    together = models.CharField(
        max_length=6, choices=Together, blank=True, help_text="Why it is or was held; empty: it is told by itself."
    )
    priority = models.CharField(max_length=10, choices=Priority)
    content = models.JSONField(help_text="What is told, the same at each attempt: see delivery.content.")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    rule = models.CharField(max_length=500, blank=True, help_text="Why it is sent, held back or skipped, in words.")
    reason = models.CharField(max_length=300, blank=True, help_text="What the last attempt ended with, in words.")
    reference = models.CharField(
        max_length=200, blank=True, help_text="Where it was accepted: the receiver's id for it."
    )
    due_at = models.DateTimeField(default=now, help_text="Not before.")
    attempts = models.PositiveSmallIntegerField(default=0)
    claim_token = models.UUIDField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True, help_text="Nothing more is waited for.")
    handled_at = models.DateTimeField(
        null=True, blank=True, help_text="When somebody saw to it after it was given up."
    )

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints: ClassVar = [
            # used by outbox.write(): this constraint is the deduplication
            models.UniqueConstraint(fields=["key"], name="delivery_once"),
            models.CheckConstraint(
                condition=models.Q(state="claimed") ^ models.Q(claim_token=None),
                name="delivery_token_when_claimed",
            ),
        ]
        indexes: ClassVar = [
            # used by claiming.claim(): what is due, the longest waiting first of each priority, channel by channel
            models.Index(
                fields=["channel", "priority", "due_at"],
                name="delivery_due_by_priority",
                condition=models.Q(state="waiting"),
            ),
            # used by sweeping.replay(): what a worker that died was at
            models.Index(fields=["lease_expires_at"], name="delivery_leased", condition=models.Q(state="claimed")),
            # used by the monitor and the admin: dead letters, newest first
            models.Index(fields=["-id"], name="delivery_dead", condition=models.Q(state="dead")),
            # used by sweeping.settle(): what was taken and is still to be heard of
            models.Index(
                fields=["channel", "id"],
                name="delivery_unsettled",
                condition=models.Q(state="sent", finished_at=None),
            ),
            # used by the storm brake and when wishes change: what one person was or will be told, and when
            models.Index(fields=["recipient", "channel", "-due_at"], name="delivery_of_person"),
            # used by digests.make_due(): what was held and is due
            models.Index(fields=["due_at"], name="delivery_held", condition=models.Q(state="held")),
            # used when a digest is deleted, and by what it told
            models.Index(fields=["digest"], name="delivery_of_digest", condition=models.Q(digest__isnull=False)),
            # used by an endpoint's own list, newest first; by what was told of an incident; when these are deleted
            models.Index(
                fields=["endpoint", "-id"],
                name="delivery_to_endpoint",
                condition=models.Q(endpoint__isnull=False),
            ),
            models.Index(
                fields=["incident", "recipient", "id"],
                name="delivery_of_incident",
                condition=models.Q(incident__isnull=False),
            ),
            models.Index(fields=["tenant"], name="delivery_of_tenant", condition=models.Q(tenant__isnull=False)),
            # used by the retention
            models.Index(
                fields=["finished_at"], name="delivery_finished", condition=models.Q(finished_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()}: {self.get_state_display().lower()}"


class DeliveryAttempt(models.Model):
    """One attempt to hand a delivery over. Never changed."""

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted"
        TRY_AGAIN = "try_again"
        REFUSED = "refused", "Refused for good"
        UNKNOWN = "unknown", "It may have been taken"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    delivery = models.ForeignKey(
        Delivery,
        on_delete=models.CASCADE,
        related_name="tries",
        db_index=False,  # `delivery_attempts` leads with it
    )
    number = models.PositiveSmallIntegerField()
    at = models.DateTimeField(default=now)
    seconds = models.FloatField(default=0)
    outcome = models.CharField(max_length=10, choices=Outcome)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes: ClassVar = [
            # used by what a delivery went through
            models.Index(fields=["delivery", "id"], name="delivery_attempts"),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.outcome}"


class SmsSpending(models.Model):
    """What SMS notifications cost on one day (UTC), in credits. Only notifications.channels.sms writes it: a
    conditional update that the day's cap refuses, in the transaction that queues the message."""

    day = models.DateField(primary_key=True)
    credits = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.day}: {self.credits}"
