"""Which incidents other limits would have opened over stored history, before anybody saves them. Writes nothing."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from notifications import thresholds
from notifications.models import CheckResult
from notifications.system_monitor import limits
from notifications.system_monitor.backtest.course import Course, Window, windows_of
from notifications.system_monitor.checks.base import HealthCheck
from notifications.system_monitor.history import HOURS_KEPT
from notifications.system_monitor.judging import Rule, Values
from notifications.system_monitor.report import stamp
from notifications.system_monitor.runner import rules_of
from notifications.thresholds import ThresholdRefused

MOST_DAYS = HOURS_KEPT.days
#: Incidents that an answer lists; it counts all of them.
TOP = 100


@dataclass(frozen=True)
class Backtest:
    """What would have been, by the limits in force and by those that are proposed."""

    check: type[HealthCheck]
    since: datetime.datetime
    until: datetime.datetime
    rows: list[CheckResult]
    in_force: Values
    proposed: Values
    before: list[Course]
    """One for each problem that goes by a limit that is proposed."""
    after: list[Course]

    @property
    def minutes_since(self) -> datetime.datetime | None:
        """From when on every minute is stored; before it, only each hour's lowest and highest."""
        return next((row.at for row in self.rows if row.span == CheckResult.Span.MINUTE), None)

    @property
    def notes(self) -> list[str]:
        """What its reader must know."""
        notes = []
        hours = sum(row.span == CheckResult.Span.HOUR for row in self.rows)
        if not self.rows:
            notes.append("Nothing is stored of these days.")
        if hours:
            notes.append(
                f"Of {hours} hours only the lowest and the highest are stored: such an hour counts as bad when any "
                "minute of it may have been, and begins and ends with the hour and all its minutes."
            )
        if not_judged := max((course.not_judged for course in self.before + self.after), default=0):
            notes.append(f"{not_judged} minutes could not be judged, and neither open nor end anything.")
        return notes + [rule.caution for rule in _rules(self) if rule.caution]

    def as_json(self) -> dict[str, Any]:
        unanswered = sum(row.unknown for row in self.rows)
        return {
            "check": self.check.slug,
            "component": self.check.component,
            "since": stamp(self.since),
            "until": stamp(self.until),
            "in_force": {"limits": dict(self.in_force), **_incidents(self.before)},
            "proposed": {"limits": dict(self.proposed), **_incidents(self.after)},
            "minutes": sum(row.answered for row in self.rows),
            "unanswered_minutes": unanswered,
            "minutes_since": stamp(self.minutes_since) if self.minutes_since else None,
            "notes": self.notes,
        }


def backtest(*, check: str, proposed: Mapping[str, int], days: int, now: datetime.datetime) -> Backtest:
    """Judges the last days again, by the limits in force and by these with the proposed ones in their place.

    By the engine's rules for opening and for being over; one minute counts as one run. Raises UnknownThreshold for a
    check or limit that there is not, ThresholdRefused (by the limit's name) for a value that could not be saved, or a
    limit that stored numbers do not suffice for.
    """
    of = thresholds.find_check(check)
    if not proposed:
        raise ThresholdRefused("limits", f"Name one. {check} has: {', '.join(limit.name for limit in of.limits)}.")
    for name, value in proposed.items():
        _, limit = thresholds.find(check, name)
        if limit.why_no_backtest:
            raise ThresholdRefused(name, f"No backtest is possible. {limit.why_no_backtest}")
        thresholds.refuse_out_of_range(limit, value, field=name)
    in_force = limits.load().values(check, of.limits)
    changed = {**in_force, **proposed}
    thresholds.refuse_disorder(of, changed, changed=proposed, field=next(iter(proposed)))
    since = now - datetime.timedelta(days=days)
    rows = list(CheckResult.objects.of(check).since(since).order_by("at", "span"))
    windows = windows_of(check, since=since, until=now)
    rules = [rule for rule in of.rules if any(limit.name in proposed for limit in rule.limits)]
    before, after = ([_course(of, rule, rows, values, windows) for rule in rules] for values in (in_force, changed))
    return Backtest(of, since, now, rows, in_force, changed, before, after)


def _course(
    check: type[HealthCheck], rule: Rule, rows: list[CheckResult], values: Values, windows: list[Window]
) -> Course:
    course = Course(rule, rules_of(check), windows)
    for row in rows:
        course.go_on(row, values)
    return course


def _rules(of: Backtest) -> list[Rule]:
    return [course.rule for course in of.after]


def _incidents(courses: list[Course]) -> dict[str, Any]:
    opened = sorted((one for course in courses for one in course.incidents), key=lambda one: one.opened_at)
    return {
        "count": len(opened),
        "incidents": [one.as_json() for one in opened[:TOP]],
        "kept_back_minutes": sum(course.kept_back for course in courses),
    }
