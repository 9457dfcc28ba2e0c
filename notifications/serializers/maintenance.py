import datetime
import re
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.fields import BoundedListField, StrictIntegerField, TimezoneField, in_utc, to_uuid
from notifications import maintenance
from notifications.maintenance import LONGEST_ANNOUNCEMENT, LONGEST_MINUTES
from notifications.models import MaintenanceOccurrence, MaintenanceWindow
from notifications.serializers.incidents import SmallTenantSerializer
from notifications.serializers.people import PersonSerializer
from notifications.system_monitor.checks import CHECKS

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SLUGS = [check.slug for check in CHECKS]
DIGITS = re.compile(r"[\x21-\x7e]+")  # no digits of other scripts, which Python would read
STATES = ("planned", "on", "over", "cancelled")
MAX_PREVIEW, KEPT_BACK_SHOWN = 50, 50


# --- What people send --------------------------------------------------------------------------------------------


@extend_schema_field(
    {
        "type": "string",
        "anyOf": [{"format": "date-time"}, {"pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}$"}],
    }
)
class ClockTimeField(serializers.Field[Any, Any, Any, Any]):
    """An ISO 8601 time: with an offset that moment, without one what the clock of the window's time zone shows."""

    def to_internal_value(self, data: Any) -> datetime.datetime:
        try:
            moment = parse_datetime(data) if isinstance(data, str) and DIGITS.fullmatch(data) else None
        except ValueError:
            moment = None
        if moment is None:
            raise serializers.ValidationError("Use an ISO 8601 time such as 2026-03-29T04:30 or 2026-03-29T02:30Z.")
        return in_utc(moment) if timezone.is_aware(moment) else moment


