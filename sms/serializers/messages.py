from typing import Any, ClassVar

from rest_framework import serializers

from sms.models import Attempt, Batch, Message, Receipt
from sms.models.states import COARSE, Status


class MessageSerializer(serializers.ModelSerializer[Message]):
    batch_id = serializers.UUIDField(allow_null=True)
    to = serializers.CharField(source="recipient")
    state = serializers.ChoiceField(source="coarse_status", choices=sorted(set(COARSE.values())))

    class Meta:
        model = Message
        fields: ClassVar = [
            *("id", "batch_id", "to", "sender_id", "text", "segments", "state", "status", "status_changed_at"),
            *("failure_reason", "created_at", "error_code", "traffic", "credits", "provider", "attempts"),
            *("next_attempt_at", "valid_until", "submitted_at"),
        ]


class AttemptSerializer(serializers.ModelSerializer[Attempt]):
    class Meta:
        model = Attempt
        fields: ClassVar = [
            *("number", "provider", "outcome", "reason", "error_code", "provider_message_id", "started_at"),
            "finished_at",
        ]


class ReceiptSerializer(serializers.ModelSerializer[Receipt]):
    class Meta:
        model = Receipt
        fields: ClassVar = [
            *("provider", "provider_message_id", "status", "reason", "error_code", "occurred_at", "received_at"),
            *("applied_at", "raw"),
        ]


class BatchSerializer(serializers.ModelSerializer[Batch]):
    author = serializers.CharField(source="author.email", default=None, allow_null=True)

    class Meta:
        model = Batch
        fields: ClassVar = [
            *("id", "author", "text", "sender_id", "traffic", "group_name", "template_name", "send_at", "valid_until"),
            *("accepted", "duplicates", "opted_out", "segments", "credits", "created_at", "cancelled_at"),
        ]


def progress(counted: dict[str, int]) -> dict[str, Any]:
    """How far a batch has come, from its messages by status: by coarse state, every one of them named."""
    states = dict.fromkeys(sorted(set(COARSE.values())), 0)
    for status, count in counted.items():
        states[COARSE[Status(status)]] += count
    total = sum(counted.values())
    waiting = states["pending"] + states["sending"]
    settled = states["delivered"] + states["failed"]
    return {
        "total": total,
        "states": states,
        "statuses": counted,
        "done_percent": round(100 * (total - waiting) / total, 1) if total else 100.0,
        "delivery_rate": round(100 * states["delivered"] / settled, 1) if settled else None,
    }
