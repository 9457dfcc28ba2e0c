"""When trouble is expected, and nobody wants to be told of it."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.timezone import now
from uuid_utils.compat import uuid7

from tenants.models import Tenant


class MaintenanceWindow(models.Model):
    """Once, or again and again at the same time of the day where it is. It keeps problems from opening, and nothing
    else: what is open stays open, and what is over is told.

    Not a TenantScoped model: the platform's own belong to no tenant.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    title = models.CharField(max_length=200)
    checks = models.JSONField(default=list, blank=True, help_text="Slugs of checks; all of them while it is empty.")
    timezone = models.CharField(max_length=64, default="UTC", help_text="IANA name; the clock that the times go by.")
    starts_at = models.DateTimeField(help_text="Of the first time.")
    minutes = models.PositiveIntegerField(help_text="How long it lasts.")
    weekdays = models.JSONField(default=list, blank=True, help_text="0 is Monday. Empty: it happens once.")
    until = models.DateTimeField(null=True, blank=True, help_text="A recurring one does not begin after this.")
    announce_minutes = models.PositiveIntegerField(default=60, help_text="How long before it begins people are told.")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    cancelled_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(minutes__gte=1), name="maintenance_lasts"),
        ]

    def __str__(self) -> str:
        return self.title

    def covers(self, check: str) -> bool:
        """Whether it keeps the platform's problems of this check from opening while it is on."""
        return self.tenant_id is None and (not self.checks or check in self.checks)


class MaintenanceOccurrence(models.Model):
    """One time that a window happens, made when it comes near."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    window = models.ForeignKey(MaintenanceWindow, on_delete=models.CASCADE, related_name="occurrences")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    announced_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="When its end was told.")
    suppressed = models.JSONField(default=dict, blank=True, help_text="Problems that were not opened, and how often.")

    class Meta:
        constraints: ClassVar = [
            # used by maintenance.plan(): each time once, whoever looks first
            models.UniqueConstraint(fields=["window", "starts_at"], name="maintenance_occurrence_once"),
        ]
        indexes: ClassVar = [
            # used by every run of the monitor: what is on now or near
            models.Index(fields=["ends_at"], name="maintenance_not_over", condition=models.Q(ended_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M}"

    @property
    def timezone(self) -> str:
        return self.window.timezone
