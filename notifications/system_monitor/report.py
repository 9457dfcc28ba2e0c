"""What the checks say, as values: made by the runner, read by reconcile, the API and the command."""

import datetime
import enum
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from notifications.models.priority import Priority, worst


class State(enum.StrEnum):
    """In order of precedence for exit codes: critical, warning, unknown, ok."""

    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"
    UNKNOWN = "unknown"

    @property
    def exit_code(self) -> int:
        """The plugin convention of Nagios: 0 ok, 1 warning, 2 critical, 3 unknown."""
        return list(State).index(self)

    @property
    def api_name(self) -> str:
        return "ERROR" if self is State.CRITICAL else self.name


class Listing(enum.StrEnum):
    """Which list of the health report carries a component that is not well."""

    ISSUES = "issues"
    WARNINGS = "warnings"


@dataclass(frozen=True)
class Rules:
    """When a problem of a check opens and when it is over."""

    hold: datetime.timedelta = datetime.timedelta()
    """It must last this long before it is opened."""
    recovery_runs: int = 1
    """It must not be seen in so many runs in a row before it is resolved."""

    def has_lasted(self, since: datetime.datetime, *, now: datetime.datetime) -> bool:
        """Whether what has been seen in every run since then may be opened."""
        return now - since >= self.hold

    def good_runs_needed(self, *, opened_lately: int) -> int:
        """How long it must stay away. `opened_lately` is how often it opened within INCIDENT_FLAP_WINDOW, up to
        this time: what opened for the INCIDENT_FLAPS-th time has to stay away for longer."""
        is_flapping = opened_lately >= settings.INCIDENT_FLAPS
        return max(self.recovery_runs, settings.INCIDENT_FLAP_RECOVERY_RUNS) if is_flapping else self.recovery_runs


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong. `scope` tells it from the check's other findings and is its incident's.

    `follows_from` names what explains it, as (check, scope): while that is open, this is not opened.
    """

    scope: str
    priority: Priority
    title: str
    summary: str
    advice: str
    follows_from: tuple[str, str] | None = None


@dataclass(frozen=True)
class Measurement:
    """What a check measured, over how many, against which threshold, and what is wrong with that."""

    summary: str
    measured: float | int | None
    unit: str
    sample: int | None
    threshold: str
    findings: list[Finding] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)
    numbers: dict[str, float | None] = field(default_factory=dict)
    """What history keeps besides, for charts and backtests: as few, whatever the platform's size."""


@dataclass(frozen=True)
class Result:
    """How one check ended."""

    slug: str
    component: str
    listing: Listing
    state: State
    summary: str
    seconds: float
    measurement: Measurement | None = None
    """None when the check gave no answer (`state` is unknown)."""
    rules: Rules = Rules()
    at: datetime.datetime | None = None
    """When it was measured."""
    carried: dict[str, Any] | None = None
    """The item of an earlier run that still stands: it was not measured in this one."""
    not_asked: bool = False
    """What it depends on is unreachable, which is why there is no answer."""
    out_of_time: bool = False
    """The run's time was over before it could be asked."""

    @property
    def findings(self) -> list[Finding]:
        return self.measurement.findings if self.measurement else []

    def as_item(self, *, unanswered_runs: int) -> dict[str, Any]:
        """The health item of the API."""
        if self.carried is not None:
            return self.carried
        well = self.state is State.OK
        measured: dict[str, Any] = {"summary": self.summary, "milliseconds": round(self.seconds * 1000, 1)}
        if self.measurement:
            part = self.measurement
            measured |= {"measured": part.measured, "unit": part.unit, "sample": part.sample}
            measured |= {"threshold": part.threshold, **part.details}
            if self.at is not None:
                measured["measured_at"] = stamp(self.at)
        if unanswered_runs:
            measured["unanswered_runs"] = unanswered_runs
        return {
            "component": self.component,
            "healthy": well,
            "status": self.state.api_name,
            "error": None if well else self.summary,
            "priority": worst(*(finding.priority for finding in self.findings)).value if self.findings else None,
            "details": measured,
        }


@dataclass(frozen=True)
class Report:
    """One complete evaluation."""

    started_at: datetime.datetime
    finished_at: datetime.datetime
    results: list[Result]

    @property
    def state(self) -> State:
        """The worst: critical over warning over unknown over ok."""
        found = {result.state for result in self.results}
        return next((state for state in (State.CRITICAL, State.WARNING, State.UNKNOWN) if state in found), State.OK)

    @property
    def is_complete(self) -> bool:
        """Whether there was time for every check; one that crashed or hung had it."""
        return not any(result.out_of_time for result in self.results)

    def as_json(self, *, unanswered: dict[str, int] | None = None) -> dict[str, Any]:
        """The `health_status` of the API, in plain JSON values. `unanswered` counts the runs without an answer."""
        unanswered = unanswered or {}
        items = {
            result.slug: result.as_item(unanswered_runs=unanswered.get(result.slug, 0)) for result in self.results
        }
        listed = {
            listing: [items[r.slug] for r in self.results if r.listing is listing and r.state is not State.OK]
            for listing in Listing
        }
        return {
            "healthy": not listed[Listing.ISSUES],
            "state": self.state.value,
            "issues": listed[Listing.ISSUES],
            "warnings": listed[Listing.WARNINGS],
            "components": [{"check": slug, **item} for slug, item in items.items()],
            "timestamp": stamp(self.finished_at),
            "complete": self.is_complete,
            "duration_ms": round((self.finished_at - self.started_at).total_seconds() * 1000, 1),
        }


def stamp(moment: datetime.datetime) -> str:
    """As the API writes times."""
    return moment.astimezone(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
