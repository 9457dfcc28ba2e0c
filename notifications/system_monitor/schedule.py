"""Whether the monitor runs by itself.

Whoever asks how the platform is makes the monitor run, so its last run says nothing of whether it would have run if
nobody had asked. What counts is the last complete run of whoever is to come by itself (MONITOR_SCHEDULER): older than
twice MONITOR_INTERVAL_SECONDS, everybody who asks is told, and the first of them opens an incident, which the next
scheduled run resolves. While nobody asks, it is the service behind HEARTBEAT_URL that notices.
"""

import datetime
from dataclasses import dataclass, replace
from typing import Any, Self

from django.conf import settings

from notifications import incidents
from notifications.models import MonitorRun
from notifications.models.priority import Priority
from notifications.system_monitor.report import stamp

#: Of the incident that says so.
KIND, SCOPE = "monitor", "schedule"


@dataclass(frozen=True)
class Schedule:
    """When the monitor ran: at all that is still known, to its end, and by itself to its end."""

    first: datetime.datetime | None = None
    last_complete: datetime.datetime | None = None
    last_scheduled: datetime.datetime | None = None

    @classmethod
    def known_by(cls, run: MonitorRun | None) -> Self:
        """As monitor.last_run() read it along."""
        return cls(*(getattr(run, name, None) for name in ("first", "last_complete", "last_scheduled")))

    def after(self, run: MonitorRun) -> Self:
        """With one more run, or one that turned out to be a scheduled one."""
        if not run.is_complete:
            return self
        kept = run.finished_at if run.is_scheduled else self.last_scheduled
        return replace(self, last_complete=run.finished_at, last_scheduled=kept)

    def is_late(self, now: datetime.datetime) -> bool:
        """Where it was never kept, it is late once there have been runs for longer than the limit."""
        since = self.last_scheduled or self.first
        return since is not None and now - since > limit()

    def as_json(self, now: datetime.datetime) -> dict[str, Any]:
        """What a report says of it."""
        monitor = {
            "scheduler": settings.MONITOR_SCHEDULER,
            "last_scheduled_run": self.last_scheduled and stamp(self.last_scheduled),
            "limit_seconds": int(limit().total_seconds()),
            "late": self.is_late(now),
        }
        return {"last_complete_run": self.last_complete and stamp(self.last_complete), "monitor": monitor}


def limit() -> datetime.timedelta:
    """How old the last scheduled run may be."""
    return 2 * datetime.timedelta(seconds=settings.MONITOR_INTERVAL_SECONDS)


def judge(before: Schedule, *, is_kept: bool, now: datetime.datetime) -> None:
    """In the transaction of a run: opens the incident that says the schedule is not kept, or resolves it."""
    if is_kept:
        incidents.end_problem(kind=KIND, scope=SCOPE, summary="It runs by itself again.", now=now)
    elif before.is_late(now):
        incidents.see_problem(problem=_problem(before, now), now=now)


def _problem(before: Schedule, now: datetime.datetime) -> incidents.Problem:
    since = before.last_scheduled
    last = f"Its last run of its own was at {since:%H:%M:%S} UTC on {since:%Y-%m-%d}." if since else "It never did."
    who = "beat and a worker run" if settings.MONITOR_SCHEDULER == "beat" else "cron calls the command"
    return incidents.Problem(
        kind=KIND,
        scope=SCOPE,
        priority=Priority.MEDIUM,
        title="Monitor: it does not run by itself",
        summary=f"It is to run every {settings.MONITOR_INTERVAL_SECONDS} seconds. {last}",
        advice=f"Check that {who} (MONITOR_SCHEDULER). Until then problems are found only when somebody asks.",
        details=before.as_json(now)["monitor"],
    )
