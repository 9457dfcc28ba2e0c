"""How one person wants to be told."""

import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.timezone import now
from uuid_utils.compat import uuid7


class NotificationSettings(models.Model):
    """One row a person, made when it is first read or written. Only notifications.preferences writes it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notification_settings"
    )
    # Each is the master switch of one column of the matrix: what its reader sees is preferences.switches.
    email_notifications_enabled = models.BooleanField(null=True, blank=True, help_text="Empty: never said.")
    sms_notifications_enabled = models.BooleanField(
        null=True, blank=True, help_text="Empty: off until asked for, since it costs credits."
    )
    in_app_notifications_enabled = models.BooleanField(
        null=True, blank=True, help_text="Off leaves the inbox to high and critical ones."
    )
    sms_credit_warning_threshold = models.PositiveSmallIntegerField(default=25, help_text="Whole percent.")
    sms_credit_critical_threshold = models.PositiveSmallIntegerField(
        default=10, help_text="Whole percent, below the warning threshold."
    )
    quiet_from = models.TimeField(
        null=True, blank=True, help_text="By the person's own clock; critical ones still come."
    )
    quiet_until = models.TimeField(null=True, blank=True, help_text="May be on the next day.")
    daily_digest_at = models.TimeField(default=datetime.time(8), help_text="By the person's own clock.")
    snoozed_until = models.DateTimeField(
        null=True, blank=True, help_text="Until then only critical ones leave the house for this person."
    )
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "notification settings"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(sms_credit_critical_threshold__gte=1, sms_credit_warning_threshold__lte=100),
                name="settings_thresholds_are_percents",
            ),
            # bounds the other end of both as well
            models.CheckConstraint(
                condition=models.Q(sms_credit_critical_threshold__lt=models.F("sms_credit_warning_threshold")),
                name="settings_critical_below_warning",
            ),
            models.CheckConstraint(
                condition=~(models.Q(quiet_from=None) ^ models.Q(quiet_until=None)),
                name="settings_quiet_has_both_ends",
            ),
            models.CheckConstraint(
                condition=models.Q(quiet_from=None) | ~models.Q(quiet_from=models.F("quiet_until")),
                name="settings_quiet_has_a_length",
            ),
        ]

    def __str__(self) -> str:
        return f"Settings of {self.user_id}"
