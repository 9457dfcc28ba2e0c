from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.decorators import display

from accounts.admin.base import (
    BAD,
    GOOD,
    NEWS,
    PLAIN,
    SO_SO,
    LargeTableAdmin,
    Lately,
    ReadOnlyInline,
    labelled,
    worded,
)
from sms import services
from sms.admin.filters import ByProvider
from sms.models import Attempt, Batch, Message, Receipt
from sms.models.states import COARSE
from sms.reasons import describe

BY_STATE = {"pending": SO_SO, "sending": NEWS, "failed": BAD, "delivered": GOOD, "cancelled": PLAIN}
STATUSES = {status.value: BY_STATE[state] for status, state in COARSE.items()}
TRAFFIC = {"otp": SO_SO, "transactional": NEWS}
OUTCOMES = {"accepted": GOOD, "throttled": SO_SO, "temporary": SO_SO, "permanent": BAD, "uncertain": SO_SO}


class AttemptsInline(ReadOnlyInline):
    model = Attempt
    fields = ("number", "provider", "outcome", "reason_label", "error_code", "started_at", "finished_at")
    readonly_fields = fields
    reason_label = worded("reason")


@admin.register(Message)
class MessageAdmin(LargeTableAdmin):
    list_display = (
        *("created_at", "tenant", "recipient", "status_label", "reason", "provider", "traffic_label"),
        *("segments", "status_changed_at"),
    )
    list_filter = (
        *(Lately, ("status", ChoicesDropdownFilter), ByProvider, ("traffic", ChoicesDropdownFilter)),
        ("tenant", AutocompleteSelectFilter),
    )
    list_select_related = ("tenant",)
    raw_id_fields = ("tenant", "batch")
    search_fields = ("=recipient", "=provider_message_id")
    search_help_text = "A whole number (E.164), a carrier's id, or our own. Choose the tenant to find a number fast."
    inlines: ClassVar = [AttemptsInline]
    actions = ("cancel",)
    readonly_fields = ("what_it_means",)
    status_label = labelled("status", STATUSES)
    traffic_label = labelled("traffic", TRAFFIC)
    reason = worded("failure_reason")

    @display(description="what the reason means")
    def what_it_means(self, message: Message) -> str | None:
        return " ".join(describe(message.failure_reason)).strip() or None

    @admin.action(description="Cancel what no carrier has yet")
    def cancel(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        keys = list(queryset.values_list("pk", flat=True))
        done = sum(services.cancel_message(message_id=key) for key in keys)
        self.message_user(request, f"{done} of {len(keys)} cancelled; their credits are given back.")


@admin.register(Batch)
class BatchAdmin(LargeTableAdmin):
    list_display = (
        *("created_at", "tenant", "author", "accepted", "duplicates", "opted_out", "credits", "traffic_label"),
        *("send_at", "cancelled_at"),
    )
    list_filter = (
        *(Lately, ("traffic", ChoicesDropdownFilter), ("tenant", AutocompleteSelectFilter)),
        ("cancelled_at", admin.EmptyFieldListFilter),
    )
    list_select_related = ("tenant", "author")
    raw_id_fields = ("tenant", "author")
    search_fields = ("tenant__name", "author__email")
    traffic_label = labelled("traffic", TRAFFIC)


@admin.register(Attempt)
class AttemptAdmin(LargeTableAdmin):
    list_display = ("finished_at", "tenant", "provider", "number", "outcome_label", "reason_label", "error_code")
    list_filter = (Lately, ("outcome", ChoicesDropdownFilter), ByProvider, ("tenant", AutocompleteSelectFilter))
    list_select_related = ("tenant",)
    raw_id_fields = ("tenant", "message")
    search_fields = ("=provider_message_id",)
    outcome_label = labelled("outcome", OUTCOMES)
    reason_label = worded("reason")


@admin.register(Receipt)
class ReceiptAdmin(LargeTableAdmin):
    list_display = ("received_at", "provider", "provider_message_id", "status_label", "reason_label", "applied_at")
    list_filter = (
        *(Lately, ByProvider, ("status", ChoicesDropdownFilter)),
        ("applied_at", admin.EmptyFieldListFilter),
    )
    search_fields = ("=provider_message_id",)
    status_label = labelled("status", STATUSES)
    reason_label = worded("reason")
