"""Maintenance windows, as `/api/schema/` tells of them."""

from typing import Any

from rest_framework import serializers

from accounts.describing import Done, Page, Said, call, filters
from accounts.pagination import PageQuery
from notifications.filters import WindowFilter
from notifications.openapi.incidents import ADA
from notifications.serializers.maintenance import (
    OccurrenceSerializer,
    PastOccurrenceSerializer,
    PreviewWindowSerializer,
    WindowSerializer,
    WriteWindowSerializer,
)

TAG = "System"
GIVEN: dict[str, Any] = {
    "title": "Database upgrade",
    "starts_at": "2026-03-22T02:30",
    "minutes": 60,
    "timezone": "Europe/Berlin",
    "weekdays": ["sunday"],
    "checks": ["database"],
    "announce_minutes": 120,
}
NEXT = {
    "starts_at": "2026-03-29T01:30:00.000Z",
    "ends_at": "2026-03-29T02:30:00.000Z",
    "starts_at_local": "2026-03-29T03:30:00+02:00",
    "ends_at_local": "2026-03-29T04:30:00+02:00",
    "weekday": "sunday",
}
AFTER_IT = {
    "starts_at": "2026-04-05T00:30:00.000Z",
    "ends_at": "2026-04-05T01:30:00.000Z",
    "starts_at_local": "2026-04-05T02:30:00+02:00",
    "ends_at_local": "2026-04-05T03:30:00+02:00",
    "weekday": "sunday",
}
LAST = {
    "starts_at": "2026-03-22T01:30:00.000Z",
    "ends_at": "2026-03-22T02:30:00.000Z",
    "starts_at_local": "2026-03-22T02:30:00+01:00",
    "ends_at_local": "2026-03-22T03:30:00+01:00",
    "weekday": "sunday",
    "id": "01961f15-8a20-7d33-9c41-5e7f0b2d8a61",
    "announced_at": "2026-03-21T23:30:12.000Z",
    "kept_back": [{"title": "Database: slow answers", "times": 4}],
    "kept_back_total": 1,
}
WINDOW: dict[str, Any] = {
    "id": "01961f15-8a1f-7b02-8e55-4c9d1a7f3b29",
    "title": "Database upgrade",
    "state": "planned",
    "tenant": None,
    "checks": ["database"],
    "timezone": "Europe/Berlin",
    "starts_at": "2026-03-22T01:30:00.000Z",
    "starts_at_local": "2026-03-22T02:30:00+01:00",
    "minutes": 60,
    "weekdays": ["sunday"],
    "until": None,
    "announce_minutes": 120,
    "author": ADA,
    "cancelled_at": None,
    "created_at": "2026-03-10T12:00:00.000Z",
    "updated_at": "2026-03-10T12:00:00.000Z",
    "next_occurrences": [NEXT, AFTER_IT],
}
WHOLE = {**WINDOW, "coming": [NEXT, AFTER_IT], "past": [LAST], "past_next": None}
CANCELLED = {
    **WHOLE,
    "state": "cancelled",
    "cancelled_at": "2026-03-23T08:00:00.000Z",
    "next_occurrences": [],
    "coming": [],
}


class WindowsPage(Page):
    results = WindowSerializer(many=True)


class OccurrencesPage(Page):
    results = PastOccurrenceSerializer(many=True)


class WholeWindow(WindowSerializer):
    """What notifications.views.maintenance puts together."""

    coming = OccurrenceSerializer(many=True, help_text="At most ten, the present one included.")
    past = PastOccurrenceSerializer(many=True, help_text="The last 20 that have begun, newest first.")
    past_next = serializers.URLField(allow_null=True, help_text="The address of the older ones.")

    class Meta(WindowSerializer.Meta):
        fields = [*WindowSerializer.Meta.fields, "coming", "past", "past_next"]


class WindowReply(Said):
    window = WholeWindow()


class WindowPreviewReply(Done):
    timezone = serializers.CharField(help_text="The clock that it goes by.")
    occurrences = OccurrenceSerializer(many=True)


GONE = {409: ("It is over or cancelled. Make a new one.", "window_gone")}
LIST = call(
    "listMaintenance",
    "Maintenance windows, newest first",
    tag=TAG,
    query=[*filters(WindowFilter), PageQuery],
    reply=WindowsPage,
    example={"next": None, "previous": None, "results": [WINDOW]},
)
CREATE = call(
    "planMaintenance",
    "Plan maintenance",
    more="While it lasts, problems of its checks are not opened and nobody is told of them; what is open stays open. "
    "Those concerned are told before it begins and when it is over. A time without an offset is by the clock of "
    "`timezone`, and stays what it is there when the clocks change.",
    tag=TAG,
    body=WriteWindowSerializer,
    given=GIVEN,
    reply=WindowReply,
    status=201,
    example={"success": True, "message": "Maintenance planned", "window": WHOLE | {"past": []}},
)
PREVIEW = call(
    "previewMaintenance",
    "When maintenance would happen, by both clocks",
    more="Takes what planning takes and refuses what planning would refuse. Nothing is stored.",
    tag=TAG,
    body=PreviewWindowSerializer,
    given=GIVEN | {"count": 2},
    reply=WindowPreviewReply,
    example={"success": True, "timezone": "Europe/Berlin", "occurrences": [NEXT, AFTER_IT]},
)
SHOW = call(
    "showMaintenance",
    "One window, when it was and will be, and what it kept back",
    tag=TAG,
    reply=WindowReply,
    example={"success": True, "message": "Maintenance window found", "window": WHOLE},
)
OCCURRENCES = call(
    "listOccurrences",
    "When a window was, and what it kept back, newest first",
    tag=TAG,
    query=[PageQuery],
    reply=OccurrencesPage,
    example={"next": None, "previous": None, "results": [LAST]},
)
CHANGE = call(
    "changeMaintenance",
    "Change a window",
    more="What is not sent keeps its value. What is under way ends when the window now says, or at once where it says "
    "nothing of the present any more. Whoever was told of a time to come is told of the new one.",
    tag=TAG,
    body=WriteWindowSerializer(partial=True),
    given={"minutes": 90},
    reply=WindowReply,
    example={"success": True, "message": "Maintenance changed", "window": WHOLE | {"minutes": 90}},
    refusals=GONE,
)
CANCEL = call(
    "cancelMaintenance",
    "Cancel a window",
    more="At once, if it is under way. It is kept with its history. Whoever was told of a time to come is told. "
    "Repeating it is fine.",
    tag=TAG,
    reply=WindowReply,
    example={"success": True, "message": "Maintenance cancelled", "window": CANCELLED},
    refusals=GONE,
)
