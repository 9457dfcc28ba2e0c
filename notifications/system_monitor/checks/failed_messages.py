"""How many messages failed for good."""

from django.conf import settings

from notifications import wording
from notifications.models.priority import Priority
from notifications.system_monitor.checks.base import Context, HealthCheck
from notifications.system_monitor.checks.ended import UNSPECIFIED, most, settled_since
from notifications.system_monitor.judging import Rule, above
from notifications.system_monitor.limits import Limit
from notifications.system_monitor.report import Listing, Measurement
from sms.models.states import FAILED
from sms.reasons import describe

MOST = Limit("warning", "FAILED_MESSAGES_LIMIT", "Failed messages that are still fine", "messages")
TOO_MANY = Rule(
    "", "Failed Messages: too many", (MOST,), "measured", "messages", above("measured", MOST, Priority.HIGH)
)


class FailedMessages(HealthCheck):
    slug = "failed_messages"
    component = "Failed Messages"
    listing = Listing.ISSUES
    limits = (MOST,)
    rules = (TOO_MANY,)
    runbook = "docs/monitoring.md#failed-messages"

    def measure(self, context: Context) -> Measurement:
        limit = context.limits.get(self.slug, MOST)
        window = wording.window(settings.FAILED_MESSAGES_WINDOW)
        some = [one for one in settled_since(context, settings.FAILED_MESSAGES_WINDOW) if one.status in FAILED]
        failed = sum(one.messages for one in some)
        reasons = most(some, lambda one: one.reason, name="reason")
        said = f"{wording.measure(failed, 'messages')} failed in the last {window}"
        first = reasons["reasons"][:1]
        why = "".join(f" Most often ({one['messages']}): {_why(one['reason'])}" for one in first)
        return Measurement(
            summary=f"{said}.",
            measured=failed,
            unit="messages",
            sample=failed,
            threshold=f"at most {limit}",
            findings=TOO_MANY.findings(
                TOO_MANY.judge({"measured": failed}, {MOST.name: limit}),
                f"{said}; more than {limit} is too many.{why}",
                "If one reason stands out, ask the carrier about it; else check what the tenants are sending.",
            ),
            details={"window": window, **reasons, **most(some, lambda one: one.provider, name="provider")},
        )


def _why(reason: str) -> str:
    return "No reason was given." if reason == UNSPECIFIED else describe(reason)[0]
