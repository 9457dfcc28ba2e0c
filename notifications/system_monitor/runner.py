"""Runs the checks, each isolated and timed. Writes nothing."""

import datetime
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, ProgrammingError, connection, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from notifications.system_monitor import isolation, limits
from notifications.system_monitor.checks import CHECKS
from notifications.system_monitor.checks.base import Context, HealthCheck
from notifications.system_monitor.checks.database import UNREACHABLE, Database, no_connection, no_writes, unreachable
from notifications.system_monitor.report import Listing, Measurement, Report, Result, Rules, State
from tenants.scope import all_tenants

log = structlog.get_logger(__name__)
#: Longer than a check's own limit, so that Postgres ends its statement before we have to end its connection.
GRACE_SECONDS = 0.2
#: How long Postgres may take to say what limits were decided, and to take one more connection.
LIMITS_SECONDS, CONNECT_SECONDS = 1.0, 2.5


@dataclass(frozen=True)
class Clock:
    """What is left of the time that a whole run may take."""

    limit: datetime.timedelta
    started: float = field(default_factory=time.monotonic)

    def share(self, most: float) -> float:
        """So many seconds at most; nothing when there is nothing left."""
        return max(min(most, self.started + self.limit.total_seconds() - time.monotonic()), 0.0)


def run(
    *,
    checks: Iterable[type[HealthCheck]] = CHECKS,
    now: datetime.datetime | None = None,
    previous: dict[str, Any] | None = None,
    time_limit: datetime.timedelta | None = None,
) -> Report:
    """Evaluates every check. One that crashes or hangs is unknown, and the others still answer.

    `previous` is the report of the last run: of a check that was measured less than its cadence ago the answer is
    taken from there. Without it everything is measured. `time_limit` is for all together (MONITOR_TIME_LIMIT). Not to
    be called inside a transaction, since a check that hangs costs the connection.
    """
    clock = Clock(settings.MONITOR_TIME_LIMIT if time_limit is None else time_limit)
    started_at = now or timezone.now()
    before = {item["check"]: item for item in (previous or {}).get("components", [])}
    results: list[Result] = []
    with all_tenants(because="the monitor watches the whole platform"):
        context = Context(started_at, _limits(clock))
        for check in checks:
            context = replace(context, earlier={result.slug: result for result in results})
            parent = _what_it_waits_for(check, context)
            if parent is not None:
                results.append(_not_asked(check, parent))
            elif (carried := _carried(check, before.get(check.slug), started_at)) is not None:
                results.append(carried)
            else:
                results.append(_run_one(check(), context, clock))
    return Report(started_at=started_at, finished_at=now or timezone.now(), results=results)


def without_database() -> Report:
    """What there is to say when it is known already that Postgres does not answer: asks nobody."""
    now = timezone.now()
    first = _answered(Database, no_connection(), 0.0, now)
    others = [_not_asked(check, first) for check in CHECKS if check is not Database]
    return Report(started_at=now, finished_at=now, results=[first, *others])


def without_writes(report: Report) -> Report:
    """The same where Postgres turned out to take no writes, which no check tries."""
    results = [
        _answered(Database, no_writes(), one.seconds, report.finished_at) if one.slug == Database.slug else one
        for one in report.results
    ]
    return replace(report, results=results)


def rules_of(check: HealthCheck | type[HealthCheck]) -> Rules:
    """When its problems open and are over."""
    runs = settings.RECOVERY_RUNS if check.recovery_runs is None else check.recovery_runs
    return Rules(hold=check.hold, recovery_runs=runs)


def _limits(clock: Clock) -> limits.Limits:
    """Without a database what the environment says. A connection that broke since the last run is replaced once."""
    for _ in range(2):
        try:
            return isolation.within(clock.share(LIMITS_SECONDS), limits.load, name="limits")
        except isolation.OutOfTime:
            break
        except (OperationalError, InterfaceError, ProgrammingError):
            connection.close()
    return limits.Limits()


# --- One check ---------------------------------------------------------------------------------------------------


