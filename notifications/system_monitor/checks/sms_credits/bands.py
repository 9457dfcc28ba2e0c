"""Every tenant's band in one statement: how many are in each, and the ten with the least and how fast they spend."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

#: From the worst to the least: the worst band a tenant is in is the one that is reported.
EMPTY, CRITICAL, WARNING, LOW = "empty", "critical", "warning", "low"
BANDS = (EMPTY, CRITICAL, WARNING, LOW)
#: Of those that are in none.
ENOUGH = "enough"
#: What tells whether anybody would be in a band if its limit were another: the fewest credits, the lowest percent of
#: those who go by the platform's limits, and how many are low by credits or by limits of their own, in whatever band.
EXTREMES = ("lowest_credits", "lowest_percent", "lowest_percent_for_critical", "under_low", "by_own_warning",
            "by_own_critical")  # fmt: skip
TOP = 10
#: What was spent in the last day is read from no more of a tenant's ledger than this.
ENTRIES = 200
BURN_WINDOW = datetime.timedelta(hours=24)

# Not those that are unlimited, suspended, or were never topped up: nobody waits for their messages. Percentages are of
# the balance after the last top-up, and compared as whole numbers (`percent` is rounded up for that). Who never had
# that many credits is not "under 100". Spent is what left the account for good; what is only reserved may come back.
# Where fewer than ten are low, those with the least of their balance left make it ten; else nobody looks for them.
BANDED = """
WITH account AS MATERIALIZED (
    SELECT account.tenant_id, available, balance_after_last_top_up AS after, CASE
        WHEN available = 0 THEN 0
        WHEN balance_after_last_top_up > 0
             AND available * 100 <= balance_after_last_top_up * coalesce(own.critical, %(critical)s) THEN 1
        WHEN balance_after_last_top_up > 0
             AND available * 100 <= balance_after_last_top_up * coalesce(own.warning, %(warning)s) THEN 2
        WHEN balance_after_last_top_up >= coalesce(own.low, %(low)s) AND available < coalesce(own.low, %(low)s) THEN 3
        END AS band, own.warning AS own_warning, own.critical AS own_critical,
        balance_after_last_top_up >= coalesce(own.low, %(low)s) AND available < coalesce(own.low, %(low)s) AS is_under,
        CASE WHEN balance_after_last_top_up > 0
             THEN (available * 100 + balance_after_last_top_up - 1) / balance_after_last_top_up END AS percent
    FROM sms_creditaccount AS account
    LEFT JOIN unnest(%(tenants)s::uuid[], %(lows)s::int[], %(warnings)s::int[], %(criticals)s::int[])
         AS own (tenant_id, low, warning, critical) ON own.tenant_id = account.tenant_id
    WHERE NOT is_unlimited AND last_top_up_at IS NOT NULL
      AND account.tenant_id NOT IN (SELECT id FROM tenants_tenant WHERE suspended_at IS NOT NULL)
), total AS (
    SELECT count(*) AS checked, count(*) FILTER (WHERE band = 0) AS empty,
           count(*) FILTER (WHERE band = 1) AS critical, count(*) FILTER (WHERE band = 2) AS warning,
           count(*) FILTER (WHERE band = 3) AS low, min(available) AS available,
           min(percent) FILTER (WHERE own_warning IS NULL) AS percent,
           min(percent) FILTER (WHERE own_critical IS NULL) AS percent_for_critical,
           count(*) FILTER (WHERE is_under) AS under,
           count(*) FILTER (WHERE percent <= own_warning) AS by_own_warning,
           count(*) FILTER (WHERE percent <= own_critical) AS by_own_critical FROM account
), lowest AS (
    SELECT * FROM account WHERE band IS NOT NULL ORDER BY band, available, tenant_id LIMIT %(top)s
), following AS (
    SELECT * FROM account WHERE band IS NULL
    ORDER BY percent, available, tenant_id LIMIT (SELECT %(top)s - count(*) FROM lowest)
), listed AS (
    SELECT * FROM lowest UNION ALL SELECT * FROM following
)
SELECT total.checked, total.empty, total.critical, total.warning, total.low,
       total.available, total.percent, total.percent_for_critical, total.under, total.by_own_warning,
       total.by_own_critical, tenant.slug, listed.available, listed.after, listed.band, burn.spent, burn.seconds
FROM total LEFT JOIN listed ON true LEFT JOIN tenants_tenant AS tenant ON tenant.id = listed.tenant_id
LEFT JOIN LATERAL (
    SELECT coalesce(sum(-available_delta - reserved_delta) FILTER (WHERE kind = 'settle'), 0)::bigint AS spent,
           CASE WHEN count(*) < %(entries)s THEN extract(epoch FROM %(now)s - %(since)s)
                ELSE extract(epoch FROM %(now)s - min(created_at)) END::float8 AS seconds
    FROM (
        SELECT kind, available_delta, reserved_delta, created_at FROM (
            SELECT * FROM sms_creditentry WHERE tenant_id = listed.tenant_id ORDER BY id DESC LIMIT %(entries)s
        ) AS newest WHERE created_at >= %(since)s
    ) AS recent
) AS burn ON true
ORDER BY listed.band, CASE WHEN listed.band IS NULL THEN listed.percent END, listed.available, listed.tenant_id
"""


@dataclass(frozen=True)
class BandRule:
    """The platform's numbers: credits, and percent of the balance after the last top-up."""

    low: int
    warning: int
    critical: int


@dataclass(frozen=True)
class Found:
    checked: int
    bands: dict[str, int]
    extremes: dict[str, int | None]
    lowest: list[dict[str, Any]]
    """Of those that are low, the worst first."""
    following: list[dict[str, Any]]
    """Those that have enough, where `lowest` is shorter than TOP: the least of its balance first."""

    @property
    def low(self) -> int:
        return sum(self.bands.values())


def look(*, now: datetime.datetime, rule: BandRule, own: Sequence[Mapping[UUID, int]]) -> Found:
    """`own` has the tenants' own numbers, in the order of BandRule's."""
    tenants = sorted(set().union(*own))
    lows, warnings, criticals = ([numbers.get(one) for one in tenants] for numbers in own)
    values: dict[str, Any] = {
        "low": rule.low,
        "warning": rule.warning,
        "critical": rule.critical,
        "tenants": [str(one) for one in tenants],
        "lows": lows,
        "warnings": warnings,
        "criticals": criticals,
        "now": now,
        "since": now - BURN_WINDOW,
        "top": TOP,
        "entries": ENTRIES,
    }
    with connection.cursor() as cursor:
        # The planner takes every ledger for short, and would read all of it and sort; its index is in order already.
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute(BANDED, values)
        rows = cursor.fetchall()
    checked, *of_bands = rows[0][:5]
    extremes = dict(zip(EXTREMES, rows[0][5:11], strict=True))
    listed = [_tenant(*row[11:]) for row in rows if row[11] is not None]
    lowest = [one for one in listed if one["band"] != ENOUGH]
    return Found(checked, dict(zip(BANDS, of_bands, strict=True)), extremes, lowest, listed[len(lowest) :])


def _tenant(slug: str, available: int, after: int, band: int | None, spent: int, seconds: float) -> dict[str, Any]:
    hours = available * seconds / spent / 3600 if spent > 0 else None
    return {
        "tenant": slug,
        "available": available,
        "percent": round(100 * available / after, 1) if after else 0,
        "band": ENOUGH if band is None else BANDS[band],
        "spent_per_day": round(spent * 86400 / seconds) if seconds > 0 else 0,
        "runs_out_in_hours": None if hours is None else round(hours, 1),
    }
