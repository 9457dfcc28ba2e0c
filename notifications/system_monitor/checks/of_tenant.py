"""The checks as they concern one tenant: its own messages and credits, judged by the platform's rules and its own.

    database          the platform's: who has one has it with everybody
    sms_service       whether the carriers' gateways answer (the platform's), and the tenant's own success rate
    failed_messages   the tenant's own
    message_delivery  the tenant's own stuck messages
    sms_credits       the tenant's own band
    user_activity     not shown: its rule is about the platform's people

Counts of a tenant are kept by the hour, so a window begins with the full hour that it begins in.
"""

import datetime
from dataclasses import replace
from typing import ClassVar

from django.conf import settings

from notifications import wording
from notifications.system_monitor.checks.base import Context, HealthCheck
from notifications.system_monitor.checks.database import Database
from notifications.system_monitor.checks.ended import ended, most
from notifications.system_monitor.checks.failed_messages import MOST as MOST_FAILED
from notifications.system_monitor.checks.failed_messages import TOO_MANY, FailedMessages
from notifications.system_monitor.checks.message_delivery import MOST as MOST_STUCK
from notifications.system_monitor.checks.message_delivery import STUCK, MessageDelivery, said_stuck
from notifications.system_monitor.checks.sms_credits import SmsCredits
from notifications.system_monitor.checks.sms_service import LEAST, LOW, SAMPLE, SmsService, judged, said, unreachable
from notifications.system_monitor.report import Measurement
from sms import counts, stuck
from sms.models import Status
from sms.models.states import FAILED
from tenants.models import Tenant
from tenants.scope import tenant_scope


def checks_of(tenant: Tenant) -> tuple[type[HealthCheck], ...]:
    """For the runner, which makes them itself."""
    mine = (_SmsService, _FailedMessages, _MessageDelivery, _SmsCredits)
    return (Database, *(type(check.__name__, (check,), {"tenant": tenant}) for check in mine))


def _since(context: Context, window: datetime.timedelta) -> datetime.datetime:
    return (context.now - window).replace(minute=0, second=0, microsecond=0)


def _said_since(context: Context, window: datetime.timedelta) -> str:
    """What the numbers are really of: the window itself would be less than that."""
    return f"since {_since(context, window):%d %b, %H:%M} UTC"


def _counts(tenant: Tenant, context: Context, window: datetime.timedelta) -> list[counts.Count]:
    """What was delivered or failed."""
    since = _since(context, window)
    rows = counts.of_tenant(tenant_id=tenant.pk, since=since, until=context.now + datetime.timedelta(hours=1))
    return [one for _, one in rows if one.status in (Status.DELIVERED, *FAILED)]


class _SmsService(SmsService):
    tenant: ClassVar[Tenant]

    def measure(self, context: Context) -> Measurement:
        values = context.limits.values(self.slug, self.limits)
        least, sample = values[LEAST.name], values[SAMPLE.name]
        total = ended(_counts(self.tenant, context, settings.SUCCESS_RATE_WINDOW))
        window = _said_since(context, settings.SUCCESS_RATE_WINDOW)
        findings = [unreachable(one, self.reasons[one.slug]) for one in self.providers if self.reasons[one.slug]]
        summary = f"{said(total)} {window}{' were delivered' if total.settled else ''}."
        numbers = judged("", total) | judged("reachable_", total)
        findings += LOW.findings(
            LOW.judge(numbers, values), summary, "Look at the failure reasons under Failed Messages."
        )
        return Measurement(
            summary=summary,
            measured=total.percent,
            unit="%",
            sample=total.settled,
            threshold=f"at least {least} %",
            findings=findings,
            details={"delivered": total.delivered, "failed": total.failed, "window": window, "minimum_sample": sample},
        )


class _FailedMessages(FailedMessages):
    tenant: ClassVar[Tenant]

    def measure(self, context: Context) -> Measurement:
        limit = context.limits.get(self.slug, MOST_FAILED)
        window = _said_since(context, settings.FAILED_MESSAGES_WINDOW)
        rows = _counts(self.tenant, context, settings.FAILED_MESSAGES_WINDOW)
        some = [one for one in rows if one.status in FAILED]
        failed = sum(one.messages for one in some)
        summary = f"{wording.measure(failed, 'messages')} failed {window}."
        verdict = TOO_MANY.judge({"measured": failed}, {MOST_FAILED.name: limit})
        return Measurement(
            summary=summary,
            measured=failed,
            unit="messages",
            sample=failed,
            threshold=f"at most {limit}",
            findings=TOO_MANY.findings(verdict, summary, "Check what this tenant is sending, and to whom."),
            details={"window": window, **most(some, lambda one: one.reason, name="reason")},
        )


class _MessageDelivery(MessageDelivery):
    tenant: ClassVar[Tenant]

    def measure(self, context: Context) -> Measurement:
        limit, after = context.limits.get(self.slug, MOST_STUCK), settings.STUCK_MESSAGES_AFTER
        with tenant_scope(self.tenant.pk):
            rows = stuck.oldest(now=context.now, after=after, most=limit + 1)
        summary = said_stuck(len(rows), limit=limit, after=after)
        numbers = {"measured": len(rows), "elsewhere": len(rows), "counted_up_to": limit + 1}
        verdict = STUCK.judge(numbers, {MOST_STUCK.name: limit})
        oldest = context.now - rows[0].since if rows else None
        return Measurement(
            summary=summary,
            measured=len(rows),
            unit="messages",
            sample=len(rows),
            threshold=f"at most {limit}",
            findings=STUCK.findings(verdict, summary, "Check the worker and beat, then the carrier."),
            details={"oldest_age": oldest and wording.duration(oldest), "counted_up_to": limit + 1},
        )


class _SmsCredits(SmsCredits):
    tenant: ClassVar[Tenant]

    def measure(self, context: Context) -> Measurement:
        with tenant_scope(self.tenant.pk):  # nobody else's account is there
            found = super().measure(context)
        if not found.sample:
            return replace(found, summary="It has no limit, was never topped up, or is suspended.")
        lowest = found.details["lowest"]
        text = (
            f"{lowest[0]['available']} credits are left ({lowest[0]['band']})." if lowest else "It has enough credits."
        )
        return replace(found, summary=text, findings=[replace(one, summary=text) for one in found.findings])
