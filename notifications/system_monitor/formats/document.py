"""What there is to write, before it has a form."""

import datetime
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import Error
from django.utils.dateparse import parse_datetime

from notifications.delivery import figures
from notifications.delivery.figures import Figures
from notifications.models import Incident
from notifications.models.priority import Priority
from notifications.system_monitor import isolation
from notifications.system_monitor.checks import CHECKS
from notifications.system_monitor.report import Listing, State

#: Open incidents that are shown one by one, and how long Postgres may take to say what they are.
SHOWN, SECONDS = 20, 2.0
#: What a check's one number is, where a machine wants a name for it.
MEASURES = {
    "database": "latency",
    "sms_service": "success_rate",
    "failed_messages": "failed",
    "message_delivery": "stuck",
    "sms_credits": "low_tenants",
    "user_activity": "inactive",
}
_LISTINGS = {check.slug: check.listing for check in CHECKS}
_RUNBOOKS = {check.slug: check.runbook for check in CHECKS}
_BOUND = re.compile(r"(at most|at least) (\d+)")


@dataclass(frozen=True)
class OpenIncident:
    id: str
    title: str
    summary: str
    priority: Priority
    state: str
    opened_at: datetime.datetime


@dataclass(frozen=True)
class Bound:
    """A component is not well above `number`, or below it where `is_least`."""

    number: int
    is_least: bool


@dataclass(frozen=True)
class Measure:
    """What one component says."""

    slug: str
    component: str
    name: str
    state: State
    summary: str
    details: dict[str, Any]

    @property
    def value(self) -> float | int | None:
        """None where nothing was measured."""
        found: float | int | None = self.details.get("measured")
        return found

    @property
    def unit(self) -> str:
        return str(self.details.get("unit", ""))

    @property
    def bound(self) -> Bound | None:
        """None where its rule is not one number."""
        found = _BOUND.match(self.details.get("threshold", ""))
        return Bound(int(found[2]), found[1] == "at least") if found else None

    @property
    def is_issue(self) -> bool:
        """Whether it is critical when it is not well; else it is a warning."""
        return _LISTINGS.get(self.slug) is Listing.ISSUES

    @property
    def runbook(self) -> str:
        """Where it says what to do when it is not well."""
        return _RUNBOOKS.get(self.slug, "")


@dataclass(frozen=True)
class Document:
    """A report, and what is open. `incidents` is None where nobody knows: without Postgres."""

    report: dict[str, Any]
    incidents: list[OpenIncident] | None = None
    is_partial: bool = False
    tenant: str = ""
    deliveries: list[Figures] | None = None
    """Where nobody asked, or nobody knows: None."""

    @property
    def state(self) -> State:
        """The worst component's; a monitor that does not run by itself is a warning besides."""
        found = {State(self.report["state"]), State.WARNING if self.is_late else State.OK}
        return next(one for one in (State.CRITICAL, State.WARNING, State.UNKNOWN, State.OK) if one in found)

    @property
    def monitor(self) -> dict[str, Any]:
        return self.report.get("monitor") or {}

    @property
    def is_late(self) -> bool:
        return bool(self.monitor.get("late"))

    @property
    def measures(self) -> Iterator[Measure]:
        for item in self.report["components"]:
            slug, state = item["check"], next(one for one in State if one.api_name == item["status"])
            name = MEASURES.get(slug, "measured")
            yield Measure(slug, item["component"], name, state, item["details"]["summary"], item["details"])

    @property
    def open_by_priority(self) -> dict[Priority, int] | None:
        if self.incidents is None:
            return None
        counted = Counter(one.priority for one in self.incidents)
        return {priority: counted[priority] for priority in Priority}


@dataclass(frozen=True)
class Look:
    """How people want it: in full, and with what paints a word."""

    verbose: bool = False
    paint: Callable[[str, str], str] = lambda _, word: word


def open_incidents() -> list[OpenIncident] | None:
    """Every incident that is not resolved, the worst first; None when Postgres does not say."""
    try:
        return isolation.within(SECONDS, _read, name="open incidents")
    except (Error, isolation.OutOfTime):
        return None


def deliveries() -> list[Figures] | None:
    """How each channel is doing; None when Postgres does not say."""
    try:
        return isolation.within(SECONDS, figures.of_every_channel, name="deliveries")
    except (Error, isolation.OutOfTime):
        return None


def _read() -> list[OpenIncident]:
    rows = Incident.objects.unresolved().only("title", "summary", "priority", "state", "opened_at")
    found = [
        OpenIncident(str(row.pk), row.title, row.summary, Priority(row.priority), row.state, row.opened_at)
        for row in rows
    ]
    return sorted(found, key=lambda one: (-one.priority.rank, one.opened_at))


def moment(text: str | None) -> datetime.datetime | None:
    """A time of a report, which has them in ISO 8601."""
    return parse_datetime(text) if text else None
