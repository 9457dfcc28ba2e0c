"""Whether Postgres answers, fast enough, with room for more connections and all its tables."""

import time
from dataclasses import dataclass

from django.apps import apps
from django.conf import settings
from django.db import connection

from notifications.models.priority import Priority
from notifications.system_monitor.checks.base import Context, HealthCheck
from notifications.system_monitor.report import Finding, Listing, Measurement

GIGABYTE = 1024**3


@dataclass(frozen=True)
class Vitals:
    milliseconds: float
    connections: int
    max_connections: int
    size_bytes: int
    missing_tables: list[str]

    @property
    def connections_percent(self) -> float:
        return round(100 * self.connections / self.max_connections, 1)


class Database(HealthCheck):
    slug = "database"
    component = "Database"
    listing = Listing.ISSUES
    depends_on = ()

    def measure(self, context: Context) -> Measurement:
        vitals = _vitals()
        limit = settings.DATABASE_LATENCY_LIMIT_MS
        return Measurement(
            summary=f"Postgres answers in {vitals.milliseconds:g} ms.",
            measured=vitals.milliseconds,
            unit="ms",
            sample=1,
            threshold=f"at most {limit} ms",
            findings=_findings(vitals),
            details={
                "connections": vitals.connections,
                "max_connections": vitals.max_connections,
                "connections_percent": vitals.connections_percent,
                "size_bytes": vitals.size_bytes,
                "missing_tables": vitals.missing_tables[:10],
                "missing_tables_total": len(vitals.missing_tables),
            },
        )


def _vitals() -> Vitals:
    with connection.cursor() as cursor:
        started = time.perf_counter()
        cursor.execute("SELECT 1")
        milliseconds = round((time.perf_counter() - started) * 1000, 2)
        cursor.execute(
            "SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'), "
            "current_setting('max_connections')::int, pg_database_size(current_database())"
        )
        connections, max_connections, size = cursor.fetchone()
        present = set(connection.introspection.table_names(cursor))
    expected = {model._meta.db_table for model in apps.get_models() if model._meta.managed}
    return Vitals(milliseconds, connections, max_connections, size, sorted(expected - present))


def _findings(vitals: Vitals) -> list[Finding]:
    findings = []

    def find(scope: str, title: str, summary: str, advice: str) -> None:
        findings.append(Finding(scope, Priority.HIGH, f"Database: {title}", summary, advice))

    if vitals.milliseconds > settings.DATABASE_LATENCY_LIMIT_MS:
        find(
            "latency",
            "slow answers",
            f"A trivial query took {vitals.milliseconds:g} ms; the limit is {settings.DATABASE_LATENCY_LIMIT_MS} ms.",
            "Look for long transactions in pg_stat_activity and for load on the machine.",
        )
    # Compared as whole numbers: a share that is rounded down to the limit is still above it.
    if vitals.connections * 100 > settings.DATABASE_CONNECTIONS_LIMIT_PERCENT * vitals.max_connections:
        find(
            "connections",
            "almost no connections left",
            f"{vitals.connections} of {vitals.max_connections} connections are in use "
            f"({vitals.connections_percent:g} %; the limit is {settings.DATABASE_CONNECTIONS_LIMIT_PERCENT} %).",
            "Find who holds them in pg_stat_activity; lower the workers' threads or put a pooler in front.",
        )
    if settings.DATABASE_SIZE_LIMIT_GB and vitals.size_bytes > settings.DATABASE_SIZE_LIMIT_GB * GIGABYTE:
        find(
            "size",
            "too large",
            f"The database holds {vitals.size_bytes / GIGABYTE:.1f} GB; the limit is "
            f"{settings.DATABASE_SIZE_LIMIT_GB} GB.",
            "Run manage.py cleanup_notifications, or raise DATABASE_SIZE_LIMIT_GB.",
        )
    if vitals.missing_tables:
        find(
            "tables",
            "tables are missing",
            f"{len(vitals.missing_tables)} tables are missing, the first is {vitals.missing_tables[0]}.",
            "Run manage.py migrate.",
        )
    return findings
