from typing import ClassVar

from rest_framework import serializers

from accounts.fields import StrictIntegerField
from notifications.models import NotificationSettings


class SettingsSerializer(serializers.ModelSerializer[NotificationSettings]):
    """How I want to be told. Thresholds are whole percents; the three switches say whether anything comes on a channel
    (see preferences.flat_of), which is not what is stored."""

    email_notifications_enabled = serializers.BooleanField()
    sms_notifications_enabled = serializers.BooleanField()
    in_app_notifications_enabled = serializers.BooleanField()
    sms_credit_warning_threshold = StrictIntegerField(min_value=1, max_value=100)
    sms_credit_critical_threshold = StrictIntegerField(min_value=1, max_value=100)

    class Meta:
        model = NotificationSettings
        fields: ClassVar = [
            *("id", "email_notifications_enabled", "sms_notifications_enabled", "in_app_notifications_enabled"),
            *("sms_credit_warning_threshold", "sms_credit_critical_threshold", "created_at", "updated_at"),
        ]
