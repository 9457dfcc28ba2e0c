"""What a tenant sent, in numbers, as `/api/schema/` tells of it."""

from typing import Any

from rest_framework import serializers

from accounts.describing import Done, Reply, call
from sms.models import Status
from sms.openapi.sending import TAG
from sms.openapi.shapes import StatesField, StatusesField
from sms.serializers.credits import StatisticsQuery

STATES = {"cancelled": 0, "delivered": 39, "failed": 17, "pending": 0, "sending": 2}
SUMMARY: dict[str, Any] = {
    "total": 58,
    "states": STATES,
    "delivery_rate": 69.6,
    "median_seconds_to_deliver": 4.2,
    "p95_seconds_to_deliver": 31.0,
}


class Summary(Reply):
    total = serializers.IntegerField(min_value=0)
    states = StatesField()
    delivery_rate = serializers.FloatField(
        min_value=0,
        max_value=100,
        allow_null=True,
        help_text="Percent of those delivered or failed; null without any.",
    )
    median_seconds_to_deliver = serializers.FloatField(min_value=0, allow_null=True)
    p95_seconds_to_deliver = serializers.FloatField(min_value=0, allow_null=True)


class ProviderSummary(Summary):
    provider = serializers.CharField()


class MessageDay(Reply):
    date = serializers.DateField()
    cancelled = serializers.IntegerField(min_value=0)
    delivered = serializers.IntegerField(min_value=0)
    failed = serializers.IntegerField(min_value=0)
    pending = serializers.IntegerField(min_value=0)
    sending = serializers.IntegerField(min_value=0)


class ReasonCount(Reply):
    reason = serializers.CharField()
    messages = serializers.IntegerField(min_value=1)


class MessageStatistics(Summary):
    since = serializers.DateField()
    until = serializers.DateField(help_text="The last day that is counted.")
    by_status = StatusesField()
    by_day = MessageDay(many=True, help_text="Every day (UTC), the empty ones too.")
    by_provider = ProviderSummary(many=True)
    by_reason = ReasonCount(many=True, help_text="Why messages failed, the 20 most frequent.")


class MessageStatisticsReply(Done):
    data = MessageStatistics()  # type: ignore[assignment] # the contract's word for it


SHOW = call(
    "showMessageStatistics",
    "What my tenant sent, in numbers",
    more="From the day `since` to the day `until`, both included, at most 92; the last 30 where nothing is said. Each "
    "message counts once, on the day (UTC) on which it reached the state that it is in now.",
    tag=TAG,
    query=[StatisticsQuery],
    reply=MessageStatisticsReply,
    example={
        "success": True,
        "data": {
            "since": "2026-03-10",
            "until": "2026-03-10",
            **SUMMARY,
            "by_status": dict.fromkeys(Status.values, 0) | {"delivered": 39, "undelivered": 17, "submitted": 2},
            "by_day": [{"date": "2026-03-10", **STATES}],
            "by_provider": [{"provider": "simulator", **SUMMARY}],
            "by_reason": [{"reason": "absent_subscriber", "messages": 17}],
        },
    },
)