def _run_one(check: HealthCheck, context: Context, clock: Clock) -> Result:
    started = time.perf_counter()
    seconds = clock.share(settings.CHECK_TIME_LIMIT.total_seconds())
    if not seconds:
        return replace(_unknown(check, "Not asked: the run took too long.", 0.0), out_of_time=True)
    measurement: Measurement | None = None
    problem: Exception | None = None
    try:
        ends = time.monotonic() + seconds
        measurement = isolation.within(
            seconds + GRACE_SECONDS, lambda: _ask(check, context, ends), name=f"check {check.slug}"
        )
    except (OperationalError, InterfaceError, isolation.OutOfTime) as error:
        problem = error
        if isinstance(check, Database):
            measurement = _look_again(clock)
    except Exception as error:  # noqa: BLE001 (a check's fault is its own result, whatever it is)
        problem = error
    seconds = time.perf_counter() - started
    if measurement is None:
        # The text goes to the log only: it may quote a query.
        log.error("check gave no answer", check=check.slug, error=type(problem).__name__, detail=str(problem)[:500])
        return _unknown(check, f"The check gave no answer ({type(problem).__name__}).", seconds)
    return _answered(check, measurement, seconds, context.now)


def _answered(
    check: HealthCheck | type[HealthCheck], measurement: Measurement, seconds: float, at: datetime.datetime
) -> Result:
    return Result(
        slug=check.slug,
        component=check.component,
        listing=check.listing,
        rules=rules_of(check),
        state=_state(check, measurement),
        summary=" ".join(finding.summary for finding in measurement.findings) or measurement.summary,
        seconds=seconds,
        measurement=measurement,
        at=at,
    )


def _ask(check: HealthCheck, context: Context, ends: float) -> Measurement:
    answer = check.prepare(context)
    if answer is not None:
        return answer
    with transaction.atomic(), connection.cursor() as cursor:
        # In a transaction, or the limit would have no effect; for each statement, so that none can hang.
        left = max(int((ends - time.monotonic()) * 1000), 1)
        cursor.execute("SET LOCAL statement_timeout = %s", [left])
        return check.measure(context)


def _look_again(clock: Clock) -> Measurement | None:
    """Tells a server that is gone from a statement that took too long, by asking for a new connection."""
    try:
        connection.close()
        return isolation.within(clock.share(CONNECT_SECONDS), unreachable, name="connecting")
    except isolation.OutOfTime:
        return no_connection()


def _state(check: HealthCheck | type[HealthCheck], measurement: Measurement) -> State:
    if not measurement.findings:
        return State.OK
    return State.CRITICAL if check.listing is Listing.ISSUES else State.WARNING


# --- Without asking ----------------------------------------------------------------------------------------------


def _what_it_waits_for(check: type[HealthCheck], context: Context) -> Result | None:
    """The check it depends on that found its own thing unreachable, or was not asked itself."""
    parents = [context.earlier[slug] for slug in check.depends_on if slug in context.earlier]
    return next((one for one in parents if one.not_asked or _says_unreachable(one)), None)


def _says_unreachable(result: Result) -> bool:
    return any(finding.scope == UNREACHABLE for finding in result.findings)


def _not_asked(check: type[HealthCheck], parent: Result) -> Result:
    why = "was not asked" if parent.not_asked else "is unreachable"
    return replace(_unknown(check, f"Not asked: {parent.component} {why}.", 0.0), not_asked=True)


def _carried(check: type[HealthCheck], item: dict[str, Any] | None, now: datetime.datetime) -> Result | None:
    """Its last answer, if that is younger than its cadence. No answer is none that could stand."""
    measured_at = parse_datetime((item or {}).get("details", {}).get("measured_at") or "")
    if item is None or measured_at is None or not datetime.timedelta() <= now - measured_at < check.cadence:
        return None
    state = next(state for state in State if state.api_name == item["status"])
    result = _unknown(check, item["details"]["summary"], item["details"]["milliseconds"] / 1000)
    kept = {name: value for name, value in item.items() if name != "check"}
    return replace(result, state=state, at=measured_at, carried=kept)


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
