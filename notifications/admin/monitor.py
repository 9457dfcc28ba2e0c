from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    DropdownFilter,
)
from unfold.decorators import display

from accounts.admin.base import (
    BAD,
    GOOD,
    PLAIN,
    SO_SO,
    LargeTableAdmin,
    Lately,
    ReadOnlyAdmin,
    labelled,
    tenant_or_platform,
)
from notifications.models import CheckResult, MonitorLease, MonitorRun, Threshold, ThresholdChange
from notifications.system_monitor.checks import BY_SLUG, CHECKS
from notifications.system_monitor.report import State

STATES = {"ok": GOOD, "warning": SO_SO, "critical": BAD, "unknown": PLAIN}


def component(slug: str) -> str:
    """Of a check; whoever else opened a problem is named by its kind."""
    return BY_SLUG[slug].component if slug in BY_SLUG else slug.replace("_", " ").capitalize()


@display(description="check", ordering="check_slug")
def check_name(row: CheckResult | Threshold | ThresholdChange) -> str:
    return component(row.check_slug)


@display(description="limit", ordering="name")
def limit_title(row: Threshold | ThresholdChange) -> str:
    limits = BY_SLUG[row.check_slug].limits if row.check_slug in BY_SLUG else ()
    return next((limit.title for limit in limits if limit.name == row.name), row.name)


class ByCheck(DropdownFilter):
    title = "check"
    parameter_name = "check_slug"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(check.slug, check.component) for check in CHECKS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(check_slug=self.value()) if self.value() else queryset


class ByState(DropdownFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state.value, state.value.capitalize()) for state in State]

    def queryset(self, request: HttpRequest, queryset: QuerySet[MonitorRun]) -> QuerySet[MonitorRun]:
        return queryset.filter(state=self.value()) if self.value() else queryset


@admin.register(MonitorRun)
class MonitorRunAdmin(LargeTableAdmin):
    list_display = ("finished_at", "state_label", "seconds", "is_complete", "is_scheduled")
    list_filter = (
        *(Lately, ByState, ("is_complete", BooleanRadioFilter)),
        ("is_scheduled", BooleanRadioFilter),
    )
    fieldsets = (
        (None, {"fields": ("state", "finished_at", "seconds", "is_complete", "is_scheduled", "said")}),
        ("The whole report, for programs", {"fields": ("report",), "classes": ("collapse",)}),
    )
    readonly_fields = ("seconds", "said")
    state_label = labelled("state", STATES)

    def get_queryset(self, request: HttpRequest) -> QuerySet[MonitorRun]:
        """Without the report, of which a list shows nothing."""
        rows: QuerySet[MonitorRun] = super().get_queryset(request)
        return rows.defer("report")

    @display(description="what the checks said")
    def said(self, run: MonitorRun) -> str:
        components = run.report.get("components", [])
        lines = [(one["component"], one["status"].lower(), one["details"]["summary"]) for one in components]
        return format_html_join("", "<p><strong>{}</strong> ({}): {}</p>", lines)

    @display(description="seconds")
    def seconds(self, run: MonitorRun) -> float:
        return round((run.finished_at - run.started_at).total_seconds(), 2)


@admin.register(CheckResult)
class CheckResultAdmin(LargeTableAdmin):
    """What the charts and the uptime are made of."""

    list_display = (
        *("at", check_name, "span", "state_label", "measured", "lowest", "highest", "sample", "milliseconds"),
    )
    list_filter = (ByCheck, ("span", ChoicesDropdownFilter))

    @display(description="worst", label=STATES)
    def state_label(self, row: CheckResult) -> str:
        return row.state


@admin.register(Threshold)
class ThresholdAdmin(ReadOnlyAdmin):
    """Decided on the dashboard, beside its backtest."""

    list_display = (check_name, limit_title, tenant_or_platform, "value", "version", "updated_at")
    list_filter = (ByCheck, ("tenant", AutocompleteSelectFilter))
    list_select_related = ("tenant",)
    raw_id_fields = ("tenant",)
    ordering = ("check_slug", "name", "id")
    show_full_result_count = False


@admin.register(ThresholdChange)
class ThresholdChangeAdmin(LargeTableAdmin):
    list_display = ("at", check_name, limit_title, tenant_or_platform, "before", "after", "version", "actor", "reason")
    list_filter = (Lately, ByCheck, ("tenant", AutocompleteSelectFilter))
    list_select_related = ("tenant", "actor")
    raw_id_fields = ("tenant", "actor")


@admin.register(MonitorLease)
class MonitorLeaseAdmin(ReadOnlyAdmin):
    list_display = ("name", "holder", "token", "expires_at")
