from django import forms
from django.contrib import admin, messages
from django.db.models import F
from django.db.models.functions import NullIf
from django.http import HttpRequest, HttpResponse
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    RangeDateFilter,
    RangeNumericFilter,
)
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget
from uuid_utils.compat import uuid7

from accounts.admin.base import (
    BAD,
    GOOD,
    NEWS,
    PLAIN,
    SO_SO,
    LargeTableAdmin,
    Lately,
    ReadOnlyAdmin,
    done,
    grouped,
    labelled,
)
from accounts.callers import caller
from sms import services
from sms.models import CreditAccount, CreditEntry, CreditFall, CreditGrant
from sms.serializers.credits import MOST_CREDITS


class TopUpForm(BaseDialogForm):
    credits = forms.IntegerField(min_value=1, max_value=MOST_CREDITS, widget=UnfoldAdminIntegerFieldWidget)
    reference = forms.CharField(
        max_length=80,
        initial=lambda: f"admin-{uuid7()}",
        widget=UnfoldAdminTextInputWidget,
        help_text="The payment's. The same one adds nothing the second time.",
    )
    note = forms.CharField(max_length=200, required=False, widget=UnfoldAdminTextInputWidget)


TOP_UP = {
    "title": "Top up",
    "description": "Adds credits. Percentages are of the balance that it leaves, and warnings begin anew.",
    "form_class": TopUpForm,
    "form_submit_text": "Top up",
}


@admin.register(CreditAccount)
class CreditAccountAdmin(ReadOnlyAdmin):
    list_display = (
        *("tenant", "left", "share", "on_their_way", "after_top_up", "last_top_up_at", "next_expiry_at"),
        "terms",
    )
    list_filter = (
        *(("is_unlimited", BooleanRadioFilter), ("available", RangeNumericFilter)),
        *(("last_top_up_at", RangeDateFilter), ("refunds", ChoicesDropdownFilter)),
    )
    list_select_related = ("tenant",)
    search_fields = ("tenant__name", "tenant__slug")
    ordering = ("available",)
    actions_detail = ("top_up",)
    show_full_result_count = False
    left, on_their_way, after_top_up = map(grouped, ("available", "reserved", "balance_after_last_top_up"))

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

    @action(description="Top up", icon="add_card", dialog=TOP_UP)
    def top_up(self, request: HttpRequest, form: TopUpForm, object_id: str) -> HttpResponse:
        account = self.found(request, object_id)
        given = {name: form.cleaned_data[name] for name in ("credits", "reference", "note")}
        try:
            is_new = services.top_up(tenant_id=account.pk, actor=caller(request), **given)
        except services.AlreadyMoved:
            self.message_user(request, "This reference stands for another number of credits.", messages.ERROR)
        else:
            said = (
                f"{given['credits']:,} credits were added." if is_new else "They were added before; nothing changed."
            )
            self.message_user(request, said)
        return done("admin:sms_creditaccount_change", object_id)

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
