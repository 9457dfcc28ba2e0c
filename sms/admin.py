from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from accounts.admin import ReadOnlyAdmin
from sms.models import (
    Attempt,
    Batch,
    Contact,
    CreditAccount,
    CreditEntry,
    CreditGrant,
    Message,
    NumberReview,
    ProviderState,
    Receipt,
    Route,
    RouteMove,
)
from sms.providers import slugs


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "tenant", "recipient", "status", "failure_reason", "status_changed_at")
    list_filter = ("status", "provider")
    list_select_related = ("tenant",)
    search_fields = ("recipient", "provider_message_id")
    ordering = ("-id",)
    show_full_result_count = False  # the table is large, and counting it reads all of it


@admin.register(Receipt)
class ReceiptAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "provider", "provider_message_id", "status", "reason", "applied_at")
    list_filter = ("provider", "status")
    search_fields = ("provider_message_id",)
    ordering = ("-id",)
    show_full_result_count = False


@admin.register(CreditAccount)
class CreditAccountAdmin(ReadOnlyAdmin):
    list_display = ("tenant", "available", "reserved", "balance_after_last_top_up", "last_top_up_at", "is_unlimited")
    list_select_related = ("tenant",)
    search_fields = ("tenant__name",)
    ordering = ("available",)


@admin.register(CreditEntry)
class CreditEntryAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "tenant", "kind", "available_delta", "reserved_delta", "reference", "note", "actor")
    list_filter = ("kind",)
    list_select_related = ("tenant", "actor")
    search_fields = ("reference", "tenant__name")
    ordering = ("-id",)
    show_full_result_count = False


@admin.register(CreditGrant)
class CreditGrantAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "tenant", "amount", "remaining", "expires_at")
    list_select_related = ("tenant",)
    search_fields = ("tenant__name",)
    ordering = ("-id",)


@admin.register(Batch)
class BatchAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "tenant", "author", "accepted", "opted_out", "credits", "traffic", "send_at")
    list_filter = ("traffic",)
    list_select_related = ("tenant", "author")
    search_fields = ("tenant__name", "author__email")
    ordering = ("-id",)
    show_full_result_count = False


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin):
    list_display = ("finished_at", "tenant", "provider", "number", "outcome", "reason", "error_code")
    list_filter = ("outcome", "provider")
    list_select_related = ("tenant",)
    raw_id_fields = ("message",)
    search_fields = ("provider_message_id",)
    ordering = ("-id",)
    show_full_result_count = False


@admin.register(Contact)
class ContactAdmin(ReadOnlyAdmin):
    list_display = ("phone_number", "tenant", "name", "opted_out_at", "created_at")
    list_select_related = ("tenant",)
    search_fields = ("phone_number", "name", "tenant__name")
    ordering = ("-id",)
    show_full_result_count = False


@admin.register(NumberReview)
class NumberReviewAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "subject", "raw", "result", "outcome", "reason")
    list_filter = ("subject", "outcome")
    search_fields = ("raw", "result")
    ordering = ("-id",)
    show_full_result_count = False


class RouteForm(forms.ModelForm):  # type: ignore[type-arg] # not a generic at run time
    provider = forms.ChoiceField(choices=lambda: [(slug, slug) for slug in slugs()])

    class Meta:
        model = Route
        fields: ClassVar = ["tenant", "provider", "weight"]


@admin.register(Route)
class RouteAdmin(ModelAdmin):
    """What the platform's admins decide: which carriers share a tenant's messages, and how."""

    form = RouteForm
    list_display = ("provider", "tenant", "weight")
    list_filter = ("provider",)
    list_select_related = ("tenant",)
    ordering = ("tenant", "provider")

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
    list_display = ("provider", "share_percent", "changed_at")
    ordering = ("provider",)


@admin.register(RouteMove)
class RouteMoveAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "provider", "share_before", "share_after", "requeued", "reason")
    list_filter = ("provider",)
    ordering = ("-id",)
