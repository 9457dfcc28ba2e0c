from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter, BooleanRadioFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.admin.base import BAD, GOOD, SO_SO, ReadOnlyAdmin, tenant_or_platform
from notifications import webhooks
from notifications.delivery import to_endpoints
from notifications.models import Notification, WebhookEndpoint


class WebhookForm(forms.ModelForm):  # type: ignore[type-arg] # not a generic at run time
    url = forms.CharField(max_length=500, widget=UnfoldAdminTextInputWidget)
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
    list_display = ("url", tenant_or_platform, "owner", "standing", "failures", "failing_since", "disabled_reason")
    list_filter = (
        *(("is_active", BooleanRadioFilter), ("tenant", AutocompleteSelectFilter)),
        ("failing_since", admin.EmptyFieldListFilter),
    )
    list_select_related = ("tenant", "owner")
    search_fields = ("url", "description", "tenant__name", "owner__email")
    ordering = ("-id",)
    show_full_result_count = False
    readonly_fields = (
        *("tenant", "owner", "is_active", "failures", "failing_since", "resting_until", "disabled_at"),
        *("disabled_reason", "previous_secret_until", "created_at", "updated_at"),
    )
    fields = ("url", "description", "categories", *readonly_fields)
    exclude = ("secret", "previous_secret")
    actions = ("enable", "disable", "send_test")

    @display(description="standing", label={"disabled": BAD, "failing": SO_SO, "well": GOOD})
    def standing(self, endpoint: WebhookEndpoint) -> str:
        return "disabled" if not endpoint.is_active else "failing" if endpoint.failing_since else "well"

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
