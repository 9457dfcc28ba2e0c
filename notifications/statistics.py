"""An inbox in numbers."""

import datetime
from typing import Any

from django.db.models import Aggregate, Count, DurationField, ExpressionWrapper, F, FloatField, Q
from django.db.models.functions import Extract, TruncDate
from django.utils import timezone

from accounts.models import User
from notifications import inbox

RECENT, CHART = datetime.timedelta(days=7), datetime.timedelta(days=30)


class Median(Aggregate):
    """percentile_cont(0.5), which Postgres computes from the ordered values."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


def of(user: User) -> dict[str, Any]:
    """Counts of all that has not expired; `unread` is the very number of the badge, its cap included.

    `read_rate` is the percentage that was ever read; `median_seconds_to_read` is null while nothing was.
    """
    now = timezone.now()
    rows = inbox.unexpired(user).order_by()
    groups: list[Any] = list(rows.values("status", "notification_type", "priority").annotate(n=Count("pk")))
    by_status = {"unread": 0, "read": 0, "archived": 0} | _summed(groups, "status")
    by_status["unread"] = inbox.unread_count(user)
    took = ExpressionWrapper(F("read_at") - F("created_at"), output_field=DurationField())
    more = rows.aggregate(
        recent=Count("pk", filter=Q(created_at__gte=now - RECENT)),
        system=Count("pk", filter=Q(is_system=True)),
        ever_read=Count("read_at"),
        median=Median(Extract(took, "epoch"), filter=Q(read_at__isnull=False)),
    )
    total = sum(group["n"] for group in groups)
    return {
        "total": total,
        **by_status,
        "recent_count": more["recent"],
        "by_type": _summed(groups, "notification_type"),
        "by_priority": _summed(groups, "priority"),
        "by_status": by_status,
        "by_day": _by_day(user, now),
        "system": more["system"],
        "read_rate": round(100 * more["ever_read"] / total, 1) if total else 0.0,
        "median_seconds_to_read": None if more["median"] is None else round(more["median"], 1),
    }


def _summed(groups: list[dict[str, Any]], name: str) -> dict[str, int]:
    summed: dict[str, int] = {}
    for group in groups:
        summed[group[name]] = summed.get(group[name], 0) + group["n"]
    return summed


def _by_day(user: User, now: datetime.datetime) -> list[dict[str, Any]]:
    """The last 30 days in UTC, today included, the empty ones too."""
    first = (now - CHART).date() + datetime.timedelta(days=1)
    rows = inbox.unexpired(user).order_by().filter(created_at__date__gte=first)
    counted = dict(rows.annotate(day=TruncDate("created_at")).values_list("day").annotate(n=Count("pk")))
    days = [first + datetime.timedelta(days=offset) for offset in range(CHART.days)]
    return [{"date": day.isoformat(), "count": counted.get(day, 0)} for day in days]
