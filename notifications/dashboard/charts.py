"""The last 24 hours in four charts, each with the table that says the same."""

import datetime
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from notifications.models import CheckResult
from notifications.system_monitor.checks.sms_credits import SmsCredits
from sms import counts
from sms.models.states import COARSE, FAILED, Status

HOURS = 24
HOUR = datetime.timedelta(hours=1)
BANDS = {"empty": "Out of credits", "critical": "Critical", "warning": "Warning", "low": "Under the limit"}
BLUE, GREEN, RED, AMBER, GREY = (f"var(--dash-{name})" for name in ("blue", "green", "red", "amber", "grey"))
INK = "#7d879c"
LEGEND = {"color": INK, "usePointStyle": True, "boxWidth": 8, "boxHeight": 8}
STATES = {"delivered": GREEN, "failed": RED, "sending": BLUE, "pending": AMBER, "cancelled": GREY}


@dataclass(frozen=True)
class Line:
    """One series: a value for each hour, None where there is none."""

    name: str
    colour: str
    values: Sequence[float | None]
    is_limit: bool = False
    """A line to compare with: no measurement."""


@dataclass(frozen=True)
class Chart:
    key: str
    title: str
    about: str
    kind: str
    """line or bar; bars are stacked."""
    unit: str
    hours: Sequence[datetime.datetime]
    lines: Sequence[Line]
    empty: str
    """What is said where nothing is known."""

    @property
    def is_empty(self) -> bool:
        return all(value is None for line in self.lines if not line.is_limit for value in line.values)

    @property
    def rows(self) -> list[tuple[datetime.datetime, list[float | None]]]:
        """Newest first; without the hours of which nothing is known."""
        measured = [line.values for line in self.lines if not line.is_limit]
        rows = [(hour, [values[n] for values in measured]) for n, hour in enumerate(self.hours)]
        return [row for row in rows[::-1] if any(value is not None for value in row[1])]

    @property
    def heads(self) -> list[str]:
        return [line.name for line in self.lines if not line.is_limit]

    @property
    def data(self) -> str:
        """As Unfold's chart component wants it."""
        labels = [f"{hour:%H:%M}" for hour in self.hours]
        return json.dumps({"labels": labels, "datasets": [_dataset(self, line) for line in self.lines]})

    @property
    def options(self) -> str:
        """Chart.js's; its colours are readable on a light and on a dark ground."""
        stacked = self.kind == "bar"
        axis = {"stacked": stacked, "border": {"display": False}}
        across = {"ticks": {"color": INK, "maxTicksLimit": 8, "maxRotation": 0}, "grid": {"display": False}}
        up = {"ticks": {"color": INK, "maxTicksLimit": 5}, "grid": {"lineWidth": 0.5}, "beginAtZero": True}
        if self.unit == "%":
            up |= {"max": 100}
        return json.dumps(
            {
                "animation": False,
                "responsive": True,
                "maintainAspectRatio": False,
                "interaction": {"mode": "index", "intersect": False},
                "plugins": {"legend": {"position": "bottom", "labels": LEGEND}},
                "scales": {"x": axis | across, "y": axis | up},
            }
        )

    @property
    def told(self) -> str:
        """The chart in a sentence, for who does not see it."""
        if self.is_empty:
            return self.empty
        latest = "; ".join(
            f"{line.name} {_number(value)} {self.unit}".strip()
            for line in self.lines
            if not line.is_limit and (value := _last(line.values)) is not None
        )
        return f"{self.title}, by the hour. Latest: {latest}. The table below has all of it."


def charts(*, since: datetime.datetime, credits: Sequence[CheckResult], least: int) -> list[Chart]:
    """From this full hour on. Two statements; `credits` are the hours of the check of credits, and `least` the share
    of settled messages that should be delivered."""
    hours = [since + HOUR * n for n in range(HOURS)]
    ended = counts.of_platform_by_hour(since=since)
    times = counts.delivery_times_by_hour(since=since)
    return [
        _success(hours, ended, least),
        _volume(hours, ended),
        _time_to_deliver(hours, times),
        _credits(hours, {row.at: row for row in credits}),
    ]


