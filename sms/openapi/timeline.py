"""The entries of a message's timeline, as `/api/schema/` tells of them: one shape for each event."""

from typing import ClassVar

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers

from accounts.describing import Reply
from sms.models import Status
from sms.openapi.shapes import constant
from sms.serializers.messages import AttemptSerializer, ReceiptSerializer


class QueuedEvent(Reply):
    at = serializers.DateTimeField()
    event = constant("queued")


class ScheduledEvent(Reply):
    at = serializers.DateTimeField(help_text="When it is due.")
    event = constant("scheduled")


class AttemptEvent(AttemptSerializer):
    at = serializers.DateTimeField()
    event = constant("attempt")

    class Meta(AttemptSerializer.Meta):
        fields: ClassVar = ["at", "event", *AttemptSerializer.Meta.fields]


class ReceiptEvent(ReceiptSerializer):
    at = serializers.DateTimeField(help_text="When it arrived.")
    event = constant("receipt")

    class Meta(ReceiptSerializer.Meta):
        fields: ClassVar = ["at", "event", *ReceiptSerializer.Meta.fields]


class StateEvent(Reply):
    at = serializers.DateTimeField()
    event = constant("state")
    status = serializers.ChoiceField(choices=Status.choices, help_text="Reached by our own hand.")
    reason = serializers.CharField()


@extend_schema_field(
    PolymorphicProxySerializer(
        component_name="TimelineEntry",
        serializers={
            "queued": QueuedEvent,
            "scheduled": ScheduledEvent,
            "attempt": AttemptEvent,
            "receipt": ReceiptEvent,
            "state": StateEvent,
        },
        resource_type_field_name="event",
        many=True,
    )
)
class TimelineField(serializers.ListField):
    """What sms.timeline makes."""
