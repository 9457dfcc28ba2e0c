"""Where programs of a tenant, or of the platform, want to be told."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.timezone import now
from uuid_utils.compat import uuid7

from tenants.models import Tenant


class WebhookEndpoint(models.Model):
    """An address that gets signed calls (Standard Webhooks). Only notifications.webhooks writes it.

    Not a TenantScoped model: the platform's own belong to no tenant.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(
        Tenant, null=True, blank=True, on_delete=models.CASCADE, related_name="+", help_text="Empty: the platform's."
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Told when it fails.",
    )
    url = models.URLField(max_length=500)
    description = models.CharField(max_length=200, blank=True)
    categories = models.JSONField(default=list, blank=True, help_text="Notification types; empty: all of them.")
    secret = models.CharField(max_length=100, help_text="whsec_ and base64; shown once.")
    previous_secret = models.CharField(max_length=100, blank=True, help_text="Signs as well until it ends.")
    previous_secret_until = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    failing_since = models.DateTimeField(null=True, blank=True, help_text="Empty: its last call was taken.")
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    resting_until = models.DateTimeField(null=True, blank=True, help_text="Nothing is sent to it before.")
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes: ClassVar = [
            # used by the outbox: who of a tenant, or of the platform, is told
            models.Index(fields=["tenant", "id"], name="webhook_active", condition=models.Q(is_active=True)),
        ]

    def __str__(self) -> str:
        return self.url