Ended = Mapping[datetime.datetime, Mapping[Status, int]]


def _success(hours: Sequence[datetime.datetime], ended: Ended, least: int) -> Chart:
    def share(hour: datetime.datetime) -> float | None:
        found = ended.get(hour, {})
        delivered = found.get(Status.DELIVERED, 0)
        settled = delivered + sum(found.get(one, 0) for one in FAILED)
        return round(100 * delivered / settled, 1) if settled else None

    return Chart(
        key="success",
        title="Success rate",
        about="Share of the messages that were settled in the hour and were delivered.",
        kind="line",
        unit="%",
        hours=hours,
        lines=[
            Line("Delivered", BLUE, [share(hour) for hour in hours]),
            Line(f"At least {least} %", GREY, [least] * len(hours), is_limit=True),
        ],
        empty="No message was settled in the last 24 hours.",
    )


def _volume(hours: Sequence[datetime.datetime], ended: Ended) -> Chart:
    def of(state: str) -> list[float | None]:
        return [_sum(ended.get(hour, {}), lambda one: COARSE[one] == state) for hour in hours]

    return Chart(
        key="volume",
        title="Messages by status",
        about="Each message once, in the hour in which it reached the status that it has now.",
        kind="bar",
        unit="messages",
        hours=hours,
        lines=[Line(state.capitalize(), colour, of(state)) for state, colour in STATES.items()],
        empty="No message moved in the last 24 hours.",
    )


def _time_to_deliver(
    hours: Sequence[datetime.datetime], times: Mapping[datetime.datetime, Mapping[int, int]]
) -> Chart:
    def at(share: float) -> list[float | None]:
        found = (counts.percentile(dict(times.get(hour, {})), share) for hour in hours)
        return [None if seconds is None else round(seconds, 1) for seconds in found]

    return Chart(
        key="times",
        title="Time to deliver",
        about="Seconds from a carrier's taking a message to its delivery: half, and 95 of 100, took no longer.",
        kind="line",
        unit="s",
        hours=hours,
        lines=[Line("Half within", BLUE, at(0.5)), Line("95 % within", AMBER, at(0.95))],
        empty="No message was delivered in the last 24 hours.",
    )


def _credits(hours: Sequence[datetime.datetime], rows: Mapping[datetime.datetime, CheckResult]) -> Chart:
    def most(band: str) -> list[float | None]:
        spreads = (rows[hour].spreads().get(band) if hour in rows else None for hour in hours)
        return [None if spread is None else spread[2] for spread in spreads]

    return Chart(
        key="credits",
        title="Tenants low on credits",
        about=f"The most that {SmsCredits.component} found in each band during the hour.",
        kind="bar",
        unit="tenants",
        hours=hours,
        lines=[
            Line(BANDS["empty"], RED, most("empty")),
            Line(BANDS["critical"], AMBER, most("critical")),
            Line(BANDS["warning"], BLUE, most("warning")),
            Line(BANDS["low"], GREY, most("low")),
        ],
        empty="No run of the monitor looked at credits in the last 24 hours.",
    )


def _sum(found: Mapping[Status, int], wanted: Callable[[Status], bool]) -> float | None:
    return sum(n for status, n in found.items() if wanted(status)) if found else None


def _last(values: Sequence[float | None]) -> float | None:
    return next((value for value in reversed(values) if value is not None), None)


def _number(value: float) -> str:
    return f"{value:,g}"


def _dataset(chart: Chart, line: Line) -> dict[str, Any]:
    same = {"label": line.name, "data": list(line.values), "backgroundColor": line.colour, "borderColor": line.colour}
    if chart.kind == "bar":
        return same | {"maxBarThickness": 18, "borderRadius": 2}
    if line.is_limit:
        return same | {"borderDash": [4, 4], "borderWidth": 1, "pointRadius": 0, "pointStyle": "line"}
    # A line of one hour alone is a point, and would not be seen without one.
    return same | {"pointStyle": "circle", "pointRadius": 3, "spanGaps": False, "tension": 0.25}
