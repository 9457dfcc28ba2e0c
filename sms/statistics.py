"""What a tenant sent, in numbers: read from counts, whose cost does not grow with the messages."""

import datetime
from collections import Counter
from typing import Any
from uuid import UUID

from sms.counts import Count, delivery_times_of_tenant, of_tenant, percentile
from sms.models.states import COARSE, Status

LONGEST, USUAL = datetime.timedelta(days=92), datetime.timedelta(days=30)
#: Reasons are named from the most frequent on, so many of them.
REASONS = 20
DAY = datetime.timedelta(days=1)


class BadPeriod(ValueError):
    """The period ends before it begins, or is too long."""


def period(*, since: datetime.date | None, until: datetime.date | None, today: datetime.date) -> list[datetime.date]:
    """The days from `since` to `until`, both included; the last 30 where nothing is said. Raises BadPeriod."""
    last = until or today
    if last.year < 2000 or last > today + LONGEST:
        raise BadPeriod("Not a day that could be counted.")
    first = since or last - USUAL + DAY
    if first > last:
        raise BadPeriod("It ends before it begins.")
    if last - first >= LONGEST:
        raise BadPeriod(f"At most {LONGEST.days} days.")
    return [first + DAY * offset for offset in range((last - first).days + 1)]


def of(tenant_id: UUID, days: list[datetime.date]) -> dict[str, Any]:
    """Each message counts once, on the day (UTC) on which it reached the state that it is in now.

    `delivery_rate` is the percentage of the settled ones, null without any; times are in seconds, from the carrier's
    taking a message to its delivery. Two queries.
    """
    since, until = _midnight(days[0]), _midnight(days[-1] + DAY)
    counted = of_tenant(tenant_id=tenant_id, since=since, until=until)
    times = delivery_times_of_tenant(tenant_id=tenant_id, since=since, until=until)
    together: Counter[int] = Counter()
    for buckets in times.values():
        together.update(buckets)
    counts = [count for _, count in counted]
    by_day: dict[datetime.date, list[Count]] = {day: [] for day in days}
    for hour, count in counted:
        by_day[hour.date()].append(count)
    return {
        "since": days[0].isoformat(),
        "until": days[-1].isoformat(),
        **_summary(counts, dict(together)),
        "by_status": _by_status(counts),
        "by_day": [{"date": day.isoformat(), **_states(found)} for day, found in by_day.items()],
        "by_provider": [
            {"provider": slug, **_summary([one for one in counts if one.provider == slug], times.get(slug, {}))}
            for slug in sorted({one.provider for one in counts if one.provider})
        ],
        "by_reason": _by_reason(counts),
    }


def _midnight(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(), datetime.UTC)


def _summary(counts: list[Count], buckets: dict[int, int]) -> dict[str, Any]:
    states = _states(counts)
    settled = states["delivered"] + states["failed"]
    return {
        "total": sum(states.values()),
        "states": states,
        "delivery_rate": round(100 * states["delivered"] / settled, 1) if settled else None,
        "median_seconds_to_deliver": _rounded(percentile(buckets, 0.5)),
        "p95_seconds_to_deliver": _rounded(percentile(buckets, 0.95)),
    }


def _states(counts: list[Count]) -> dict[str, int]:
    states = dict.fromkeys(sorted(set(COARSE.values())), 0)
    for one in counts:
        states[COARSE[one.status]] += one.messages
    return states


def _by_status(counts: list[Count]) -> dict[str, int]:
    statuses = dict.fromkeys(Status.values, 0)
    for one in counts:
        statuses[one.status] += one.messages
    return statuses


def _by_reason(counts: list[Count]) -> list[dict[str, Any]]:
    reasons: Counter[str] = Counter()
    for one in counts:
        if one.reason and COARSE[one.status] in ("failed", "cancelled"):
            reasons[one.reason] += one.messages
    frequent = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    return [{"reason": reason, "messages": n} for reason, n in frequent[:REASONS]]


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
