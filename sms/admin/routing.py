from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from accounts.admin.base import BAD, GOOD, SO_SO, LargeTableAdmin, Lately, ReadOnlyAdmin
from sms.admin.filters import ByProvider
from sms.models import ProviderState, Route, RouteMove
from sms.providers import slugs


class RouteForm(forms.ModelForm):  # type: ignore[type-arg] # not a generic at run time
    provider = forms.ChoiceField(choices=lambda: [(slug, slug) for slug in slugs()], widget=UnfoldAdminSelectWidget)

    class Meta:
        model = Route
        fields: ClassVar = ["tenant", "provider", "weight"]


@admin.register(Route)
class RouteAdmin(ModelAdmin):
    """What the platform's admins decide: which carriers share a tenant's messages, and how."""

    form = RouteForm
    list_display = ("provider", "tenant", "weight")
    list_filter = (ByProvider, ("tenant", AutocompleteSelectFilter))
    list_filter_submit = True
    list_select_related = ("tenant",)
    search_fields = ("tenant__name", "tenant__slug")
    autocomplete_fields = ("tenant",)
    ordering = ("tenant", "provider")
    empty_value_display = "the platform"
    show_full_result_count = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(getattr(request.user, "is_platform_admin", False))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)


@admin.register(ProviderState)
class ProviderStateAdmin(ReadOnlyAdmin):
    list_display = ("provider", "share", "changed_at")
    ordering = ("provider",)

    @display(description="share", ordering="share_percent", label={"all": GOOD, "some": SO_SO, "none": BAD})
    def share(self, state: ProviderState) -> tuple[str, str]:
        percent = state.share_percent
        return "all" if percent == 100 else "some" if percent else "none", f"{percent} %"


@admin.register(RouteMove)
class RouteMoveAdmin(LargeTableAdmin):
    list_display = ("created_at", "provider", "share_before", "share_after", "requeued", "reason")
    list_filter = (Lately, ByProvider)
