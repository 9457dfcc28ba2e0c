"""User Activity: whether the people are still there."""

import datetime
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
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
    assert result.measurement.details == {"inactive": 3, "inactive_after": "30 days"}
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
