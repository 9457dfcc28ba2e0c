"""The inbox in numbers, which agree with the numbers elsewhere on the screen."""

import datetime
from collections.abc import Callable

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from accounts.models import User
from notifications.tests.conftest import Get
from notifications.tests.helpers import API, ago, tell

NOON = datetime.datetime(2026, 6, 15, 12, tzinfo=datetime.UTC)


def test_an_empty_inbox(get: Get, member: User) -> None:
    with time_machine.travel(NOON, tick=False):
        data = get(member, "stats/")["data"]
    by_day = data.pop("by_day")
    assert data == {
        "total": 0,
        "unread": 0,
        "read": 0,
        "archived": 0,
        "recent_count": 0,
        "by_type": {},
        "by_priority": {},
        "by_status": {"unread": 0, "read": 0, "archived": 0},
        "system": 0,
        "read_rate": 0.0,
        "median_seconds_to_read": None,
    }
    assert len(by_day) == 30
    assert (by_day[0], by_day[-1]) == ({"date": "2026-05-17", "count": 0}, {"date": "2026-06-15", "count": 0})


def test_a_full_one(get: Get, member: User, outsider: User) -> None:
    with time_machine.travel(NOON, tick=False):
        tell(member, priority="high", notification_type="security")
        tell(member, priority="low", created_at=ago(days=8))
        for seconds in (10, 20, 60):
            then = ago(days=1)
            tell(member, status="read", created_at=then, read_at=then + datetime.timedelta(seconds=seconds))
        tell(member, status="archived", is_system=False, created_at=ago(days=40))
        tell(member, expires_at=ago(seconds=1))
        tell(outsider)
        data = get(member, "stats/")["data"]
    assert [data[name] for name in ("total", "unread", "read", "archived")] == [6, 2, 3, 1]
    assert data["by_status"] == {"unread": 2, "read": 3, "archived": 1}
    assert data["recent_count"] == 4
    assert data["by_type"]["security"] == 1
    assert sum(data["by_type"].values()) == sum(data["by_priority"].values()) == 6
    assert (data["by_priority"]["high"], data["by_priority"]["low"]) == (1, 1)
    assert data["median_seconds_to_read"] == 20.0
    assert data["read_rate"] == 50.0
    assert {day["date"]: day["count"] for day in data["by_day"] if day["count"]} == {
        "2026-06-15": 1,
        "2026-06-14": 3,
        "2026-06-07": 1,
    }


def test_three_numbers_on_one_screen_agree_also_at_the_cap(get: Get, member: User, settings: Settings) -> None:
    settings.UNREAD_COUNT_CAP = 3
    for _ in range(5):
        tell(member)
    assert get(member, "recent/")["unread_count"] == 3
    assert get(member, "unread-count/")["unread_count"] == 3
    assert get(member, "stats/")["data"]["unread"] == 3


@pytest.mark.parametrize("rows", [0, 40])
def test_they_cost_the_same_however_many_there_are(
    rows: int,
    client_of: Callable[[User], APIClient],
    member: User,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(rows):
        tell(member)
    client = client_of(member)
    with django_assert_num_queries(5):
        client.get(API + "stats/")
