"""What stands on the page, read from what the monitor stored: four queries, whatever there is."""

import datetime
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace

from django.conf import settings
from django.db.models import F, Q

from notifications import maintenance
from notifications.models import CheckResult, Incident, MaintenanceWindow, MonitorRun
from notifications.models.check_result import Minutes, last_days
from notifications.status_page.components import BY_CHECK, COMPONENTS, Component
from notifications.system_monitor.report import State

DAYS = 90
#: What is over is shown this long, and not more of it than so many.
RECENT, MOST_RECENT = datetime.timedelta(days=14), 20
#: What flaps for two weeks has more rows than anybody looks at.
MOST_READ = 1000
#: Maintenance is shown this long ahead, of one window not more often than so.
AHEAD, MOST_OF_ONE, MOST_AHEAD = datetime.timedelta(days=14), 3, 10
#: A run that is older than so many intervals says nothing of now.
STALE_INTERVALS, STALE_AT_LEAST = 3, datetime.timedelta(minutes=5)
#: A day that was better than this has no trouble worth a colour; worse than the second, much.
GOOD_PERCENT, FAIR_PERCENT = 99.9, 95.0
STATES = {one.api_name: one for one in State}


@dataclass(frozen=True)
class Day:
    date: datetime.date
    percent: float | None
    """None: nothing is known of it."""

    @property
    def kind(self) -> str:
        if self.percent is None:
            return "unknown"
        return "good" if self.percent >= GOOD_PERCENT else "fair" if self.percent >= FAIR_PERCENT else "bad"


@dataclass(frozen=True)
class Part:
    """One component."""

    component: type[Component]
    state: State
    since: datetime.datetime | None
    """Of an unknown one: when it was last known."""
    percent: float | None
    days: tuple[Day, ...]

    @property
    def known_days(self) -> int:
        return sum(day.percent is not None for day in self.days)


@dataclass(frozen=True)
class Trouble:
    """What went wrong with one component in one stretch of time, as many incidents as that was."""

    component: type[Component]
    began: datetime.datetime
    ended: datetime.datetime | None
    is_known: bool
    """Whether somebody has taken it on."""


@dataclass(frozen=True)
class Work:
    """One time of maintenance of the platform."""

    components: tuple[type[Component], ...]
    starts: datetime.datetime
    ends: datetime.datetime


@dataclass(frozen=True)
class Picture:
    """All of the page."""

    read_at: datetime.datetime
    checked_at: datetime.datetime | None
    """When the monitor last ran."""
    parts: tuple[Part, ...]
    troubles: tuple[Trouble, ...]
    works: tuple[Work, ...]

    @property
    def state(self) -> State:
        """The worst of its parts, as a report has it."""
        found = {part.state for part in self.parts}
        return next((one for one in (State.CRITICAL, State.WARNING, State.UNKNOWN) if one in found), State.OK)

    @property
    def under_way(self) -> tuple[Work, ...]:
        return tuple(work for work in self.works if work.starts <= self.read_at)

    @property
    def open(self) -> tuple[Trouble, ...]:
        return tuple(one for one in self.troubles if one.ended is None)

    @property
    def over(self) -> tuple[Trouble, ...]:
        return tuple(one for one in self.troubles if one.ended is not None)

    def without_postgres(self) -> "Picture":
        """The same once nobody can look: the website has trouble, for that is what this is; of the rest nothing is
        known since."""
        since = self.checked_at or self.read_at
        parts = [replace(part, state=State.UNKNOWN, since=part.since or since) for part in self.parts]
        return replace(self, parts=(replace(parts[0], state=State.CRITICAL, since=None), *parts[1:]))


def read(*, now: datetime.datetime) -> Picture:
    """The platform as it stands, by the last run and what is open. Raises OperationalError without Postgres."""
    run = MonitorRun.objects.order_by("-finished_at").first()
    troubles = _troubles(now)
    ill = {one.component for one in troubles if one.ended is None}
    return Picture(
        read_at=now,
        checked_at=run.finished_at if run else None,
        parts=tuple(_parts(run, ill=ill, now=now)),
        troubles=troubles,
        works=_works(now),
    )


