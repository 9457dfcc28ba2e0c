"""What one person is told."""

import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils.timezone import now
from uuid_utils.compat import uuid7

from accounts.models import User
from notifications.models.incident import Incident
from notifications.models.priority import Priority
from tenants.models import Membership, Tenant


class NotificationQuerySet(models.QuerySet["Notification"]):
    def addressed_to(self, user: User) -> Self:
        """This person's own rows, for the tenant they work in now or for none: nobody sees another's.

        The tenant is looked up among their memberships, in the same statement: the bare `current_tenant_id` alone
        shows nothing, should it ever be of a tenant that they left.
        """
        current = Membership.objects.filter(user=user.pk, tenant=user.current_tenant_id).values("tenant_id")
        return self.filter(
            models.Q(tenant_id=None) | models.Q(tenant_id=models.Subquery(current)), recipient_id=user.pk
        )

    def unexpired(self, *, now: datetime.datetime) -> Self:
        return self.filter(models.Q(expires_at=None) | models.Q(expires_at__gt=now))

    def unarchived(self) -> Self:
        return self.exclude(status=Notification.Status.ARCHIVED)

    def unread(self) -> Self:
        return self.filter(status=Notification.Status.UNREAD)

    def created_until(self, moment: datetime.datetime) -> Self:
        """Up to this moment and all of its millisecond: the API does not show the microseconds that are stored."""
        end = moment.replace(microsecond=moment.microsecond // 1000 * 1000 + 999)
        return self.filter(created_at__lte=end)

    def newest_first(self) -> Self:
        return self.order_by("-id")  # UUIDv7: the id is the time


class Notification(models.Model):
    """One line in one person's inbox. Only notifications.services writes it, and notifications.announcements the rows
    of its own.

    Not a TenantScoped model: its scope is the recipient (`addressed_to`), and it may belong to no tenant at all.
    """

    class Type(models.TextChoices):
        SYSTEM = "system"
        SMS_CREDIT = "sms_credit"
        CAMPAIGN = "campaign"
        CONTACT = "contact"
        BILLING = "billing"
        SECURITY = "security"
        MAINTENANCE = "maintenance"
        ERROR = "error"
        SUCCESS = "success"
        WARNING = "warning"
        INFO = "info"

    class Status(models.TextChoices):
        UNREAD = "unread"
        READ = "read"
        ARCHIVED = "archived"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications")
    # Most rows have none: an index over those would only tempt the planner.
    tenant = models.ForeignKey(
        Tenant, null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    incident = models.ForeignKey(
        Incident, null=True, blank=True, on_delete=models.CASCADE, related_name="notifications"
    )
    announcement = models.ForeignKey(
        "notifications.Announcement",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="notifications",
        db_index=False,  # `notification_announced_once` leads with it
    )
    event = models.CharField(
        max_length=40, blank=True, help_text='What of its incident or tenant it tells, such as "opened".'
    )
    kind = models.CharField(max_length=60, help_text="Slug in notifications.kinds.")
    notification_type = models.CharField(max_length=20, choices=Type)
    priority = models.CharField(max_length=10, choices=Priority, default=Priority.MEDIUM)
    status = models.CharField(max_length=10, choices=Status, default=Status.UNREAD)
    is_system = models.BooleanField(default=False)
    is_auto_generated = models.BooleanField(default=True)
    title = models.CharField(max_length=200)
    message = models.TextField(max_length=4000)
    action_text = models.CharField(max_length=60, blank=True)
    action_url = models.CharField(max_length=500, blank=True, help_text="Absolute http(s) or a path on this site.")
    data = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    read_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            # used by services.notify: nobody is told the same event of an incident twice
            models.UniqueConstraint(
                fields=["recipient", "incident", "event"],
                name="notification_once",
                condition=models.Q(incident__isnull=False),
            ),
            # used by services.notify: nor the same event of a kind, where there is no incident
            models.UniqueConstraint(
                fields=["recipient", "tenant", "kind", "event"],
                name="notification_event_once",
                condition=models.Q(incident=None) & ~models.Q(event=""),
                nulls_distinct=False,
            ),
            # used by announcements.write_chunk: a chunk that is written again tells nobody twice
            models.UniqueConstraint(
                fields=["announcement", "recipient"],
                name="notification_announced_once",
                condition=models.Q(announcement__isnull=False),
            ),
        ]
        indexes: ClassVar = [
            # used by poll.compute() and inbox.visible(): newest visible of one recipient
            models.Index(
                fields=["recipient", "-id"], name="notification_inbox", condition=~models.Q(status="archived")
            ),
            # used by inbox.unread_count(): answered from the index alone
            models.Index(
                fields=["recipient"],
                name="notification_unread",
                condition=models.Q(status="unread"),
                include=["tenant", "expires_at"],
            ),
            # used by poll.compute(): when the next of one recipient expires
            models.Index(
                fields=["recipient", "expires_at"],
                name="notification_expires_next",
                condition=models.Q(expires_at__isnull=False),
            ),
            # used when a tenant is deleted
            models.Index(fields=["tenant"], name="notification_of_tenant", condition=models.Q(tenant__isnull=False)),
            # used by services.cleanup(), one for each reason to go
            models.Index(fields=["read_at"], name="notification_read", condition=models.Q(status="read")),
            models.Index(fields=["archived_at"], name="notification_archived", condition=models.Q(status="archived")),
            models.Index(
                fields=["expires_at"], name="notification_expires", condition=models.Q(expires_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.title
