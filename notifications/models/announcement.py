"""What the platform's admins tell many at once."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.timezone import now
from uuid_utils.compat import uuid7

from notifications.models.notification import Notification
from notifications.models.priority import Priority
from tenants.models import Tenant


class AnnouncementQuerySet(models.QuerySet["Announcement"]):
    def unfinished(self) -> Self:
        return self.exclude(state=Announcement.State.DONE)

    def free(self) -> Self:
        """Those that nobody is working on, by the database's own clock."""
        return self.filter(models.Q(lease_expires_at=None) | models.Q(lease_expires_at__lt=Now()))


class Announcement(models.Model):
    """One text to many people, and how far its telling has come. Only notifications.announcements writes it."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    tenant = models.ForeignKey(
        Tenant, null=True, on_delete=models.CASCADE, related_name="+", help_text="Set for a tenant's audience only."
    )
    audience = models.JSONField(help_text='"admins", "everyone", {"tenant": id} or {"emails": [...]}.')
    title = models.CharField(max_length=200)
    message = models.TextField(max_length=4000)
    notification_type = models.CharField(max_length=20, choices=Notification.Type)
    priority = models.CharField(max_length=10, choices=Priority)
    action_url = models.CharField(max_length=500, blank=True)
    data = models.JSONField(default=dict, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    cursor = models.UUIDField(null=True, help_text="The last user who was told; ids are told in order.")
    created_count = models.PositiveIntegerField(default=0, help_text="Rows written so far.")
    target_count = models.PositiveIntegerField(help_text="How many people it was for when it was made.")
    lease_token = models.UUIDField(null=True, help_text="Fences off a worker whose lease ran out.")
    lease_expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=now, editable=False)
    finished_at = models.DateTimeField(null=True)

    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state="done") ^ models.Q(finished_at=None),
                name="announcement_finished_at_when_done",
            ),
        ]
        indexes: ClassVar = [
            # used by announcements.sweep(): the few that are still on their way
            models.Index(fields=["id"], name="announcement_unfinished", condition=~models.Q(state="done")),
        ]

    def __str__(self) -> str:
        return self.title
