"""What the checks said, kept compactly: by the minute for two days, by the hour for ninety. Its only writer.

What was not measured in a run (a check with a cadence, whose last answer stands) is not stored again. Uptime is the
share of the minutes with an answer in which that answer was ok; minutes without an answer, and time in which nothing
was measured at all, stand apart from it.
"""

import datetime
import json
import math
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from notifications.models import CheckResult
from notifications.models.check_result import SUMMED
from notifications.system_monitor.checks import CHECKS
from notifications.system_monitor.checks.database import Database
from notifications.system_monitor.report import Report, Result, State

MINUTES_KEPT = datetime.timedelta(days=2)
HOURS_KEPT = datetime.timedelta(days=90)
#: Of a longer outage its last part is stored: a spool that was forgotten for a year must not hold up the monitor.
LONGEST_OUTAGE = datetime.timedelta(days=7)
#: No check keeps more numbers than this, whatever it says.
MOST_NUMBERS = 40
COLUMNS = (
    *("check_slug", "at", "ok", "warning", "critical", "unknown", "measured", "measured_minutes", "lowest", "highest"),
    *("sample", "milliseconds", "more"),
)

# One minute holds the worst answer and the last measurement of its runs. The same report again changes nothing.
MERGED = """
ON CONFLICT (check_slug, span, at) DO UPDATE SET
    critical = greatest(row.critical, excluded.critical),
    warning = CASE WHEN 1 IN (row.critical, excluded.critical) THEN 0
                   ELSE greatest(row.warning, excluded.warning) END,
    ok = CASE WHEN 1 IN (row.critical, excluded.critical, row.warning, excluded.warning) THEN 0
              ELSE greatest(row.ok, excluded.ok) END,
    unknown = least(row.unknown, excluded.unknown),
    measured = CASE excluded.unknown WHEN 1 THEN row.measured ELSE excluded.measured END,
    measured_minutes = CASE excluded.unknown WHEN 1 THEN row.measured_minutes ELSE excluded.measured_minutes END,
    lowest = least(row.lowest, excluded.lowest),
    highest = greatest(row.highest, excluded.highest),
    sample = CASE excluded.unknown WHEN 1 THEN row.sample ELSE excluded.sample END,
    milliseconds = excluded.milliseconds,
    more = CASE excluded.unknown WHEN 1 THEN row.more ELSE excluded.more END
"""
STORE = f"""
INSERT INTO notifications_checkresult AS row (check_slug, span, at, ok, warning, critical, unknown, measured,
                                              measured_minutes, lowest, highest, sample, milliseconds, more)
SELECT slug, 'minute', %(minute)s, (state = 'ok')::int, (state = 'warning')::int, (state = 'critical')::int,
       (state = 'unknown')::int, measured, (measured IS NOT NULL)::int, measured, measured, sample, milliseconds, more
FROM jsonb_to_recordset(%(results)s::jsonb) AS given (slug text, state text, measured float8, sample bigint,
                                                      milliseconds float8, more jsonb)
ORDER BY slug {MERGED}
"""  # noqa: S608 (a constant of ours is all that is put in)
STORE_OUTAGE = f"""
INSERT INTO notifications_checkresult AS row (check_slug, span, at, ok, warning, critical, unknown, measured_minutes,
                                              milliseconds, more)
SELECT slug, 'minute', at, 0, 0, (slug = %(database)s)::int, (slug <> %(database)s)::int, 0, 0, '{{}}'
FROM unnest(%(checks)s) AS slug
CROSS JOIN generate_series(date_trunc('minute', %(began)s, 'UTC'), %(ended)s, %(every)s) AS at
ORDER BY slug, at {MERGED}
"""  # noqa: S608 (a constant of ours is all that is put in)
# The minutes go and their hours grow in one statement, so that no crash is between the two. What is there of an hour
# already (it was late, or written after an outage) is part of the new sum.
ROLL_UP = f"""
WITH gone AS (
    DELETE FROM notifications_checkresult
    WHERE span = 'minute' AND at < date_trunc('hour', %(kept_since)s, 'UTC') RETURNING *
), given AS (
    SELECT * FROM gone
    UNION ALL
    SELECT there.* FROM notifications_checkresult AS there
    WHERE span = 'hour' AND (check_slug, at) IN (SELECT check_slug, date_trunc('hour', at, 'UTC') FROM gone)
), {SUMMED}, stored AS (
    INSERT INTO notifications_checkresult (span, {", ".join(COLUMNS)})
    SELECT span, {", ".join(COLUMNS)} FROM summed
    ON CONFLICT (check_slug, span, at) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in COLUMNS)}
)
SELECT count(*) FROM gone
"""  # noqa: S608 (names of ours are all that is put in)


def store(report: Report) -> None:
    """Writes what was measured in this run, in the caller's transaction and in one statement."""
    results = [_row(result) for result in report.results if result.carried is None]
    minute = report.started_at.replace(second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(STORE, {"minute": minute, "results": json.dumps(results, allow_nan=False)})


def store_outage(*, began: datetime.datetime, ended: datetime.datetime) -> None:
    """What nobody could write while Postgres was away: Database critical, and the other checks without an answer, as
    often as the monitor runs. In the caller's transaction; the same outage again changes nothing."""
    every = max(datetime.timedelta(seconds=settings.MONITOR_INTERVAL_SECONDS), datetime.timedelta(minutes=1))
    values: dict[str, Any] = {"database": Database.slug, "checks": [check.slug for check in CHECKS]}
    values |= {"began": max(began, ended - LONGEST_OUTAGE), "ended": ended, "every": every}
    with connection.cursor() as cursor:
        cursor.execute(STORE_OUTAGE, values)


def roll_up(*, now: datetime.datetime) -> int:
    """Sums up the minutes of hours that ended two days ago; returns how many minutes. No sum that is read changes."""
    with transaction.atomic(), connection.cursor() as cursor:
        # One at a time, to the end of the transaction: what is there of an hour must not change between.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('roll_up_history'))")
        cursor.execute(ROLL_UP, {"kept_since": now - MINUTES_KEPT})
        return int(cursor.fetchone()[0])


def forget(*, now: datetime.datetime) -> int:
    """Deletes hours that are older than ninety days; returns how many."""
    old = CheckResult.objects.filter(span=CheckResult.Span.HOUR, at__lt=now - HOURS_KEPT)
    return old.delete()[0]


def _row(result: Result) -> dict[str, Any]:
    row = {"slug": result.slug, "state": result.state.value, "milliseconds": round(result.seconds * 1000, 1)}
    measurement = result.measurement
    if measurement is None or result.state is State.UNKNOWN:
        return row | {"more": {}}
    numbers = {name: _finite(value) for name, value in sorted(measurement.numbers.items())[:MOST_NUMBERS]}
    more = {name: value for name, value in numbers.items() if value is not None}
    return row | {"measured": _finite(measurement.measured), "sample": measurement.sample, "more": more}


def _finite(value: float | None) -> float | None:
    """Neither JSON nor a chart has a place for the others."""
    return value if value is not None and math.isfinite(value) else None
