"""A card for each component: what the last run measured, against what, since when, and when it is measured next."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.dateparse import parse_datetime

from notifications import wording
from notifications.models import Incident
from notifications.models.check_result import Ends, Minutes
from notifications.system_monitor.checks import CHECKS
from notifications.system_monitor.checks.base import HealthCheck
from notifications.system_monitor.schedule import Schedule

Days = Mapping[datetime.date, Minutes]
WORDS = {"OK": "Well", "WARNING": "Warning", "ERROR": "Critical", "UNKNOWN": "No answer"}
CLASSES = {"OK": "ok", "WARNING": "warning", "ERROR": "critical", "UNKNOWN": "unknown"}
NEVER = "NEVER"


@dataclass(frozen=True)
class Day:
    """One place in a strip of days."""

    date: datetime.date
    minutes: Minutes

    @property
    def state(self) -> str:
        """The worst there was, or `none` where nothing was measured."""
        found = self.minutes
        if found.critical:
            return "critical"
        if found.warning:
            return "warning"
        return "ok" if found.ok else "unknown" if found.unknown else "none"

    @property
    def told(self) -> str:
        found = self.minutes
        if self.state == "none":
            return "nothing was measured"
        if found.uptime_percent is None:
            return f"no answer in {found.unknown} minutes"
        other = {"critical": found.critical, "warning": found.warning, "no answer": found.unknown}
        parts = [f"{n} min {word}" for word, n in other.items() if n]
        return ", ".join([f"{found.uptime_percent:g} % well", *parts])


@dataclass(frozen=True)
class Card:
    slug: str
    component: str
    runbook: str
    status: str
    summary: str
    details: Mapping[str, Any]
    since: datetime.datetime | None
    """Since when it is as it is: well, ill or without an answer. By the minute for two days, else by the hour."""
    measured_at: datetime.datetime | None
    next_at: datetime.datetime | None
    incidents: int
    days: Sequence[Day]

    @property
    def word(self) -> str:
        return WORDS.get(self.status, "Not asked yet")

    @property
    def css(self) -> str:
        return CLASSES.get(self.status, "none")

    @property
    def measure(self) -> str:
        """The number and its unit, in words where there is none."""
        measured, unit = self.details.get("measured"), self.details.get("unit", "")
        if measured is None:
            return "No number"
        return wording.measure(measured, unit) if isinstance(measured, int | float) else str(measured)

    @property
    def strip(self) -> list[dict[str, str]]:
        """As Unfold's tracker wants it."""
        return [{"color": f"dash-day {day.state}", "tooltip": f"{day.date:%d %b}: {day.told}"} for day in self.days]

    @property
    def uptime(self) -> float | None:
        """Of all the days together."""
        return sum((day.minutes for day in self.days), Minutes()).uptime_percent


def cards(
    *,
    report: Mapping[str, Any],
    known: Schedule,
    ends: Mapping[str, Ends],
    by_day: Mapping[str, Days],
    days: Sequence[datetime.date],
    unresolved: Sequence[Incident],
) -> list[Card]:
    """All of the checks, in their order; those that no run has asked yet, too."""
    items = {item["check"]: item for item in report.get("components", [])}
    return [
        _card(check, items.get(check.slug), known, ends.get(check.slug), by_day.get(check.slug, {}), days, unresolved)
        for check in CHECKS
    ]


def _card(
    check: type[HealthCheck],
    item: Mapping[str, Any] | None,
    known: Schedule,
    ends: Ends | None,
    mine: Days,
    days: Sequence[datetime.date],
    unresolved: Sequence[Incident],
) -> Card:
    details: Mapping[str, Any] = item["details"] if item else {}
    status = item["status"] if item else NEVER
    measured_at = parse_datetime(str(details.get("measured_at", "")))
    return Card(
        slug=check.slug,
        component=check.component,
        runbook=check.runbook,
        status=status,
        summary=details.get("summary") or (item and item.get("error")) or "No run of the monitor has asked it yet.",
        details=details,
        since=_since(status, ends, measured_at),
        measured_at=measured_at,
        next_at=_next(check, known, measured_at),
        incidents=sum(one.kind == check.slug for one in unresolved),
        days=[Day(day, mine.get(day, Minutes())) for day in days],
    )


def _since(status: str, ends: Ends | None, measured_at: datetime.datetime | None) -> datetime.datetime | None:
    """After the last minute (of what is older than two days, hour) that was otherwise, and not after it was measured:
    a minute has its worst answer also when it ends better."""
    if ends is None or status == NEVER:
        return None
    otherwise = {
        "OK": (ends.ill, ends.unknown),
        "UNKNOWN": (ends.ok, ends.ill),
    }.get(status, (ends.ok, ends.unknown))
    last = max((moment for moment in otherwise if moment is not None), default=None)
    if last is None:
        return ends.first
    after = last + datetime.timedelta(minutes=1)
    return after if measured_at is None else min(after, measured_at)


def _next(
    check: type[HealthCheck], known: Schedule, measured_at: datetime.datetime | None
) -> datetime.datetime | None:
    """When it is due: at the schedule's next run, or the first one after its cadence. None: no schedule was kept."""
    if known.last_scheduled is None:
        return None
    following = known.last_scheduled + datetime.timedelta(seconds=settings.MONITOR_INTERVAL_SECONDS)
    return following if measured_at is None else max(following, measured_at + check.cadence)
