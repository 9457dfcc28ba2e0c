"""User Activity: whether the people are still there."""

import datetime
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings
from uuid_utils.compat import uuid7

from accounts.models import SignIn, SignInCount, User
from accounts.services import count_sign_ins
from notifications.models import Notification, Threshold
from notifications.system_monitor.checks.user_activity import UserActivity
from notifications.system_monitor.report import State
from notifications.tests.conftest import Get
from notifications.tests.helpers import look
from tenants.models import Tenant

NOW = timezone.now()
DAY, SECOND = datetime.timedelta(days=1), datetime.timedelta(seconds=1)
AWAY, HERE = NOW - 31 * DAY, NOW - DAY

pytestmark = pytest.mark.django_db


def people(count: int, **fields: Any) -> None:
    fields = {"created_at": NOW - 400 * DAY} | fields
    number = User.objects.count()
    User.objects.bulk_create(User(email=f"{number + n}@acme.test", **fields) for n in range(count))


def inactive() -> int:
    result = look(UserActivity, now=NOW)
    assert result.measurement is not None
    return int(result.measurement.details["inactive"])


@pytest.mark.parametrize(
    ("away", "here", "state"),
    [(0, 0, "ok"), (69, 31, "ok"), (70, 30, "ok"), (71, 29, "warning"), (1, 0, "warning"), (701, 299, "warning")],
)
def test_it_fires_strictly_above_70_percent(away: int, here: int, state: str) -> None:
    people(away, last_login=AWAY)
    people(here, last_login=HERE)
    assert look(UserActivity, now=NOW).state == state


def test_it_says_what_it_measured_over_how_many_and_against_what() -> None:
    people(3, last_login=AWAY)
    people(1, last_login=HERE)
    result = look(UserActivity, now=NOW)
    assert result.measurement is not None
    assert (result.measurement.measured, result.measurement.sample) == (75, 4)
    assert result.measurement.threshold == "at most 70 %"
    details = result.measurement.details
    assert (details["inactive"], details["inactive_after"]) == (3, "30 days")
    (finding,) = result.findings
    assert finding.priority == "low"
    assert finding.summary == (
        "3 of 4 active users were not seen for 30 days or more. That is 75 %; more than 70 % is unusual."
    )


@pytest.mark.parametrize(("since", "counted"), [(30 * DAY - SECOND, 0), (30 * DAY, 1), (30 * DAY + SECOND, 1)])
def test_away_is_thirty_days_or_more(since: datetime.timedelta, counted: int) -> None:
    people(1, last_login=NOW - since)
    assert inactive() == counted


@pytest.mark.parametrize(
    ("fields", "counted"),
    [
        ({"created_at": NOW - DAY}, 0),  # never signed in, but joined yesterday
        ({"created_at": NOW - 31 * DAY}, 1),  # never signed in, and joined long ago
        ({"last_login": AWAY, "last_seen_at": HERE}, 0),
        ({"last_login": HERE, "last_seen_at": AWAY}, 0),
        ({"last_login": AWAY, "last_seen_at": AWAY}, 1),
        ({"last_login": None, "last_seen_at": HERE}, 0),
        ({"last_login": HERE, "last_seen_at": None}, 0),
        ({"last_login": AWAY, "is_active": False}, 0),
        ({"last_login": AWAY, "is_service": True}, 0),  # a program
    ],
)
def test_last_use_is_the_latest_of_signing_in_and_being_seen_else_joining(
    fields: dict[str, Any], counted: int
) -> None:
    people(1, **fields)
    assert inactive() == counted


def test_signing_in_with_a_token_counts_as_use(get: Get, member: User, tenant: Tenant) -> None:
    User.objects.update(created_at=AWAY)
    assert inactive() == 1
    get(member, "recent/")
    assert inactive() == 0


def test_limit_and_time_are_settings(settings: Settings) -> None:
    settings.INACTIVE_USERS_LIMIT_PERCENT = 40
    settings.INACTIVE_USERS_AFTER = datetime.timedelta(hours=20)
    people(1, last_login=HERE)
    people(1, last_login=NOW)
    result = look(UserActivity, now=NOW)
    assert result.state is State.WARNING
    assert result.summary.startswith("1 of 2 active users were not seen for 20 hours or more. That is 50 %")


def test_a_limit_that_was_decided_goes_before_the_setting() -> None:
    people(1, last_login=AWAY)
    people(1, last_login=HERE)
    Threshold.objects.create(check_slug="user_activity", name="warning", value=49)
    assert look(UserActivity, now=NOW).state is State.WARNING


# --- Patterns ----------------------------------------------------------------------------------------------------


def patterns(now: datetime.datetime = NOW) -> dict[str, Any]:
    result = look(UserActivity, now=now)
    assert result.measurement is not None
    return result.measurement.details


def test_it_says_how_many_were_seen_in_one_seven_and_thirty_days() -> None:
    for days in (0.5, 2, 6, 8, 29, 31):
        people(1, last_login=NOW - days * DAY)
    people(1, last_seen_at=NOW - 0.5 * DAY, last_login=AWAY)
    people(1, last_seen_at=NOW, is_service=True)
    people(1)
    details = patterns()
    assert [details[f"active_{length}"] for length in ("1_day", "7_days", "30_days")] == [2, 4, 6]


