from django.contrib import admin

from accounts.admin import ReadOnlyAdmin
from notifications.models import (
    Announcement,
    Incident,
    IncidentEvent,
    MaintenanceWindow,
    MonitorRun,
    Notification,
    NotificationSettings,
    NotificationTemplate,
)


@admin.register(Incident)
class IncidentAdmin(ReadOnlyAdmin):
    list_display = ("opened_at", "title", "state", "priority", "occurrences", "resolved_at")
    list_filter = ("state", "priority", "kind")
    search_fields = ("title", "summary")
    ordering = ("-id",)


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "recipient", "title", "priority", "status")
    list_filter = ("status", "priority", "notification_type")
    list_select_related = ("recipient",)
    search_fields = ("title", "recipient__email")
    ordering = ("-id",)
    show_full_result_count = False


@admin.register(MonitorRun)
class MonitorRunAdmin(ReadOnlyAdmin):
    list_display = ("finished_at", "state")
    list_filter = ("state",)
    ordering = ("-finished_at",)


@admin.register(Announcement)
class AnnouncementAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "author", "title", "priority", "state", "created_count", "target_count")
    list_filter = ("state", "priority", "notification_type")
    list_select_related = ("author",)
    search_fields = ("title", "author__email")
    ordering = ("-id",)


@admin.register(NotificationTemplate)
class NotificationTemplateAdmin(ReadOnlyAdmin):
    list_display = ("kind", "name", "title", "is_active", "updated_at")
    list_filter = ("is_active", "kind")
    search_fields = ("name", "title", "message")
    ordering = ("kind", "name")


@admin.register(NotificationSettings)
class NotificationSettingsAdmin(ReadOnlyAdmin):
    list_display = ("user", "email_notifications_enabled", "sms_notifications_enabled", "in_app_notifications_enabled")
    list_filter = ("email_notifications_enabled", "sms_notifications_enabled", "in_app_notifications_enabled")
    list_select_related = ("user",)
    search_fields = ("user__email",)
    ordering = ("-id",)


@admin.register(IncidentEvent)
class IncidentEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "incident", "kind", "actor", "before", "after")
    list_filter = ("kind",)
    list_select_related = ("incident", "actor")
    raw_id_fields = ("incident",)
    ordering = ("-id",)
    show_full_result_count = False


@admin.register(MaintenanceWindow)
class MaintenanceWindowAdmin(ReadOnlyAdmin):
    list_display = ("title", "tenant", "starts_at", "minutes", "timezone", "cancelled_at")
    list_select_related = ("tenant",)
    search_fields = ("title",)
    ordering = ("-starts_at",)
