"""Which tenants are about to be unable to send."""

from typing import Any

from django.conf import settings
from django.db.models import Case, CharField, Count, F, Q, QuerySet, Value, When

from notifications.models.priority import Priority
from notifications.system_monitor.checks.base import Context, HealthCheck
from notifications.system_monitor.report import Finding, Listing, Measurement
from sms.models import CreditAccount

TOP = 10
#: From the worst to the least: the worst band a tenant is in is the one that is reported.
EMPTY, CRITICAL, WARNING, LOW = "empty", "critical", "warning", "low"
BANDS = (EMPTY, CRITICAL, WARNING, LOW)


class SmsCredits(HealthCheck):
    slug = "sms_credits"
    component = "SMS Credits"
    listing = Listing.WARNINGS

    def measure(self, context: Context) -> Measurement:
        accounts = _banded_accounts()
        bands = dict.fromkeys(BANDS, 0)
        checked = 0
        for row in accounts.values("band").annotate(n=Count("pk")):
            checked += row["n"]
            if row["band"] in bands:
                bands[row["band"]] = row["n"]
        low = sum(bands.values())
        lowest = [_lowest(row) for row in _lowest_first(accounts)] if low else []
        critical, warning = settings.LOW_CREDITS_CRITICAL_PERCENT, settings.LOW_CREDITS_WARNING_PERCENT
        named = {
            EMPTY: "out of credits",
            CRITICAL: f"at or under {critical} %",
            WARNING: f"at or under {warning} %",
            LOW: f"under {settings.LOW_CREDITS_LIMIT} credits",
        }
        parts = ", ".join(f"{n} {named[band]}" for band, n in bands.items() if n)
        summary = f"{low} of {checked} tenants are low on credits" + (f": {parts}." if parts else ".")
        findings = []
        if low:
            urgent = bands[EMPTY] + bands[CRITICAL] > 0
            findings.append(
                Finding(
                    "",
                    Priority.HIGH if urgent else Priority.MEDIUM,
                    "SMS Credits: tenants are running low",
                    summary,
                    "Remind them to top up; the health check lists the ten lowest.",
                )
            )
        return Measurement(
            summary=summary,
            measured=low,
            unit="tenants",
            sample=checked,
            threshold=f"under {settings.LOW_CREDITS_LIMIT} credits, or at most {warning} % of the last balance",
            findings=findings,
            details={"bands": bands, "lowest": lowest, "lowest_total": low},
        )


def _banded_accounts() -> "QuerySet[Any]":
    """Each account that can run low, with its band ("" when it is well).

    Not those that are unlimited, suspended, or were never topped up: nobody waits for their messages. Percentages
    are of the balance after the last top-up, and compared as whole numbers.
    """
    after = F("balance_after_last_top_up")
    spent_from = Q(balance_after_last_top_up__gt=0)
    small_by_choice = Q(balance_after_last_top_up__lt=settings.LOW_CREDITS_LIMIT)
    rows: QuerySet[Any] = CreditAccount.objects.filter(
        is_unlimited=False, last_top_up_at__isnull=False, tenant__suspended_at=None
    )
    banded: QuerySet[Any] = rows.annotate(hundredfold=F("available") * 100).annotate(
        band=Case(
            When(available=0, then=Value(EMPTY)),
            When(spent_from, hundredfold__lte=after * settings.LOW_CREDITS_CRITICAL_PERCENT, then=Value(CRITICAL)),
            When(spent_from, hundredfold__lte=after * settings.LOW_CREDITS_WARNING_PERCENT, then=Value(WARNING)),
            When(~small_by_choice, available__lt=settings.LOW_CREDITS_LIMIT, then=Value(LOW)),
            default=Value(""),
            output_field=CharField(),
        )
    )
    return banded


def _lowest_first(accounts: "QuerySet[Any]") -> list[dict[str, Any]]:
    order = Case(*(When(band=band, then=Value(index)) for index, band in enumerate(BANDS)))
    low = accounts.exclude(band="").annotate(order=order).order_by("order", "available", "pk")
    return list(low.values("tenant__slug", "available", "balance_after_last_top_up", "band")[:TOP])


def _lowest(row: dict[str, Any]) -> dict[str, Any]:
    after = row["balance_after_last_top_up"]
    return {
        "tenant": row["tenant__slug"],
        "available": row["available"],
        "percent": round(100 * row["available"] / after, 1) if after else 0,
        "band": row["band"],
    }
