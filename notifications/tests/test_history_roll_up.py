"""Minutes become hours: once, whoever does it, and whatever is killed meanwhile."""

import datetime
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from notifications import tasks
from notifications.models import CheckResult
from notifications.system_monitor import history
from notifications.tests.helpers import NOON, ago, in_threads
from notifications.tests.test_history import DAY, HOUR, MINUTE, START, STATES, row, run, told

pytestmark = pytest.mark.django_db

_SAID = st.tuples(
    st.integers(0, 3 * 60 - 1),
    st.sampled_from(["ok", "warning", "critical", None]),
    st.none() | st.integers(-1000, 1000) | st.floats(-1e6, 1e6),
    st.dictionaries(st.sampled_from(["p95", "depth", "provider:a b"]), st.floats(-1e6, 1e6), max_size=3),
)


@pytest.mark.usefixtures("db")
@hypothesis_settings(max_examples=40, deadline=None)
@given(early=st.lists(_SAID, max_size=25), late=st.lists(_SAID, max_size=10))
def test_an_hour_is_the_sum_of_its_minutes_whenever_they_came(early: list[Any], late: list[Any]) -> None:
    """Some are written after their hour was rolled up, as what was spooled during an outage is."""
    with transaction.atomic():
        minutes: dict[datetime.datetime, CheckResult] = {}
        for some in (early, late):
            for minute, state, number, more in some:
                at = START + minute * MINUTE
                if at not in minutes or some is early or not CheckResult.objects.filter(span="hour").exists():
                    run(state, number, at=at, **more)
            minutes |= {one.at: one for one in CheckResult.objects.filter(span="minute")}
            history.roll_up(now=START + 3 * DAY)
        assert not CheckResult.objects.filter(span="minute").exists()
        hours = {one.at: one for one in CheckResult.objects.filter(span="hour")}
        assert set(hours) == {at.replace(minute=0) for at in minutes}
        for at, hour in hours.items():
            assert_sums(hour, [one for moment, one in minutes.items() if moment.replace(minute=0) == at])
        transaction.set_rollback(True)


def assert_sums(hour: CheckResult, minutes: list[CheckResult]) -> None:
    """One by one, and not in SQL."""
    assert told(hour) == tuple(sum(getattr(one, state) for one in minutes) for state in STATES)
    numbers = [one.measured for one in minutes if one.measured is not None]
    assert hour.measured_minutes == len(numbers)
    assert hour.measured == (pytest.approx(sum(numbers) / len(numbers)) if numbers else None)
    assert hour.lowest == min((one.lowest for one in minutes if one.lowest is not None), default=None)
    assert hour.highest == max((one.highest for one in minutes if one.highest is not None), default=None)
    assert hour.sample == max((one.sample for one in minutes if one.sample is not None), default=None)
    assert hour.milliseconds == pytest.approx(sum(one.milliseconds for one in minutes) / len(minutes))
    names = {name for one in minutes for name in one.more}
    assert set(hour.more) == names
    for name in names:
        some = [one.more[name] for one in minutes if name in one.more]
        assert hour.more[name] == pytest.approx([sum(some) / len(some), min(some), max(some), len(some)])


def fill(hours: int, *, since: datetime.datetime) -> None:
    """A row for every tenth minute."""
    CheckResult.objects.bulk_create(
        CheckResult(
            check_slug="gauge",
            span="minute",
            at=since + number * 10 * MINUTE,
            **{"ok": 1} if number % 6 else {"critical": 1},
            measured=number,
            measured_minutes=1,
            lowest=number,
            highest=number,
            more={"depth": number},
        )
        for number in range(hours * 6)
    )


def spans() -> tuple[int, int]:
    rows = CheckResult.objects.all()
    return rows.filter(span="minute").count(), rows.filter(span="hour").count()


def test_only_hours_that_ended_two_days_ago_are_rolled_up() -> None:
    fill(4, since=START)
    assert history.roll_up(now=START + 2 * DAY + 2 * HOUR + 59 * MINUTE) == 12
    assert spans() == (12, 2)
    assert set(CheckResult.objects.filter(span="hour").values_list("at", flat=True)) == {START, START + HOUR}


def test_rolling_up_twice_is_rolling_up_once() -> None:
    fill(4, since=START)
    history.roll_up(now=START + 3 * DAY)
    before = list(CheckResult.objects.order_by("pk").values())
    assert history.roll_up(now=START + 3 * DAY) == 0
    assert list(CheckResult.objects.order_by("pk").values()) == before


