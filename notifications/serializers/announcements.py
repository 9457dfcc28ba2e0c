from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from notifications.models import Announcement, Notification
from notifications.models.priority import Priority
from notifications.serializers.fields import ActionUrlField, PriorityField, SmallObjectField

MAX_EMAILS = 500
#: What clients may call a field besides its own name; the first one given counts.
NAMES = {
    "notification_type": ("notification_type", "type"),
    "action_url": ("link", "action_url"),
    "data": ("metadata", "data"),
}


def _only(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of an object with this one key."""
    return {"type": "object", "properties": {name: schema}, "required": [name], "additionalProperties": False}


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string", "enum": ["admins", "everyone"]},
            _only("tenant", {"type": "string", "minLength": 1}),
            _only("emails", {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": MAX_EMAILS}),
        ]
    }
)
class AudienceField(serializers.Field[Any, Any, Any, Any]):
    """ "admins", "everyone", `{"tenant": "<slug or id>"}` or `{"emails": [...]}`. Its shape; who that is, is found out
    by notifications.announcements."""

    def to_internal_value(self, data: Any) -> Any:
        match data:
            case "admins" | "everyone":
                return data
            case {"tenant": str(name), **rest} if name and not rest:
                return data
            case {"emails": [_, *_] as emails, **rest} if not rest and all(isinstance(one, str) for one in emails):
                if len(emails) > MAX_EMAILS:
                    raise serializers.ValidationError(f"At most {MAX_EMAILS} addresses.")
                return data
        raise serializers.ValidationError(
            'Use "admins", "everyone", {"tenant": "<slug or id>"} or {"emails": ["<address>", ...]}.'
        )


class AnnounceSerializer(serializers.Serializer[Any]):
    """Gives what `announcements.announce` takes."""

    title = serializers.CharField(max_length=200)
    message = serializers.CharField(max_length=4000)
    notification_type = serializers.ChoiceField(choices=Notification.Type.choices, required=False, allow_null=True)
    type = serializers.ChoiceField(choices=Notification.Type.choices, required=False, allow_null=True)
    priority = PriorityField(default=Priority.MEDIUM)
    link = ActionUrlField(required=False, allow_blank=True, allow_null=True)
    action_url = ActionUrlField(required=False, allow_blank=True, allow_null=True)
    metadata = SmallObjectField(required=False, allow_null=True)
    data = SmallObjectField(required=False, allow_null=True)  # type: ignore[assignment] # the contract's word for it
    audience = AudienceField(required=False, allow_null=True)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)

    def validate_expires_at(self, moment: Any) -> Any:
        if moment is not None and moment <= timezone.now():
            raise serializers.ValidationError("Must be in the future.")
        return moment

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        words = {name: given[name] for name in ("title", "message", "priority")}
        for field, names in NAMES.items():
            if values := [given[name] for name in names if given.get(name)]:
                words[field] = values[0]
        return words | {"audience": given.get("audience") or "admins", "expires_at": given.get("expires_at")}


class JobSerializer(serializers.ModelSerializer[Announcement]):
    """How far the telling of an announcement has come."""

    class Meta:
        model = Announcement
        fields: ClassVar = ["id", "state", "created_count", "target_count", "created_at", "finished_at"]