@extend_schema_field(
    {"oneOf": [{"type": "string", "enum": WEEKDAYS}, {"type": "integer", "minimum": 0, "maximum": 6}]}
)
class WeekdayField(serializers.Field[Any, Any, Any, Any]):
    """Its English name, or its number: 0 is Monday."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, int) and not isinstance(data, bool) and 0 <= data < len(WEEKDAYS):
            return data
        if data in WEEKDAYS:
            return WEEKDAYS.index(data)
        raise serializers.ValidationError("Use monday to sunday, or 0 (Monday) to 6.")


@extend_schema_field({"type": ["string", "null"], "format": "uuid"})
class TenantField(serializers.Field[Any, Any, Any, Any]):
    """The id of a tenant, or null for the platform itself. Whether there is such a tenant, the service says."""

    def to_internal_value(self, data: Any) -> Any:
        key = to_uuid(data)
        if key is None:
            raise serializers.ValidationError("Use the id of a tenant, or null for the platform.")
        return key


class WriteWindowSerializer(serializers.Serializer[Any]):
    """Gives what `maintenance.plan` takes. How the fields fit together is judged there."""

    title = serializers.CharField(max_length=200)
    starts_at = ClockTimeField(help_text="Of the first time. Without an offset: by the clock of `timezone`.")
    minutes = StrictIntegerField(min_value=1, max_value=LONGEST_MINUTES)
    timezone = TimezoneField(max_length=64, required=False, help_text="If not given: the tenant's, else UTC.")
    weekdays = BoundedListField(
        child=WeekdayField(), max_length=7, required=False, help_text="Empty: it happens once."
    )
    until = ClockTimeField(required=False, allow_null=True, help_text="A recurring one does not begin after this.")
    checks = BoundedListField(
        child=serializers.ChoiceField(choices=SLUGS), max_length=50, required=False, help_text="Empty: all of them."
    )
    announce_minutes = StrictIntegerField(min_value=0, max_value=LONGEST_ANNOUNCEMENT, required=False)
    tenant = TenantField(required=False, allow_null=True)


class PreviewWindowSerializer(WriteWindowSerializer):
    title = serializers.CharField(max_length=200, required=False)
    count = StrictIntegerField(min_value=1, max_value=MAX_PREVIEW, default=10)


# --- What is shown -----------------------------------------------------------------------------------------------


def local(moment: datetime.datetime, zone: str) -> str:
    """By the clock there, with its offset."""
    return moment.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds")


class OccurrenceSerializer(serializers.Serializer[Any]):
    """One time that a window happens, by both clocks."""

    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    starts_at_local = serializers.SerializerMethodField(help_text="By the clock where it is, with its offset.")
    ends_at_local = serializers.SerializerMethodField()
    weekday = serializers.SerializerMethodField()

    @extend_schema_field({"type": "string", "format": "date-time"})
    def get_starts_at_local(self, one: maintenance.Time) -> str:
        return local(one.starts_at, one.timezone)

    @extend_schema_field({"type": "string", "format": "date-time"})
    def get_ends_at_local(self, one: maintenance.Time) -> str:
        return local(one.ends_at, one.timezone)

    @extend_schema_field({"type": "string", "enum": WEEKDAYS})
    def get_weekday(self, one: maintenance.Time) -> str:
        return WEEKDAYS[one.starts_at.astimezone(ZoneInfo(one.timezone)).weekday()]


class KeptBackSerializer(serializers.Serializer[Any]):
    title = serializers.CharField()
    times = serializers.IntegerField(min_value=1, help_text="Runs of the monitor that saw it.")


class PastOccurrenceSerializer(OccurrenceSerializer):
    """One that has begun, and the problems that were not opened because of it. Needs its window selected."""

    id = serializers.UUIDField()
    announced_at = serializers.DateTimeField(allow_null=True)
    kept_back = serializers.SerializerMethodField(help_text="The 50 that were seen most.")
    kept_back_total = serializers.SerializerMethodField()

    @extend_schema_field(KeptBackSerializer(many=True))
    def get_kept_back(self, one: MaintenanceOccurrence) -> list[dict[str, Any]]:
        most = sorted(one.suppressed.items(), key=lambda item: (-item[1], item[0]))[:KEPT_BACK_SHOWN]
        return [{"title": title, "times": times} for title, times in most]

    @extend_schema_field({"type": "integer", "minimum": 0})
    def get_kept_back_total(self, one: MaintenanceOccurrence) -> int:
        return len(one.suppressed)


class WindowSerializer(serializers.ModelSerializer[MaintenanceWindow]):
    """A line of the list. Needs its tenant and author selected."""

    tenant = SmallTenantSerializer(allow_null=True, help_text="Whose it is; null for the platform's own.")
    author = PersonSerializer(allow_null=True)
    state = serializers.SerializerMethodField()
    starts_at_local = serializers.SerializerMethodField(help_text="By the clock where it is, with its offset.")
    minutes = serializers.IntegerField(min_value=1)
    announce_minutes = serializers.IntegerField(min_value=0)
    weekdays = serializers.SerializerMethodField(help_text="Empty: it happens once.")
    checks = serializers.ListField(child=serializers.CharField(), help_text="Slugs; empty: all of them.")
    next_occurrences = serializers.SerializerMethodField(help_text="At most three, the present one included.")

    class Meta:
        model = MaintenanceWindow
        fields: ClassVar = [
            *("id", "title", "state", "tenant", "checks", "timezone", "starts_at", "starts_at_local", "minutes"),
            *("weekdays", "until", "announce_minutes", "author", "cancelled_at", "created_at", "updated_at"),
            "next_occurrences",
        ]

    @extend_schema_field({"type": "string", "enum": STATES})
    def get_state(self, window: MaintenanceWindow) -> str:
        return maintenance.state_of(window, now=timezone.now())

    @extend_schema_field({"type": "string", "format": "date-time"})
    def get_starts_at_local(self, window: MaintenanceWindow) -> str:
        return local(window.starts_at, window.timezone)

    @extend_schema_field({"type": "array", "items": {"type": "string", "enum": WEEKDAYS}})
    def get_weekdays(self, window: MaintenanceWindow) -> list[str]:
        return [WEEKDAYS[number] for number in window.weekdays]

    @extend_schema_field(OccurrenceSerializer(many=True))
    def get_next_occurrences(self, window: MaintenanceWindow) -> Any:
        return OccurrenceSerializer(maintenance.coming(window, now=timezone.now(), count=3), many=True).data
