from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from rest_framework import serializers

from accounts.describing import ObjectField
from accounts.fields import BoundedListField, IdField, StrictIntegerField
from notifications import wording
from notifications.models import Notification
from notifications.serializers.fields import WatermarkField
from notifications.services import BulkAction

MAX_RECENT, MAX_REAL, MAX_BULK = 50, 100, 500


class NotificationSerializer(serializers.ModelSerializer[Notification]):
    """The item of the contract."""

    serializer_field_mapping = serializers.ModelSerializer.serializer_field_mapping | {models.JSONField: ObjectField}
    is_unread = serializers.SerializerMethodField()
    time_ago = serializers.SerializerMethodField()
    incident = serializers.UUIDField(source="incident_id", read_only=True, allow_null=True)

    class Meta:
        model = Notification
        fields: ClassVar = [
            *("id", "title", "message", "notification_type", "priority", "status", "is_unread", "is_system"),
            *("is_auto_generated", "action_text", "action_url", "data", "created_at", "updated_at", "read_at"),
            *("expires_at", "time_ago", "incident"),
        ]

    def get_is_unread(self, notification: Notification) -> bool:
        return notification.status == Notification.Status.UNREAD

    def get_time_ago(self, notification: Notification) -> str:
        return wording.time_ago(notification.created_at, now=timezone.now())


class RecentQuery(serializers.Serializer[Any]):
    limit = StrictIntegerField(min_value=1, max_value=MAX_RECENT, default=10)


class RealQuery(serializers.Serializer[Any]):
    limit = StrictIntegerField(min_value=1, max_value=MAX_REAL, default=20)


class BulkSerializer(serializers.Serializer[Any]):
    ids = BoundedListField(child=IdField(), min_length=1, max_length=MAX_BULK)
    action = serializers.ChoiceField(choices=BulkAction.choices)

    def validate_action(self, action: str) -> BulkAction:
        return BulkAction(action)


class MarkAllSerializer(serializers.Serializer[Any]):
    before = WatermarkField(required=False, allow_null=True)
