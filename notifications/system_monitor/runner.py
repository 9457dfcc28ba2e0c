"""Runs the checks, each isolated and timed. Writes nothing."""

import datetime
import time
from collections.abc import Iterable

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, ProgrammingError, connection, transaction
from django.utils import timezone

from notifications.models.priority import Priority
from notifications.system_monitor import limits
from notifications.system_monitor.checks import CHECKS
from notifications.system_monitor.checks.base import Context, HealthCheck
from notifications.system_monitor.checks.database import Database
from notifications.system_monitor.report import Finding, Listing, Measurement, Report, Result, Rules, State
from tenants.scope import all_tenants

log = structlog.get_logger(__name__)


def run(*, checks: Iterable[type[HealthCheck]] = CHECKS, now: datetime.datetime | None = None) -> Report:
    """Evaluates every check. One that crashes or runs out of time is unknown, and the others still answer."""
    started_at = now or timezone.now()
    results: list[Result] = []
    with all_tenants(because="the monitor watches the whole platform"):
        read_limits = _limits()
        for check in checks:
            reachable = not any(_says_unreachable(result) for result in results)
            earlier = {result.slug: result for result in results}
            context = Context(started_at, read_limits, earlier)
            results.append(_run_one(check(), context) if reachable else _not_asked(check))
    return Report(started_at=started_at, finished_at=now or timezone.now(), results=results)


def _limits() -> limits.Limits:
    """Without a database what the environment says."""
    try:
        return limits.load()
    except (OperationalError, InterfaceError, ProgrammingError):
        connection.close()
        return limits.Limits()


def _run_one(check: HealthCheck, context: Context) -> Result:
    started = time.perf_counter()
    measurement: Measurement | None = None
    problem: Exception | None = None
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # In a transaction, or the limit would have no effect; for each statement, so that none can hang.
            cursor.execute("SET LOCAL statement_timeout = %s", [int(settings.CHECK_TIME_LIMIT.total_seconds() * 1000)])
            measurement = check.measure(context)
    except (OperationalError, InterfaceError) as error:
        problem = error
        if isinstance(check, Database) and not _answers():
            measurement = _unreachable()
    except Exception as error:  # noqa: BLE001 (a check's fault is its own result, whatever it is)
        problem = error
    seconds = time.perf_counter() - started
    if measurement is None:
        # The text goes to the log only: it may quote a query.
        log.error("check gave no answer", check=check.slug, error=type(problem).__name__, detail=str(problem)[:500])
        return _unknown(check, f"The check gave no answer ({type(problem).__name__}).", seconds)
    return Result(
        slug=check.slug,
        component=check.component,
        listing=check.listing,
        rules=rules_of(check),
        state=_state(check, measurement),
        summary=" ".join(finding.summary for finding in measurement.findings) or measurement.summary,
        seconds=seconds,
        measurement=measurement,
    )


def rules_of(check: HealthCheck | type[HealthCheck]) -> Rules:
    """When its problems open and are over."""
    runs = settings.RECOVERY_RUNS if check.recovery_runs is None else check.recovery_runs
    return Rules(hold=check.hold, recovery_runs=runs)


def _state(check: HealthCheck, measurement: Measurement) -> State:
    if not measurement.findings:
        return State.OK
    return State.CRITICAL if check.listing is Listing.ISSUES else State.WARNING


def _answers() -> bool:
    """Whether Postgres takes a new connection; tells a time limit that was hit from a server that is gone."""
    try:
        connection.close()
        connection.ensure_connection()
    except (OperationalError, InterfaceError):
        return False
    return True


def _unreachable() -> Measurement:
    finding = Finding(
        "unreachable",
        Priority.HIGH,
        "Database: unreachable",
        "Postgres does not answer.",
        "Check that the server is up and that DATABASE_URL is right.",
    )
    return Measurement(
        summary=finding.summary, measured=None, unit="ms", sample=0, threshold="answers", findings=[finding]
    )


def _says_unreachable(result: Result) -> bool:
    return any(finding.scope == "unreachable" for finding in result.findings)


def _not_asked(check: type[HealthCheck]) -> Result:
    return _unknown(check, "Not asked: the database is unreachable.", 0.0)


def _unknown(check: HealthCheck | type[HealthCheck], summary: str, seconds: float) -> Result:
    return Result(
        slug=check.slug,
        component=check.component,
        listing=check.listing,
        rules=rules_of(check),
        state=State.UNKNOWN,
        summary=summary,
        seconds=seconds,
    )
