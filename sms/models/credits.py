from typing import ClassVar

from django.db import models

from tenants.models import ScopedManager, Tenant, TenantScoped


class CreditAccount(TenantScoped):
    """What a tenant may still send, in whole credits; one credit pays one segment.

    `available` only moves by conditional updates in sms.services: read-modify-write loses money under load.
    """

    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE, primary_key=True, related_name="+")
    available = models.BigIntegerField(default=0)
    balance_after_last_top_up = models.BigIntegerField(default=0)
    last_top_up_at = models.DateTimeField(null=True, blank=True)
    is_unlimited = models.BooleanField(default=False)

    objects: ClassVar[ScopedManager] = ScopedManager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(available__gte=0), name="credits_never_below_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.tenant_id}: {'unlimited' if self.is_unlimited else self.available}"
