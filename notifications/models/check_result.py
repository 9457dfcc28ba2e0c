"""What the checks said over the last days and months."""

import datetime
from dataclasses import dataclass
from typing import ClassVar, Self

from django.db import models
from django.db.models import Max, Min, Q, Sum
from django.db.models.functions import TruncDate

# The rows of `given`, of either span, summed up by the hour. A number of a minute is itself; of an hour it is [mean,
# lowest, highest, in how many minutes there was one]. For the roll-up, and for charts of minutes and hours together.
SUMMED = """
number AS (
    SELECT check_slug, date_trunc('hour', at, 'UTC') AS at, name, jsonb_build_array(
        sum((part -> 0)::float8 * (part -> 3)::int) / sum((part -> 3)::int), min((part -> 1)::float8),
        max((part -> 2)::float8), sum((part -> 3)::int)) AS part
    FROM given CROSS JOIN jsonb_each(more) AS one (name, value) CROSS JOIN LATERAL (
        SELECT CASE jsonb_typeof(value) WHEN 'array' THEN value ELSE jsonb_build_array(value, value, value, 1) END
    ) AS spread (part) GROUP BY 1, 2, 3
), numbers AS (
    SELECT check_slug, at, jsonb_object_agg(name, part) AS more FROM number GROUP BY 1, 2
), hour AS (
    SELECT check_slug, date_trunc('hour', at, 'UTC') AS at, min(id) AS id, sum(ok)::int AS ok,
           sum(warning)::int AS warning, sum(critical)::int AS critical, sum(unknown)::int AS unknown,
           sum(measured * measured_minutes) / nullif(sum(measured_minutes), 0) AS measured,
           sum(measured_minutes)::int AS measured_minutes, min(lowest) AS lowest, max(highest) AS highest,
           max(sample) AS sample,
           coalesce(sum(milliseconds * (ok + warning + critical + unknown))
                    / nullif(sum(ok + warning + critical + unknown), 0), 0) AS milliseconds
    FROM given GROUP BY 1, 2
), summed AS (
    SELECT hour.*, 'hour' AS span, coalesce(numbers.more, '{}') AS more
    FROM hour LEFT JOIN numbers USING (check_slug, at)
)
"""


@dataclass(frozen=True)
class Minutes:
    """How so many minutes ended."""

    ok: int = 0
    warning: int = 0
    critical: int = 0
    unknown: int = 0

    def __add__(self, other: "Minutes") -> "Minutes":
        return Minutes(
            self.ok + other.ok,
            self.warning + other.warning,
            self.critical + other.critical,
            self.unknown + other.unknown,
        )

    @property
    def uptime_percent(self) -> float | None:
        """The share of the minutes with an answer in which it was ok; rounded down, so that 100 is 100."""
        answered = self.ok + self.warning + self.critical
        return self.ok * 100_000 // answered / 1000 if answered else None


@dataclass(frozen=True)
class Ends:
    """The last minute or hour of a check that held each of these; None where none did."""

    first: datetime.datetime
    ok: datetime.datetime | None
    ill: datetime.datetime | None
    unknown: datetime.datetime | None


def last_days(count: int, *, now: datetime.datetime) -> list[datetime.date]:
    """So many days (UTC), the present one last."""
    return [now.date() - datetime.timedelta(days=ago) for ago in range(count)][::-1]


