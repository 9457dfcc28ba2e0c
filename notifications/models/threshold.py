"""What is too much or too little, where somebody decided otherwise than the environment."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Count, F, Q, Window
from django.db.models.functions import RowNumber
from django.utils.timezone import now
from uuid_utils.compat import uuid7

from tenants.models import Tenant

#: Rows of one limit that are told at once.
TOP = 100


class ThresholdQuerySet(models.QuerySet["Threshold"]):
    def told(self, *, tenant: Tenant | None) -> Self:
        """The platform's, and those of tenants that have a number of their own: of each limit the first hundred, with
        how many there are (`tenants_total`). With a tenant, everything ever decided for it and no other."""
        rows = self.select_related("tenant")
        if tenant is not None:
            return rows.filter(Q(tenant=None) | Q(tenant=tenant))
        limit = [F("check_slug"), F("name")]
        rank = Window(RowNumber(), partition_by=limit, order_by=F("tenant__slug").asc(nulls_first=True))
        decided = rows.filter(Q(tenant=None) | Q(value__isnull=False))
        total = Window(Count("tenant"), partition_by=limit)
        return decided.annotate(rank=rank, tenants_total=total).filter(rank__lte=TOP)


class Threshold(models.Model):
    """One number that a check goes by, for the platform or for one tenant. Only notifications.thresholds writes it.

    Not a TenantScoped model: the platform's own belong to no tenant.
    """

    tenant = models.ForeignKey(Tenant, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    check_slug = models.CharField(max_length=40)
    name = models.CharField(max_length=40, help_text="As the check declares it, such as warning.")
    value = models.IntegerField(
        null=True, help_text="Empty: what the environment says, or the platform; the row stays for its version."
    )
    version = models.PositiveIntegerField(default=1, help_text="Grows with each change, and never falls.")
    updated_at = models.DateTimeField(auto_now=True)

    objects = ThresholdQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "check_slug", "name"], name="threshold_once", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.check_slug} {self.name} {self.value}"


class ThresholdChangeQuerySet(models.QuerySet["ThresholdChange"]):
    def of(self, check: str, name: str) -> Self:
        return self.filter(check_slug=check, name=name)


class ThresholdChange(models.Model):
    """Who changed a threshold, when, and from what to what. Never changed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    check_slug = models.CharField(max_length=40)
    name = models.CharField(max_length=40)
    before = models.IntegerField(null=True, help_text="Empty: what the environment said.")
    after = models.IntegerField(null=True, help_text="Empty: back to what the environment says.")
    version = models.PositiveIntegerField(help_text="That the threshold has since.")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(default=now)

    objects = ThresholdChangeQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            # used by thresholds.py: of two writers who saw the same version one changes it
            models.UniqueConstraint(
                fields=["tenant", "check_slug", "name", "version"],
                name="threshold_change_once",
                nulls_distinct=False,
            ),
        ]
        indexes: ClassVar = [
            # used by the history of one threshold
            models.Index(fields=["check_slug", "-id"], name="threshold_history"),
        ]

    def __str__(self) -> str:
        return f"{self.check_slug} {self.name}: {self.before} -> {self.after}"
