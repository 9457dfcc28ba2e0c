"""Quiet hours, snooze, and wishes that change while something waits."""

import datetime

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from notifications import preferences
from notifications.delivery import digests
from notifications.models import Delivery
from notifications.models.choice import When
from notifications.tests.delivering import Counting, counting, deliver
from notifications.tests.test_digests import CRITICAL, HIGH, MINUTE, NINE, choose, states, tell
from tenants import services as tenants
from tenants.models import Tenant

__all__ = ["counting"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("counting")]


def test_quiet_hours_hold_all_but_critical_ones_until_they_end(member: User) -> None:
    preferences.change(user=member, quiet_hours=(datetime.time(9), datetime.time(11)))
    with time_machine.travel(NINE, tick=False) as clock:
        tell(member, priority=HIGH)
        tell(member, priority=CRITICAL)
        assert deliver() == {"accepted": 1}
        assert Counting.told[0].content["priority"] == "critical"
        clock.move_to(NINE.replace(hour=11, minute=0))
        assert deliver() == {"accepted": 1}


def test_snoozing_holds_what_comes_and_what_was_to_come_and_ending_it_lets_all_go(member: User) -> None:
    preferences.change(user=member, quiet_hours=(datetime.time(9), datetime.time(9, 30)))
    with time_machine.travel(NINE, tick=False) as clock:
        tell(member, "Before")
        preferences.snooze(user=member, until=NINE + 60 * MINUTE)
        tell(member, "After")
        tell(member, "Critical", priority=CRITICAL)
        assert deliver() == {"accepted": 1}
        assert {row.due_at for row in Delivery.objects.filter(channel="email", state="waiting")} == {
            NINE + 60 * MINUTE
        }
        clock.shift(30 * MINUTE)
        assert deliver() == {}
        preferences.snooze(user=member, until=None)
        assert deliver() == {"accepted": 2}
    assert [one.content["title"] for one in Counting.told] == ["Critical", "Before", "After"]


def test_a_snooze_that_is_over_holds_nothing(member: User) -> None:
    preferences.snooze(user=member, until=timezone.now() - MINUTE)
    tell(member)
    assert deliver() == {"accepted": 1}


@pytest.mark.parametrize(
    ("when", "after"),
    [(When.OFF, ("skipped", "")), (When.AT_ONCE, ("waiting", "")), (When.DAILY, ("held", "daily"))],
)
def test_a_changed_choice_holds_for_what_is_still_to_come(
    when: When, after: tuple[str, str], member: User, outsider: User
) -> None:
    for user in (member, outsider):
        choose(user, When.HOURLY)
        tell(user)
    choose(member, when)
    assert (states(recipient=member), states(recipient=outsider)) == ([after], [("held", "hourly")])
    row = Delivery.objects.get(recipient=member, channel="email")
    assert row.rule.startswith("E-mail for other news: ")
    assert (row.finished_at is None) == (when != When.OFF)


def test_what_was_tried_or_is_under_way_goes_its_way(member: User) -> None:
    preferences.change(user=member, quiet_hours=(datetime.time(9), datetime.time(11)))
    with time_machine.travel(NINE, tick=False):
        for _ in range(2):
            tell(member)
        first = Delivery.objects.filter(channel="email").order_by("id")[0]
        Delivery.objects.filter(pk=first.pk).update(attempts=1)
        choose(member, When.OFF)
    assert states() == [("waiting", ""), ("skipped", "")]


def test_a_switch_that_is_turned_off_stops_what_is_held_of_every_tenant(member: User, tenant: Tenant) -> None:
    choose(member, When.HOURLY)
    tell(member)
    tell(member, tenant=tenant)
    preferences.change_settings(user=member, changes={"email_notifications_enabled": False})
    assert states() == [("skipped", "")] * 2


@pytest.mark.parametrize("when", [When.AT_ONCE, When.HOURLY])
def test_whoever_left_the_tenant_meanwhile_is_not_told_of_it_any_more(
    when: When, member: User, tenant: Tenant
) -> None:
    choose(member, when)
    with time_machine.travel(NINE, tick=False) as clock:
        preferences.snooze(user=member, until=NINE + 60 * MINUTE)
        for title in ("One", "Two"):
            tell(member, title, tenant=tenant)
        tell(member, "Theirs")
        tenants.remove_member(tenant=tenant, user=member)
        clock.shift(60 * MINUTE)
        digests.make_due()
        assert deliver() == {"accepted": 1}
    assert [one.content["title"] for one in Counting.told] == ["Theirs"]
    gone = Delivery.objects.filter(channel="email", tenant=tenant).values_list("state", "reason", "attempts")
    assert list(gone) == 2 * [("skipped", "They had left the tenant before it could be told.", 0)]
