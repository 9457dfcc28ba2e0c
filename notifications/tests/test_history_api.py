"""Charts and uptime, as a dashboard and a status page ask for them."""

import datetime
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from notifications.models import CheckResult
from notifications.system_monitor import history
from notifications.system_monitor.checks import CHECKS
from notifications.tests.conftest import Get

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = datetime.timedelta(minutes=1), datetime.timedelta(hours=1), datetime.timedelta(days=1)
SLUGS = [check.slug for check in CHECKS]


def this_minute() -> datetime.datetime:
    return timezone.now().replace(second=0, microsecond=0)


def minute(at: datetime.datetime, state: str = "ok", *, check: str = "database", **fields: Any) -> None:
    measured = fields.get("measured")
    spread = {"lowest": measured, "highest": measured, "measured_minutes": int(measured is not None)}
    CheckResult.objects.create(check_slug=check, span="minute", at=at, **{state: 1}, **spread | fields)


def hour(at: datetime.datetime, *, check: str = "database", **fields: Any) -> None:
    CheckResult.objects.create(check_slug=check, span="hour", at=at, **fields)


# --- Uptime ------------------------------------------------------------------------------------------------------


def test_uptime_has_every_check_and_every_day(get: Get, admin: User) -> None:
    body = get(admin, "system/uptime/?days=90")
    assert (body["success"], body["days"]) == (True, 90)
    assert [one["check"] for one in body["checks"]] == SLUGS
    today = timezone.now().date()
    for one in body["checks"]:
        days = [day["day"] for day in one["days"]]
        assert days == [(today - DAY * ago).isoformat() for ago in range(89, -1, -1)]
        assert one["uptime_percent"] is None
        assert {day["uptime_percent"] for day in one["days"]} == {None}


def test_a_day_is_told_by_its_minutes_and_hours(get: Get, admin: User) -> None:
    now = this_minute()
    minute(now)
    minute(now - MINUTE, "unknown")
    before = (now - 2 * DAY).replace(hour=0, minute=0)
    hour(before, ok=57, warning=1, critical=2)
    hour(before + HOUR, ok=60)
    hour(before - 40 * DAY, critical=60)
    (database, *others) = get(admin, "system/uptime/")["checks"]
    told = {day["day"]: day for day in database["days"]}[before.date().isoformat()]
    assert told == {
        "day": before.date().isoformat(),
        "uptime_percent": 97.5,
        "ok": 117,
        "warning": 1,
        "critical": 2,
        "unknown": 0,
    }
    assert (database["ok"], database["critical"], database["unknown"]) == (118, 2, 1)
    assert database["uptime_percent"] == 97.52  # of 121, rounded down
    assert {one["uptime_percent"] for one in others} == {None}


def test_rolling_up_changes_no_uptime(get: Get, admin: User) -> None:
    start = this_minute().replace(minute=0) - 3 * DAY
    for number in range(120):
        minute(start + number * MINUTE, "critical" if number % 7 == 0 else "ok")
    before = get(admin, "system/uptime/")
    assert history.roll_up(now=timezone.now()) == 120
    assert get(admin, "system/uptime/") == before


# --- Series ------------------------------------------------------------------------------------------------------


def test_hours_are_told_with_their_mean_lowest_and_highest(get: Get, admin: User) -> None:
    start = this_minute().replace(minute=0) - 2 * HOUR
    for number, (measured, state) in enumerate([(1.0, "ok"), (2.0, "critical"), (6.0, "ok")]):
        minute(start + number * MINUTE, state, measured=measured, sample=number, milliseconds=4, more={"depth": 3})
    minute(start + 4 * MINUTE, "unknown", milliseconds=8)
    (series,) = get(admin, "system/history/?check=database&days=1")["checks"]
    assert (series["check"], series["component"]) == ("database", "Database")
    assert series["points"] == [
        {
            "at": start.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "state": "critical",
            "ok": 2,
            "warning": 0,
            "critical": 1,
            "unknown": 1,
            "measured": 3.0,
            "lowest": 1.0,
            "highest": 6.0,
            "sample": 2,
            "milliseconds": 5.0,
            "numbers": {"depth": 3.0},
        }
    ]


def test_minutes_are_told_one_by_one(get: Get, admin: User) -> None:
    now = this_minute()
    for ago in (3, 2, 1):
        minute(now - ago * MINUTE, "warning" if ago == 2 else "ok", measured=ago, more={"depth": ago})
    hour(now.replace(minute=0) - 5 * HOUR, ok=60)
    (series,) = get(admin, "system/history/?check=database&per=minute")["checks"]
    assert [(one["state"], one["measured"], one["numbers"]) for one in series["points"]] == [
        ("ok", 3.0, {"depth": 3}),
        ("warning", 2.0, {"depth": 2}),
        ("ok", 1.0, {"depth": 1}),
    ]


def test_rolled_up_hours_and_minutes_make_one_series(get: Get, admin: User) -> None:
    now = this_minute().replace(minute=0)
    hour(now - 60 * HOUR, ok=60, measured=4, measured_minutes=60, lowest=1, highest=9, more={"depth": [2, 1, 3, 60]})
    minute(now - HOUR, measured=5, more={"depth": 7})
    (series,) = get(admin, "system/history/?check=database&days=7")["checks"]
    assert [(one["measured"], one["highest"], one["numbers"]) for one in series["points"]] == [
        (4.0, 9.0, {"depth": 2.0}),
        (5.0, 5.0, {"depth": 7.0}),
    ]


def test_without_a_check_all_are_told_for_a_week_at_most(get: Get, refused: Get, admin: User) -> None:
    minute(this_minute(), check="sms_service")
    body = get(admin, "system/history/?days=7")
    assert [one["check"] for one in body["checks"]] == SLUGS
    assert [len(one["points"]) for one in body["checks"]] == [int(slug == "sms_service") for slug in SLUGS]
    said = refused(admin, "get", "system/history/?days=8")
    assert said["errors"] == {"check": ["Name one for more than 7 days."]}


def test_minutes_are_told_for_two_days_at_most(get: Get, refused: Get, admin: User) -> None:
    get(admin, "system/history/?check=database&days=2&per=minute")
    said = refused(admin, "get", "system/history/?check=database&days=3&per=minute")
    assert said["errors"] == {"days": ["At most 2 by the minute."]}


def test_ninety_days_of_a_check_are_one_bounded_reply(get: Get, admin: User) -> None:
    start = this_minute().replace(minute=0)
    more = {f"number_{n}": [1.5, 1, 2, 60] for n in range(12)}
    CheckResult.objects.bulk_create(
        CheckResult(check_slug="database", span="hour", at=start - ago * HOUR, ok=60, more=more)
        for ago in range(90 * 24 + 50)
    )
    (series,) = get(admin, "system/history/?check=database&days=90")["checks"]
    assert 90 * 24 <= len(series["points"]) <= 90 * 24 + 1
