"""Which channel somebody wants which category on."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.timezone import now

from notifications.models.notification import Notification
from tenants.models import Tenant


class Column(models.TextChoices):
    """A column of the matrix."""

    IN_APP = "in_app", "Inbox"
    EMAIL = "email", "E-mail"
    SMS = "sms", "SMS"


class When(models.TextChoices):
    """What a cell of the matrix holds."""

    AT_ONCE = "at_once"
    HOURLY = "hourly", "In a digest each hour"
    DAILY = "daily", "In a digest each day"
    OFF = "off"


class ChannelChoice(models.Model):
    """One cell of the matrix of categories and channels: a person's own, else their tenant's, else the platform's (no
    person and no tenant), else what notifications.delivery.rules says. Only notifications.preferences writes it."""

    Channel = Column
    When = When

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    tenant = models.ForeignKey(Tenant, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    category = models.CharField(max_length=20, choices=Notification.Type)
    channel = models.CharField(max_length=6, choices=Channel)
    when = models.CharField(max_length=7, choices=When)
    updated_at = models.DateTimeField(default=now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "tenant", "category", "channel"], name="choice_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=models.Q(user=None) | models.Q(tenant=None), name="choice_of_a_person_or_a_tenant"
            ),
            # an inbox gathers nothing: there is no message to wait for
            models.CheckConstraint(
                condition=~models.Q(channel="in_app", when__in=["hourly", "daily"]), name="choice_no_digest_in_app"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.category} by {self.channel}: {self.when}"
