"""What is still said and done when the database itself is down: the way to a report for beat, the command and the API.

Postgres away: a fresh report that is stored nowhere, a note on this machine's disk (`journal`), and the operators told
out of band (`outages`). Postgres back: the notes take effect (`replay`).
"""

import contextlib
import datetime
from typing import Any

from django.db import Error, InterfaceError, InternalError, OperationalError, ProgrammingError, connection
from django.utils import timezone

from notifications.system_monitor import isolation, monitor, runner
from notifications.system_monitor.checks.database import UNREACHABLE, UNWRITABLE, Database, unreachable
from notifications.system_monitor.fallback import outages, replay
from notifications.system_monitor.report import Report
from notifications.system_monitor.schedule import Schedule


def check_health(*, is_scheduled: bool = False, time_limit: datetime.timedelta | None = None) -> dict[str, Any]:
    """The monitor's report (see monitor.check_health), with `stored`: whether it is in Postgres.

    Without Postgres, or without its tables, it is a fresh one, in which the database is critical and the rest
    unknown. A Postgres that is unreachable, or takes no writes, is noted on disk, and operators are told once. Raises
    NoReportYet.
    """
    for _ in range(2):
        if _is_silent():
            return _without_postgres(runner.without_database())
        try:
            report = monitor.check_health(is_scheduled=is_scheduled, time_limit=time_limit)
            replay.catch_up()  # what it opens and resolves is older than this report, and changes nothing in it
            return {"stored": True} | report
        except isolation.OutOfTime:
            return _without_postgres(runner.without_database())
        except (OperationalError, InterfaceError, InternalError):
            # Once more: a connection that broke since its last use is replaced.
            with contextlib.suppress(Error):
                connection.close()
        except ProgrammingError:  # a database that was never migrated
            break
    return _without_postgres(runner.run(time_limit=time_limit))


def known_schedule() -> dict[str, Any]:
    """When the monitor last ran, for who looks without it."""
    try:
        return Schedule.known_by(monitor.last_run()).as_json(timezone.now())
    except (Error, isolation.OutOfTime):
        return monitor.UNKNOWN_SCHEDULE


def last_report() -> dict[str, Any] | None:
    """The last one as it was stored, without evaluating; None where there is none. Raises Error, and
    isolation.OutOfTime."""
    last = monitor.last_run()
    return None if last is None else monitor.told(last.report, last, Schedule.known_by(last)) | {"stored": True}


def _is_silent() -> bool:
    """Whether Postgres takes no connection: then nobody waits for it a second time."""
    try:
        return isolation.within(runner.CONNECT_SECONDS, unreachable, name="connecting") is not None
    except isolation.OutOfTime:
        return True


def _without_postgres(report: Report) -> dict[str, Any]:
    scope = _what_is_wrong(report)
    if scope is None and report.is_complete:  # cut short it may not have asked at all
        report, scope = runner.without_writes(report), UNWRITABLE
    if scope in outages.WORDS:
        outages.begin(scope)
    return report.as_json() | monitor.UNKNOWN_SCHEDULE | {"age_seconds": 0.0, "stored": False}


def _what_is_wrong(report: Report) -> str | None:
    """The scope of what the database's check found; None when it found nothing that would explain this."""
    (database,) = [one for one in report.results if one.slug == Database.slug]
    explains = [one.scope for one in database.findings if one.scope in (UNREACHABLE, "tables", "migrations")]
    return explains[0] if explains else None
