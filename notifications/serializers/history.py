"""What the checks said, as charts and status pages read it."""

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from rest_framework import serializers

from accounts.fields import StrictIntegerField
from notifications.models import CheckResult
from notifications.models.check_result import Minutes
from notifications.system_monitor.checks import BY_SLUG
from notifications.system_monitor.checks.base import HealthCheck
from notifications.system_monitor.history import HOURS_KEPT, MINUTES_KEPT

#: Days of which every check's series are told at once; a longer time is told of one check.
MOST_DAYS_OF_ALL = 7
MINUTE, HOUR = CheckResult.Span.MINUTE.value, CheckResult.Span.HOUR.value


class HistoryQuery(serializers.Serializer[Any]):
    check = serializers.ChoiceField(choices=list(BY_SLUG), required=False, help_text="All, where it is not given.")
    days = StrictIntegerField(min_value=1, max_value=HOURS_KEPT.days, default=1)
    per = serializers.ChoiceField(choices=[MINUTE, HOUR], default=HOUR, help_text="Minutes are kept for two days.")

    def validate(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked["per"] == MINUTE and asked["days"] > MINUTES_KEPT.days:
            raise serializers.ValidationError({"days": [f"At most {MINUTES_KEPT.days} by the minute."]})
        if "check" not in asked and asked["days"] > MOST_DAYS_OF_ALL:
            raise serializers.ValidationError({"check": [f"Name one for more than {MOST_DAYS_OF_ALL} days."]})
        return asked


class UptimeQuery(serializers.Serializer[Any]):
    days = StrictIntegerField(min_value=1, max_value=HOURS_KEPT.days, default=30)


class PointSerializer(serializers.ModelSerializer[CheckResult]):
    """A minute or an hour."""

    state = serializers.CharField(help_text="The worst of its minutes; unknown only where there was no answer at all.")
    numbers = serializers.SerializerMethodField(help_text="Further numbers, by name; of an hour their means.")

    class Meta:
        model = CheckResult
        fields = (
            *("at", "state", "ok", "warning", "critical", "unknown", "measured", "lowest", "highest", "sample"),
            *("milliseconds", "numbers"),
        )

    def get_numbers(self, row: CheckResult) -> dict[str, float]:
        return {name: round(mean, 3) for name, (mean, _, _) in row.spreads().items() if name != "measured"}


def series(rows: Iterable[CheckResult], checks: Iterable[type[HealthCheck]]) -> list[dict[str, Any]]:
    """The points of each of these checks, oldest first."""
    of: dict[str, list[CheckResult]] = {}
    for row in rows:
        of.setdefault(row.check_slug, []).append(row)
    return [_named(check) | {"points": PointSerializer(of.get(check.slug, []), many=True).data} for check in checks]


def strip(
    check: type[HealthCheck], known: Mapping[datetime.date, Minutes], days: list[datetime.date]
) -> dict[str, Any]:
    """One check's uptime over all of these days and of each."""
    each = {day: known.get(day, Minutes()) for day in days}
    listed = [{"day": day.isoformat(), **_told(minutes)} for day, minutes in each.items()]
    return _named(check) | _told(sum(each.values(), Minutes())) | {"days": listed}


def _named(check: type[HealthCheck]) -> dict[str, Any]:
    return {"check": check.slug, "component": check.component}


def _told(minutes: Minutes) -> dict[str, Any]:
    return {"uptime_percent": minutes.uptime_percent, **vars(minutes)}
