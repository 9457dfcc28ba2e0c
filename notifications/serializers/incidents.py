import datetime
from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.describing import ObjectField
from accounts.fields import StrictIntegerField, in_utc, to_uuid
from notifications.models import Incident, IncidentEvent
from notifications.serializers.people import PersonSerializer
from tenants.models import Tenant

MAX_TEXT, MAX_MINUTES = 2000, 90 * 24 * 60


class SmallTenantSerializer(serializers.ModelSerializer[Tenant]):
    class Meta:
        model = Tenant
        fields: ClassVar = ["id", "name", "slug"]


class OtherIncidentSerializer(serializers.ModelSerializer[Incident]):
    """The one before, or the one after."""

    class Meta:
        model = Incident
        fields: ClassVar = ["id", "state", "opened_at", "resolved_at"]


class IncidentSerializer(serializers.ModelSerializer[Incident]):
    """A line of the list. Needs `IncidentQuerySet.with_people`."""

    tenant = SmallTenantSerializer(allow_null=True, help_text="Whose it is; null for the platform's own.")
    reporter = PersonSerializer(allow_null=True, help_text="Null for what the monitor found.")
    assignee = PersonSerializer(allow_null=True)
    acknowledged_by = PersonSerializer(allow_null=True, help_text="Who did so last; `state` says whether it holds.")
    resolved_by = PersonSerializer(allow_null=True, help_text="Null where the monitor did.")
    previous = OtherIncidentSerializer(allow_null=True, help_text="The last one like it.")
    kind = serializers.CharField(help_text="The slug of the check that sees it, or reported_problem.")
    duration_seconds = serializers.SerializerMethodField(help_text="How long it lasted, or has lasted until now.")

    class Meta:
        model = Incident
        fields: ClassVar = [
            *("id", "kind", "scope", "state", "priority", "title", "summary", "advice", "tenant", "reporter"),
            *("assignee", "acknowledged_by", "acknowledged_at", "acknowledged_until", "resolved_by", "resolved_at"),
            *("resolution", "previous", "occurrences", "opened_at", "last_seen_at", "duration_seconds"),
        ]

    def get_duration_seconds(self, incident: Incident) -> int:
        return max(int(((incident.resolved_at or timezone.now()) - incident.opened_at).total_seconds()), 0)


class LineSerializer(serializers.ModelSerializer[IncidentEvent]):
    """A line of the timeline. Needs its actor selected."""

    actor = PersonSerializer(allow_null=True, help_text="Null for the monitor.")

    class Meta:
        model = IncidentEvent
        fields: ClassVar = ["id", "kind", "at", "actor", "before", "after", "text"]


class IncidentDetailSerializer(IncidentSerializer):
    """All of one incident's row."""

    details = ObjectField(help_text="What was measured, or what the report brought along.")

    class Meta(IncidentSerializer.Meta):
        fields: ClassVar = [*IncidentSerializer.Meta.fields, "details", "escalations", "repeats", "reopens"]


# --- What people send --------------------------------------------------------------------------------------------


class AcknowledgeSerializer(serializers.Serializer[Any]):
    """`until` when it speaks up again, or in how many `minutes`; without either it stays quiet until it is over."""

    until = serializers.DateTimeField(required=False, allow_null=True)
    minutes = StrictIntegerField(min_value=1, max_value=MAX_MINUTES, required=False, allow_null=True)
    comment = serializers.CharField(max_length=MAX_TEXT, required=False, allow_blank=True)

    def validate_until(self, moment: datetime.datetime | None) -> datetime.datetime | None:
        if moment is None:
            return None
        moment, now = in_utc(moment), timezone.now()
        if not now < moment <= now + datetime.timedelta(minutes=MAX_MINUTES):
            raise serializers.ValidationError("Must be in the future, and within 90 days.")
        return moment

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        until, minutes = given.get("until"), given.get("minutes")
        if until and minutes:
            raise serializers.ValidationError({"minutes": ["Not together with until."]})
        if minutes:
            until = timezone.now() + datetime.timedelta(minutes=minutes)
        return {"until": until, "comment": given.get("comment", "")}


@extend_schema_field({"oneOf": [{"type": "string", "format": "uuid"}, {"const": "me"}, {"type": "null"}]})
class AssigneeField(serializers.Field[Any, Any, Any, Any]):
    """The id of a person, "me", or null for nobody."""

    def to_internal_value(self, data: Any) -> Any:
        key = data if data == "me" else to_uuid(data)
        if key is None:
            raise serializers.ValidationError('Use the id of an admin, "me", or null for nobody.')
        return key


class AssignSerializer(serializers.Serializer[Any]):
    assignee = AssigneeField(allow_null=True)


class CommentSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=MAX_TEXT)


class ResolveSerializer(serializers.Serializer[Any]):
    resolution = serializers.CharField(max_length=MAX_TEXT, help_text="What ended it, for those who were told of it.")


class ReopenSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=MAX_TEXT, required=False, allow_blank=True)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        return {"reason": given.get("reason", "")}
