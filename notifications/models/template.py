"""The platform's own words for a kind of notification."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Lower
from django.utils.timezone import now
from uuid_utils.compat import uuid7

from notifications.models.notification import Notification
from notifications.models.priority import Priority


class NotificationTemplate(models.Model):
    """While active, its title and message stand in for the built-in ones of its kind. Only notifications.texts
    writes it.

    It changes words alone: `notification_type` and `priority` are what clients show and sort templates by. What a
    notification carries of the two is its kind's to say, else one edit of a text could hide a critical problem.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=60, help_text="Slug in notifications.kinds.")
    title = models.CharField(max_length=200, help_text="With $name placeholders of the kind.")
    message = models.TextField(max_length=4000, help_text="With $name placeholders of the kind.")
    notification_type = models.CharField(max_length=20, choices=Notification.Type)
    priority = models.CharField(max_length=10, choices=Priority)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [
            # used by texts.write: finds the one that is in use; and it can be only one, also for two writers at once
            models.UniqueConstraint(fields=["kind"], name="template_active_once", condition=models.Q(is_active=True)),
            models.UniqueConstraint(Lower("name"), name="template_name_once"),
        ]

    def __str__(self) -> str:
        return self.name
