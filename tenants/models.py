"""Who data belongs to."""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils.timezone import now
from uuid_utils.compat import uuid7

from tenants.scope import Everyone, TenantScopeMissing, current_scope


class Tenant(models.Model):
    """A business that sends SMS."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=80, unique=True)
    timezone = models.CharField(max_length=64, default="UTC", help_text="IANA name.")
    suspended_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class MembershipQuerySet(models.QuerySet["Membership"]):
    def in_use(self) -> Self:
        """Memberships of tenants that are not suspended, by name."""
        return self.filter(tenant__suspended_at=None).order_by("tenant__name")


class Membership(models.Model):
    """What one person may do for one tenant."""

    class Role(models.TextChoices):
        OWNER = "owner"
        ADMIN = "admin"
        MEMBER = "member"

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role, default=Role.MEMBER)
    created_at = models.DateTimeField(default=now, editable=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            # used by tenants.services.add_member: one membership a person and tenant, also for two callers at once
            models.UniqueConstraint(fields=["user", "tenant"], name="membership_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} of {self.tenant_id}"


class ScopedManager(models.Manager[Any]):
    """Sees the rows of the current scope and raises TenantScopeMissing where there is none.

    What it cannot watch, because Django goes around it: forward keys, saving, refreshing and deleting one instance.
    """

    def get_queryset(self) -> models.QuerySet[Any]:
        rows = super().get_queryset()
        scope = current_scope()
        if scope is None:
            raise TenantScopeMissing(
                f"{self.model.__name__} was queried without a tenant. Use tenant_scope(...), or "
                "all_tenants(because=...) where the platform itself is at work."
            )
        return rows if isinstance(scope, Everyone) else rows.filter(tenant_id=scope)


class TenantScoped(models.Model):
    """Base of everything that belongs to one tenant."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")

    objects = ScopedManager()

    class Meta:
        abstract = True