class CheckResultQuerySet(models.QuerySet["CheckResult"]):
    def of(self, check: str) -> Self:
        return self.filter(check_slug=check)

    def since(self, moment: datetime.datetime) -> Self:
        return self.filter(at__gte=moment)

    def from_day(self, day: datetime.date) -> Self:
        """From its first minute in UTC."""
        return self.since(datetime.datetime.combine(day, datetime.time(), tzinfo=datetime.UTC))

    def minutes(self) -> Self:
        """Of the last two days, oldest first."""
        return self.filter(span=CheckResult.Span.MINUTE).order_by("at")

    def by_the_hour(self) -> list["CheckResult"]:
        """All of it, the minutes summed up to hours; by check and oldest first, as rows that are not stored so."""
        rows, values = self.order_by().query.sql_with_params()
        sql = f"WITH given AS ({rows}), {SUMMED} SELECT * FROM summed ORDER BY check_slug, at"  # noqa: S608 (ours)
        return list(self.model.objects.raw(sql, values))

    def last_of_each(self) -> dict[str, "Ends"]:
        """When each check was last well, last ill and last without an answer, and when it was first asked."""
        when = {
            name: Max("at", filter=rule)
            for name, rule in {
                "ok": Q(ok__gt=0),
                "ill": Q(warning__gt=0) | Q(critical__gt=0),
                "unknown": Q(unknown__gt=0),
            }.items()
        }
        rows = self.order_by().values("check_slug").annotate(first=Min("at"), **when)
        return {check: Ends(*ends) for check, *ends in rows.values_list("check_slug", "first", *when)}

    def by_day(self) -> dict[str, dict[datetime.date, Minutes]]:
        """How each day (UTC) went, by check; without those of which nothing is known."""
        sums = [Sum(state) for state in ("ok", "warning", "critical", "unknown")]
        days = self.annotate(day=TruncDate("at", tzinfo=datetime.UTC)).values("check_slug", "day").order_by("day")
        found: dict[str, dict[datetime.date, Minutes]] = {}
        for check, day, *minutes in days.annotate(*sums).values_list(
            "check_slug", "day", "ok__sum", "warning__sum", "critical__sum", "unknown__sum"
        ):
            found.setdefault(check, {})[day] = Minutes(*minutes)
        return found


class CheckResult(models.Model):
    """What one check said in one minute (kept for two days), or in one hour (ninety): for uptime, charts and
    backtests. Only system_monitor.history writes it.

    A minute counts once, whatever the number of runs in it, as its worst answer; so a minute has a 1 in one of the
    four states, and an hour says how many of its minutes have it there. It is the sum of its minutes: each minute is
    stored in one of the two ways, never in both.
    """

    class Span(models.TextChoices):
        MINUTE = "minute"
        HOUR = "hour"

    check_slug = models.CharField(max_length=40)
    span = models.CharField(max_length=6, choices=Span)
    at = models.DateTimeField(help_text="The first moment of the minute or hour.")
    ok = models.PositiveIntegerField(default=0, help_text="Minutes whose worst answer it was.")
    warning = models.PositiveIntegerField(default=0)
    critical = models.PositiveIntegerField(default=0)
    unknown = models.PositiveIntegerField(default=0, help_text="Minutes in which it gave no answer.")
    measured = models.FloatField(null=True, help_text="The last of a minute; the mean of an hour.")
    measured_minutes = models.PositiveIntegerField(default=0, help_text="Minutes in which there was a number.")
    lowest = models.FloatField(null=True)
    highest = models.FloatField(null=True)
    sample = models.BigIntegerField(null=True, help_text="Over how many it was measured; of an hour, at most.")
    milliseconds = models.FloatField(default=0, help_text="How long the check took: the last, or the mean.")
    more = models.JSONField(
        default=dict, blank=True, help_text="Further numbers, by name; of an hour [mean, lowest, highest, minutes]."
    )

    objects = CheckResultQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            # used by history.store(), and by every read of one check's history
            models.UniqueConstraint(fields=["check_slug", "span", "at"], name="check_result_once"),
        ]
        indexes: ClassVar = [
            # used by the rolling up and the forgetting, and by what reads every check
            models.Index(fields=["span", "at"], name="check_result_age"),
        ]

    def __str__(self) -> str:
        return f"{self.check_slug} {self.at:%Y-%m-%d %H:%M}"

    @property
    def answered(self) -> int:
        """Minutes in which it gave an answer."""
        return self.ok + self.warning + self.critical

    @property
    def state(self) -> str:
        """The worst of its minutes, unknown only where there was no answer at all."""
        return next((state for state in ("critical", "warning", "ok") if getattr(self, state)), "unknown")

    def spreads(self) -> dict[str, tuple[float, float, float]]:
        """Mean, lowest and highest of every number, by name; `measured` is one of them."""
        found = {name: _spread(value) for name, value in self.more.items()}
        if self.measured is not None and self.lowest is not None and self.highest is not None:
            found["measured"] = (self.measured, self.lowest, self.highest)
        return found


def _spread(value: float | list[float]) -> tuple[float, float, float]:
    return (value[0], value[1], value[2]) if isinstance(value, list) else (value, value, value)
