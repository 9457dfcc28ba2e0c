"""Maintenance windows: when they are, what they keep back, and who is told."""

import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from accounts.models import User
from notifications import incidents, maintenance
from notifications.models import Incident, MaintenanceOccurrence, MaintenanceWindow, Notification
from notifications.models.priority import Priority
from notifications.tests.helpers import problem, told
from tenants.models import Tenant

pytestmark = pytest.mark.django_db
UTC = datetime.UTC
START = datetime.datetime(2026, 3, 10, 22, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = datetime.timedelta(minutes=1), datetime.timedelta(hours=1), datetime.timedelta(days=1)


def window(**fields: Any) -> MaintenanceWindow:
    plain = {"title": "Upgrade", "starts_at": START, "minutes": 60}
    return MaintenanceWindow.objects.create(**plain | fields)


def begins(one: MaintenanceWindow, since: datetime.datetime, until: datetime.datetime) -> list[str]:
    """In UTC."""
    return [f"{start:%m-%d %H:%M}" for start, _ in maintenance.times(one, since=since, until=until)]


def see_at(moment: datetime.datetime, kind: str = "sms_service") -> Incident | None:
    maintenance.keep_time(now=moment)
    return incidents.see_problem(problem=problem(Priority.HIGH, kind=kind), now=moment)


def test_one_that_happens_once_happens_once() -> None:
    one = window()
    assert begins(one, START - DAY, START + 30 * DAY) == ["03-10 22:00"]
    assert begins(one, START + HOUR, START + 30 * DAY) == []


def test_a_weekly_one_keeps_its_local_time_across_the_change_of_clocks() -> None:
    """Berlin goes from UTC+1 to UTC+2 on 29 March 2026 and back on 25 October."""
    first = datetime.datetime(2026, 3, 22, 4, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    one = window(starts_at=first, timezone="Europe/Berlin", weekdays=[6])
    spring = begins(one, first.astimezone(UTC), first + 15 * DAY)
    assert spring == ["03-22 03:30", "03-29 02:30", "04-05 02:30"]
    autumn = datetime.datetime(2026, 10, 17, tzinfo=UTC)
    assert begins(one, autumn, autumn + 16 * DAY) == ["10-18 02:30", "10-25 03:30", "11-01 03:30"]


def test_a_time_that_the_clocks_skip_or_repeat_happens_once() -> None:
    first = datetime.datetime(2026, 3, 22, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    one = window(starts_at=first, timezone="Europe/Berlin", weekdays=[6])
    assert begins(one, first.astimezone(UTC) + HOUR, first + 8 * DAY) == ["03-29 01:30"]
    autumn = datetime.datetime(2026, 10, 24, tzinfo=UTC)
    assert begins(one, autumn, autumn + 3 * DAY) == ["10-25 00:30"]


def test_a_recurring_one_ends_and_never_begins_before_its_first_time() -> None:
    one = window(weekdays=[0, 1, 2, 3, 4, 5, 6], until=START + 2 * DAY)
    assert begins(one, START - 9 * DAY, START + 9 * DAY) == ["03-10 22:00", "03-11 22:00", "03-12 22:00"]


def test_one_that_lasts_past_midnight_is_found_after_it() -> None:
    one = window(minutes=300, weekdays=[1])
    assert begins(one, START + 4 * HOUR, START + 5 * HOUR) == ["03-10 22:00"]


# --- What it keeps back ------------------------------------------------------------------------------------------


def test_it_keeps_problems_from_opening_and_nothing_else(admin: User) -> None:
    window(announce_minutes=0)
    before = see_at(START - MINUTE, kind="database")
    assert before is not None
    assert see_at(START + MINUTE) is None
    assert incidents.unsee(incident=before, summary="Well.", now=START + 2 * MINUTE)
    assert see_at(START + HOUR) is not None  # it is over
    events = Notification.objects.filter(recipient=admin, incident__isnull=False).order_by("id")
    assert list(events.values_list("event", flat=True)) == ["opened", "resolved", "opened"]
    assert MaintenanceOccurrence.objects.get().suppressed == {"sms_service": 1}


def test_what_is_open_may_get_worse_during_it(admin: User) -> None:
    window(announce_minutes=0)
    incidents.see_problem(problem=problem(Priority.MEDIUM), now=START - MINUTE)
    see_at(START + MINUTE)
    assert "escalated:1" in told(admin)


def test_it_is_about_the_checks_that_it_names(admin: User) -> None:
    window(checks=["database"])
    assert see_at(START + MINUTE, kind="database") is None
    assert see_at(START + MINUTE, kind="sms_service") is not None


def test_a_tenants_window_keeps_nothing_of_the_platform_back(admin: User, tenant: Tenant) -> None:
    window(tenant=tenant)
    assert see_at(START + MINUTE) is not None


def test_a_cancelled_one_keeps_nothing_back(admin: User) -> None:
    one = window()
    maintenance.keep_time(now=START)
    maintenance.cancel_window(window=one, now=START)
    assert see_at(START + MINUTE) is not None


# --- Who is told -------------------------------------------------------------------------------------------------


def titles(user: User) -> list[str]:
    return list(Notification.objects.filter(recipient=user).order_by("id").values_list("title", flat=True))


def test_admins_are_told_an_hour_before_and_when_it_is_over_once_each(admin: User, staff: User, owner: User) -> None:
    window(timezone="Africa/Dar_es_Salaam")
    for minutes in range(-90, 90, 5):
        maintenance.keep_time(now=START + minutes * MINUTE)
    assert titles(admin) == titles(staff) == ["Maintenance ahead: Upgrade", "Maintenance is over: Upgrade"]
    assert titles(owner) == []
    ahead = Notification.objects.filter(recipient=admin).earliest("id")
    assert ahead.message.startswith("From 2026-03-11 01:00 EAT to 2026-03-11 02:00 EAT.")
    assert (ahead.notification_type, ahead.priority, ahead.created_at) == ("maintenance", "low", START - HOUR)


def test_its_end_says_what_was_kept_back(admin: User) -> None:
    window()
    see_at(START)
    see_at(START + MINUTE, kind="database")
    maintenance.keep_time(now=START + HOUR)
    over = Notification.objects.get(title="Maintenance is over: Upgrade")
    assert over.message == "Problems are told again. Not told meanwhile: database, sms_service."


def test_a_tenants_owners_and_admins_are_told_of_their_own(
    admin: User, owner: User, member: User, outsider: User, tenant: Tenant
) -> None:
    window(tenant=tenant)
    maintenance.keep_time(now=START - HOUR)
    assert titles(owner) == ["Maintenance ahead: Upgrade"]
    assert titles(admin) == titles(member) == titles(outsider) == []


def test_a_change_plans_what_has_not_begun_anew(admin: User) -> None:
    one = window()
    maintenance.keep_time(now=START - 2 * HOUR)
    maintenance.change_window(window=one, changes={"starts_at": START + DAY}, now=START - 2 * HOUR)
    maintenance.keep_time(now=START + DAY - 2 * HOUR)
    assert [row.starts_at for row in MaintenanceOccurrence.objects.all()] == [START + DAY]
