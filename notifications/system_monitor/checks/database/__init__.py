"""Whether Postgres answers, fast enough, with room for more connections and all its tables."""

import itertools
from typing import Any

from django.db import InterfaceError, OperationalError, connection

from notifications import wording
from notifications.models.priority import Priority
from notifications.system_monitor.checks.base import Context, HealthCheck
from notifications.system_monitor.checks.database.vitals import GIGABYTE, TOP, Vitals, look
from notifications.system_monitor.judging import WELL, Numbers, Rule, Values, Verdict, above
from notifications.system_monitor.limits import Limit
from notifications.system_monitor.report import Finding, Listing, Measurement

#: The scope that tells the checks that depend on this one not to ask.
UNREACHABLE = "unreachable"
UNWRITABLE = "unwritable"
LATENCY = Limit("latency", "DATABASE_LATENCY_LIMIT_MS", "Slowest answer to a trivial query", "ms")
CONNECTIONS = Limit("connections", "DATABASE_CONNECTIONS_LIMIT_PERCENT", "Connections in use", "%", 1, 100)
SIZE = Limit("size", "DATABASE_SIZE_LIMIT_GB", "Size of the database; 0 is no limit", "GB")
SLOW = Rule(
    "latency", "Database: slow answers", (LATENCY,), "measured", "ms", above("measured", LATENCY, Priority.HIGH)
)
CROWDED = Rule(
    "connections",
    "Database: almost no connections left",
    (CONNECTIONS,),
    "connections_percent",
    "%",
    above("connections_percent", CONNECTIONS, Priority.HIGH),
)


def _is_large(numbers: Numbers, values: Values) -> Verdict:
    limit = values[SIZE.name] * GIGABYTE
    return Verdict(Priority.HIGH) if limit and numbers["size_bytes"] > limit else WELL


LARGE = Rule("size", "Database: too large", (SIZE,), "size_bytes", "bytes", _is_large)


class Database(HealthCheck):
    slug = "database"
    component = "Database"
    listing = Listing.ISSUES
    limits = (LATENCY, CONNECTIONS, SIZE)
    rules = (SLOW, CROWDED, LARGE)
    depends_on = ()
    runbook = "docs/monitoring.md#database"

    def prepare(self, context: Context) -> Measurement | None:
        return unreachable()

    def measure(self, context: Context) -> Measurement:
        vitals = look(context.now)
        return Measurement(
            summary=f"Postgres answers in {vitals.milliseconds:g} ms.",
            measured=vitals.milliseconds,
            unit="ms",
            sample=1,
            threshold=f"at most {context.limits.get(self.slug, LATENCY)} ms",
            findings=_findings(vitals, context),
            details=_details(vitals),
            numbers=_numbers(vitals),
        )


def unreachable() -> Measurement | None:
    """What there is to say when Postgres takes no connection; None when it does."""
    try:
        connection.ensure_connection()
    except (OperationalError, InterfaceError):
        return no_connection()
    return None


def no_connection() -> Measurement:
    finding = Finding(
        UNREACHABLE,
        Priority.HIGH,
        "Database: unreachable",
        "Postgres does not answer.",
        "Check that the server is up and that DATABASE_URL is right.",
    )
    return Measurement(
        summary=finding.summary, measured=None, unit="ms", sample=0, threshold="answers", findings=[finding]
    )


def no_writes() -> Measurement:
    """What there is to say when Postgres answers and a report could not be stored."""
    finding = Finding(
        UNWRITABLE,
        Priority.HIGH,
        "Database: it takes no writes",
        "Postgres answers, and takes no writes.",
        "Check the disk space of the server, and that it is no read-only replica.",
    )
    return Measurement(
        summary=finding.summary, measured=None, unit="ms", sample=0, threshold="takes writes", findings=[finding]
    )


def _details(vitals: Vitals) -> dict[str, Any]:
    transaction = vitals.longest_transaction_seconds
    return {
        "connections": vitals.connections,
        "max_connections": vitals.max_connections,
        "connections_percent": vitals.connections_percent,
        "size_bytes": vitals.size_bytes,
        "growth_bytes_per_day": vitals.growth_bytes_per_day,
        "longest_transaction_seconds": None if transaction is None else round(transaction, 1),
        "cache_hit_percent": vitals.cache_hit_percent,
        "live_tuples": vitals.live_tuples,
        "dead_tuples": vitals.dead_tuples,
        "worst_tables": [{"table": table, "dead": dead, "live": live} for table, dead, live in vitals.worst_tables],
        "missing_tables": vitals.missing_tables[:TOP],
        "missing_tables_total": len(vitals.missing_tables),
        "unapplied_migrations": vitals.unapplied_migrations[:TOP],
        "unapplied_migrations_total": len(vitals.unapplied_migrations),
    }


def _numbers(vitals: Vitals) -> dict[str, float | None]:
    return {
        # Not rounded: a share that is rounded down to the limit is still above it.
        "connections_percent": 100 * vitals.connections / vitals.max_connections,
        "size_bytes": vitals.size_bytes,
        "growth_bytes_per_day": vitals.growth_bytes_per_day,
        "longest_transaction_seconds": vitals.longest_transaction_seconds,
        "cache_hit_percent": vitals.cache_hit_percent,
        "dead_tuples": vitals.dead_tuples,
    }


def _findings(vitals: Vitals, context: Context) -> list[Finding]:
    values = context.limits.values(Database.slug, Database.limits)
    numbers = {"measured": vitals.milliseconds} | {n: one for n, one in _numbers(vitals).items() if one is not None}
    judged = (
        (
            SLOW,
            f"A trivial query took {vitals.milliseconds:g} ms; the limit is {values[LATENCY.name]} ms.",
            "Look for long transactions in pg_stat_activity and for load on the machine.",
        ),
        (
            CROWDED,
            f"{vitals.connections} of {vitals.max_connections} connections are in use "
            f"({vitals.connections_percent:g} %; the limit is {values[CONNECTIONS.name]} %).",
            "Find who holds them in pg_stat_activity; lower the workers' threads or put a pooler in front.",
        ),
        (
            LARGE,
            f"The database holds {vitals.size_bytes / GIGABYTE:.1f} GB; the limit is {values[SIZE.name]} GB.",
            "Run manage.py cleanup_notifications, or raise DATABASE_SIZE_LIMIT_GB.",
        ),
    )
    findings = [rule.findings(rule.judge(numbers, values), summary, advice) for rule, summary, advice in judged]
    return [*itertools.chain(*findings), *_not_migrated(vitals)]


def _not_migrated(vitals: Vitals) -> list[Finding]:
    """One of the two at most: what is not applied is why tables are missing."""
    advice = "Run manage.py migrate."
    if vitals.missing_tables:
        some = f"{wording.count(len(vitals.missing_tables), 'table')} missing"
        summary = f"{some}, the first is {vitals.missing_tables[0]}."
        return [Finding("tables", Priority.HIGH, "Database: tables are missing", summary, advice)]
    if vitals.unapplied_migrations:
        some = f"{wording.count(len(vitals.unapplied_migrations), 'migration')} not applied"
        summary = f"{some}, the first is {vitals.unapplied_migrations[0]}."
        return [Finding("migrations", Priority.HIGH, "Database: migrations are not applied", summary, advice)]
    return []
