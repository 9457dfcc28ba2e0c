from typing import Any, ClassVar

from rest_framework import serializers

from notifications.models import ChannelChoice, Delivery, DeliveryAttempt, Notification

#: What a person can be told on.
CHANNELS = ChannelChoice.Channel


class AttemptSerializer(serializers.ModelSerializer[DeliveryAttempt]):
    class Meta:
        model = DeliveryAttempt
        fields: ClassVar = ["number", "at", "seconds", "outcome", "reason"]


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """What became of a notification on one channel."""

    id = serializers.UUIDField(allow_null=True, help_text="What receivers know a repeat by; none for the inbox.")
    channel = serializers.ChoiceField(choices=CHANNELS.choices)
    digest = serializers.UUIDField(source="digest_id", allow_null=True, help_text="The delivery that told it instead.")
    attempts = AttemptSerializer(source="tries", many=True)

    class Meta:
        model = Delivery
        fields: ClassVar = [
            *("id", "channel", "state", "rule", "reason", "digest", "created_at", "due_at", "finished_at"),
            "attempts",
        ]


def in_app(notification: Notification) -> dict[str, Any]:
    """The inbox, which is no delivery: the row is there when its transaction commits."""
    at = notification.created_at
    return {
        "id": None,
        "channel": CHANNELS.IN_APP.value,
        "state": Delivery.State.SENT.value,
        "rule": "The inbox holds it.",
        "reason": "",
        "digest": None,
        "created_at": at,
        "due_at": at,
        "finished_at": at,
        "attempts": [],
    }
