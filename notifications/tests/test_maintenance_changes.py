"""What becomes of what is planned, announced or under way when a window is changed or cancelled."""

import datetime
from typing import Any

import pytest
from django.db import transaction

from accounts.models import User
from notifications import incidents, maintenance
from notifications.maintenance import keeping
from notifications.models import Incident, MaintenanceOccurrence, MaintenanceWindow, Notification
from notifications.models.priority import Priority
from notifications.tests.helpers import problem
from tests.overlap import while_open

pytestmark = pytest.mark.django_db
START = datetime.datetime(2026, 3, 10, 22, 0, tzinfo=datetime.UTC)
MINUTE, HOUR, DAY = datetime.timedelta(minutes=1), datetime.timedelta(hours=1), datetime.timedelta(days=1)


@pytest.fixture
def window(admin: User) -> MaintenanceWindow:
    fields = {"title": "Upgrade", "starts_at": START, "minutes": 60}
    return maintenance.create_window(author=admin, fields=fields, now=START - DAY)


def change(window: MaintenanceWindow, now: datetime.datetime, **changes: Any) -> None:
    maintenance.change_window(window=window, changes=changes, now=now)


def see_at(moment: datetime.datetime) -> Incident | None:
    maintenance.keep_time(now=moment)
    return incidents.see_problem(problem=problem(Priority.HIGH), now=moment)


def titles(user: User) -> list[str]:
    rows = Notification.objects.filter(recipient=user, incident=None).order_by("id")
    return [title.removesuffix(": Upgrade") for title in rows.values_list("title", flat=True)]


def test_what_is_under_way_can_be_made_longer(window: MaintenanceWindow, admin: User) -> None:
    maintenance.keep_time(now=START)
    change(window, START + 50 * MINUTE, minutes=120)
    assert see_at(START + 90 * MINUTE) is None
    assert titles(admin) == ["Maintenance ahead"]
    assert see_at(START + 2 * HOUR) is not None
    assert titles(admin) == ["Maintenance ahead", "Maintenance is over"]


def test_and_shorter_which_ends_it_at_once_where_that_has_passed(window: MaintenanceWindow, admin: User) -> None:
    maintenance.keep_time(now=START)
    with pytest.raises(maintenance.WindowRefused):  # it would never have been: cancel it
        change(window, START + 30 * MINUTE, minutes=10)
    change(window, START + 30 * MINUTE, minutes=31)
    assert see_at(START + 31 * MINUTE) is not None
    assert titles(admin) == ["Maintenance ahead", "Maintenance is over"]


def test_one_that_recurs_ends_at_once_where_it_does_not_hold_any_more(window: MaintenanceWindow, admin: User) -> None:
    change(window, START - HOUR, weekdays=[1, 3])
    maintenance.keep_time(now=START)
    change(window, START + MINUTE, weekdays=[3])
    assert see_at(START + 2 * MINUTE) is not None
    change(window, START + 3 * MINUTE, weekdays=[1, 3])  # and holds again where it does
    Incident.objects.all().delete()
    assert see_at(START + 4 * MINUTE) is None


def test_a_change_of_what_was_announced_is_told_at_once_and_once(window: MaintenanceWindow, admin: User) -> None:
    maintenance.keep_time(now=START - HOUR)
    change(window, START - 30 * MINUTE, starts_at=START + DAY)
    assert titles(admin) == ["Maintenance ahead"] * 2
    newest = Notification.objects.latest("id")
    assert newest.message.startswith("From 2026-03-11 22:00 UTC to 2026-03-11 23:00 UTC.")
    assert see_at(START + MINUTE) is not None
    for minutes in range(-90, 90, 10):
        maintenance.keep_time(now=START + DAY + minutes * MINUTE)
    assert titles(admin) == ["Maintenance ahead"] * 2 + ["Maintenance is over"]


def test_a_change_that_is_none_tells_nobody(window: MaintenanceWindow, admin: User) -> None:
    maintenance.keep_time(now=START - HOUR)
    change(window, START - 30 * MINUTE, minutes=60, title="Upgrade", starts_at=START)
    assert titles(admin) == ["Maintenance ahead"]


def test_cancelling_tells_who_was_told(window: MaintenanceWindow, admin: User) -> None:
    maintenance.keep_time(now=START - HOUR)
    for _ in range(2):
        maintenance.cancel_window(window=window, now=START - MINUTE)
    assert titles(admin) == ["Maintenance ahead", "Maintenance is cancelled"]
    assert not MaintenanceOccurrence.objects.exists()


def test_cancelling_what_nobody_was_told_of_tells_nobody(window: MaintenanceWindow, admin: User) -> None:
    maintenance.keep_time(now=START - 2 * HOUR)
    maintenance.cancel_window(window=window, now=START - 2 * HOUR)
    maintenance.keep_time(now=START)
    assert titles(admin) == []


def test_cancelling_what_is_under_way_ends_it_and_keeps_what_it_kept_back(
    window: MaintenanceWindow, admin: User
) -> None:
    assert see_at(START + MINUTE) is None
    maintenance.cancel_window(window=window, now=START + 2 * MINUTE)
    assert see_at(START + 3 * MINUTE) is not None
    kept = MaintenanceOccurrence.objects.get()
    assert (kept.ends_at, kept.suppressed) == (START + 2 * MINUTE, {"sms_service": 1})
    assert titles(admin) == ["Maintenance ahead", "Maintenance is over"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ["change", "cancel"])
def test_a_run_that_plans_at_the_same_moment_leaves_nothing_of_what_was(
    act: str, window: MaintenanceWindow, admin: User
) -> None:
    """The run has planned and has not committed; the admin waits for it, and then finds what it planned."""

    def act_of_admin() -> None:
        if act == "change":
            change(window, START - 2 * HOUR, starts_at=START + DAY)
        else:
            maintenance.cancel_window(window=window, now=START - 2 * HOUR)

    while_open(lambda: maintenance.keep_time(now=START - 2 * HOUR), act_of_admin)
    with transaction.atomic():
        maintenance.keep_time(now=START)
    assert not MaintenanceOccurrence.objects.filter(starts_at=START).exists()


@pytest.mark.django_db(transaction=True)
def test_who_changes_what_another_admin_just_cancels_leaves_it_cancelled(window: MaintenanceWindow) -> None:
    now = START - 2 * HOUR
    with pytest.raises(maintenance.WindowGone):
        while_open(
            lambda: maintenance.cancel_window(window=window, now=now), lambda: change(window, now, title="Still on")
        )
    window.refresh_from_db()
    assert (window.title, window.cancelled_at) == ("Upgrade", now)


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_change_different_things_at_once_change_both(window: MaintenanceWindow) -> None:
    now = START - 2 * HOUR
    while_open(lambda: change(window, now, title="Larger disk"), lambda: change(window, now, minutes=90))
    window.refresh_from_db()
    assert (window.title, window.minutes) == ("Larger disk", 90)


def test_a_run_that_read_a_window_before_it_was_cancelled_plans_nothing(
    window: MaintenanceWindow, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = keeping._plan

    def cancelled_meanwhile(*given: Any) -> None:
        maintenance.cancel_window(window=window, now=START - 2 * HOUR)
        plan(*given)

    monkeypatch.setattr(keeping, "_plan", cancelled_meanwhile)
    maintenance.keep_time(now=START - 2 * HOUR)
    assert not MaintenanceOccurrence.objects.exists()
