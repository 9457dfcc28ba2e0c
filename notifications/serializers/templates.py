from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.fields import BoundedDictField
from notifications.models import Notification, NotificationTemplate
from notifications.serializers.fields import PriorityField


class TemplateSerializer(serializers.ModelSerializer[NotificationTemplate]):
    """The platform's own words for a kind. The kind, the placeholders, and what is taken already are judged by
    notifications.texts."""

    class Meta:
        model = NotificationTemplate
        fields: ClassVar = [
            *("id", "name", "title", "message", "notification_type", "priority", "is_active", "created_at"),
            *("updated_at", "kind"),
        ]


class WriteTemplateSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField(max_length=60)
    name = serializers.CharField(max_length=200)
    title = serializers.CharField(max_length=200)
    message = serializers.CharField(max_length=4000)
    notification_type = serializers.ChoiceField(choices=Notification.Type.choices, required=False)
    priority = PriorityField(required=False)
    is_active = serializers.BooleanField(required=False)


@extend_schema_field({"type": ["string", "number", "boolean"]})
class PlainField(serializers.Field[Any, Any, Any, Any]):
    """A text or a number: what a variable of a text can be."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str | int | float):
            raise serializers.ValidationError("Must be a text or a number.")
        return data


class PreviewSerializer(serializers.Serializer[Any]):
    context = BoundedDictField(child=PlainField(), default=dict)  # type: ignore[assignment] # the contract's word
