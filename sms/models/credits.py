"""What a tenant may still send, in whole credits; one credit pays one segment."""

import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils.timezone import now
from uuid_utils.compat import uuid7

from tenants.models import ScopedManager, Tenant, TenantScoped


class CreditAccount(TenantScoped):
    """A tenant's balance, the sum of its ledger.

    Both numbers only move by conditional updates in sms.services.credits: read-modify-write loses money under load.
    """

    class Refunds(models.TextChoices):
        """Which messages, taken by a carrier and then not delivered, cost nothing."""

        FAILED = "failed", "All that failed"
        REJECTED = "rejected", "Those that the carrier rejected"
        NEVER = "never", "None: taken by a carrier is paid"

    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE, primary_key=True, related_name="+")
    available = models.BigIntegerField(default=0)
    reserved = models.BigIntegerField(default=0, help_text="For messages that are on their way.")
    balance_after_last_top_up = models.BigIntegerField(default=0)
    last_top_up_at = models.DateTimeField(null=True, blank=True)
    top_ups = models.PositiveIntegerField(default=0, help_text="How many; warnings are given once each.")
    lowest_available = models.BigIntegerField(default=0, help_text="The least that was available since then.")
    # An UPDATE cannot return what its row was before Postgres 18, so the row itself remembers it.
    lowest_before = models.BigIntegerField(default=0, help_text="The same before the last movement.")
    next_expiry_at = models.DateTimeField(
        null=True, blank=True, help_text="When the first grant that still holds credits expires."
    )
    is_unlimited = models.BooleanField(default=False)
    refunds = models.CharField(max_length=10, choices=Refunds, default=Refunds.FAILED)

    objects: ClassVar[ScopedManager] = ScopedManager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(available__gte=0), name="credits_never_below_zero"),
            models.CheckConstraint(condition=models.Q(reserved__gte=0), name="reserved_never_below_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.tenant}: {'unlimited' if self.is_unlimited else f'{self.available:,}'}"


class CreditGrant(TenantScoped):
    """Credits of one top-up, and how many of them are not spent yet. The oldest are spent first."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    amount = models.BigIntegerField()
    remaining = models.BigIntegerField(help_text="Neither spent nor expired; reserved ones are still among them.")
    expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(remaining__gte=0, remaining__lte=models.F("amount")), name="grant_within_its_amount"
            ),
        ]
        indexes: ClassVar = [
            # used by settling: the oldest grants that still hold something
            models.Index(fields=["tenant", "id"], name="grant_open", condition=models.Q(remaining__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.remaining} of {self.amount}"


class CreditEntryQuerySet(models.QuerySet["CreditEntry"]):
    def newest_first(self) -> Self:
        return self.order_by("-id")

    def oldest_first(self) -> Self:
        """In the order in which they happened: a tenant's entries get their ids under the lock on its account."""
        return self.order_by("id")

    def between(self, since: datetime.datetime | None, until: datetime.datetime | None) -> Self:
        """From `since` (included) to `until` (not included)."""
        rows = self if since is None else self.filter(created_at__gte=since)
        return rows if until is None else rows.filter(created_at__lt=until)


class CreditEntryManager(ScopedManager.from_queryset(CreditEntryQuerySet)):  # type: ignore[misc]
    pass


class CreditEntry(TenantScoped):
    """One line of the ledger. Never changed and never deleted: a trigger sees to it."""

    class Kind(models.TextChoices):
        TOP_UP = "top_up", "Top-up"
        RESERVE = "reserve", "Reserved for a batch"
        SETTLE = "settle", "Spent on a message"
        RELEASE = "release", "Given back for a message"
        EXPIRE = "expire", "Expired"
        ADJUST = "adjust", "Adjustment"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # A tenant with a ledger is suspended, not deleted.
    tenant = models.ForeignKey(
        Tenant,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,  # the indexes below lead with it, and every spend would pay for one more
    )
    kind = models.CharField(max_length=10, choices=Kind)
    reference = models.CharField(max_length=80, help_text="What it is for: a batch, a message, a payment.")
    available_delta = models.BigIntegerField()
    reserved_delta = models.BigIntegerField(default=0)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)

    objects: ClassVar[CreditEntryManager] = CreditEntryManager()

    class Meta:
        verbose_name_plural = "credit entries"
        constraints: ClassVar = [
            # this constraint makes every movement happen once, however often it is asked for
            models.UniqueConstraint(fields=["tenant", "kind", "reference"], name="credit_entry_once"),
        ]
        indexes: ClassVar = [
            # used by the tenant's ledger and statement
            models.Index(fields=["tenant", "-id"], name="credit_entry_of_tenant"),
            # used when a user is deleted; most entries are nobody's
            models.Index(fields=["actor"], name="credit_entry_by", condition=models.Q(actor__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.available_delta:+d}"


class CreditFall(TenantScoped):
    """That a balance fell to a new lowest whole percent since its last top-up, or over one of the platform's bands.

    Written in the transaction that took the credits, and announced after it; the sweeper finds what was not.
    """

    class Band(models.TextChoices):
        """From the least to the worst."""

        UNDER_100 = "under_100", "Under 100 credits"
        WARNING = "warning", "At or under 25 %"
        CRITICAL = "critical", "At or under 10 %"
        EMPTY = "empty", "None left"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    top_up = models.PositiveIntegerField(help_text="The account's `top_ups` then.")
    percent_before = models.PositiveSmallIntegerField(help_text="The least that had been left until then.")
    percent = models.PositiveSmallIntegerField(help_text="Whole percent that was left, rounded up.")
    available = models.BigIntegerField()
    balance_after_top_up = models.BigIntegerField()
    band = models.CharField(max_length=10, choices=Band, blank=True, help_text="The worst that was newly crossed.")
    created_at = models.DateTimeField(default=now, editable=False)
    announced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            # each band is crossed once a top-up
            models.UniqueConstraint(
                fields=["tenant", "top_up", "band"], name="credit_band_once", condition=~models.Q(band="")
            ),
        ]
        indexes: ClassVar = [
            # used by the sweeper: what is still to be announced
            models.Index(fields=["created_at"], name="credit_fall_waiting", condition=models.Q(announced_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.percent} %"
