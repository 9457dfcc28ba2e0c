from django.contrib import admin

from accounts.admin import ReadOnlyAdmin
from notifications.models import Incident, MonitorRun, Notification


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
