"""Which tenants are about to be unable to send."""

from notifications.models.priority import Priority
from notifications.system_monitor.checks.base import Context, HealthCheck
from notifications.system_monitor.checks.sms_credits.bands import CRITICAL, EMPTY, LOW, WARNING, Rule, look
from notifications.system_monitor.limits import Limit
from notifications.system_monitor.report import Finding, Listing, Measurement

LEAST = Limit("low", "LOW_CREDITS_LIMIT", "Credits under which a tenant is low", "credits", per_tenant=True)
WARN_AT = Limit("warning", "LOW_CREDITS_WARNING_PERCENT", "Share of the last balance", "%", 0, 100, per_tenant=True)
CRITICAL_AT = Limit("critical", "LOW_CREDITS_CRITICAL_PERCENT", "Same, urgent", "%", 0, 100, per_tenant=True)


class SmsCredits(HealthCheck):
    slug = "sms_credits"
    component = "SMS Credits"
    listing = Listing.WARNINGS
    limits = (LEAST, WARN_AT, CRITICAL_AT)
    runbook = "docs/monitoring.md#sms-credits"

    def measure(self, context: Context) -> Measurement:
        rule = Rule(*(context.limits.get(self.slug, limit) for limit in self.limits))
        own = [context.limits.by_tenant(self.slug, limit) for limit in self.limits]
        found = look(now=context.now, rule=rule, own=own)
        named = {
            EMPTY: "out of credits",
            CRITICAL: f"at or under {rule.critical} %",
            WARNING: f"at or under {rule.warning} %",
            LOW: f"under {rule.low} credits",
        }
        parts = ", ".join(f"{n} {named[band]}" for band, n in found.bands.items() if n)
        summary = f"{found.low} of {found.checked} tenants are low on credits" + (f": {parts}." if parts else ".")
        findings = []
        if found.low:
            urgent = found.bands[EMPTY] + found.bands[CRITICAL] > 0
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
            measured=found.low,
            unit="tenants",
            sample=found.checked,
            threshold=f"under {rule.low} credits, or at most {rule.warning} % of the last balance",
            findings=findings,
            details={
                "bands": found.bands,
                "lowest": found.lowest,
                "lowest_total": found.low,
                "with_own_thresholds": len(set().union(*own)),
            },
        )
