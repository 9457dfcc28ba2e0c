"""Whether the carriers' gateways answer, and whether what is settled was delivered."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings

from notifications import wording
from notifications.models.priority import Priority
from notifications.system_monitor import isolation
from notifications.system_monitor.checks.base import Context, HealthCheck
from notifications.system_monitor.checks.ended import (
    PROVIDER,
    TOP,
    Ended,
    by_provider,
    ended,
    explained_by,
    settled_since,
)
from notifications.system_monitor.judging import WELL, Numbers, Rule, Values, Verdict
from notifications.system_monitor.limits import Limit
from notifications.system_monitor.report import Finding, Listing, Measurement
from sms import counts
from sms.providers import get_provider
from sms.providers.base import Provider, Temporary
from sms.reasons import describe
from sms.services.routing import providers_in_use

LEAST = Limit("warning", "SUCCESS_RATE_MIN_PERCENT", "Least share of settled messages delivered", "%", 0, 100)
SAMPLE = Limit("minimum_sample", "SUCCESS_RATE_MIN_SAMPLE", "Settled messages that a rate needs", "messages", 1)


def _is_low(numbers: Numbers, values: Values) -> Verdict:
    """Strictly below, and over enough messages. What silent providers alone make low follows from their silence."""

    def is_under(whose: str) -> bool:
        is_enough = numbers[f"{whose}settled"] >= max(values[SAMPLE.name], 1)
        return is_enough and numbers[f"{whose}share"] < values[LEAST.name]

    is_own = is_under("reachable_")
    return Verdict(Priority.MEDIUM, is_explained=not is_own) if is_own or is_under("") else WELL


LOW = Rule(
    "success_rate",
    "SMS Service: the success rate is low",
    (LEAST, SAMPLE),
    "share",
    "%",
    _is_low,
    falling=frozenset({"share", "reachable_share"}),
)


class SmsService(HealthCheck):
    slug = "sms_service"
    component = "SMS Service"
    listing = Listing.ISSUES
    limits = (LEAST, SAMPLE)
    rules = (LOW,)
    runbook = "docs/monitoring.md#sms-service"
    providers: Sequence[Provider] = ()
    reasons: Mapping[str, str] = {}
    """Why a gateway is unreachable, by provider; "" of one that answers."""

    def prepare(self, context: Context) -> None:
        self.providers = [get_provider(slug) for slug in providers_in_use()]
        self.reasons = _ask(self.providers)

    def measure(self, context: Context) -> Measurement:
        some = settled_since(context, settings.SUCCESS_RATE_WINDOW)
        down = {slug for slug, reason in self.reasons.items() if reason}
        total, others = ended(some), ended(one for one in some if one.provider not in down)
        window = wording.window(settings.SUCCESS_RATE_WINDOW)
        values = context.limits.values(self.slug, self.limits)
        least, sample = values[LEAST.name], values[SAMPLE.name]
        numbers = judged("", total) | judged("reachable_", others)
        verdict = LOW.judge(numbers, values)
        low = LOW.findings(
            verdict,
            f"{said(total if verdict.is_explained else others)} in the last {window} were delivered; "
            f"at least {least} % should be.",
            "Look at the failure reasons under Failed Messages, and ask the carrier.",
            follows_from=explained_by(down) if verdict.is_explained else None,
        )
        since, worst = counts.worst_tenants(since=context.now - settings.SUCCESS_RATE_WINDOW, most=TOP)
        silent = [one for one in self.providers if one.slug in down]
        also = "".join(f" {one.title} is unreachable." for one in silent)
        return Measurement(
            summary=f"{said(total)} in the last {window}{' were delivered' if total.settled else ''}.{also}",
            measured=total.percent,
            unit="%",
            sample=total.settled,
            threshold=f"at least {least} %",
            findings=[*(unreachable(one, self.reasons[one.slug]) for one in silent), *low],
            details={
                "delivered": total.delivered,
                "failed": total.failed,
                "window": window,
                "minimum_sample": sample,
                **self._by_provider(by_provider(some)),
                "worst_tenants": [_rate(Ended(one.delivered, one.failed)) | {"tenant": one.slug} for one in worst],
                "worst_tenants_since": since.isoformat(),
            },
            numbers={"unreachable": len(down), **numbers, **self._shares(by_provider(some))},
        )

    def _shares(self, parts: dict[str, Ended]) -> dict[str, float | None]:
        """A line in a chart for each of the providers that are in use, ten at most."""
        mine = sorted(slug for slug in parts if slug in self.reasons)[:TOP]
        return {f"{PROVIDER}{slug}": parts[slug].percent for slug in mine}

    def _by_provider(self, parts: dict[str, Ended]) -> dict[str, Any]:
        """First those that are in use, the silent ones before all, then those with most failures."""
        parts = {slug: Ended() for slug in self.reasons} | parts
        order = sorted(
            parts, key=lambda slug: (not self.reasons.get(slug), slug not in self.reasons, -parts[slug].failed)
        )
        rows = [
            {
                "provider": slug,
                "reachable": not self.reasons[slug] if slug in self.reasons else None,
                **_rate(parts[slug]),
            }
            for slug in order[:TOP]
        ]
        return {"providers": rows, "providers_total": len(parts)}


def _ask(providers: Sequence[Provider]) -> dict[str, str]:
    """Asks all gateways at the same time. One that neither answers nor gives up in time is a fault of its adapter, and
    leaves this check without an answer."""
    asked = isolation.all_within(
        settings.CHECK_TIME_LIMIT.total_seconds(), {f"gateway {one.slug}": one.check_reachable for one in providers}
    )
    reasons = {}
    for one, outcome in zip(providers, asked.values(), strict=True):
        try:
            outcome.result()
            reasons[one.slug] = ""
        except Temporary as error:
            reasons[one.slug] = error.reason
    return reasons


def unreachable(provider: Provider, reason: str) -> Finding:
    return Finding(
        f"{PROVIDER}{provider.slug}",
        Priority.HIGH,
        f"SMS Service: {provider.title} is unreachable",
        f"{provider.title}: {describe(reason)[0]} Messages wait in the queue.",
        "Check the vendor's status page and our network; messages go out by themselves once it is back.",
    )


def judged(whose: str, some: Ended) -> dict[str, float]:
    """Without a share where nothing was settled."""
    settled = {f"{whose}settled": float(some.settled)}
    return settled if some.share is None else settled | {f"{whose}share": some.share}


def said(some: Ended) -> str:
    return f"{some.percent:g} % of {some.settled} settled messages" if some.settled else "No message was settled"


def _rate(some: Ended) -> dict[str, Any]:
    return {"delivered": some.delivered, "failed": some.failed, "percent": some.percent}
