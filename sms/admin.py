from django.contrib import admin

from accounts.admin import ReadOnlyAdmin
from sms.models import CreditAccount, CreditEntry, Message, Receipt


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
