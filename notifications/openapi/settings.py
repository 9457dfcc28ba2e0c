"""How I want to be told, as `/api/schema/` tells of it."""

from rest_framework import serializers

from accounts.describing import Said, call
from notifications.serializers.credits import CreditTestSerializer
from notifications.serializers.settings import SettingsSerializer

TAG = "Settings"
SETTINGS = {
    "id": "01961f0e-91d0-7e64-b2f3-6d0c4a8e5b19",
    "email_notifications_enabled": True,
    "sms_notifications_enabled": False,
    "in_app_notifications_enabled": True,
    "sms_credit_warning_threshold": 25,
    "sms_credit_critical_threshold": 10,
    "created_at": "2026-03-01T08:00:00.000Z",
    "updated_at": "2026-03-10T12:00:00.000Z",
}


class SettingsReply(Said):
    data = SettingsSerializer()  # type: ignore[assignment] # the contract's word for it


class CreditTestReply(Said):
    current_credits = serializers.IntegerField(min_value=0)
    total_credits = serializers.IntegerField(min_value=1)
    percentage = serializers.FloatField(min_value=0, help_text="With one decimal.")
    level = serializers.ChoiceField(choices=["critical", "warning", "ok"])


SHOW = call(
    "showSettings",
    "How I want to be told",
    tag=TAG,
    reply=SettingsReply,
    example={"success": True, "message": "Notification settings", "data": SETTINGS},
)
CHANGE = call(
    "changeSettings",
    "Change how I want to be told",
    more="PUT and PATCH are the same: what is not sent keeps its value. The critical threshold stays below the other.",
    tag=TAG,
    body=SettingsSerializer(partial=True),
    given={"sms_credit_warning_threshold": 30, "sms_credit_critical_threshold": 10},
    reply=SettingsReply,
    example={
        "success": True,
        "message": "Notification settings updated",
        "data": SETTINGS | {"sms_credit_warning_threshold": 30},
    },
    same_by_put="replaceSettings",
)
TEST_CREDITS = call(
    "testSmsCredits",
    "Try out the warnings of low SMS credits",
    more="Judges a balance by my own thresholds, and tells me alone when it is low. For admins and tenants' owners.",
    tag=TAG,
    body=CreditTestSerializer,
    given={"current_credits": 80, "total_credits": 1000},
    reply=CreditTestReply,
    example={
        "success": True,
        "message": "8.0 % of the credits are left: critical, notification created",
        "current_credits": 80,
        "total_credits": 1000,
        "percentage": 8.0,
        "level": "critical",
    },
)
