import datetime
from typing import Any, ClassVar

from django.conf import settings
from rest_framework import serializers

from accounts.fields import BoundedListField, IdField, StrictIntegerField, in_utc
from notifications.models import Delivery, DeliveryAttempt, Notification, WebhookEndpoint

MOST_OVERLAP_HOURS = 7 * 24


class MomentField(serializers.DateTimeField):
    def to_internal_value(self, value: Any) -> datetime.datetime:
        return in_utc(super().to_internal_value(value))


class WebhookSerializer(serializers.ModelSerializer[WebhookEndpoint]):
    """Everything but the secrets."""

    categories = serializers.ListField(child=serializers.ChoiceField(choices=Notification.Type.choices))
    owner = serializers.EmailField(source="owner.email", default=None, allow_null=True)

    class Meta:
        model = WebhookEndpoint
        fields: ClassVar = [
            *("id", "url", "description", "categories", "owner", "is_active", "failures", "failing_since"),
            *("resting_until", "disabled_at", "disabled_reason", "previous_secret_until", "created_at", "updated_at"),
        ]


class WriteWebhookSerializer(serializers.Serializer[Any]):
    """Where the address may lead is judged by notifications.webhooks."""

    url = serializers.CharField(max_length=500, trim_whitespace=False)
    description = serializers.CharField(max_length=200, allow_blank=True, required=False)
    categories = BoundedListField(
        child=serializers.ChoiceField(choices=Notification.Type.choices),
        max_length=len(Notification.Type),
        required=False,
        help_text="What it is told; empty: everything.",
    )


class ChangeWebhookSerializer(WriteWebhookSerializer):
    is_active = serializers.BooleanField(required=False, help_text="False: it is sent nothing.")


class RotateSerializer(serializers.Serializer[Any]):
    overlap_hours = StrictIntegerField(
        min_value=0,
        max_value=MOST_OVERLAP_HOURS,
        required=False,
        help_text="How long the present secret signs as well; 0: it ends at once.",
    )

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        return {"overlap": datetime.timedelta(hours=given.get("overlap_hours", settings.WEBHOOK_SECRET_OVERLAP_HOURS))}


class ReplaySerializer(serializers.Serializer[Any]):
    """One delivery, or those of a time range."""

    delivery = IdField(required=False, help_text="This one alone.")
    since = MomentField(required=False, help_text="Those that were written from here on ...")
    until = MomentField(required=False, help_text="... and before.")
    only_failed = serializers.BooleanField(default=False, help_text="Only those that were given up.")
    dry_run = serializers.BooleanField(default=False, help_text="Only says how many it would be.")

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        is_range = "since" in given or "until" in given
        if is_range and "delivery" in given:
            raise serializers.ValidationError({"delivery": ["Not together with a time range."]})
        if not is_range and "delivery" not in given:
            raise serializers.ValidationError({"since": ["Say since when, or which delivery."]})
        if "until" in given and "since" not in given:
            raise serializers.ValidationError({"since": ["Say since when."]})
        return given


class WebhookAttemptSerializer(serializers.ModelSerializer[DeliveryAttempt]):
    class Meta:
        model = DeliveryAttempt
        fields: ClassVar = ["number", "at", "seconds", "outcome", "reason"]


class WebhookDeliverySerializer(serializers.ModelSerializer[Delivery]):
    """One message to the endpoint. The field `tries` holds every attempt, also those before a replay."""

    type = serializers.SerializerMethodField(help_text="What happened, such as incident.opened.")
    tries = WebhookAttemptSerializer(many=True)

    class Meta:
        model = Delivery
        fields: ClassVar = [
            *("id", "type", "priority", "state", "rule", "reason", "attempts", "due_at", "created_at", "finished_at"),
            "tries",
        ]

    def get_type(self, row: Delivery) -> str:
        return str(row.content["type"])
