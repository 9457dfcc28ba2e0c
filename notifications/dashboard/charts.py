"""The last 24 hours, or the last one, in four charts, each with the table that says the same."""

import datetime
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from notifications import wording
from notifications.models import CheckResult
from notifications.system_monitor.checks.sms_credits import SmsCredits
from sms import counts
from sms.models.counts import Span
from sms.models.states import COARSE, FAILED, Status

BANDS = {"empty": "Out of credits", "critical": "Critical", "warning": "Warning", "low": "Under the limit"}
COLOURS = ("blue", "green", "red", "amber", "yellow", "grey")
BLUE, GREEN, RED, AMBER, YELLOW, GREY = (f"var(--dash-{name})" for name in COLOURS)
INK = "#7d879c"
LEGEND = {"color": INK, "usePointStyle": True, "boxWidth": 8, "boxHeight": 8}
STATES = {"delivered": GREEN, "failed": RED, "sending": BLUE, "pending": AMBER, "cancelled": GREY}


@dataclass(frozen=True)
class Scale:
    """How far back the charts go, and in which steps."""

    key: str
    title: str
    step: str
    span: Span
    length: datetime.timedelta
    points: int

    def moments(self, now: datetime.datetime) -> list[datetime.datetime]:
        """The first moment of every step, the present one last."""
        at = now.replace(second=0, microsecond=0)
        last = at if self.span == Span.MINUTE else at.replace(minute=0)
        return [last - self.length * n for n in range(self.points)][::-1]


DAY = Scale("day", "The last 24 hours", "hour", Span.HOUR, datetime.timedelta(hours=1), 24)
HOUR = Scale("hour", "The last hour", "minute", Span.MINUTE, datetime.timedelta(minutes=1), 60)
SCALES = {scale.key: scale for scale in (DAY, HOUR)}


@dataclass(frozen=True)
class Line:
    """One series: a value for each step, None where there is none."""

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
    scale: Scale
    moments: Sequence[datetime.datetime]
    lines: Sequence[Line]
    empty: str
    """What is said where nothing is known."""

    @property
    def is_empty(self) -> bool:
        return all(value is None for line in self.lines if not line.is_limit for value in line.values)

    @property
    def rows(self) -> list[tuple[datetime.datetime, list[float | None]]]:
        """Newest first; without those of which nothing is known."""
        measured = [line.values for line in self.lines if not line.is_limit]
        rows = [(at, [values[n] for values in measured]) for n, at in enumerate(self.moments)]
        return [row for row in rows[::-1] if any(value is not None for value in row[1])]

    @property
    def heads(self) -> list[str]:
        return [line.name for line in self.lines if not line.is_limit]

    @property
    def data(self) -> str:
        """As Unfold's chart component wants it."""
        labels = [f"{at:%H:%M}" for at in self.moments]
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
            f"{line.name} {wording.measure(value, self.unit)}"
            for line in self.lines
            if not line.is_limit and (value := _last(line.values)) is not None
        )
        return f"{self.title}, by the {self.scale.step}. Latest: {latest}. The table below has all of it."


def charts(*, scale: Scale, now: datetime.datetime, credits: Sequence[CheckResult], least: int) -> list[Chart]:
    """Two statements. `credits` are what the check of credits said, in the steps of the scale, and `least` is the
    share of settled messages that should be delivered."""
    moments = scale.moments(now)
    axis = {"scale": scale, "moments": moments}
    ended = counts.course_of_platform(span=scale.span, since=moments[0])
    times = counts.course_of_delivery_times(span=scale.span, since=moments[0])
    return [
        _success(axis, [ended.get(at, {}) for at in moments], least),
        _volume(axis, [ended.get(at, {}) for at in moments]),
        _time_to_deliver(axis, [times.get(at, {}) for at in moments]),
        _credits(axis, {row.at: row for row in credits}),
    ]


Ended = Sequence[Mapping[Status, int]]


def _success(axis: dict[str, Any], ended: Ended, least: int) -> Chart:
    def share(found: Mapping[Status, int]) -> float | None:
        delivered = found.get(Status.DELIVERED, 0)
        settled = delivered + sum(found.get(one, 0) for one in FAILED)
        return round(100 * delivered / settled, 1) if settled else None

    return Chart(
        key="success",
        title="Success rate",
        about="Of the messages that were settled then, the share that was delivered.",
        kind="line",
        unit="%",
        lines=[
            Line("Delivered", BLUE, [share(found) for found in ended]),
            Line(f"At least {least} %", GREY, [least] * len(ended), is_limit=True),
        ],
        empty="No message was settled in this time.",
        **axis,
    )


def _volume(axis: dict[str, Any], ended: Ended) -> Chart:
    def of(state: str) -> list[float | None]:
        return [_sum(found, lambda one: COARSE[one] == state) for found in ended]

    return Chart(
        key="volume",
        title="Messages by status",
        about="Each message once, when it reached the status that it has now.",
        kind="bar",
        unit="messages",
        lines=[Line(state.capitalize(), colour, of(state)) for state, colour in STATES.items()],
        empty="No message moved in this time.",
        **axis,
    )


def _time_to_deliver(axis: dict[str, Any], times: Sequence[Mapping[int, int]]) -> Chart:
    def at(share: float) -> list[float | None]:
        found = (counts.percentile(dict(buckets), share) for buckets in times)
        return [None if seconds is None else round(seconds, 1) for seconds in found]

    return Chart(
        key="times",
        title="Time to deliver",
        about="Seconds from a carrier's taking a message to its delivery: half, and 95 of 100, took no longer.",
        kind="line",
        unit="s",
        lines=[Line("Half within", BLUE, at(0.5)), Line("95 % within", AMBER, at(0.95))],
        empty="No message was delivered in this time.",
        **axis,
    )


def _credits(axis: dict[str, Any], rows: Mapping[datetime.datetime, CheckResult]) -> Chart:
    def most(band: str) -> list[float | None]:
        spreads = (rows[at].spreads().get(band) if at in rows else None for at in axis["moments"])
        return [None if spread is None else spread[2] for spread in spreads]

    return Chart(
        key="credits",
        title="Tenants low on credits",
        about=f"The most that {SmsCredits.component} found in each band.",
        kind="bar",
        unit="tenants",
        lines=[
            Line(BANDS["empty"], RED, most("empty")),
            Line(BANDS["critical"], AMBER, most("critical")),
            Line(BANDS["warning"], YELLOW, most("warning")),
            Line(BANDS["low"], GREY, most("low")),
        ],
        empty="No run of the monitor looked at credits in this time.",
        **axis,
    )


def _sum(found: Mapping[Status, int], wanted: Callable[[Status], bool]) -> float | None:
    return sum(n for status, n in found.items() if wanted(status)) if found else None


def _last(values: Sequence[float | None]) -> float | None:
    return next((value for value in reversed(values) if value is not None), None)


def _dataset(chart: Chart, line: Line) -> dict[str, Any]:
    same = {"label": line.name, "data": list(line.values), "backgroundColor": line.colour, "borderColor": line.colour}
    if chart.kind == "bar":
        return same | {"maxBarThickness": 18, "borderRadius": 2}
    if line.is_limit:
        return same | {"borderDash": [4, 4], "borderWidth": 1, "pointRadius": 0, "pointStyle": "line"}
    # One value alone is a point, and would not be seen without it.
    return same | {"pointStyle": "circle", "pointRadius": 2 if chart.scale is HOUR else 3, "tension": 0.25}
