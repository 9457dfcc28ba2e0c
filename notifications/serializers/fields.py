"""Fields that more than one call takes."""

import datetime
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.fields import in_utc, to_uuid
from notifications.models.priority import Priority

#: Bounds what a caller can have stored with a notification.
MAX_DATA_CHARACTERS, MAX_DATA_LEVELS = 4000, 20


@extend_schema_field({"type": "string", "anyOf": [{"format": "uuid"}, {"format": "date-time"}]})
class WatermarkField(serializers.CharField):
    """The id of the newest notification that was shown, or an ISO 8601 time.

    No max_length: its validator would measure the id or time that the text has become by then.
    """

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        if (found := to_uuid(text)) is not None:
            return found
        try:
            moment = parse_datetime(text)
        except ValueError:
            moment = None
        if moment is None:
            raise serializers.ValidationError("Not a notification's id and not an ISO 8601 time.")
        return in_utc(moment if timezone.is_aware(moment) else moment.replace(tzinfo=datetime.UTC))


@extend_schema_field({"type": "string", "enum": [*Priority.values, "urgent"]})
class PriorityField(serializers.ChoiceField):
    """low, medium, high or critical; `urgent`, an older word, is accepted as critical."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=Priority.choices, **options)

    def to_internal_value(self, data: Any) -> Priority:
        return Priority(super().to_internal_value("critical" if data == "urgent" else data))


class SmallObjectField(serializers.DictField):
    """A JSON object that is copied to every recipient, and so is bounded."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if isinstance(data, dict) and not _is_shallow(data, levels=MAX_DATA_LEVELS):
            raise serializers.ValidationError(f"Nested deeper than {MAX_DATA_LEVELS} levels.")
        found = super().run_validation(data)
        if len(str(found)) > MAX_DATA_CHARACTERS:
            raise serializers.ValidationError(f"Longer than {MAX_DATA_CHARACTERS} characters.")
        return found


def _is_shallow(value: Any, *, levels: int) -> bool:
    """Whether it can be written as JSON at any depth of Python's own stack."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels > 0 and all(_is_shallow(item, levels=levels - 1) for item in inner)


class ActionUrlField(serializers.CharField):
    """Where a notification leads: an absolute http(s) address, or a path on this site. Nothing else, because clients
    make a link of it: browsers run `javascript:`, and leave the site for `//host` and for `/\\host`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=500, **options)

    def to_internal_value(self, data: Any) -> str:
        # Before the base class trims: browsers drop tabs and line ends from an address, wherever they stand.
        if isinstance(data, str) and not data.isprintable():
            raise serializers.ValidationError("It holds control characters.")
        text = super().to_internal_value(data)
        if text and not (_is_path(text) or _is_http(text)):
            raise serializers.ValidationError("Use an http(s) address, or a path on this site such as /inbox/.")
        return text


def _is_path(text: str) -> bool:
    path = text.partition("?")[0].partition("#")[0]
    return path.startswith("/") and "//" not in path and not any(sign in text for sign in "\\ ")


def _is_http(text: str) -> bool:
    if any(sign in text for sign in "\\ "):
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a bracket without its other one, a port that is no number
        return False