def nothing(*, now: datetime.datetime) -> Picture:
    """Where nothing was ever read."""
    parts = tuple(Part(component, State.UNKNOWN, None, None, ()) for component in COMPONENTS)
    return Picture(now, None, parts, (), ())


def _parts(run: MonitorRun | None, *, ill: Container[type[Component]], now: datetime.datetime) -> Iterable[Part]:
    """`ill` are those with something open: one good answer does not end it yet."""
    days = last_days(DAYS, now=now)
    known = CheckResult.objects.from_day(days[0]).filter(check_slug__in=BY_CHECK).by_day()
    said = _said_by(run, now)
    for component in COMPONENTS:
        each = {day: known.get(component.check, {}).get(day, Minutes()) for day in days}
        strip = tuple(Day(day, minutes.uptime_percent) for day, minutes in each.items())
        state = said.get(component.check, State.UNKNOWN)
        last = run.finished_at if run and state is State.UNKNOWN else None
        state = State.WARNING if state is State.OK and component in ill else state
        yield Part(component, state, last, sum(each.values(), Minutes()).uptime_percent, strip)


def _said_by(run: MonitorRun | None, now: datetime.datetime) -> dict[str, State]:
    oldest = now - max(STALE_AT_LEAST, STALE_INTERVALS * datetime.timedelta(seconds=settings.MONITOR_INTERVAL_SECONDS))
    if run is None or run.finished_at < oldest:
        return {}
    return {item["check"]: STATES[item["status"]] for item in run.report["components"]}


def _troubles(now: datetime.datetime) -> tuple[Trouble, ...]:
    """The platform's own that its checks saw, the newest first. What people reported is of a kind of its own, in their
    words, and stays among them."""
    mine = Incident.objects.filter(tenant=None, kind__in=BY_CHECK)
    rows = mine.filter(Q(resolved_at=None) | Q(resolved_at__gt=now - RECENT))
    latest = rows.order_by(F("resolved_at").desc(nulls_first=True))[:MOST_READ]
    told: dict[str, list[Trouble]] = {}
    in_order = sorted(latest.values_list("opened_at", "kind", "state", "resolved_at"), key=lambda row: row[0])
    for began, kind, state, ended in in_order:
        one = Trouble(BY_CHECK[kind], began, ended, state == Incident.State.ACKNOWLEDGED)
        of_kind = told.setdefault(kind, [])
        if of_kind and (of_kind[-1].ended is None or of_kind[-1].ended >= began):
            of_kind[-1] = _joined(of_kind[-1], one)
        else:
            of_kind.append(one)
    found = sorted((one for of_kind in told.values() for one in of_kind), key=lambda one: one.began, reverse=True)
    return tuple(one for one in found if one.ended is None) + tuple(one for one in found if one.ended)[:MOST_RECENT]


def _joined(first: Trouble, second: Trouble) -> Trouble:
    """How many gateways it was is nobody's concern."""
    still = [one for one in (first, second) if one.ended is None]
    ended = None if still else max(one.ended for one in (first, second) if one.ended)
    return replace(first, ended=ended, is_known=bool(still) and all(one.is_known for one in still))


def _works(now: datetime.datetime) -> tuple[Work, ...]:
    long_ago = now - datetime.timedelta(minutes=maintenance.LONGEST_MINUTES)
    living = MaintenanceWindow.objects.filter(tenant=None, cancelled_at=None)
    living = living.filter(~Q(weekdays=[]) | Q(starts_at__gt=long_ago, starts_at__lt=now + AHEAD))
    found = []
    for window in living:
        concerned = tuple(one for one in COMPONENTS if window.covers(one.check))
        times = maintenance.coming(window, now=now, count=MOST_OF_ONE) if concerned else []
        found += [Work(concerned, time.starts_at, time.ends_at) for time in times if time.starts_at < now + AHEAD]
    return tuple(sorted(found, key=lambda work: (work.starts, work.ends))[:MOST_AHEAD])
