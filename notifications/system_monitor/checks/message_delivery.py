"""Whether messages move on, and how long they take."""

import datetime
from collections import Counter
from typing import Any

from django.conf import settings

from notifications import wording
from notifications.models.priority import Priority
from notifications.system_monitor.checks.base import Context, HealthCheck
from notifications.system_monitor.checks.ended import (
    TOP,
    ended,
    explained_by,
    settled_since,
    unreachable_providers,
)
from notifications.system_monitor.judging import WELL, NotKept, Numbers, Rule, Values, Verdict
from notifications.system_monitor.limits import Limit
from notifications.system_monitor.report import Listing, Measurement
from sms import counts, stuck

MOST = Limit("warning", "STUCK_MESSAGES_LIMIT", "Stuck messages that are still fine", "messages")


def _are_stuck(numbers: Numbers, values: Values) -> Verdict:
    """No more than `counted_up_to` were counted. Those of unreachable providers alone follow from their silence."""
    limit, seen = values[MOST.name], numbers["measured"]
    if limit < seen:
        return Verdict(Priority.MEDIUM, is_explained=numbers["elsewhere"] <= limit)
    if seen >= numbers["counted_up_to"]:
        raise NotKept
    return WELL


STUCK = Rule(
    "",
    "Message Delivery: messages are stuck",
    (MOST,),
    "measured",
    "messages",
    _are_stuck,
    falling=frozenset({"counted_up_to"}),
    caution="Stuck messages are counted up to one more than the limit that was in force, so a higher limit cannot be "
    "judged while that many were stuck.",
)


def said_stuck(count: int, *, limit: int, after: datetime.timedelta) -> str:
    """Beyond the limit nobody counts how many more."""
    counted, more = min(count, limit), "More than " if count > limit else ""
    have = "has" if counted == 1 else "have"
    what = f"{more}{wording.measure(counted, 'messages')} {have} been pending or sending"
    return f"{what} for over {wording.duration(after)}."


class MessageDelivery(HealthCheck):
    slug = "message_delivery"
    component = "Message Delivery"
    listing = Listing.WARNINGS
    limits = (MOST,)
    rules = (STUCK,)
    runbook = "docs/monitoring.md#message-delivery"

    def measure(self, context: Context) -> Measurement:
        limit, after = context.limits.get(self.slug, MOST), settings.STUCK_MESSAGES_AFTER
        down = unreachable_providers(context)
        # One more than the limit tells all that the rule asks, whatever the platform's size.
        rows = stuck.oldest(now=context.now, after=after, most=limit + 1)
        others = [row for row in rows if row.provider not in down]
        if len(rows) > limit and len(others) < len(rows):
            others = stuck.oldest(now=context.now, after=after, most=limit + 1, but_not_of=down)
        counted = {"elsewhere": len(others), "counted_up_to": limit + 1}
        verdict = STUCK.judge({"measured": len(rows), **counted}, {MOST.name: limit})
        shown = others if verdict.priority and not verdict.is_explained else rows
        waited = max((context.now - row.since for row in shown), default=None)
        age = None if waited is None else wording.duration(waited)
        seconds = None if waited is None else round(waited.total_seconds())
        summary = said_stuck(len(shown), limit=limit, after=after)
        delivery = _delivery(context)
        return Measurement(
            summary=summary,
            measured=len(shown),
            unit="messages",
            sample=len(shown),
            threshold=f"at most {limit}",
            findings=STUCK.findings(
                verdict,
                f"{summary} The oldest has not moved for {age}.",
                "Check that the Celery worker and beat are running and that the carrier posts receipts.",
                follows_from=explained_by(down) if verdict.is_explained else None,
            ),
            details={
                "stuck_after": wording.window(after),
                "oldest_age": age,
                "oldest_seconds": seconds,
                "counted_up_to": limit + 1,
                "stuck_by_provider": _by_provider(shown),
                **delivery,
            },
            numbers={**counted, "oldest_seconds": seconds, **_charted(delivery)},
        )


def _charted(delivery: dict[str, Any]) -> dict[str, float | None]:
    times = delivery["delivery_times"]
    return {
        "delivery_percent": delivery["delivery_percent"],
        "p50_seconds": times["p50_seconds"],
        "p95_seconds": times["p95_seconds"],
    }


def _by_provider(rows: list[stuck.Stuck]) -> list[dict[str, Any]]:
    """Of those that were looked at, which are no more than the rule asks for."""
    found = Counter(row.provider or "none yet" for row in rows)
    return [{"provider": provider, "messages": n} for provider, n in found.most_common(TOP)]


def _delivery(context: Context) -> dict[str, Any]:
    """How many of what was settled arrived, and how many seconds that took from the carrier's taking it."""
    window = settings.SUCCESS_RATE_WINDOW
    settled = ended(settled_since(context, window))
    times = counts.delivery_times(since=context.now - window)
    total: Counter[int] = Counter()
    for buckets in times.values():
        total.update(buckets)
    most = sorted(times, key=lambda provider: (-sum(times[provider].values()), provider))
    return {
        "window": wording.window(window),
        "delivery_percent": settled.percent,
        "settled": settled.settled,
        "delivery_times": _times(dict(total)),
        "delivery_times_by_provider": [{"provider": one, **_times(times[one])} for one in most[:TOP]],
        "delivery_times_by_provider_total": len(times),
    }


def _times(buckets: dict[int, int]) -> dict[str, Any]:
    p50, p95 = (counts.percentile(buckets, share) for share in (0.5, 0.95))
    return {
        "sample": sum(buckets.values()),
        "p50_seconds": None if p50 is None else round(p50, 1),
        "p95_seconds": None if p95 is None else round(p95, 1),
    }
