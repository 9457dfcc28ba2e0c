from typing import ClassVar, Self

from django.db import models
from django.utils.timezone import now
from uuid_utils.compat import uuid7

from sms.models.states import Status


class ReceiptQuerySet(models.QuerySet["Receipt"]):
    def unknown(self) -> Self:
        """Those about messages that we do not have, or not yet."""
        return self.filter(applied_at=None)


class Receipt(models.Model):
    """A delivery receipt as a carrier sent it, kept once.

    Not tenant-scoped: it arrives before anybody knows whose message it is about, and may be about none.
    One that comes before the carrier's id for the message was stored waits here (`applied_at` is null); one about a
    message that we never had stays, and is counted.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    provider = models.CharField(max_length=30)
    provider_message_id = models.CharField(max_length=100)
    reference = models.UUIDField(null=True, help_text="Our id for the message, where the carrier echoes it.")
    status = models.CharField(max_length=12, choices=Status)
    reason = models.CharField(max_length=60, blank=True)
    error_code = models.CharField(max_length=30, blank=True)
    raw = models.JSONField(default=dict, help_text="What the carrier posted, as it was read.")
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField(default=now)
    applied_at = models.DateTimeField(null=True, blank=True)

    objects = models.Manager.from_queryset(ReceiptQuerySet)()

    class Meta:
        constraints: ClassVar = [
            # used by services.apply_receipts: a repeated receipt is stored and applied once
            models.UniqueConstraint(fields=["provider", "provider_message_id", "status"], name="receipt_once"),
        ]
        indexes: ClassVar = [
            # used by the sweeper: receipts still waiting for their message
            models.Index(fields=["received_at"], name="receipt_waiting", condition=models.Q(applied_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.provider_message_id} {self.status}"
