"""Reads of how many messages there are in each state and how long deliveries took: what is merged, and what is not
merged yet. Each is one statement whose cost does not grow with the messages."""

import datetime
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from sms.models.counts import DELIVERY_BUCKETS, Span
from sms.models.states import FAILED, Status

# Whole hours, the minutes before the first of them, and what is not merged yet.
PLATFORM = """
SELECT provider, status, failure_reason, sum(n)::bigint FROM (
    SELECT provider, status, failure_reason, messages AS n FROM sms_platformcount
    WHERE span = 'hour' AND at >= %(hour)s AND status = ANY(%(statuses)s)
    UNION ALL
    SELECT provider, status, failure_reason, messages FROM sms_platformcount
    WHERE span = 'minute' AND at >= %(since)s AND at < %(hour)s AND status = ANY(%(statuses)s)
    UNION ALL
    SELECT provider, status, failure_reason, delta FROM sms_messagecount
    WHERE minute >= %(since)s AND status = ANY(%(statuses)s)
) AS all_kinds GROUP BY 1, 2, 3 HAVING sum(n) <> 0
"""
PLATFORM_TIMES = """
SELECT provider, bucket, sum(n)::bigint FROM (
    SELECT provider, bucket, messages AS n FROM sms_platformdeliverytime WHERE span = 'hour' AND at >= %(hour)s
    UNION ALL
    SELECT provider, bucket, messages FROM sms_platformdeliverytime
    WHERE span = 'minute' AND at >= %(since)s AND at < %(hour)s
    UNION ALL
    SELECT provider, bucket, delta FROM sms_deliverytime WHERE minute >= %(since)s
) AS all_kinds GROUP BY 1, 2 HAVING sum(n) > 0
"""
# A tenant's failures of four hours fit 31 bits, whose sum is no numeric and so takes half as long for 10,000 tenants.
WORST = """
SELECT slug, coalesce(merged.delivered, 0)::bigint + coalesce(waiting.delivered, 0)::bigint, worst.failed FROM (
    SELECT tenant_id, sum(failed) AS failed FROM (
        SELECT tenant_id, failed::int FROM sms_tenanttally WHERE slot >= %(slot)s AND failed <> 0
        UNION ALL
        SELECT tenant_id, delta::int FROM sms_messagecount WHERE minute >= %(slot)s AND status = ANY(%(failed)s)
    ) AS both_kinds GROUP BY tenant_id ORDER BY failed DESC, tenant_id LIMIT %(most)s
) AS worst JOIN tenants_tenant ON tenants_tenant.id = worst.tenant_id
LEFT JOIN LATERAL (
    SELECT sum(delivered) AS delivered FROM sms_tenanttally
    WHERE tenant_id = worst.tenant_id AND slot = ANY(ARRAY(
        SELECT generate_series(%(slot)s, (SELECT max(slot) FROM sms_tenanttally), interval '4 hours')))
) AS merged ON true
LEFT JOIN (
    SELECT tenant_id, sum(delta) AS delivered FROM sms_messagecount
    WHERE minute >= %(slot)s AND status = 'delivered' GROUP BY tenant_id
) AS waiting ON waiting.tenant_id = worst.tenant_id
WHERE worst.failed > 0 ORDER BY worst.failed DESC, slug
"""
# By minutes, of which two days are kept, or by hours: both are merged from the same changes.
PLATFORM_COURSE = """
SELECT at, status, sum(n)::bigint FROM (
    SELECT at, status, messages AS n FROM sms_platformcount WHERE span = %(span)s AND at >= %(since)s
    UNION ALL
    SELECT date_trunc(%(span)s, minute, 'UTC'), status, delta FROM sms_messagecount WHERE minute >= %(since)s
) AS both_kinds GROUP BY 1, 2 HAVING sum(n) <> 0
"""
PLATFORM_COURSE_OF_TIMES = """
SELECT at, bucket, sum(n)::bigint FROM (
    SELECT at, bucket, messages AS n FROM sms_platformdeliverytime WHERE span = %(span)s AND at >= %(since)s
    UNION ALL
    SELECT date_trunc(%(span)s, minute, 'UTC'), bucket, delta FROM sms_deliverytime WHERE minute >= %(since)s
) AS both_kinds GROUP BY 1, 2 HAVING sum(n) > 0
"""
SLOT_HOURS = 4


@dataclass(frozen=True)
class Count:
    """So many messages of one provider reached one state, for one reason, and are still in it."""

    provider: str
    status: Status
    reason: str
    messages: int


def of_platform(*, since: datetime.datetime, statuses: tuple[Status, ...] = tuple(Status)) -> list[Count]:
    """What reached these states since then, in whole minutes."""
    values = _from(since) | {"statuses": list(statuses)}
    return [Count(provider, Status(status), reason, n) for provider, status, reason, n in _rows(PLATFORM, values)]


