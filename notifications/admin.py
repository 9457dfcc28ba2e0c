from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline

from accounts.admin import ReadOnlyAdmin
from notifications import webhooks
from notifications.delivery import sweeping, to_endpoints
from notifications.models import (
    Announcement,
    Delivery,
    DeliveryAttempt,
    Incident,
    IncidentEvent,
    MaintenanceWindow,
    MonitorRun,
    Notification,
    NotificationSettings,
    NotificationTemplate,
    WebhookEndpoint,
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


class AttemptsInline(TabularInline):
    model = DeliveryAttempt
    fields = ("number", "at", "seconds", "outcome", "reason")
    readonly_fields = fields
    ordering = ("id",)
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "channel", "state", "recipient", "attempts", "reason", "rule", "handled_at")
    list_filter = ("state", "channel", "priority", ("handled_at", admin.EmptyFieldListFilter))
    list_select_related = ("recipient",)
    search_fields = ("recipient__email", "=id")
    raw_id_fields = ("notification", "recipient", "endpoint", "tenant", "incident", "digest")
    ordering = ("-id",)
    show_full_result_count = False
    inlines: ClassVar = [AttemptsInline]
    actions = ("try_again", "see_to")

    @admin.action(description="Try again what was given up")
    def try_again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        count = sweeping.try_again(ids=list(queryset.values_list("pk", flat=True)))
        self.message_user(request, f"{count} will be tried again.")

    @admin.action(description="I have seen to what was given up")
    def see_to(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        count = sweeping.see_to(ids=list(queryset.values_list("pk", flat=True)))
        self.message_user(request, f"{count} are off the monitor's list.")


class WebhookForm(forms.ModelForm):  # type: ignore[type-arg] # not a generic at run time
    url = forms.CharField(max_length=500)
    categories = forms.MultipleChoiceField(
        choices=Notification.Type.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None: it is told everything.",
    )

    class Meta:
        model = WebhookEndpoint
        fields: ClassVar = ["url", "description", "categories"]

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"])
        try:
            webhooks.check_url(url)
        except webhooks.UrlRefused as refused:
            raise forms.ValidationError(str(refused)) from None
        return url


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ReadOnlyAdmin):
    """Every tenant's and the platform's. Made, and given another secret, by the API alone, which shows it once."""

    form = WebhookForm
    list_display = ("url", "tenant", "owner", "is_active", "failures", "failing_since", "disabled_reason")
    list_filter = ("is_active", ("tenant", admin.EmptyFieldListFilter))
    list_select_related = ("tenant", "owner")
    search_fields = ("url", "description", "tenant__name", "owner__email")
    ordering = ("-id",)
    readonly_fields = (
        *("tenant", "owner", "is_active", "failures", "failing_since", "resting_until", "disabled_at"),
        *("disabled_reason", "previous_secret_until", "created_at", "updated_at"),
    )
    fields = ("url", "description", "categories", *readonly_fields)
    actions = ("enable", "disable", "send_test")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    has_delete_permission = has_change_permission

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """The record of what it was sent goes with it, although nobody may delete from that record."""
        return [str(one) for one in objs], {"webhook endpoints": len(objs)}, set(), []

    def save_model(self, request: HttpRequest, obj: WebhookEndpoint, form: Any, change: bool) -> None:
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        webhooks.change(endpoint_id=obj.pk, changes=changes)

    def delete_model(self, request: HttpRequest, obj: WebhookEndpoint) -> None:
        webhooks.delete(endpoint_id=obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        for one in queryset:
            webhooks.delete(endpoint_id=one.pk)

    @admin.action(description="Enable")
    def enable(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        count = sum(webhooks.enable(endpoint_id=one.pk) for one in queryset)
        self.message_user(request, f"{count} enabled. What they missed is sent by a replay.")

    @admin.action(description="Disable")
    def disable(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        count = sum(webhooks.disable(endpoint_id=one.pk) for one in queryset)
        self.message_user(request, f"{count} disabled.")

    @admin.action(description="Send a test to those that are enabled")
    def send_test(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        sent = [to_endpoints.ping(endpoint=one) for one in queryset.filter(is_active=True)]
        self.message_user(request, f"{len(sent)} tests are on their way; see the deliveries.")
