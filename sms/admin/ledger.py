from django.contrib import admin
from django.db.models import F
from django.db.models.functions import NullIf
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    RangeDateFilter,
    RangeNumericFilter,
)
from unfold.decorators import display

from accounts.admin.base import BAD, GOOD, NEWS, PLAIN, SO_SO, LargeTableAdmin, Lately, ReadOnlyAdmin, labelled
from sms.models import CreditAccount, CreditEntry, CreditFall, CreditGrant


@admin.register(CreditAccount)
class CreditAccountAdmin(ReadOnlyAdmin):
    list_display = (
        *("tenant", "available", "share", "reserved", "balance_after_last_top_up", "last_top_up_at", "next_expiry_at"),
        "terms",
    )
    list_filter = (
        *(("is_unlimited", BooleanRadioFilter), ("available", RangeNumericFilter)),
        *(("last_top_up_at", RangeDateFilter), ("refunds", ChoicesDropdownFilter)),
    )
    list_select_related = ("tenant",)
    search_fields = ("tenant__name", "tenant__slug")
    ordering = ("available",)
    show_full_result_count = False

    @display(
        description="of the last balance",
        ordering=F("available") * 100 / NullIf("balance_after_last_top_up", 0),
        label={"critical": BAD, "low": SO_SO, "well": GOOD, "none": PLAIN},
    )
    def share(self, account: CreditAccount) -> tuple[str, str]:
        """Coloured by what the platform's check starts with: 10 and 25 percent."""
        full = account.balance_after_last_top_up
        if account.is_unlimited or not full:
            return "none", "no limit" if account.is_unlimited else "never topped up"
        percent = 100 * account.available / full
        band = "critical" if percent <= 10 else "low" if percent <= 25 else "well"
        return band, f"{percent:.0f} %"

    @display(description="terms", label={"unlimited": NEWS, "prepaid": PLAIN})
    def terms(self, account: CreditAccount) -> str:
        return "unlimited" if account.is_unlimited else "prepaid"


@admin.register(CreditEntry)
class CreditEntryAdmin(LargeTableAdmin):
    list_display = (
        *("created_at", "tenant", "kind_label", "available_delta", "reserved_delta", "reference", "note", "actor"),
    )
    list_filter = (Lately, ("kind", ChoicesDropdownFilter), ("tenant", AutocompleteSelectFilter))
    list_select_related = ("tenant", "actor")
    raw_id_fields = ("tenant", "actor")
    search_fields = ("=reference",)
    kind_label = labelled("kind", {"top_up": GOOD, "settle": NEWS, "release": PLAIN, "expire": SO_SO, "adjust": SO_SO})


@admin.register(CreditGrant)
class CreditGrantAdmin(LargeTableAdmin):
    list_display = ("created_at", "tenant", "amount", "remaining", "expires_at")
    list_filter = (Lately, ("tenant", AutocompleteSelectFilter), ("expires_at", RangeDateFilter))
    list_select_related = ("tenant",)
    raw_id_fields = ("tenant",)
    search_fields = ("tenant__name", "tenant__slug")


@admin.register(CreditFall)
class CreditFallAdmin(LargeTableAdmin):
    list_display = ("created_at", "tenant", "band_label", "percent_before", "percent", "available", "announced_at")
    list_filter = (Lately, ("band", ChoicesDropdownFilter), ("tenant", AutocompleteSelectFilter))
    list_select_related = ("tenant",)
    raw_id_fields = ("tenant",)
    search_fields = ("tenant__name", "tenant__slug")
    band_label = labelled("band", {"under_100": SO_SO, "warning": SO_SO, "critical": BAD, "empty": BAD})