def delivery_times(*, since: datetime.datetime) -> dict[str, dict[int, int]]:
    """`{provider: {bucket: messages}}` of what was delivered since then, in whole minutes."""
    found: dict[str, dict[int, int]] = {}
    for provider, bucket, n in _rows(PLATFORM_TIMES, _from(since)):
        found.setdefault(provider, {})[bucket] = n
    return found


def course_of_platform(*, span: Span, since: datetime.datetime) -> dict[datetime.datetime, dict[Status, int]]:
    """`{minute or hour: {status: messages}}` of what reached its state from this full minute or hour on."""
    found: dict[datetime.datetime, dict[Status, int]] = {}
    for at, status, n in _rows(PLATFORM_COURSE, {"span": span, "since": since}):
        found.setdefault(at, {})[Status(status)] = n
    return found


def course_of_delivery_times(*, span: Span, since: datetime.datetime) -> dict[datetime.datetime, dict[int, int]]:
    """`{minute or hour: {bucket: messages}}` of what was delivered from then on, over all providers."""
    found: dict[datetime.datetime, dict[int, int]] = {}
    for at, bucket, n in _rows(PLATFORM_COURSE_OF_TIMES, {"span": span, "since": since}):
        found.setdefault(at, {})[bucket] = n
    return found


@dataclass(frozen=True)
class Standing:
    """How one tenant's messages ended."""

    slug: str
    delivered: int
    failed: int


def worst_tenants(*, since: datetime.datetime, most: int) -> tuple[datetime.datetime, list[Standing]]:
    """Those of whom most failed, and the moment since when: the four hours in which `since` lies count whole."""
    slot = since.replace(hour=since.hour // SLOT_HOURS * SLOT_HOURS, minute=0, second=0, microsecond=0)
    rows = _rows(WORST, {"slot": slot, "failed": list(FAILED), "most": most})
    return slot, [Standing(*row) for row in rows]


TENANT = """
SELECT hour, provider, status, failure_reason, sum(n)::bigint FROM (
    SELECT hour, provider, status, failure_reason, messages AS n FROM sms_tenantcount
    WHERE tenant_id = %(tenant)s AND hour >= %(since)s AND hour < %(until)s
    UNION ALL
    SELECT date_trunc('hour', minute), provider, status, failure_reason, delta FROM sms_messagecount
    WHERE tenant_id = %(tenant)s AND minute >= %(since)s AND minute < %(until)s
) AS both_kinds GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0 ORDER BY 1, 2, 3, 4
"""
TENANT_TIMES = """
SELECT provider, bucket, sum(n)::bigint FROM (
    SELECT provider, bucket, messages AS n FROM sms_tenantdeliverytime
    WHERE tenant_id = %(tenant)s AND hour >= %(since)s AND hour < %(until)s
    UNION ALL
    SELECT provider, bucket, delta FROM sms_deliverytime
    WHERE tenant_id = %(tenant)s AND minute >= %(since)s AND minute < %(until)s
) AS both_kinds GROUP BY 1, 2 HAVING sum(n) > 0
"""


def of_tenant(
    *, tenant_id: UUID, since: datetime.datetime, until: datetime.datetime
) -> list[tuple[datetime.datetime, Count]]:
    """What reached its state between two full hours, by the hour; before two days ago, by the day (UTC)."""
    values = {"tenant": tenant_id, "since": since, "until": until}
    return [
        (hour, Count(provider, Status(status), reason, n))
        for hour, provider, status, reason, n in _rows(TENANT, values)
    ]


def delivery_times_of_tenant(
    *, tenant_id: UUID, since: datetime.datetime, until: datetime.datetime
) -> dict[str, dict[int, int]]:
    """`{provider: {bucket: messages}}` of what was delivered between two full hours."""
    found: dict[str, dict[int, int]] = {}
    for provider, bucket, n in _rows(TENANT_TIMES, {"tenant": tenant_id, "since": since, "until": until}):
        found.setdefault(provider, {})[bucket] = n
    return found


def percentile(buckets: dict[int, int], share: float) -> float | None:
    """Seconds within which `share` (0 to 1) of the deliveries happened, linear within a bucket; None without any.

    What lies in the open last bucket is given as its lower end.
    """
    wanted, passed = share * sum(buckets.values()), 0
    for bucket in sorted(buckets):
        if buckets[bucket] <= 0:
            continue
        lower = DELIVERY_BUCKETS[bucket - 1] if bucket else 0
        if passed + buckets[bucket] >= wanted:
            if bucket >= len(DELIVERY_BUCKETS):
                return float(lower)
            return lower + (DELIVERY_BUCKETS[bucket] - lower) * (wanted - passed) / buckets[bucket]
        passed += buckets[bucket]
    return None


def _from(since: datetime.datetime) -> dict[str, Any]:
    """Its whole minute, and the first whole hour that is not before it."""
    minute = since.replace(second=0, microsecond=0)
    return {"since": minute, "hour": (minute + datetime.timedelta(minutes=59)).replace(minute=0)}


def _rows(sql: str, values: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())
