"""Problems, as `/api/schema/` tells of them."""

from typing import Any

from rest_framework import serializers

from accounts.describing import Page, Reply, Said, call, filters
from accounts.pagination import PageQuery
from notifications.filters import IncidentFilter
from notifications.openapi.system import INCIDENT
from notifications.serializers.incidents import (
    AcknowledgeSerializer,
    AssignSerializer,
    CommentSerializer,
    IncidentDetailSerializer,
    IncidentSerializer,
    LineSerializer,
    OtherIncidentSerializer,
    ReopenSerializer,
    ResolveSerializer,
)
from notifications.serializers.people import PersonSerializer

TAG = "System"
ADA = {"id": "01961f0e-5a10-7c44-8b1d-2f7e9a3c6d01", "email": "ada@example.com", "full_name": "Ada Lovelace"}
SUMMARY = "69.6 % of 56 settled messages in the last 24 hours were delivered; at least 80 % should be."
PREVIOUS = {
    "id": "01961e02-9a41-7b3c-9f20-6d4a8c1e5b97",
    "state": "resolved",
    "opened_at": "2026-03-09T08:30:00.000Z",
    "resolved_at": "2026-03-09T09:10:00.000Z",
}
OPEN: dict[str, Any] = {
    "id": INCIDENT,
    "kind": "sms_service",
    "scope": "",
    "state": "acknowledged",
    "priority": "medium",
    "title": "SMS Service: the success rate is low",
    "summary": SUMMARY,
    "advice": "Look at the failure reasons under Failed Messages.",
    "tenant": None,
    "reporter": None,
    "assignee": ADA,
    "acknowledged_by": ADA,
    "acknowledged_at": "2026-03-10T12:04:00.000Z",
    "acknowledged_until": "2026-03-10T14:04:00.000Z",
    "resolved_by": None,
    "resolved_at": None,
    "resolution": "",
    "previous": PREVIOUS,
    "occurrences": 5,
    "opened_at": "2026-03-10T12:00:00.000Z",
    "last_seen_at": "2026-03-10T12:05:00.000Z",
    "duration_seconds": 312,
}
OPENED = {
    "id": "01961f10-3b71-7d11-9a2e-7c5b0f8d4e21",
    "kind": "opened",
    "at": "2026-03-10T12:00:00.000Z",
    "actor": None,
    "before": "",
    "after": "medium",
    "text": SUMMARY,
}
ACKNOWLEDGED = {
    "id": "01961f13-e5c0-7a90-8d47-3b1f6e2c9a55",
    "kind": "acknowledged",
    "at": "2026-03-10T12:04:00.000Z",
    "actor": ADA,
    "before": "open",
    "after": "acknowledged",
    "text": "Calling the carrier.",
}
WHOLE = {
    **OPEN,
    "details": {"measured": 69.6, "sample": 56, "threshold": "at least 80 %"},
    "escalations": 0,
    "repeats": 0,
    "reopens": 0,
    "recurred_as": None,
    "told": {"count": 1, "people": [ADA]},
    "timeline": [ACKNOWLEDGED, OPENED],
    "timeline_next": None,
}
RESOLVED = {
    **WHOLE,
    "state": "resolved",
    "resolved_by": ADA,
    "resolved_at": "2026-03-10T12:40:00.000Z",
    "resolution": "The carrier restarted its gateway.",
    "duration_seconds": 2400,
}


class Counts(Reply):
    open = serializers.IntegerField(min_value=0)
    acknowledged = serializers.IntegerField(min_value=0)
    resolved = serializers.IntegerField(min_value=0, help_text="Up to 1000.")


class IncidentsPage(Page):
    results = IncidentSerializer(many=True)
    counts = Counts(help_text="Of all that the filters find, whatever `state` and `open` say.")


class TimelinePage(Page):
    results = LineSerializer(many=True)


