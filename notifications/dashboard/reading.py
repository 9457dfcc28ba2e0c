"""What the dashboard shows. Ten statements, whatever the number of tenants, messages and runs; writes nothing."""

import datetime
import json
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from notifications import maintenance, wording
from notifications.dashboard.charts import DAY, HOUR, SCALES, Chart, Scale, charts
from notifications.dashboard.components import Card, cards
from notifications.models import CheckResult, Incident, MaintenanceWindow, MonitorRun, Threshold
from notifications.models.check_result import last_days
from notifications.serializers.maintenance import WEEKDAYS
from notifications.system_monitor import monitor
from notifications.system_monitor.checks import CHECKS
from notifications.system_monitor.checks.sms_credits import SmsCredits
from notifications.system_monitor.checks.sms_service import LEAST, SmsService
from notifications.system_monitor.limits import Limit
from notifications.system_monitor.schedule import Schedule
from tenants.models import Tenant

UPTIME_DAYS = 30
#: Lines that are shown of what has no end; the rest is a link away.
MOST_INCIDENTS, MOST_WINDOWS, MOST_PEOPLE = 20, 20, 200
NAMES = ("email", "first_name", "last_name")
#: What is said first.
STATES = {"critical": "Critical", "warning": "Warning", "unknown": "No answer"}


@dataclass(frozen=True)
class Window:
    """A maintenance window and its next time."""

    row: MaintenanceWindow
    following: maintenance.Time
    is_on: bool

    @property
    def components(self) -> list[str]:
        """Of its checks; empty: all."""
        return [check.component for check in CHECKS if check.slug in self.row.checks]

    @property
    def planned(self) -> str:
        """As the form of the plan has it, in JSON: its beginning by its own clock."""
        row = self.row
        fields = {
            "title": row.title,
            "starts_at": row.starts_at.astimezone(ZoneInfo(row.timezone)).strftime("%Y-%m-%dT%H:%M"),
            "timezone": row.timezone,
            "minutes": row.minutes,
            "announce_minutes": row.announce_minutes,
            "weekdays": [WEEKDAYS[day] for day in row.weekdays],
            "checks": row.checks,
        }
        return json.dumps(fields)


@dataclass(frozen=True)
class Bound:
    """One limit of a check as it is in force for the platform."""

    check: str
    component: str
    limit: Limit
    value: int
    version: int
    is_decided: bool
    of_tenants: int
    """How many tenants have a number of their own."""

    @property
    def told(self) -> str:
        return wording.measure(self.value, self.limit.unit)


@dataclass(frozen=True)
class Picture:
    now: datetime.datetime
    state: str
    known: Schedule
    is_late: bool
    run: MonitorRun | None
    cards: list[Card]
    scale: Scale
    charts: list[Chart]
    incidents: list[Incident]
    more_incidents: bool
    windows: list[Window]
    by_credit: list[dict[str, Any]]
    """The low ones, and up to ten in all those that come next, as the last run found them."""
    lowest_total: int
    tenants: int
    """How many the run looked at for their credits."""
    bounds: list[Bound]
    people: list[User]

    @property
    def days(self) -> list[dict[str, Any]]:
        """The uptime of all of them, newest day first."""
        each = [card.days for card in self.cards]
        return [{"date": row[0].date, "days": row} for row in zip(*each, strict=True)][::-1]

    @property
    def scales(self) -> list[Scale]:
        return list(SCALES.values())

    @property
    def headline(self) -> str:
        if self.run is None:
            return "The monitor has not run yet"
        parts = []
        for state, word in STATES.items():
            names = ", ".join(card.component for card in self.cards if card.css == state)
            if names:
                parts.append(f"{word}: {' and '.join(names.rsplit(', ', 1))}")
        return ". ".join(parts) or "All is well"


