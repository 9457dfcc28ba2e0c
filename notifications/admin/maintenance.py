from calendar import day_name
from typing import ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateFilter
from unfold.decorators import display

from accounts.admin.base import GOOD, NEWS, PLAIN, SO_SO, LargeTableAdmin, ReadOnlyInline, tenant_or_platform
from notifications import maintenance, wording
from notifications.admin.monitor import component
from notifications.models import MaintenanceOccurrence, MaintenanceWindow


class TimesInline(ReadOnlyInline):
    model = MaintenanceOccurrence
    fields = ("starts_at", "ends_at", "announced_at", "ended_at", "kept_back")
    readonly_fields = fields
    ordering = ("-starts_at",)
    verbose_name_plural = "times that it happened"
    per_page = 50

    @display(description="problems kept back")
    def kept_back(self, one: MaintenanceOccurrence) -> str | None:
        found = [f"{title} ({wording.measure(times, 'times')})" for title, times in one.suppressed.items()]
        return ", ".join(found) or None


@admin.register(MaintenanceWindow)
class MaintenanceWindowAdmin(LargeTableAdmin):
    list_display = ("title", "standing", tenant_or_platform, "starts_at", "minutes", "every", "timezone", "author")
    list_filter = (
        *(("starts_at", RangeDateFilter), ("cancelled_at", admin.EmptyFieldListFilter)),
        ("tenant", AutocompleteSelectFilter),
    )
    list_select_related = ("tenant", "author")
    raw_id_fields = ("tenant", "author")
    search_fields = ("title",)
    fields = (
        *("title", "standing", "tenant", "components", "starts_at", "minutes", "repeats", "until", "timezone"),
        *("announce_minutes", "author", "cancelled_at"),
    )
    readonly_fields = ("standing", "components", "repeats")
    inlines: ClassVar = [TimesInline]
    actions = ("cancel",)

    @display(description="state", label={"on": SO_SO, "planned": NEWS, "over": PLAIN, "cancelled": PLAIN})
    def standing(self, window: MaintenanceWindow) -> str:
        return maintenance.state_of(window, now=timezone.now())

    @display(description="repeats", label={"every week": GOOD, "once": PLAIN})
    def every(self, window: MaintenanceWindow) -> str:
        return "every week" if window.weekdays else "once"

    @display(description="repeats")
    def repeats(self, window: MaintenanceWindow) -> str:
        return f"every {', '.join(day_name[day] for day in window.weekdays)}" if window.weekdays else "once"

    @display(description="checks")
    def components(self, window: MaintenanceWindow) -> str:
        return ", ".join(map(component, window.checks)) or "all of them"

    @admin.action(description="Cancel")
    def cancel(self, request: HttpRequest, queryset: QuerySet[MaintenanceWindow]) -> None:
        """What is over is history, and stays."""
        gone = 0
        for window in queryset:
            try:
                maintenance.cancel_window(window=window)
            except maintenance.WindowGone:
                gone += 1
        self.message_user(request, f"{len(queryset) - gone} cancelled.")
        if gone:
            self.message_user(request, f"{gone} are over already.", messages.WARNING)


@admin.register(MaintenanceOccurrence)
class MaintenanceOccurrenceAdmin(LargeTableAdmin):
    list_display = ("starts_at", "ends_at", "window", "announced_at", "ended_at", "kept_back")
    list_filter = (("starts_at", RangeDateFilter), ("ended_at", admin.EmptyFieldListFilter))
    list_select_related = ("window",)
    raw_id_fields = ("window",)

    @display(description="problems kept back")
    def kept_back(self, one: MaintenanceOccurrence) -> int:
        return len(one.suppressed)
