from typing import ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    DropdownFilter,
)
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextareaWidget

from accounts.admin.base import (
    BAD,
    GOOD,
    NEWS,
    PRIORITIES,
    LargeTableAdmin,
    Lately,
    ReadOnlyAdmin,
    ReadOnlyInline,
    done,
    labelled,
)
from accounts.callers import caller
from notifications import incidents
from notifications.admin.monitor import component
from notifications.incidents.people import REPORTED_PROBLEM
from notifications.models import Incident, IncidentAudience, IncidentEvent, Suspicion
from notifications.serializers.incidents import MAX_TEXT
from notifications.system_monitor.checks import CHECKS

STATES = {"open": BAD, "acknowledged": NEWS, "resolved": GOOD}
ACKNOWLEDGED = ("acknowledged_by", "acknowledged_at", "acknowledged_until")
TIMES = ("opened_at", "last_seen_at", "last_told_at", "resolved_at")
PAGE = "admin:notifications_incident_change"
KINDS = {"opened": BAD, "worse": BAD, "reopened": BAD, "better": GOOD, "resolved": GOOD, "acknowledged": NEWS}


class ByKind(DropdownFilter):
    title = "what saw it"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [*((check.slug, check.component) for check in CHECKS), (REPORTED_PROBLEM, "People")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Incident]) -> QuerySet[Incident]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class TimelineInline(ReadOnlyInline):
    model = IncidentEvent
    fields = ("at", "kind", "actor", "before", "after", "text")
    readonly_fields = fields
    ordering = ("-id",)
    verbose_name_plural = "timeline"
    per_page = 100

    def get_queryset(self, request: HttpRequest) -> QuerySet[IncidentEvent]:
        rows: QuerySet[IncidentEvent] = super().get_queryset(request)
        return rows.select_related("actor")


class ResolveForm(BaseDialogForm):
    resolution = forms.CharField(max_length=MAX_TEXT, widget=UnfoldAdminTextareaWidget, label="What ended it")


class ReopenForm(BaseDialogForm):
    reason = forms.CharField(max_length=MAX_TEXT, widget=UnfoldAdminTextareaWidget, label="Why it is not over")


class CommentForm(BaseDialogForm):
    text = forms.CharField(max_length=MAX_TEXT, widget=UnfoldAdminTextareaWidget, label="Comment")


RESOLVE = {
    "title": "Resolve",
    "description": "Everybody who was told that it opened is told these words.",
    "form_class": ResolveForm,
    "form_submit_text": "Resolve",
}
REOPEN = {
    "title": "Reopen",
    "description": "Takes the resolution back and tells every admin. What the monitor does not see is resolved again.",
    "form_class": ReopenForm,
    "form_submit_text": "Reopen",
}
COMMENT = {
    "title": "Comment",
    "description": "It stands in the timeline and tells nobody.",
    "form_class": CommentForm,
    "form_submit_text": "Add comment",
}


