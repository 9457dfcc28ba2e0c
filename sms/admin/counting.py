"""What statistics, checks and the dashboard read. Triggers and `squash_counts` write it."""

from django.contrib import admin
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from accounts.admin.base import LargeTableAdmin, labelled, worded
from sms.admin.filters import ByProvider
from sms.admin.sending import STATUSES
from sms.models import (
    DeliveryTime,
    MessageCount,
    PlatformCount,
    PlatformDeliveryTime,
    TenantCount,
    TenantDeliveryTime,
    TenantTally,
)


class CountAdmin(LargeTableAdmin):
    status_label = labelled("status", STATUSES)
    reason = worded("failure_reason")


@admin.register(PlatformCount)
class PlatformCountAdmin(CountAdmin):
    list_display = ("at", "span", "provider", "status_label", "reason", "messages")
    list_filter = (("span", ChoicesDropdownFilter), ("status", ChoicesDropdownFilter), ByProvider)


@admin.register(MessageCount)
class MessageCountAdmin(CountAdmin):
    list_display = ("minute", "tenant_id", "provider", "status_label", "reason", "delta")
    list_filter = (("status", ChoicesDropdownFilter), ByProvider)


@admin.register(TenantCount)
class TenantCountAdmin(CountAdmin):
    list_display = ("hour", "tenant_id", "provider", "status_label", "reason", "messages")
    list_filter = (("status", ChoicesDropdownFilter), ByProvider)


@admin.register(TenantTally)
class TenantTallyAdmin(LargeTableAdmin):
    list_display = ("slot", "tenant_id", "delivered", "failed")


@admin.register(DeliveryTime)
class DeliveryTimeAdmin(LargeTableAdmin):
    list_display = ("minute", "tenant_id", "provider", "bucket", "delta")
    list_filter = (ByProvider,)


@admin.register(PlatformDeliveryTime)
class PlatformDeliveryTimeAdmin(LargeTableAdmin):
    list_display = ("at", "span", "provider", "bucket", "messages")
    list_filter = (("span", ChoicesDropdownFilter), ByProvider)


@admin.register(TenantDeliveryTime)
class TenantDeliveryTimeAdmin(LargeTableAdmin):
    list_display = ("hour", "tenant_id", "provider", "bucket", "messages")
    list_filter = (ByProvider,)
