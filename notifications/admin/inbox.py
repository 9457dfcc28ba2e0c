from typing import Any

from django.contrib import admin
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    RangeDateFilter,
)
from unfold.decorators import display

from accounts.admin.base import GOOD, NEWS, PLAIN, PRIORITIES, SO_SO, LargeTableAdmin, Lately, ReadOnlyAdmin, labelled
from notifications.models import Announcement, ChannelChoice, Notification, NotificationSettings, NotificationTemplate


@admin.register(Notification)
class NotificationAdmin(LargeTableAdmin):
    list_display = (
        *("created_at", "recipient", "title", "notification_type", "priority_label", "status_label", "tenant"),
        "read_at",
    )
    list_filter = (
        *(Lately, ("status", ChoicesDropdownFilter), ("priority", ChoicesDropdownFilter)),
        *(("notification_type", ChoicesDropdownFilter), ("recipient", AutocompleteSelectFilter)),
    )
    list_select_related = ("recipient", "tenant")
    raw_id_fields = ("recipient", "tenant", "incident", "announcement")
    search_fields = ("=recipient__email",)
    search_help_text = "Whose inbox: the whole address."
    priority_label = labelled("priority", PRIORITIES)
    status_label = labelled("status", {"unread": NEWS, "read": GOOD, "archived": PLAIN})


@admin.register(Announcement)
class AnnouncementAdmin(LargeTableAdmin):
    list_display = (
        *("created_at", "author", "title", "priority_label", "state_label", "created_count", "target_count"),
        "finished_at",
    )
    list_filter = (
        *(Lately, ("state", ChoicesDropdownFilter), ("priority", ChoicesDropdownFilter)),
        ("notification_type", ChoicesDropdownFilter),
    )
    list_select_related = ("author",)
    raw_id_fields = ("author", "tenant")
    search_fields = ("title", "author__email")
    priority_label = labelled("priority", PRIORITIES)
    state_label = labelled("state", {"queued": SO_SO, "running": NEWS, "done": GOOD})


@admin.register(NotificationTemplate)
class NotificationTemplateAdmin(ReadOnlyAdmin):
    """Changed by the API, which knows which placeholders a kind has."""

    list_display = ("kind", "name", "title", "is_active", "notification_type", "priority_label", "updated_at")
    list_filter = (("is_active", BooleanRadioFilter), ("notification_type", ChoicesDropdownFilter))
    search_fields = ("kind", "name", "title", "message")
    ordering = ("kind", "name")
    priority_label = labelled("priority", PRIORITIES)


def switch(name: str, title: str) -> Any:
    """A column of a person's own switch, which may be left to the defaults."""

    @display(description=title, label={"on": GOOD, "off": SO_SO, "default": PLAIN})
    def show(self: Any, mine: NotificationSettings) -> str:
        value = getattr(mine, f"{name}_notifications_enabled")
        return "default" if value is None else "on" if value else "off"

    return show


@admin.register(NotificationSettings)
class NotificationSettingsAdmin(LargeTableAdmin):
    list_display = ("user", "in_app", "email", "sms", "warned_at", "quiet_from", "quiet_until", "snoozed_until")
    list_filter = (
        *(("email_notifications_enabled", BooleanRadioFilter), ("sms_notifications_enabled", BooleanRadioFilter)),
        ("in_app_notifications_enabled", BooleanRadioFilter),
        ("snoozed_until", RangeDateFilter),
    )
    list_select_related = ("user",)
    raw_id_fields = ("user",)
    search_fields = ("user__email",)
    in_app, email, sms = switch("in_app", "inbox"), switch("email", "e-mail"), switch("sms", "SMS")

    @display(description="SMS credits: warning, critical")
    def warned_at(self, mine: NotificationSettings) -> str:
        return f"{mine.sms_credit_warning_threshold} %, {mine.sms_credit_critical_threshold} %"


@admin.register(ChannelChoice)
class ChannelChoiceAdmin(LargeTableAdmin):
    list_display = ("user", "tenant", "category", "channel", "when_label", "updated_at")
    list_filter = (
        *(("category", ChoicesDropdownFilter), ("channel", ChoicesDropdownFilter), ("when", ChoicesDropdownFilter)),
        ("tenant", AutocompleteSelectFilter),
    )
    list_select_related = ("user", "tenant")
    raw_id_fields = ("user", "tenant")
    search_fields = ("=user__email",)
    when_label = labelled("when", {"at_once": GOOD, "hourly": NEWS, "daily": NEWS})
