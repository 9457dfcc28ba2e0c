from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from rest_framework import serializers

from notifications import wording
from notifications.models import Notification
from notifications.models.priority import Priority
from notifications.services import MAX_DAYS

MAX_RECENT, MAX_REAL = 50, 100
#: Bounds what a caller can have stored with a report, and so copied to every admin.
MAX_DATA_CHARACTERS, MAX_DATA_LEVELS = 4000, 20


class NotificationSerializer(serializers.ModelSerializer[Notification]):
    """The item of the contract."""

    is_unread = serializers.SerializerMethodField()
    time_ago = serializers.SerializerMethodField()
    incident = serializers.UUIDField(source="incident_id", read_only=True)

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


class StrictIntegerField(serializers.IntegerField):
    """A whole number and nothing that merely looks like one: no booleans, no 3.0, no " 3 "."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool | float) or (isinstance(data, str) and not data.lstrip("-").isdecimal()):
            self.fail("invalid")
        return super().to_internal_value(data)


class RecentQuery(serializers.Serializer[Any]):
    limit = StrictIntegerField(min_value=1, max_value=MAX_RECENT, default=10)


class RealQuery(serializers.Serializer[Any]):
    limit = StrictIntegerField(min_value=1, max_value=MAX_REAL, default=20)


class WatermarkField(serializers.CharField):
    """The id of the newest notification that was shown, or an ISO 8601 time.

    No max_length: its validator would measure the id or time that the text has become by then.
    """

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        try:
            return UUID(text)
        except ValueError:
            pass
        try:
            moment = parse_datetime(text)
        except ValueError:
            moment = None
        if moment is None:
            raise serializers.ValidationError("Not a notification's id and not an ISO 8601 time.")
        return moment if timezone.is_aware(moment) else timezone.make_aware(moment, timezone.get_default_timezone())


class MarkAllSerializer(serializers.Serializer[Any]):
    before = WatermarkField(required=False, allow_null=True)


class PriorityField(serializers.ChoiceField):
    """low, medium, high or critical; `urgent`, an older word, is accepted as critical."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=Priority.choices, **options)

    def to_internal_value(self, data: Any) -> Priority:
        return Priority(super().to_internal_value("critical" if data == "urgent" else data))


class ReportProblemSerializer(serializers.Serializer[Any]):
    problem_type = serializers.CharField(max_length=100)
    description = serializers.CharField(max_length=2000)
    priority = PriorityField(default=Priority.MEDIUM)
    data = serializers.DictField(default=dict)  # type: ignore[assignment] # the contract's word for it

    def validate_data(self, data: dict[str, Any]) -> dict[str, Any]:
        if not _is_shallow(data, levels=MAX_DATA_LEVELS):
            raise serializers.ValidationError(f"Nested deeper than {MAX_DATA_LEVELS} levels.")
        if len(str(data)) > MAX_DATA_CHARACTERS:
            raise serializers.ValidationError(f"Longer than {MAX_DATA_CHARACTERS} characters.")
        return data


def _is_shallow(value: Any, *, levels: int) -> bool:
    """Whether it can be written as JSON at any depth of Python's own stack."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels > 0 and all(_is_shallow(item, levels=levels - 1) for item in inner)


class CleanupSerializer(serializers.Serializer[Any]):
    days = StrictIntegerField(min_value=1, max_value=MAX_DAYS, default=30)
    dry_run = serializers.BooleanField(default=False)