def read(*, now: datetime.datetime | None = None, scale: Scale = DAY) -> Picture:
    """Across tenants: the caller says why it may. Raises isolation.OutOfTime, and OperationalError."""
    now = now or timezone.now()
    run = monitor.last_run()
    known, report = Schedule.known_by(run), run.report if run else {}
    unresolved = list(Incident.objects.unresolved().with_people().order_by("-id")[: MOST_INCIDENTS + 1])
    rows = list(Threshold.objects.told(tenant=None))
    bounds = [_bound(check.slug, check.component, limit, rows) for check in CHECKS for limit in check.limits]
    least = next(one.value for one in bounds if (one.check, one.limit) == (SmsService.slug, LEAST))
    balances = _details(report, SmsCredits.slug)
    return Picture(
        now=now,
        state=run.state if run else "unknown",
        known=known,
        is_late=known.is_late(now),
        run=run,
        cards=_cards(report, known, unresolved, now),
        scale=scale,
        charts=_charts(now, scale, least),
        incidents=unresolved[:MOST_INCIDENTS],
        more_incidents=len(unresolved) > MOST_INCIDENTS,
        windows=_windows(now),
        by_credit=_by_credit([*balances.get("lowest", []), *balances.get("following", [])]),
        lowest_total=balances.get("lowest_total", 0),
        tenants=balances.get("sample") or 0,
        bounds=bounds,
        people=list(User.objects.platform_admins().only(*NAMES).order_by("email")[:MOST_PEOPLE]),
    )


def _details(report: dict[str, Any], check: str) -> dict[str, Any]:
    found = (item["details"] for item in report.get("components", []) if item["check"] == check)
    return next(found, {})


def _by_credit(tenants: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """With their names, and how long their credits last, in words; none where one spends nothing."""
    names = dict(Tenant.objects.filter(slug__in=[one["tenant"] for one in tenants]).values_list("slug", "name"))
    return [one | {"name": names.get(one["tenant"], one["tenant"]), "lasts": _lasts(one)} for one in tenants]


def _lasts(tenant: dict[str, Any]) -> str:
    hours = tenant["runs_out_in_hours"]
    return "" if hours is None else wording.duration(datetime.timedelta(hours=hours))


def _cards(report: dict[str, Any], known: Schedule, unresolved: list[Incident], now: datetime.datetime) -> list[Card]:
    days = last_days(UPTIME_DAYS, now=now)
    rows = CheckResult.objects.from_day(days[0])
    return cards(
        report=report, known=known, ends=rows.last_of_each(), by_day=rows.by_day(), days=days, unresolved=unresolved
    )


def _charts(now: datetime.datetime, scale: Scale, least: int) -> list[Chart]:
    rows = CheckResult.objects.of(SmsCredits.slug).since(scale.moments(now)[0])
    said = list(rows.minutes()) if scale is HOUR else rows.by_the_hour()
    return charts(scale=scale, now=now, credits=said, least=least)


def _windows(now: datetime.datetime) -> list[Window]:
    """What is on or still to come, the next first. What is over is in the admin's list."""
    may_come = Q(weekdays=[], starts_at__gt=now - datetime.timedelta(minutes=maintenance.LONGEST_MINUTES))
    recurring = ~Q(weekdays=[]) & (Q(until=None) | Q(until__gt=now - datetime.timedelta(days=8)))
    rows = MaintenanceWindow.objects.filter(may_come | recurring, cancelled_at=None).select_related("tenant")
    found = [(row, maintenance.coming(row, now=now, count=1)) for row in rows.order_by("starts_at", "pk")[:200]]
    listed = [Window(row, times[0], times[0].starts_at <= now) for row, times in found if times]
    return sorted(listed, key=lambda one: one.following.starts_at)[:MOST_WINDOWS]


def _bound(check: str, component: str, limit: Limit, rows: list[Threshold]) -> Bound:
    mine = [row for row in rows if (row.check_slug, row.name) == (check, limit.name)]
    platform = next((row for row in mine if row.tenant_id is None), None)
    decided = None if platform is None else platform.value
    return Bound(
        check=check,
        component=component,
        limit=limit,
        value=limit.default if decided is None else decided,
        version=platform.version if platform else 0,
        is_decided=decided is not None,
        of_tenants=sum(row.tenant_id is not None for row in mine),
    )
