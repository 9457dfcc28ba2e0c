"""One problem's course through stored history: what the engine does run by run, without its tables."""

import datetime
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from notifications.models import CheckResult, MaintenanceOccurrence
from notifications.models.priority import Priority, worst
from notifications.system_monitor.judging import NotKept, Numbers, Rule, Values, Verdict
from notifications.system_monitor.report import Rules, stamp

#: Begin and end of a time of maintenance.
Window = tuple[datetime.datetime, datetime.datetime]


@dataclass
class Opened:
    """An incident that there would have been."""

    rule: Rule
    priority: Priority
    opened_at: datetime.datetime
    last_seen_at: datetime.datetime
    resolved_at: datetime.datetime | None = None
    """None: it would still be open."""
    worst: float | None = None
    runs: int = 0
    """In how many minutes it was seen."""

    def see(self, row: CheckResult, verdict: Verdict, value: float | None) -> None:
        self.last_seen_at = row.at
        self.runs += row.answered
        self.priority = worst(self.priority, verdict.priority or self.priority)
        if value is not None:
            falls = self.rule.shown in self.rule.falling
            self.worst = value if self.worst is None else (min if falls else max)(self.worst, value)

    @property
    def minutes(self) -> int:
        """How long it would have been open, so far."""
        return int(((self.resolved_at or self.last_seen_at) - self.opened_at).total_seconds() // 60)

    def as_json(self) -> dict[str, Any]:
        return {
            "title": self.rule.title,
            "scope": self.rule.scope,
            "priority": self.priority.value,
            "opened_at": stamp(self.opened_at),
            "resolved_at": stamp(self.resolved_at) if self.resolved_at else None,
            "minutes": self.minutes,
            "worst": self.worst,
            "unit": self.rule.unit,
            "runs": self.runs,
        }


class Course:
    """Goes through the rows of one check, oldest first, by one rule and one set of limits."""

    def __init__(self, rule: Rule, rules: Rules, windows: list[Window]) -> None:
        self.rule, self.rules, self.windows = rule, rules, windows
        self.incidents: list[Opened] = []
        self.not_judged = 0
        self.kept_back = 0
        """Minutes in which it would have opened but for maintenance, or for another problem that explains it."""
        self._suspected_since: datetime.datetime | None = None
        self._good_runs = 0

    @property
    def open(self) -> Opened | None:
        return self.incidents[-1] if self.incidents and self.incidents[-1].resolved_at is None else None

    def go_on(self, row: CheckResult, values: Values) -> None:
        if not row.answered:  # no answer neither opens nor ends anything
            return
        numbers = numbers_of(row, self.rule)
        try:
            verdict = self.rule.judge(numbers, values)
        except (NotKept, KeyError):
            self.not_judged += row.answered
            return
        if verdict.priority is None:
            self._unsee(row)
        elif self.open is not None or self._opens(row, verdict, verdict.priority):
            self._good_runs = 0
            self.incidents[-1].see(row, verdict, numbers.get(self.rule.shown))

    def _opens(self, row: CheckResult, verdict: Verdict, priority: Priority) -> bool:
        if verdict.is_explained or any(starts <= row.at < ends for starts, ends in self.windows):
            self.kept_back += row.answered
            return False
        self._suspected_since = self._suspected_since or row.at
        if not self.rules.has_lasted(self._suspected_since, now=row.at):
            return False
        self._suspected_since = None
        self.incidents.append(Opened(self.rule, priority, opened_at=row.at, last_seen_at=row.at))
        return True

    def _unsee(self, row: CheckResult) -> None:
        self._suspected_since = None
        if self.open is None:
            return
        self._good_runs += row.answered
        since = self.open.opened_at - settings.INCIDENT_FLAP_WINDOW
        lately = sum(one.opened_at > since for one in self.incidents)
        if self._good_runs >= self.rules.good_runs_needed(opened_lately=lately):
            self.open.resolved_at = row.at
            self._good_runs = 0


def numbers_of(row: CheckResult, rule: Rule) -> Numbers:
    """Of a minute what it ended with; of an hour the worst that there was of each."""
    side = {name: 1 if name in rule.falling else 2 for name in row.spreads()}
    if row.span == CheckResult.Span.MINUTE:
        side = dict.fromkeys(side, 0)
    return {name: spread[side[name]] for name, spread in row.spreads().items()}


def windows_of(check: str, *, since: datetime.datetime, until: datetime.datetime) -> list[Window]:
    """The times of maintenance that kept problems of this check from opening."""
    rows = MaintenanceOccurrence.objects.select_related("window").filter(starts_at__lt=until, ends_at__gt=since)
    return [(row.starts_at, row.ends_at) for row in rows if row.window.covers(check)]
