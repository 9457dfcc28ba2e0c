"""Charts and uptime, as `/api/schema/` tells of them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.describing import Done, Reply, call
from notifications.openapi.system import TAG
from notifications.serializers.history import HistoryQuery, PointSerializer, UptimeQuery
from notifications.system_monitor.report import State

STATES: dict[str, Any] = {"ok": 58, "warning": 0, "critical": 1, "unknown": 1}


@extend_schema_field({"type": "object", "additionalProperties": {"type": "number"}})
class NumbersField(serializers.DictField):
    """Numbers by name."""


class HistoryPoint(PointSerializer):
    state = serializers.ChoiceField(choices=[state.value for state in State])  # type: ignore[assignment] # as it is read
    numbers = NumbersField(help_text="Further numbers, by name; of an hour their means.")  # type: ignore[assignment] # same


class Series(Reply):
    check = serializers.CharField(help_text="The slug of the check.")
    component = serializers.CharField()
    points = HistoryPoint(many=True, help_text="Oldest first; where nothing was measured there is none.")


class HistoryReply(Done):
    per = serializers.ChoiceField(choices=["minute", "hour"])
    days = serializers.IntegerField(min_value=1)
    since = serializers.DateTimeField()
    checks = Series(many=True)


class Uptime(Reply):
    uptime_percent = serializers.FloatField(
        min_value=0,
        max_value=100,
        allow_null=True,
        help_text="Of the minutes with an answer, those that were ok; null without any.",
    )
    ok = serializers.IntegerField(min_value=0, help_text="Minutes.")
    warning = serializers.IntegerField(min_value=0)
    critical = serializers.IntegerField(min_value=0)
    unknown = serializers.IntegerField(min_value=0, help_text="Minutes in which the check gave no answer.")


class UptimeDay(Uptime):
    day = serializers.DateField(help_text="In UTC.")


class CheckUptime(Uptime):
    check = serializers.CharField(help_text="The slug of the check.")
    component = serializers.CharField()
    days = UptimeDay(many=True, help_text="Every day, oldest first.")


class UptimeReply(Done):
    days = serializers.IntegerField(min_value=1)
    checks = CheckUptime(many=True)


HISTORY = call(
    "showHistory",
    "What the checks measured, for charts",
    more="A minute counts once, as its worst answer; an hour says how many of its minutes ended how. An answer that "
    "still stood and was not measured again is not there.",
    tag=TAG,
    query=[HistoryQuery],
    reply=HistoryReply,
    example={
        "success": True,
        "per": "hour",
        "days": 1,
        "since": "2026-03-09T12:00:00.000Z",
        "checks": [
            {
                "check": "message_delivery",
                "component": "Message Delivery",
                "points": [
                    {
                        "at": "2026-03-10T11:00:00.000Z",
                        "state": "critical",
                        **STATES,
                        "measured": 2.5,
                        "lowest": 0,
                        "highest": 11,
                        "sample": 11,
                        "milliseconds": 3.2,
                        "numbers": {"p50_seconds": 2.1, "p95_seconds": 8.4, "delivery_percent": 98.2},
                    }
                ],
            }
        ],
    },
)
UPTIME = call(
    "showUptime",
    "How often each check was well, by the day",
    more="Minutes in which a check gave no answer, and time in which nothing was measured, stand apart.",
    tag=TAG,
    query=[UptimeQuery],
    reply=UptimeReply,
    example={
        "success": True,
        "days": 1,
        "checks": [
            {
                "check": "database",
                "component": "Database",
                "uptime_percent": 98.305,
                **STATES,
                "days": [{"day": "2026-03-10", "uptime_percent": 98.305, **STATES}],
            }
        ],
    },
)