def test_what_is_read_by_the_hour_does_not_change_with_the_roll_up() -> None:
    fill(4, since=START)
    before = CheckResult.objects.of("gauge").by_the_hour()
    history.roll_up(now=START + 2 * DAY + 2 * HOUR)
    assert spans() == (12, 2)
    after = CheckResult.objects.of("gauge").by_the_hour()
    assert [(one.at, told(one), one.spreads()) for one in after] == [
        (one.at, told(one), one.spreads()) for one in before
    ]


def test_rolling_up_costs_as_many_statements_however_much_there_is() -> None:
    costs = []
    for hours in (1, 40):
        CheckResult.objects.all().delete()
        fill(hours, since=START)
        with CaptureQueriesContext(connection) as queries:
            history.roll_up(now=START + 5 * DAY)
        costs.append(len([one for one in queries.captured_queries if "SAVEPOINT" not in one["sql"]]))
    assert costs == [2, 2]


@pytest.mark.django_db(transaction=True)
def test_eight_that_roll_up_at_once_move_every_minute_once() -> None:
    fill(30, since=START)
    moved = in_threads(8, lambda _: history.roll_up(now=START + 5 * DAY))
    assert sorted(moved) == [0] * 7 + [180]
    assert spans() == (0, 30)
    assert sum(told(one)[0] for one in CheckResult.objects.all()) == 150


@pytest.mark.django_db(transaction=True)
def test_a_roll_up_that_is_killed_half_way_has_lost_and_repeated_nothing() -> None:
    """Its connection is ended while it waits for a row that somebody holds, after it has written the others."""
    fill(4, since=START)
    last = CheckResult.objects.order_by("at").last()
    assert last is not None

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        CheckResult.objects.select_for_update().get(pk=last.pk)
        killed = pool.submit(_roll_up_in_a_connection_of_its_own)
        _end_who_waits()
        with pytest.raises(OperationalError):
            killed.result()
    assert spans() == (24, 0)
    assert history.roll_up(now=START + 5 * DAY) == 24
    assert spans() == (0, 4)


def _roll_up_in_a_connection_of_its_own() -> int:
    try:
        return history.roll_up(now=START + 5 * DAY)
    finally:
        connection.close()


def _end_who_waits() -> None:
    with connection.cursor() as cursor:
        for pid in _who_waits():
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])


def _who_waits() -> list[int]:
    """The processes of this database that wait for somebody's lock, once there are any."""
    with connection.cursor() as cursor:
        for _ in range(400):
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # else this transaction sees its first look for ever
            cursor.execute(
                "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            if found := cursor.fetchall():
                return [pid for (pid,) in found]
            time.sleep(0.05)
    raise AssertionError("Nobody waited.")


@pytest.mark.django_db(transaction=True)
def test_a_minute_that_comes_while_its_hour_is_rolled_up_is_not_lost() -> None:
    def late() -> int:
        try:
            run("critical", at=START + MINUTE)
            return history.roll_up(now=START + 3 * DAY)
        finally:
            connection.close()

    run("ok")
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert history.roll_up(now=START + 3 * DAY) == 1
            came_late = pool.submit(late)
            _who_waits()
        assert came_late.result() == 1
    assert told(row(span="hour")) == (1, 0, 1, 0)


def test_a_crash_between_rolling_up_and_forgetting_is_made_good_by_the_next_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fill(2, since=ago(days=3).replace(minute=0, second=0, microsecond=0))
    CheckResult.objects.create(check_slug="gauge", span="hour", at=ago(days=91), ok=60)
    with monkeypatch.context() as patched:
        patched.setattr(history, "forget", lambda **_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            tasks.roll_up_history()
    assert spans() == (0, 3)
    assert tasks.roll_up_history() == {"minutes": 0, "hours": 1}
    assert spans() == (0, 2)


def test_hours_are_kept_for_ninety_days() -> None:
    for days in (89.9, 90.1):
        CheckResult.objects.create(check_slug="gauge", span="hour", at=NOON - days * DAY, ok=60)
    CheckResult.objects.create(check_slug="gauge", span="minute", at=NOON - 100 * DAY, ok=1)
    assert history.forget(now=NOON) == 1
    assert spans() == (1, 1), "a minute that was never rolled up is not lost"
