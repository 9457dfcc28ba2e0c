"""What people do, in one statement: who was seen when, sign-ins by the hour, what is read of what they are told."""

import datetime
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from accounts.fields import first_id
from accounts.models import SignIn

DAY, HOUR = datetime.timedelta(days=1), datetime.timedelta(hours=1)
#: Days that say what is usual, before the last one.
USUAL_DAYS = 7
#: How many of the newest notifications, and how old, the share that is read is taken of.
SAMPLE, SAMPLE_WINDOW = 1000, datetime.timedelta(days=30)

# GREATEST passes over NULL. Who never signed in counts from the day they joined, so that somebody who was invited
# yesterday is not called inactive. Hours that are counted are read from their counts, later ones one by one.
PEOPLE = """
WITH person AS (
    SELECT greatest(last_login, last_seen_at) AS seen, created_at FROM accounts_user
    WHERE is_active AND NOT is_service
), attempt AS (
    SELECT hour, outcome, attempts FROM accounts_signincount WHERE hour > %(since)s AND hour <= %(now)s
    UNION ALL
    SELECT date_trunc('hour', created_at, 'UTC'), outcome, count(*) FROM accounts_signin
    WHERE created_at <= %(now)s AND created_at >= greatest(
        %(from)s, (SELECT max(hour) + interval '1 hour' FROM accounts_signincount))
    GROUP BY 1, 2
), told AS (
    SELECT read_at <= newest.created_at + interval '1 day' AS in_time FROM (
        SELECT recipient_id, created_at, read_at FROM notifications_notification
        WHERE id < %(id_until)s AND id >= %(id_from)s ORDER BY id DESC LIMIT %(sample)s
    ) AS newest WHERE recipient_id NOT IN (SELECT id FROM accounts_user WHERE is_service)
)
SELECT count(*), count(*) FILTER (WHERE coalesce(seen, created_at) <= %(away_since)s),
       count(*) FILTER (WHERE seen > %(day_ago)s), count(*) FILTER (WHERE seen > %(week_ago)s),
       count(*) FILTER (WHERE seen > %(month_ago)s),
       (SELECT coalesce(json_agg(json_build_array(extract(epoch FROM hour), outcome, attempts)), '[]') FROM attempt),
       (SELECT count(*) FROM told), (SELECT count(*) FROM told WHERE in_time)
FROM person
"""


@dataclass(frozen=True)
class Found:
    users: int
    inactive: int
    active: tuple[int, int, int]
    """Seen within 1, 7 and 30 days."""
    succeeded: Counter[datetime.datetime]
    """Sign-ins by the hour."""
    failed: Counter[datetime.datetime]
    told: int
    read_in_time: int

    def patterns(self, now: datetime.datetime) -> dict[str, Any]:
        """Everything but the rule's own numbers."""
        present = _hour(now)
        days = [now.date() - number * DAY for number in range(USUAL_DAYS - 1, -1, -1)]
        hours = [present - number * HOUR for number in range(23, -1, -1)]
        before = [present - number * HOUR for number in range(24, 24 * (USUAL_DAYS + 1))]
        return {
            **{f"active_{length}": n for length, n in zip(("1_day", "7_days", "30_days"), self.active, strict=True)},
            "sign_ins_by_day": [
                {"day": day.isoformat(), **self._of(hour for hour in self._hours() if hour.date() == day)}
                for day in days
            ],
            "sign_ins_by_hour": [{"hour": f"{hour:%Y-%m-%dT%H:00Z}", **self._of([hour])} for hour in hours],
            "sign_ins_last_day": self._of(hours),
            "sign_ins_usual_day": {name: round(n / USUAL_DAYS, 1) for name, n in self._of(before).items()},
            "read_within_a_day_percent": round(100 * self.read_in_time / self.told, 1) if self.told else None,
            "read_within_a_day_sample": self.told,
        }

    def numbers(self, now: datetime.datetime) -> dict[str, float | None]:
        """Of the patterns, those that make a line in a chart."""
        last_day = self._of(_hour(now) - number * HOUR for number in range(24))
        return {
            **{f"active_{length}": n for length, n in zip(("1_day", "7_days", "30_days"), self.active, strict=True)},
            **{f"sign_ins_{outcome}": n for outcome, n in last_day.items()},
            "read_within_a_day_percent": round(100 * self.read_in_time / self.told, 1) if self.told else None,
        }

    def _hours(self) -> set[datetime.datetime]:
        return {*self.succeeded, *self.failed}

    def _of(self, hours: Iterable[datetime.datetime]) -> dict[str, int]:
        some = list(hours)
        return {
            "succeeded": sum(self.succeeded[hour] for hour in some),
            "failed": sum(self.failed[hour] for hour in some),
        }


def look(*, now: datetime.datetime, after: datetime.timedelta) -> Found:
    """`after` is how long somebody must not have been seen to be inactive."""
    first = _hour(now) - (USUAL_DAYS + 1) * DAY
    values: dict[str, Any] = {
        "now": now,
        "since": first,
        "from": first + HOUR,
        "away_since": now - after,
        "day_ago": now - DAY,
        "week_ago": now - 7 * DAY,
        "month_ago": now - 30 * DAY,
        "id_until": str(first_id(now - DAY)),
        "id_from": str(first_id(now - SAMPLE_WINDOW)),
        "sample": SAMPLE,
    }
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE, values)
        users, inactive, day, week, month, attempts, told, in_time = cursor.fetchone()
    succeeded, failed = Counter[datetime.datetime](), Counter[datetime.datetime]()
    for seconds, outcome, number in attempts:
        hour = datetime.datetime.fromtimestamp(seconds, tz=datetime.UTC)
        (succeeded if outcome == SignIn.Outcome.SUCCESS else failed)[hour] += number
    return Found(users, inactive, (day, week, month), succeeded, failed, told, in_time)


def _hour(moment: datetime.datetime) -> datetime.datetime:
    return moment.astimezone(datetime.UTC).replace(minute=0, second=0, microsecond=0)
