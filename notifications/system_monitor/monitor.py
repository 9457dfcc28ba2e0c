"""The one way to a health report, for beat, the command and the API."""

import contextlib
import datetime
import time
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet, Subquery
from django.utils import timezone

from notifications.models import MonitorRun
from notifications.system_monitor import isolation, lease, runner, schedule
from notifications.system_monitor.reconcile import reconcile
from notifications.system_monitor.schedule import Schedule

#: How long a caller waits for the report of the runner that holds the lease.
PATIENCE_SECONDS = 10.0
#: How long Postgres may take to say what the last report was; a server that is frozen would never.
LAST_RUN_SECONDS = 2.5
#: What is added to a report where nobody knows.
UNKNOWN_SCHEDULE: dict[str, Any] = {"last_complete_run": None, "monitor": None}
#: Machines' clocks may differ by this much.
CLOCK_TOLERANCE = datetime.timedelta(seconds=5)


class NoReportYet(Exception):
    """Somebody else is evaluating and has not finished, and there is no earlier report."""


def last_run() -> MonitorRun | None:
    """The newest, which also says when the last complete one was, when the schedule was last kept, and when the first
    was that is still known. Raises isolation.OutOfTime."""
    return isolation.within(LAST_RUN_SECONDS, _read_last_run, name="the last run")


def _read_last_run() -> MonitorRun | None:
    def when(runs: QuerySet[MonitorRun]) -> Subquery:
        return Subquery(runs.values("finished_at")[:1])

    newest, complete = MonitorRun.objects.order_by("-finished_at"), MonitorRun.objects.filter(is_complete=True)
    return newest.annotate(
        last_complete=when(complete.order_by("-finished_at")),
        last_scheduled=when(complete.filter(is_scheduled=True).order_by("-finished_at")),
        first=when(MonitorRun.objects.order_by("finished_at")),
    ).first()


def check_health(
    *,
    max_age: datetime.timedelta | None = None,
    measure_all: bool = False,
    is_scheduled: bool = False,
    time_limit: datetime.timedelta | None = None,
) -> dict[str, Any]:
    """Returns a report no older than `max_age` (HEALTH_CHECK_MAX_AGE by default), evaluating only when there is none.

    A check that was measured less than its cadence ago gives its last answer again, unless all are to be measured.
    Callers at the same time share one evaluation. Calling it a thousand times leaves what calling it once leaves.
    `is_scheduled` says that the caller comes by itself, every MONITOR_INTERVAL_SECONDS. With a `time_limit` of the
    caller's own, a run that it cuts short is returned and not stored, nor is anybody told of it.
    Raises NoReportYet when another runner hangs and nothing is known, isolation.OutOfTime when Postgres does.
    """
    max_age = settings.HEALTH_CHECK_MAX_AGE if max_age is None else max_age
    oldest = timezone.now() - max_age
    patience = PATIENCE_SECONDS if time_limit is None else min(PATIENCE_SECONDS, time_limit.total_seconds())
    deadline = time.monotonic() + patience
    while True:
        last = last_run()
        if last is not None and _is_fresh(last, oldest):
            return _shared(last, is_scheduled=is_scheduled)
        token = lease.take()
        if token is not None:
            report = _evaluate(
                token, oldest=oldest, measure_all=measure_all, is_scheduled=is_scheduled, time_limit=time_limit
            )
            if report is not None:
                return report
        if time.monotonic() > deadline:
            if last is None:
                raise NoReportYet
            return told(last.report, last, Schedule.known_by(last))
        time.sleep(0.05)


def _is_fresh(last: MonitorRun, oldest: datetime.datetime) -> bool:
    """Young enough, and not from a future that a clock has since gone back from."""
    return oldest <= last.finished_at <= timezone.now() + CLOCK_TOLERANCE


def _shared(last: MonitorRun, *, is_scheduled: bool) -> dict[str, Any]:
    """Somebody else's run, which is as good as one's own."""
    if is_scheduled and not last.is_scheduled:
        MonitorRun.objects.filter(pk=last.pk).update(is_scheduled=True)
        last.is_scheduled = True
    return told(last.report, last, Schedule.known_by(last).after(last))


def _evaluate(
    token: int,
    *,
    oldest: datetime.datetime,
    measure_all: bool = False,
    is_scheduled: bool = False,
    time_limit: datetime.timedelta | None = None,
) -> dict[str, Any] | None:
    """Runs the checks under the lease and writes down what follows; None when the lease was lost meanwhile."""
    try:
        # Looked at again now that nobody else writes: the holder before us may have finished a moment ago.
        last = last_run()
        if last is not None and _is_fresh(last, oldest):
            return _shared(last, is_scheduled=is_scheduled)
        previous, before = last.report if last else None, Schedule.known_by(last)
        report = runner.run(previous=None if measure_all else previous, time_limit=time_limit)
        if time_limit is not None and not report.is_complete:
            return report.as_json() | before.as_json(report.finished_at) | {"age_seconds": 0.0, "stored": False}
        with transaction.atomic():
            if not lease.still_held(token):
                return None
            stored = reconcile(report, previous=previous, is_scheduled=is_scheduled)
            run = MonitorRun.objects.get(started_at=report.started_at, finished_at=report.finished_at)
            schedule.judge(before, is_kept=is_scheduled and report.is_complete, now=report.finished_at)
        return told(stored, run, before.after(run))
    finally:
        with contextlib.suppress(Exception):  # it ends by itself, and the first error is the one to be seen
            lease.give_back(token)


def told(report: dict[str, Any], run: MonitorRun, known: Schedule) -> dict[str, Any]:
    """A report with what its reader is told besides: its age, and how the monitor itself is."""
    now = timezone.now()
    age = max((now - run.finished_at).total_seconds(), 0.0)
    return report | known.as_json(now) | {"age_seconds": round(age, 1)}
