from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from accounts.admin.base import (
    BAD,
    GOOD,
    NEWS,
    PRIORITIES,
    SO_SO,
    LargeTableAdmin,
    Lately,
    ReadOnlyAdmin,
    ReadOnlyInline,
    labelled,
)
from notifications.delivery import sweeping
from notifications.models import Delivery, DeliveryAttempt, SmsSpending

STATES = {"waiting": NEWS, "claimed": NEWS, "sent": GOOD, "dead": BAD}
OUTCOMES = {"accepted": GOOD, "try_again": SO_SO, "refused": BAD, "unknown": SO_SO}


class AttemptsInline(ReadOnlyInline):
    model = DeliveryAttempt
    fields = ("number", "at", "seconds", "outcome", "reason")
    readonly_fields = fields


@admin.register(Delivery)
class DeliveryAdmin(LargeTableAdmin):
    list_display = (
        *("created_at", "channel", "state_label", "priority_label", "recipient", "attempts", "why", "handled_at"),
    )
    list_filter = (
        *(Lately, ("state", ChoicesDropdownFilter), ("channel", ChoicesDropdownFilter)),
        *(("priority", ChoicesDropdownFilter), ("handled_at", admin.EmptyFieldListFilter)),
    )
    list_select_related = ("recipient",)
    search_fields = ("=recipient__email",)
    raw_id_fields = ("notification", "recipient", "endpoint", "tenant", "incident", "digest")
    inlines: ClassVar = [AttemptsInline]
    actions = ("try_again", "see_to")
    state_label = labelled("state", STATES)
    priority_label = labelled("priority", PRIORITIES)

    @display(description="why")
    def why(self, delivery: Delivery) -> str | None:
        """What its last attempt ended with says more than the rule by which there was one."""
        return delivery.reason or delivery.rule or None

    @admin.action(description="Try again what was given up")
    def try_again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        count = sweeping.try_again(ids=list(queryset.values_list("pk", flat=True)))
        self.message_user(request, f"{count} will be tried again.")

    @admin.action(description="I have seen to what was given up")
    def see_to(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        count = sweeping.see_to(ids=list(queryset.values_list("pk", flat=True)))
        self.message_user(request, f"{count} are off the monitor's list.")


@admin.register(DeliveryAttempt)
class DeliveryAttemptAdmin(LargeTableAdmin):
    list_display = ("at", "delivery", "number", "outcome_label", "seconds", "reason")
    list_filter = (Lately, ("outcome", ChoicesDropdownFilter))
    list_select_related = ("delivery",)
    raw_id_fields = ("delivery",)
    outcome_label = labelled("outcome", OUTCOMES)


@admin.register(SmsSpending)
class SmsSpendingAdmin(ReadOnlyAdmin):
    list_display = ("day", "credits")
    ordering = ("-day",)