HALF_PAST = datetime.datetime(2026, 3, 10, 12, 30, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)


def attempts(count: int, at: datetime.datetime, outcome: SignIn.Outcome = SignIn.Outcome.SUCCESS) -> None:
    SignIn.objects.bulk_create(
        SignIn(email="a@acme.test", method=SignIn.Method.PAGE, outcome=outcome, created_at=at) for _ in range(count)
    )


@pytest.fixture
def signed_in() -> None:
    attempts(1, HALF_PAST)
    attempts(2, HALF_PAST - 12.5 * HOUR)  # midnight
    attempts(4, HALF_PAST - 12.6 * HOUR)  # the day before
    attempts(8, HALF_PAST - 23.5 * HOUR)
    attempts(70, HALF_PAST - 24 * HOUR)
    attempts(7, HALF_PAST - 7 * DAY)
    attempts(100, HALF_PAST - 9 * DAY)
    attempts(3, HALF_PAST - HOUR, SignIn.Outcome.REFUSED)
    attempts(2, HALF_PAST - HOUR, SignIn.Outcome.THROTTLED)
    attempts(14, HALF_PAST - 3 * DAY, SignIn.Outcome.REFUSED)
    attempts(5, HALF_PAST + HOUR)  # of a time that is not yet


@pytest.mark.parametrize("counted_at", [None, -50 * HOUR, -24 * HOUR, -HOUR, 0 * HOUR])
def test_sign_ins_by_day_and_hour_and_the_usual_whatever_is_counted_already(
    signed_in: None, counted_at: datetime.timedelta | None
) -> None:
    if counted_at is not None:
        with time_machine.travel(HALF_PAST + counted_at, tick=False):
            assert count_sign_ins() > 0
            assert count_sign_ins() == 0
    details = patterns(HALF_PAST)
    days = {row["day"]: (row["succeeded"], row["failed"]) for row in details["sign_ins_by_day"]}
    assert len(days) == 7
    assert (days["2026-03-10"], days["2026-03-09"], days["2026-03-07"]) == ((3, 5), (82, 0), (0, 14))
    hours = {row["hour"]: (row["succeeded"], row["failed"]) for row in details["sign_ins_by_hour"]}
    assert len(hours) == 24
    assert {hour: n for hour, n in hours.items() if n != (0, 0)} == {
        "2026-03-10T12:00Z": (1, 0),
        "2026-03-10T11:00Z": (0, 5),
        "2026-03-10T00:00Z": (2, 0),
        "2026-03-09T23:00Z": (4, 0),
        "2026-03-09T13:00Z": (8, 0),
    }
    assert details["sign_ins_last_day"] == {"succeeded": 15, "failed": 5}
    assert details["sign_ins_usual_day"] == {"succeeded": 11, "failed": 2}


def test_an_hour_is_counted_five_minutes_after_its_end() -> None:
    attempts(3, HALF_PAST)
    end = HALF_PAST.replace(hour=13, minute=0)
    for minutes, counted in ((4, 0), (6, 1)):
        with time_machine.travel(end + datetime.timedelta(minutes=minutes), tick=False):
            assert count_sign_ins() == counted
    assert list(SignInCount.objects.values_list("hour", "outcome", "attempts")) == [
        (HALF_PAST.replace(minute=0), "success", 3)
    ]


def test_counts_are_kept_as_long_as_attempts_are(settings: Settings) -> None:
    attempts(1, HALF_PAST)
    with time_machine.travel(HALF_PAST + DAY, tick=False):
        count_sign_ins()
    with time_machine.travel(HALF_PAST + settings.SIGN_IN_HISTORY + 2 * DAY, tick=False):
        count_sign_ins()
    assert not SignInCount.objects.exists()


def told(user: User, *, ago: datetime.timedelta, read_after: datetime.timedelta | None, count: int = 1) -> None:
    at = NOW - ago
    Notification.objects.bulk_create(
        Notification(
            id=uuid7(nanoseconds=int(at.timestamp() * 1e9)),
            recipient=user,
            kind="note",
            notification_type="info",
            title="Hello",
            message="Hi",
            created_at=at,
            read_at=None if read_after is None else at + read_after,
        )
        for _ in range(count)
    )


def test_it_says_how_much_is_read_within_a_day(member: User) -> None:
    people(1, is_service=True)
    program = User.objects.get(is_service=True)
    told(member, ago=2 * DAY, read_after=HOUR)
    told(member, ago=2 * DAY, read_after=DAY)
    told(member, ago=2 * DAY, read_after=DAY + SECOND)
    told(member, ago=29 * DAY, read_after=None)
    told(member, ago=31 * DAY, read_after=None)
    told(member, ago=HOUR, read_after=None)  # its day is not over
    told(program, ago=2 * DAY, read_after=None)
    details = patterns()
    assert (details["read_within_a_day_percent"], details["read_within_a_day_sample"]) == (50, 4)


def test_how_much_is_read_is_taken_of_the_newest_thousand(member: User) -> None:
    told(member, ago=2 * DAY, read_after=HOUR, count=1000)
    told(member, ago=3 * DAY, read_after=None, count=10)
    details = patterns()
    assert (details["read_within_a_day_percent"], details["read_within_a_day_sample"]) == (100, 1000)


def test_without_anything_to_read_there_is_no_share() -> None:
    assert patterns()["read_within_a_day_percent"] is None
