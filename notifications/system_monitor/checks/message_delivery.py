"""Whether messages move on."""

from django.conf import settings

from notifications import wording
from notifications.models.priority import Priority
from notifications.system_monitor.checks.base import Context, HealthCheck
from notifications.system_monitor.report import Finding, Listing, Measurement
from sms.models import Message


class MessageDelivery(HealthCheck):
    slug = "message_delivery"
    component = "Message Delivery"
    listing = Listing.WARNINGS

    def measure(self, context: Context) -> Measurement:
        now = context.now
        limit, after = settings.STUCK_MESSAGES_LIMIT, settings.STUCK_MESSAGES_AFTER
        # One more than the limit tells all that the rule asks, whatever the platform's size.
        since = Message.objects.stuck(now=now, after=after).order_by("status_changed_at")
        oldest = list(since.values_list("status_changed_at", flat=True)[: limit + 1])
        many = len(oldest) > limit
        count = f"more than {limit}" if many else str(len(oldest))
        age = wording.duration(now - oldest[0]) if oldest else None
        summary = f"{count} messages have been pending or sending for over {wording.duration(after)}."
        findings = []
        if many:
            findings.append(
                Finding(
                    "",
                    Priority.MEDIUM,
                    "Message Delivery: messages are stuck",
                    f"{summary[0].upper()}{summary[1:]} The oldest has not moved for {age}.",
                    "Check that the Celery worker and beat are running and that the carrier posts receipts.",
                )
            )
        return Measurement(
            summary=f"{summary[0].upper()}{summary[1:]}",
            measured=len(oldest),
            unit="messages",
            sample=len(oldest),
            threshold=f"at most {limit}",
            findings=findings,
            details={"stuck_after": wording.window(after), "oldest_age": age, "counted_up_to": limit + 1},
        )
