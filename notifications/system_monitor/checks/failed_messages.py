"""How many messages failed for good."""

from collections import Counter

from django.conf import settings

from notifications import wording
from notifications.models.priority import Priority
from notifications.system_monitor.checks.base import Context, HealthCheck
from notifications.system_monitor.report import Finding, Listing, Measurement
from sms import counts
from sms.models.states import FAILED

TOP = 10


class FailedMessages(HealthCheck):
    slug = "failed_messages"
    component = "Failed Messages"
    listing = Listing.ISSUES

    def measure(self, context: Context) -> Measurement:
        now = context.now
        limit = settings.FAILED_MESSAGES_LIMIT
        window = wording.window(settings.FAILED_MESSAGES_WINDOW)
        reasons: Counter[str] = Counter()
        for one in counts.of_platform(since=now - settings.FAILED_MESSAGES_WINDOW, statuses=FAILED):
            reasons[one.reason or "unspecified"] += one.messages
        failed = sum(reasons.values())
        summary = f"{failed} messages failed in the last {window}."
        findings = []
        if failed > limit:
            most, _ = reasons.most_common(1)[0]
            findings.append(
                Finding(
                    "",
                    Priority.HIGH,
                    "Failed Messages: too many",
                    f"{failed} messages failed in the last {window}; more than {limit} is too many. "
                    f"The most frequent reason is {most} ({reasons[most]}).",
                    "If one reason stands out ask the carrier about it; else check what the tenants are sending.",
                )
            )
        return Measurement(
            summary=summary,
            measured=failed,
            unit="messages",
            sample=failed,
            threshold=f"at most {limit}",
            findings=findings,
            details={
                "window": window,
                "reasons": [{"reason": reason, "messages": n} for reason, n in reasons.most_common(TOP)],
                "reasons_total": len(reasons),
            },
        )
