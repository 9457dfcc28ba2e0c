"""What Postgres says about itself, in three statements whose cost does not depend on what is stored."""

import datetime
import time
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader

TOP = 10
GIGABYTE = 1024**3
#: A growth that was measured over less than this says nothing about a day.
GROWTH_AT_LEAST = datetime.timedelta(hours=1)

# pg_stat_activity hides what other roles' sessions do, but not how many connections there are.
STATE = """
SELECT (SELECT sum(numbackends)::int FROM pg_stat_database), current_setting('max_connections')::int,
       pg_database_size(current_database()),
       (SELECT extract(epoch FROM clock_timestamp() - min(xact_start))::float8 FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'),
       (SELECT round(100.0 * blks_hit / nullif(blks_hit + blks_read, 0), 2)::float8 FROM pg_stat_database
        WHERE datname = current_database()),
       ARRAY(SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p') AND pg_table_is_visible(oid)),
       (SELECT coalesce(json_agg(json_build_array(relname, n_dead_tup, n_live_tup) ORDER BY n_dead_tup DESC, relname),
                        '[]') FROM pg_stat_user_tables WHERE n_dead_tup > 0 OR n_live_tup > 0)
"""
# The oldest run that is still stored, at most two days ago, says how large the database was then.
STORED = """
SELECT ARRAY(SELECT app || '.' || name FROM django_migrations), earlier.finished_at,
       (jsonb_path_query_first(earlier.report, '$.components[*] ? (@.check == "database").details.size_bytes'))::bigint
FROM (SELECT 1) AS one
LEFT JOIN (SELECT finished_at, report FROM notifications_monitorrun ORDER BY finished_at LIMIT 1) AS earlier ON true
"""
STORED_IN = frozenset({"django_migrations", "notifications_monitorrun"})


@dataclass(frozen=True)
class Vitals:
    milliseconds: float
    connections: int
    max_connections: int
    size_bytes: int
    missing_tables: list[str]
    unapplied_migrations: list[str]
    growth_bytes_per_day: int | None
    """None while less than an hour of history is stored."""
    longest_transaction_seconds: float | None
    """Of another session of our roles; None when none is in a transaction."""
    cache_hit_percent: float | None
    live_tuples: int
    dead_tuples: int
    worst_tables: list[tuple[str, int, int]]
    """Name, dead and live tuples of those with the most dead ones."""

    @property
    def connections_percent(self) -> float:
        return round(100 * self.connections / self.max_connections, 1)


def look(now: datetime.datetime) -> Vitals:
    """Reads them in three statements, the first of which is the trivial one that is timed. Raises OperationalError."""
    with connection.cursor() as cursor:
        started = time.perf_counter()
        cursor.execute("SELECT 1")
        milliseconds = round((time.perf_counter() - started) * 1000, 2)
        cursor.execute(STATE)
        connections, max_connections, size, transaction, hits, tables, tuples = cursor.fetchone()
        applied, then, size_then = [], None, None
        if STORED_IN.issubset(tables):
            cursor.execute(STORED)
            applied, then, size_then = cursor.fetchone()
    return Vitals(
        milliseconds=milliseconds,
        connections=connections,
        max_connections=max_connections,
        size_bytes=size,
        missing_tables=sorted(_expected_tables() - set(tables)),
        unapplied_migrations=sorted(_known_migrations() - set(applied)),
        growth_bytes_per_day=_growth(size, now, size_then, then),
        longest_transaction_seconds=transaction,
        cache_hit_percent=hits,
        live_tuples=sum(live for _, _, live in tuples),
        dead_tuples=sum(dead for _, dead, _ in tuples),
        worst_tables=[(table, dead, live) for table, dead, live in tuples[:TOP] if dead],
    )


def _growth(size: int, now: datetime.datetime, size_then: int | None, then: datetime.datetime | None) -> int | None:
    if size_then is None or then is None or now - then < GROWTH_AT_LEAST:
        return None
    return round((size - size_then) * (datetime.timedelta(days=1) / (now - then)))


def _expected_tables() -> set[str]:
    return {model._meta.db_table for model in apps.get_models() if model._meta.managed}


@cache
def _known_migrations() -> frozenset[str]:
    """Those on disk, which do not change while the process runs."""
    loader: Any = MigrationLoader(None)
    return frozenset(f"{app}.{name}" for app, name in loader.disk_migrations)
