"""Which carrier a message goes to, and every move away from one and back."""

from typing import ClassVar

from django.db import models
from django.utils.timezone import now
from uuid_utils.compat import uuid7

from tenants.models import Tenant


class Route(models.Model):
    """How large a share of a tenant's messages goes to a provider while all are well.

    Not tenant-scoped: without a tenant it is the platform's own, which holds for whoever has none.
    """

    tenant = models.ForeignKey(Tenant, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    provider = models.CharField(max_length=30)
    weight = models.PositiveSmallIntegerField(default=100, help_text="Relative to the tenant's other routes.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "provider"], name="route_once", nulls_distinct=False),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.weight}"


class ProviderState(models.Model):
    """How much of its traffic a provider gets now: 100 % while it is well."""

    provider = models.CharField(max_length=30, primary_key=True)
    share_percent = models.PositiveSmallIntegerField(default=100)
    changed_at = models.DateTimeField(default=now)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(share_percent__lte=100), name="provider_share_is_percent"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.share_percent} %"


class RouteMove(models.Model):
    """One move of traffic away from a provider, or back to it. Never changed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    provider = models.CharField(max_length=30)
    share_before = models.PositiveSmallIntegerField()
    share_after = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=200, help_text="What was measured, over how many, against which threshold.")
    requeued = models.PositiveIntegerField(
        default=0, help_text="Waiting messages that were given to another provider."
    )
    created_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return f"{self.provider} {self.share_before} % -> {self.share_after} %"
