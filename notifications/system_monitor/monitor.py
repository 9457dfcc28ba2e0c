"""The one way to a health report, for beat, the command and the API."""

import contextlib
import datetime
import time
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from notifications.models import MonitorRun
from notifications.system_monitor import lease, runner
from notifications.system_monitor.reconcile import reconcile

#: How long a caller waits for the report of the runner that holds the lease.
PATIENCE_SECONDS = 10.0
#: Machines' clocks may differ by this much.
CLOCK_TOLERANCE = datetime.timedelta(seconds=5)


class NoReportYet(Exception):
    """Somebody else is evaluating and has not finished, and there is no earlier report."""


def last_run() -> MonitorRun | None:
    return MonitorRun.objects.order_by("-finished_at").first()


def check_health(*, max_age: datetime.timedelta | None = None, measure_all: bool = False) -> dict[str, Any]:
    """Returns a report no older than `max_age` (HEALTH_CHECK_MAX_AGE by default), evaluating only when there is none.

    A check that was measured less than its cadence ago gives its last answer again, unless all are to be measured.
    Callers at the same time share one evaluation. Calling it a thousand times leaves what calling it once leaves.
    Raises NoReportYet when another runner hangs and nothing is known.
    """
    max_age = settings.HEALTH_CHECK_MAX_AGE if max_age is None else max_age
    oldest = timezone.now() - max_age
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        last = last_run()
        if last is not None and _is_fresh(last, oldest):
            return _with_age(last.report, last.finished_at)
        token = lease.take()
        if token is not None:
            report = _evaluate(token, oldest=oldest, measure_all=measure_all)
            if report is not None:
                return report
        if time.monotonic() > deadline:
            if last is None:
                raise NoReportYet
            return _with_age(last.report, last.finished_at)
        time.sleep(0.05)


def _is_fresh(last: MonitorRun, oldest: datetime.datetime) -> bool:
    """Young enough, and not from a future that a clock has since gone back from."""
    return oldest <= last.finished_at <= timezone.now() + CLOCK_TOLERANCE


def _evaluate(token: int, *, oldest: datetime.datetime, measure_all: bool = False) -> dict[str, Any] | None:
    """Runs the checks under the lease and writes down what follows; None when the lease was lost meanwhile."""
    try:
        # Looked at again now that nobody else writes: the holder before us may have finished a moment ago.
        last = last_run()
        if last is not None and _is_fresh(last, oldest):
            return _with_age(last.report, last.finished_at)
        before = last.report if last else None
        report = runner.run(previous=None if measure_all else before)
        with transaction.atomic():
            if not lease.still_held(token):
                return None
            stored = reconcile(report, previous=before)
            return _with_age(stored, report.finished_at)
    finally:
        with contextlib.suppress(Exception):  # it ends by itself, and the first error is the one to be seen
            lease.give_back(token)


def _with_age(report: dict[str, Any], finished_at: datetime.datetime) -> dict[str, Any]:
    age = max((timezone.now() - finished_at).total_seconds(), 0.0)
    return report | {"last_complete_run": report["timestamp"], "age_seconds": round(age, 1)}