class Told(Reply):
    count = serializers.IntegerField(min_value=0)
    people = PersonSerializer(many=True, help_text="The first 100.")


class WholeIncident(IncidentDetailSerializer):
    """What notifications.views.incidents puts together."""

    recurred_as = OtherIncidentSerializer(allow_null=True, help_text="The next one like it.")
    told = Told(help_text="Who was told that it opened, and so of its end.")
    timeline = LineSerializer(many=True, help_text="The newest 100 lines, newest first.")
    timeline_next = serializers.URLField(allow_null=True, help_text="The address of the older ones.")

    class Meta(IncidentDetailSerializer.Meta):
        fields = [*IncidentDetailSerializer.Meta.fields, "recurred_as", "told", "timeline", "timeline_next"]


class IncidentReply(Said):
    incident = WholeIncident()


OVER = {409: ("It is resolved. Reopen it first.", "incident_over")}
LIST = call(
    "listIncidents",
    "Problems, newest first",
    more="Those that the monitor found and those that people reported, in pages.",
    tag=TAG,
    query=[*filters(IncidentFilter), PageQuery],
    reply=IncidentsPage,
    example={
        "next": None,
        "previous": None,
        "results": [OPEN],
        "counts": {"open": 0, "acknowledged": 1, "resolved": 12},
    },
)
SHOW = call(
    "showIncident",
    "One problem, with its timeline",
    tag=TAG,
    reply=IncidentReply,
    example={"success": True, "message": "Incident found", "incident": WHOLE},
)
TIMELINE = call(
    "listTimeline",
    "What happened to a problem, newest first",
    tag=TAG,
    query=[PageQuery],
    reply=TimelinePage,
    example={"next": None, "previous": None, "results": [ACKNOWLEDGED, OPENED]},
)
ACKNOWLEDGE = call(
    "acknowledgeIncident",
    "Say that somebody looks after it",
    more="It is not told again until `until`, for so many `minutes`, or until it is over. Repeating it moves the end.",
    tag=TAG,
    body=AcknowledgeSerializer,
    given={"minutes": 120, "comment": "Calling the carrier."},
    reply=IncidentReply,
    example={"success": True, "message": "Incident acknowledged", "incident": WHOLE},
    refusals=OVER,
)
ASSIGN = call(
    "assignIncident",
    "Say whose it is",
    more="An active admin of the platform; null takes it from everybody.",
    tag=TAG,
    body=AssignSerializer,
    given={"assignee": "me"},
    reply=IncidentReply,
    example={"success": True, "message": "Incident assigned to Ada Lovelace", "incident": WHOLE},
    refusals=OVER,
)
COMMENT = call(
    "commentIncident",
    "Add a line to its timeline",
    more="Also to that of what is over. Nobody is told.",
    tag=TAG,
    body=CommentSerializer,
    given={"text": "The carrier has a ticket for it."},
    reply=IncidentReply,
    example={"success": True, "message": "Comment added", "incident": WHOLE},
)
RESOLVE = call(
    "resolveIncident",
    "Say that it is over, and how",
    more="Those who were told that it opened are told. Repeating it is fine; the first one counts. What the monitor "
    "still sees opens anew in its next run, as another incident: acknowledge what is not over.",
    tag=TAG,
    body=ResolveSerializer,
    given={"resolution": "The carrier restarted its gateway."},
    reply=IncidentReply,
    example={"success": True, "message": "Incident resolved", "incident": RESOLVED},
)
REOPEN = call(
    "reopenIncident",
    "Say that it was not over",
    more="All admins are told. Reopening an open one is fine.",
    tag=TAG,
    body=ReopenSerializer,
    given={"reason": "It still fails for one network."},
    reply=IncidentReply,
    example={"success": True, "message": "Incident reopened", "incident": WHOLE | {"state": "open", "reopens": 1}},
    refusals={409: ("The same problem is open under a newer incident.", "already_open")},
)
