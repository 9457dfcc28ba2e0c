"""What may be asked to be explained, and what is said of it."""

from typing import Any

from rest_framework import serializers

from accounts.describing import Reply
from notifications.delivery import finding
from notifications.delivery.explaining import HELD, SENT, SKIPPED
from notifications.kinds import BY_SLUG
from notifications.models import Notification
from notifications.models.delivery import Delivery
from notifications.models.priority import Priority
from notifications.serializers.fields import PriorityField


class SomebodyField(serializers.CharField):
    """A user, by e-mail address or id."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return finding.user(super().to_internal_value(data))
        except finding.NotFound as missing:
            raise serializers.ValidationError(str(missing)) from None


class TenantField(serializers.CharField):
    """A tenant, by slug or id."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return finding.tenant(super().to_internal_value(data))
        except finding.NotFound as missing:
            raise serializers.ValidationError(str(missing)) from None


class KindField(serializers.ChoiceField):
    """A kind of notification, by its slug."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=sorted(BY_SLUG), **options)

    def to_internal_value(self, data: Any) -> Any:
        return BY_SLUG[super().to_internal_value(data)]


class ExplainSerializer(serializers.Serializer[Any]):
    """Gives what `explaining.explain` takes."""

    user = SomebodyField(help_text="E-mail address or id.")
    kind = KindField()
    tenant = TenantField(required=False, help_text="Slug or id.")
    priority = PriorityField(required=False)
    at = serializers.DateTimeField(required=False, help_text="Now, unless given.")


class ExplainedUser(Reply):
    id = serializers.UUIDField()
    email = serializers.EmailField()
    timezone = serializers.CharField()


class ExplainedTenant(Reply):
    id = serializers.UUIDField()
    name = serializers.CharField()


class PlannedSerializer(Reply):
    channel = serializers.CharField(help_text="in_app, email, sms, webhook or operators.")
    title = serializers.CharField()
    outcome = serializers.ChoiceField(choices=[SENT, HELD, SKIPPED])
    due_at = serializers.DateTimeField(allow_null=True, help_text="Until when it is held.")
    together = serializers.ChoiceField(choices=[*Delivery.Together.choices, ("", "")])
    rule = serializers.CharField(help_text="Why, in words for people.")
    steps = serializers.ListField(child=serializers.CharField(), help_text="How that came about, in order.")


class PlanSerializer(Reply):
    user = ExplainedUser()
    kind = serializers.CharField(source="kind.slug")
    category = serializers.ChoiceField(choices=Notification.Type.choices, source="kind.notification_type")
    priority = serializers.ChoiceField(choices=Priority.choices)
    tenant = ExplainedTenant(allow_null=True)
    at = serializers.DateTimeField()
    is_reader = serializers.BooleanField(help_text="Whether this person is told of this kind at all.")
    readers = serializers.CharField(help_text="Who is, in words for people.")
    channels = PlannedSerializer(many=True)
