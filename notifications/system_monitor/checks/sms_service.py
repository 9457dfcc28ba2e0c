"""Whether the carrier's gateway answers, and whether what is settled was delivered."""

from django.conf import settings

from notifications import wording
from notifications.models.priority import Priority
from notifications.system_monitor.checks.base import Context, HealthCheck
from notifications.system_monitor.report import Finding, Listing, Measurement
from sms import counts
from sms.models import Status
from sms.models.states import FAILED
from sms.providers import get_provider
from sms.providers.base import Temporary


class SmsService(HealthCheck):
    slug = "sms_service"
    component = "SMS Service"
    listing = Listing.ISSUES

    def measure(self, context: Context) -> Measurement:
        now = context.now
        ended = counts.of_platform(since=now - settings.SUCCESS_RATE_WINDOW, statuses=(Status.DELIVERED, *FAILED))
        delivered = sum(one.messages for one in ended if one.status == Status.DELIVERED)
        failed = sum(one.messages for one in ended if one.status in FAILED)
        settled = delivered + failed
        rate = round(100 * delivered / settled, 1) if settled else None
        provider = get_provider(settings.SMS_PROVIDER)
        unreachable = _unreachable_reason()
        minimum = settings.SUCCESS_RATE_MIN_PERCENT
        window = wording.window(settings.SUCCESS_RATE_WINDOW)
        said = f"{rate:g} % of {settled} settled messages" if rate is not None else "No message was settled"
        findings = []
        if unreachable:
            findings.append(
                Finding(
                    f"provider:{provider.slug}",
                    Priority.HIGH,
                    f"SMS Service: {provider.title} is unreachable",
                    f"The gateway of {provider.title} does not answer ({unreachable}). Messages wait in the queue.",
                    "Check the vendor's status page and our network; messages go out by themselves once it is back.",
                )
            )
        # Compared as whole numbers: a rate that is rounded up to the threshold is still below it.
        if settled >= max(settings.SUCCESS_RATE_MIN_SAMPLE, 1) and delivered * 100 < minimum * settled:
            findings.append(
                Finding(
                    "success_rate",
                    Priority.MEDIUM,
                    "SMS Service: the success rate is low",
                    f"{said} in the last {window} were delivered; at least {minimum} % should be.",
                    "Look at the failure reasons under Failed Messages, and ask the carrier.",
                )
            )
        return Measurement(
            summary=f"{said} in the last {window}{' were delivered' if settled else ''}."
            + (f" {provider.title} is unreachable." if unreachable else ""),
            measured=rate,
            unit="%",
            sample=settled,
            threshold=f"at least {minimum} %",
            findings=findings,
            details={
                "delivered": delivered,
                "failed": failed,
                "window": window,
                "minimum_sample": settings.SUCCESS_RATE_MIN_SAMPLE,
                "providers": [{"provider": provider.slug, "reachable": not unreachable}],
            },
        )


def _unreachable_reason() -> str:
    try:
        get_provider(settings.SMS_PROVIDER).check_reachable()
    except Temporary as error:
        return error.reason
    return ""
