"""What the calls about preferences take."""

import datetime
import re
from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from notifications.models import Notification
from notifications.models.choice import Column, When
from notifications.preferences import Cell

CLOCK = re.compile("(?:[01][0-9]|2[0-3]):[0-5][0-9]")
A_CLOCK = {"type": "string", "pattern": f"^{CLOCK.pattern}$"}
MOST_CELLS = len(Notification.Type) * len(Column)
A_CELL = 'Use {"category": "<notification type>", "channel": "<channel>", "when": "<choice>"}'


@extend_schema_field(A_CLOCK)
class ClockField(serializers.Field[Any, Any, Any, Any]):
    """What a clock shows, as 22:30."""

    def to_internal_value(self, data: Any) -> datetime.time:
        if not (isinstance(data, str) and CLOCK.fullmatch(data)):
            raise serializers.ValidationError("Use a time such as 22:30.")
        return datetime.time.fromisoformat(data)


@extend_schema_field(
    {
        "type": "object",
        "properties": {"from": A_CLOCK, "until": A_CLOCK},
        "required": ["from", "until"],
        "additionalProperties": False,
    }
)
class QuietHoursField(serializers.Field[Any, Any, Any, Any]):
    """`{"from": "22:00", "until": "07:00"}`, over midnight or not; null for none."""

    def to_internal_value(self, data: Any) -> tuple[datetime.time, datetime.time]:
        match data:
            case {"from": begins, "until": ends, **rest} if not rest:
                window = ClockField().run_validation(begins), ClockField().run_validation(ends)
            case _:
                raise serializers.ValidationError('Use {"from": "22:00", "until": "07:00"} or null.')
        if window[0] == window[1]:
            raise serializers.ValidationError("They must end at another time than they begin at.")
        return window


@extend_schema_field(
    {
        "type": "array",
        "minItems": 1,
        "maxItems": MOST_CELLS,
        "items": {
            "type": "object",
            "properties": {
                "category": {"type": "string", "enum": Notification.Type.values},
                "channel": {"type": "string", "enum": Column.values},
                "when": {"type": ["string", "null"], "enum": [*When.values, None]},
            },
            "required": ["category", "channel", "when"],
            "additionalProperties": False,
        },
    }
)
class CellsField(serializers.Field[Any, Any, Any, Any]):
    """Cells of the matrix, each once. `when` null takes a choice back; whether it may be that is found out by
    notifications.preferences."""

    def to_internal_value(self, data: Any) -> list[Cell]:
        if not isinstance(data, list) or not 0 < len(data) <= MOST_CELLS:
            raise serializers.ValidationError(f"Send from 1 to {MOST_CELLS} cells.")
        cells = [_cell(one) for one in data]
        if len({(cell.category, cell.channel) for cell in cells}) < len(cells):
            raise serializers.ValidationError("A cell was sent more than once.")
        return cells


def _cell(given: Any) -> Cell:
    match given:
        case {"category": str(category), "channel": str(channel), "when": None | str() as when, **rest} if not rest:
            pass
        case _:
            raise serializers.ValidationError(f"{A_CELL}, with null for no choice of your own.")
    for value, choices in (
        (category, Notification.Type),
        (channel, Column),
        (When.OFF if when is None else when, When),
    ):
        if value not in choices.values:
            raise serializers.ValidationError(f"{value[:40]} is none of {', '.join(choices.values)}.")
    return Cell(category, channel, None if when is None else When(when))


class PreferencesSerializer(serializers.Serializer[Any]):
    """Changes of my own; what is not sent keeps its value."""

    cells = CellsField(required=False)
    quiet_hours = QuietHoursField(required=False, allow_null=True)
    daily_digest_at = ClockField(required=False)


class DefaultsSerializer(serializers.Serializer[Any]):
    """Changes of what holds for whoever chose nothing."""

    cells = CellsField()


class SnoozeSerializer(serializers.Serializer[Any]):
    until = serializers.DateTimeField(allow_null=True, help_text="Null ends it.")

    def validate_until(self, moment: datetime.datetime | None) -> datetime.datetime | None:
        now = timezone.now()
        if moment is not None and moment <= now:
            raise serializers.ValidationError("Must be in the future.")
        if moment is not None and moment > now + settings.SNOOZE_LONGEST:
            raise serializers.ValidationError(f"At most {settings.SNOOZE_LONGEST.days} days ahead.")
        return moment
