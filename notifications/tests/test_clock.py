"""Quiet hours and digests by somebody's own clock, which is changed twice a year."""

import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notifications.delivery import clock

BERLIN = ZoneInfo("Europe/Berlin")  # forward at 02:00 on 2026-03-29, back at 03:00 on 2026-10-25
ZONES = [
    ZoneInfo(name)
    for name in (
        *("UTC", "Europe/Berlin", "America/New_York", "Africa/Dar_es_Salaam", "Asia/Kathmandu", "Asia/Tehran"),
        *("Australia/Lord_Howe", "Pacific/Chatham", "Africa/Casablanca", "America/Sao_Paulo", "Antarctica/Troll"),
        *("Pacific/Apia", "America/Havana"),
    )
]
#: Most of them change their clocks in these weeks of these years.
MOMENTS = st.one_of(
    *(
        st.datetimes(datetime.datetime.fromisoformat(since), datetime.datetime.fromisoformat(until))
        for since, until in (("2005-01-01", "2035-12-31"), ("2026-03-01", "2026-04-10"), ("2026-10-01", "2026-11-10"))
    )
).map(lambda one: one.replace(tzinfo=datetime.UTC))
TIMES = st.times().map(lambda one: one.replace(second=0, microsecond=0))


def at(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)


def window(begins: str, ends: str) -> clock.Window:
    return datetime.time.fromisoformat(begins), datetime.time.fromisoformat(ends)


@given(moment=MOMENTS, begins=TIMES, ends=TIMES, zone=st.sampled_from(ZONES))
@example(at("2026-03-28T23:30"), datetime.time(22), datetime.time(2, 30), BERLIN)
@example(at("2026-10-25T00:10"), datetime.time(22), datetime.time(2, 30), BERLIN)
@example(at("2026-10-25T01:10"), datetime.time(22), datetime.time(2, 30), BERLIN)
def test_what_is_held_is_due_at_the_first_moment_that_is_not_quiet(
    moment: datetime.datetime, begins: datetime.time, ends: datetime.time, zone: ZoneInfo
) -> None:
    quiet = (begins, ends)
    due = clock.quiet_until(moment, quiet, zone)
    assert due.tzinfo is datetime.UTC
    assert not clock.is_quiet(due, quiet, zone)
    assert due >= moment
    set_back = _shift(moment, zone) - _shift(due, zone)
    # A day of that clock, and once in a while a whole day is left out of a calendar (Apia, 2011).
    assert due - moment <= datetime.timedelta(days=1) + max(set_back, datetime.timedelta())
    # And all the time until then is quiet.
    length = due - moment
    for between in (moment, moment + length / 3, moment + length / 2, due - datetime.timedelta(microseconds=1)):
        assert between >= due or between < moment or clock.is_quiet(between, quiet, zone)


def _shift(moment: datetime.datetime, zone: ZoneInfo) -> datetime.timedelta:
    shift = moment.astimezone(zone).utcoffset()
    assert shift is not None
    return shift


@pytest.mark.parametrize(
    ("now", "quiet", "due"),
    [
        # An ordinary night in Berlin (UTC+1), from both sides of midnight.
        ("2026-01-10T21:00", ("22:00", "07:00"), "2026-01-11T06:00"),
        ("2026-01-11T05:59", ("22:00", "07:00"), "2026-01-11T06:00"),
        ("2026-01-11T06:00", ("22:00", "07:00"), "2026-01-11T06:00"),
        ("2026-01-10T20:59", ("22:00", "07:00"), "2026-01-10T20:59"),
        # By day.
        ("2026-01-10T11:30", ("12:00", "13:30"), "2026-01-10T12:30"),
        ("2026-01-10T12:30", ("12:00", "13:30"), "2026-01-10T12:30"),
        # The night that is an hour shorter: until seven all the same, which is 05:00 in UTC.
        ("2026-03-28T21:00", ("22:00", "07:00"), "2026-03-29T05:00"),
        # Until half past two, which that night leaves out: the clock shows three right after two.
        ("2026-03-28T21:00", ("22:00", "02:30"), "2026-03-29T01:00"),
        # The night that is an hour longer.
        ("2026-10-24T20:00", ("22:00", "07:00"), "2026-10-25T06:00"),
        # Until half past two, which comes twice: who is told after the first is not quiet until the clock is set back.
        ("2026-10-24T20:00", ("22:00", "02:30"), "2026-10-25T00:30"),
        ("2026-10-25T00:30", ("22:00", "02:30"), "2026-10-25T00:30"),
        ("2026-10-25T01:10", ("22:00", "02:30"), "2026-10-25T01:30"),
        # All but a minute of the day.
        ("2026-01-10T11:00", ("12:00", "11:59"), "2026-01-11T10:59"),
        # No length: never.
        ("2026-01-10T11:00", ("12:00", "12:00"), "2026-01-10T11:00"),
    ],
)
def test_a_table_of_nights(now: str, quiet: tuple[str, str], due: str) -> None:
    assert clock.quiet_until(at(now), window(*quiet), BERLIN) == at(due)
    # The same moment in other words.
    assert clock.quiet_until(at(now).astimezone(BERLIN), window(*quiet), BERLIN) == at(due)


@pytest.mark.parametrize(
    ("now", "zone", "due"),
    [
        ("2026-01-10T11:00", "Europe/Berlin", "2026-01-10T12:00"),
        ("2026-01-10T11:59:59.999999", "Europe/Berlin", "2026-01-10T12:00"),
        ("2026-01-10T11:00", "Asia/Kathmandu", "2026-01-10T11:15"),  # UTC+5:45
    ],
)
def test_an_hourly_digest_is_due_when_the_clock_shows_a_full_hour(now: str, zone: str, due: str) -> None:
    assert clock.next_hour(at(now), ZoneInfo(zone)) == at(due)


@pytest.mark.parametrize(
    ("now", "time", "due"),
    [
        ("2026-01-10T06:59", "08:00", "2026-01-10T07:00"),
        ("2026-01-10T07:00", "08:00", "2026-01-11T07:00"),
        ("2026-03-28T12:00", "08:00", "2026-03-29T06:00"),
        ("2026-10-24T12:00", "08:00", "2026-10-25T07:00"),
        # Left out by the clock's change: an hour later.
        ("2026-03-28T12:00", "02:30", "2026-03-29T01:30"),
        # Twice: the first time, and then not before the next day.
        ("2026-10-24T12:00", "02:30", "2026-10-25T00:30"),
        ("2026-10-25T00:45", "02:30", "2026-10-26T01:30"),
    ],
)
def test_a_daily_digest_is_due_when_the_clock_next_shows_its_time(now: str, time: str, due: str) -> None:
    assert clock.next_at(at(now), datetime.time.fromisoformat(time), BERLIN) == at(due)


@given(moment=MOMENTS, time=TIMES, zone=st.sampled_from(ZONES))
def test_a_digest_is_ahead_and_about_a_day_away_at_most(
    moment: datetime.datetime, time: datetime.time, zone: ZoneInfo
) -> None:
    assert moment < clock.next_at(moment, time, zone) <= moment + datetime.timedelta(hours=50)
    assert moment < clock.next_hour(moment, zone) <= moment + clock.HOUR


@pytest.mark.parametrize("name", ["Mars/Base", "", "../etc/passwd", "\x00", "Europe"])
def test_a_time_zone_that_is_none_counts_as_utc(name: str) -> None:
    assert clock.zone_of(name) is datetime.UTC
