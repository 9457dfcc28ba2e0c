"""Which tenants are about to be unable to send."""

import math

from notifications.models.priority import Priority
from notifications.system_monitor.checks.base import Context, HealthCheck
from notifications.system_monitor.checks.sms_credits.bands import CRITICAL, EMPTY, LOW, WARNING, BandRule, Found, look
from notifications.system_monitor.judging import WELL, Numbers, Rule, Values, Verdict
from notifications.system_monitor.limits import Limit
from notifications.system_monitor.report import Listing, Measurement

LEAST = Limit(
    "low",
    "LOW_CREDITS_LIMIT",
    "Credits under which a tenant is low",
    "credits",
    per_tenant=True,
    why_no_backtest="History keeps how many tenants were under the limit that was in force, not what each had.",
)
WARN_AT = Limit(
    "warning", "LOW_CREDITS_WARNING_PERCENT", "Share of the last balance that is low", "%", 0, 100, per_tenant=True
)
CRITICAL_AT = Limit(
    "critical",
    "LOW_CREDITS_CRITICAL_PERCENT",
    "Share of the last balance that is urgent",
    "%",
    0,
    100,
    per_tenant=True,
)


def _are_low(numbers: Numbers, values: Values) -> Verdict:
    """Any tenant in any band; the two worst are urgent. Where nobody has a balance there is no lowest percent."""

    def is_at(limit: Limit, lowest: str, own: str) -> bool:
        return numbers.get(lowest, math.inf) <= values[limit.name] or numbers[own] > 0

    if numbers[EMPTY] > 0 or is_at(CRITICAL_AT, "lowest_percent_for_critical", "by_own_critical"):
        return Verdict(Priority.HIGH)
    is_low = numbers["under_low"] > 0 or is_at(WARN_AT, "lowest_percent", "by_own_warning")
    return Verdict(Priority.MEDIUM) if is_low else WELL


RUNNING_LOW = Rule(
    "",
    "SMS Credits: tenants are running low",
    (WARN_AT, CRITICAL_AT),
    "lowest_percent",
    "%",
    _are_low,
    falling=frozenset({"lowest_credits", "lowest_percent", "lowest_percent_for_critical"}),
    caution="Tenants with limits of their own are judged by those that they had at the time, and so are those under "
    "the least number of credits.",
)


class SmsCredits(HealthCheck):
    slug = "sms_credits"
    component = "SMS Credits"
    listing = Listing.WARNINGS
    limits = (LEAST, WARN_AT, CRITICAL_AT)
    ascending = (CRITICAL_AT, WARN_AT)
    rules = (RUNNING_LOW,)
    runbook = "docs/monitoring.md#sms-credits"

    def measure(self, context: Context) -> Measurement:
        rule = BandRule(*(context.limits.get(self.slug, limit) for limit in self.limits))
        own = [context.limits.by_tenant(self.slug, limit) for limit in self.limits]
        found = look(now=context.now, rule=rule, own=own)
        summary = _said(found, rule)
        numbers: dict[str, float | None] = {**found.bands, **found.extremes}
        known = {name: one for name, one in numbers.items() if one is not None}
        return Measurement(
            summary=summary,
            measured=found.low,
            unit="tenants",
            sample=found.checked,
            threshold=f"under {rule.low} credits, or at most {rule.warning} % of the last balance",
            findings=RUNNING_LOW.findings(
                RUNNING_LOW.judge(known, context.limits.values(self.slug, self.limits)),
                summary,
                "Remind them to top up; the health check lists the ten lowest.",
            ),
            details={
                "bands": found.bands,
                "lowest": found.lowest,
                "lowest_total": found.low,
                "following": found.following,
                "with_own_thresholds": len(set().union(*own)),
            },
            numbers=numbers,
        )


def _said(found: Found, rule: BandRule) -> str:
    named = {
        EMPTY: "out of credits",
        CRITICAL: f"at or under {rule.critical} %",
        WARNING: f"at or under {rule.warning} %",
        LOW: f"under {rule.low} credits",
    }
    parts = ", ".join(f"{n} {named[band]}" for band, n in found.bands.items() if n)
    return f"{found.low} of {found.checked} tenants are low on credits" + (f": {parts}." if parts else ".")