@admin.register(Incident)
class IncidentAdmin(LargeTableAdmin):
    list_display = (
        *("opened_at", "title", "state_label", "priority_label", "assignee", "occurrences", "last_seen_at"),
        "resolved_at",
    )
    list_filter = (
        *(Lately, ("state", ChoicesDropdownFilter), ("priority", ChoicesDropdownFilter), ByKind),
        ("assignee", AutocompleteSelectFilter),
    )
    list_select_related = ("assignee",)
    raw_id_fields = ("tenant", "reporter", "assignee", "acknowledged_by", "resolved_by", "previous")
    search_fields = ("title", "summary", "resolution")
    inlines: ClassVar = [TimelineInline]
    fieldsets = (
        (None, {"fields": ("title", "summary", "advice", "state", "priority", "seen_by", "scope", "tenant")}),
        (
            "People",
            {"fields": ("reporter", "assignee", *ACKNOWLEDGED, "resolved_by", "resolution")},
        ),
        ("Course", {"fields": (*TIMES, "occurrences", "escalations", "repeats", "reopens", "good_runs", "previous")}),
        ("What was measured, for programs", {"fields": ("kind", "details"), "classes": ("collapse",)}),
    )
    readonly_fields = ("seen_by",)
    actions = ("acknowledge", "resolve")
    actions_detail = ("comment_on_it", "resolve_it", "reopen_it")
    state_label = labelled("state", STATES)
    priority_label = labelled("priority", PRIORITIES)

    @display(description="what saw it")
    def seen_by(self, incident: Incident) -> str:
        return component(incident.kind)

    @admin.action(description="Acknowledge until it is over")
    def acknowledge(self, request: HttpRequest, queryset: QuerySet[Incident]) -> None:
        actor = caller(request)
        over = 0
        for one in queryset:
            try:
                incidents.acknowledge(incident=one, actor=actor)
            except incidents.IncidentOver:
                over += 1
        self.message_user(request, f"{len(queryset) - over} acknowledged.")
        if over:
            self.message_user(request, f"{over} are resolved: reopen them first.", messages.WARNING)

    @admin.action(description="Resolve")
    def resolve(self, request: HttpRequest, queryset: QuerySet[Incident]) -> None:
        """For words of one's own there is the dashboard."""
        actor = caller(request)
        mine = [one for one in queryset if one.state != Incident.State.RESOLVED]
        for one in mine:
            words = f"Resolved by {actor.full_name or actor.email}."
            incidents.close(incident=one, actor=actor, resolution=words)
        self.message_user(request, f"{len(mine)} resolved. What the monitor still sees opens anew with its next run.")

    @action(description="Comment", icon="comment", dialog=COMMENT)
    def comment_on_it(self, request: HttpRequest, form: CommentForm, object_id: str) -> HttpResponse:
        mine = self.found(request, object_id)
        incidents.comment(incident=mine, actor=caller(request), text=form.cleaned_data["text"])
        self.message_user(request, "Comment added.")
        return done(PAGE, object_id)

    @action(description="Resolve", icon="task_alt", dialog=RESOLVE, permissions=["resolve_it"])
    def resolve_it(self, request: HttpRequest, form: ResolveForm, object_id: str) -> HttpResponse:
        mine, words = self.found(request, object_id), form.cleaned_data["resolution"]
        over = incidents.close(incident=mine, actor=caller(request), resolution=words)
        said = "Incident resolved." if over.resolution == words else "It was resolved before."
        self.message_user(request, said)
        return done(PAGE, object_id)

    def has_resolve_it_permission(self, request: HttpRequest, object_id: str) -> bool:
        return not self._is_over(request, object_id)

    @action(description="Reopen", icon="undo", dialog=REOPEN, permissions=["reopen_it"])
    def reopen_it(self, request: HttpRequest, form: ReopenForm, object_id: str) -> HttpResponse:
        mine = self.found(request, object_id)
        try:
            incidents.reopen(incident=mine, actor=caller(request), reason=form.cleaned_data["reason"])
            self.message_user(request, "Incident reopened.")
        except incidents.AlreadyOpen:
            self.message_user(request, "The same problem has opened anew: work on that one.", messages.WARNING)
        return done(PAGE, object_id)

    def has_reopen_it_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._is_over(request, object_id)

    def _is_over(self, request: HttpRequest, object_id: str) -> bool:
        return bool(self.found(request, object_id).state == Incident.State.RESOLVED)


@admin.register(IncidentEvent)
class IncidentEventAdmin(LargeTableAdmin):
    list_display = ("at", "incident", "kind_label", "actor", "before", "after", "text")
    list_filter = (Lately, ("kind", ChoicesDropdownFilter))
    list_select_related = ("incident", "actor")
    raw_id_fields = ("incident", "actor")
    kind_label = labelled("kind", KINDS)


@admin.register(IncidentAudience)
class IncidentAudienceAdmin(LargeTableAdmin):
    list_display = ("incident", "user", "was_told")
    list_filter = (("was_told", BooleanRadioFilter),)
    list_select_related = ("incident", "user")
    raw_id_fields = ("incident", "user")
    search_fields = ("=user__email",)


@admin.register(Suspicion)
class SuspicionAdmin(ReadOnlyAdmin):
    """What was seen and has not lasted long enough to be opened."""

    list_display = ("since", "seen_by", "scope", "tenant")
    list_select_related = ("tenant",)
    ordering = ("-since",)

    @display(description="what sees it", ordering="kind")
    def seen_by(self, suspicion: Suspicion) -> str:
        return component(suspicion.kind)
