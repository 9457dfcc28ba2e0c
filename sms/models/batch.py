from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.timezone import now
from uuid_utils.compat import uuid7

from sms.models.traffic import Traffic
from tenants.models import TenantScoped


class Batch(TenantScoped):
    """What was accepted in one call. How far it has come is counted from its messages."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    text = models.TextField(max_length=1600, help_text="As it was given: a template's with its placeholders.")
    sender_id = models.CharField(max_length=16)
    traffic = models.CharField(max_length=15, choices=Traffic, default=Traffic.TRANSACTIONAL)
    group_name = models.CharField(max_length=100, blank=True, help_text="The group it was sent to, as it was called.")
    template_name = models.CharField(max_length=100, blank=True)
    send_at = models.DateTimeField(null=True, blank=True)
    valid_until = models.DateTimeField(null=True, blank=True)
    accepted = models.PositiveIntegerField(help_text="Messages that were queued.")
    duplicates = models.PositiveIntegerField(default=0, help_text="Numbers that were given more than once.")
    opted_out = models.PositiveIntegerField(default=0, help_text="Left out because they asked to be.")
    segments = models.PositiveIntegerField()
    credits = models.PositiveIntegerField(help_text="Reserved when it was accepted; none for unlimited accounts.")
    avoid = models.CharField(
        max_length=30, blank=True, default="", db_default="", help_text="A provider that it must not go through."
    )
    created_at = models.DateTimeField(default=now, editable=False)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "batches"
        constraints: ClassVar = [
            # the target of messages' composite key: a message is in a batch of its own tenant; read backwards it is
            # the tenant's own list, newest first
            models.UniqueConstraint(fields=["tenant", "id"], name="batch_key_of_tenant"),
        ]

    def __str__(self) -> str:
        return f"{self.accepted} messages of {self.created_at:%Y-%m-%d %H:%M}"
