"""The storm brake: more than so many within a while become one summary, and then one more when it is over."""

import datetime

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import User
from notifications import preferences, services
from notifications.delivery import digests
from notifications.models import Delivery
from notifications.tests.delivering import Counting, counting, deliver
from notifications.tests.helpers import Note
from notifications.tests.test_digests import CRITICAL, HIGH, MINUTE, NINE, states, tell

__all__ = ["counting"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("counting")]


@pytest.fixture
def storm_of_3(settings: Settings) -> None:
    settings.STORM_LIMIT, settings.STORM_WINDOW = 3, 10 * MINUTE
    settings.STORM_LONGEST = 60 * MINUTE


@pytest.mark.usefixtures("storm_of_3")
def test_of_more_than_the_limit_the_rest_is_told_in_one_and_then_again_when_it_is_over(member: User) -> None:
    def titles() -> list[str]:
        digests.make_due()
        deliver()
        told = [one.content["title"] for one in Counting.told]
        Counting.told.clear()
        return told

    with time_machine.travel(NINE, tick=False) as clock:
        for number in range(3):
            tell(member, f"Number {number}")
        assert titles() == ["Number 0", "Number 1", "Number 2"]
        tell(member, "Number 3")
        assert titles() == ["Many at once: 1 notification held together"]
        for _ in range(6):  # it goes on
            clock.shift(3 * MINUTE)
            for _ in range(2):
                tell(member, "More")
            assert titles() == []
        clock.shift(9 * MINUTE)
        assert titles() == []
        clock.shift(2 * MINUTE)  # nothing for ten minutes
        assert titles() == ["Many at once: 12 notifications held together"]
        clock.shift(15 * MINUTE)
        tell(member, "Calm")
        assert titles() == ["Calm"]
    rows = Delivery.objects.filter(together="storm")
    assert {(row.state, row.digest is not None) for row in rows} == {("merged", True)}
    assert rows[0].rule.endswith("More than 3 in 10 minutes: told together in a summary.")


@pytest.mark.usefixtures("storm_of_3")
def test_a_storm_that_does_not_end_is_summed_up_all_the_same(member: User) -> None:
    with time_machine.travel(NINE, tick=False) as clock:
        summaries = []
        for minute in range(100):
            for _ in range(2):
                tell(member)
            if digests.make_due():
                summaries.append(minute)
            clock.shift(MINUTE)
    assert summaries == [1, 62]


@pytest.mark.usefixtures("storm_of_3")
def test_critical_ones_pass_and_count(member: User) -> None:
    for _ in range(5):
        tell(member, priority=CRITICAL)
    assert deliver() == {"accepted": 5}
    tell(member)
    assert states()[-1] == ("held", "storm")


@pytest.mark.usefixtures("storm_of_3")
def test_the_brake_is_each_persons_and_channels_own(member: User, outsider: User, settings: Settings) -> None:
    settings.NOTIFICATION_SMS_TENANT = "acme"
    User.objects.filter(pk=member.pk).update(phone_number="+255754123456", phone_verified=True, sms_notifications=True)
    for _ in range(4):
        tell(member)
    tell(outsider)
    tell(member, priority=HIGH)
    assert states(recipient=outsider) == [("waiting", "")]
    assert states(recipient=member)[3:] == [("held", "storm")] * 2
    assert states("sms", recipient=member)[-1] == ("waiting", "")


@pytest.mark.usefixtures("storm_of_3")
def test_a_night_of_quiet_hours_does_not_end_in_a_storm(member: User) -> None:
    preferences.change(user=member, quiet_hours=(datetime.time(9), datetime.time(12)))
    with time_machine.travel(NINE, tick=False) as clock:
        for _ in range(8):
            tell(member, priority=HIGH)
            clock.shift(15 * MINUTE)
        assert digests.make_due() == 0
        clock.move_to(NINE.replace(hour=12, minute=0))
        assert digests.make_due() == 1
        assert deliver() == {"accepted": 4}
    assert Delivery.objects.filter(content__kind="storm_summary").get().parts.count() == 5


@pytest.mark.usefixtures("storm_of_3")
def test_snoozing_in_a_storm_holds_its_summary_and_switching_off_stops_it(member: User) -> None:
    with time_machine.travel(NINE, tick=False) as clock:
        for _ in range(4):
            tell(member)
        preferences.snooze(user=member, until=NINE + 30 * MINUTE)
        assert digests.make_due() == 0
        clock.shift(30 * MINUTE)
        preferences.change_settings(user=member, changes={"email_notifications_enabled": False})
        assert digests.make_due() == 0
    assert ("skipped", "") in states()


def test_without_a_limit_there_is_no_brake(member: User, settings: Settings) -> None:
    settings.STORM_LIMIT = 0
    for _ in range(15):
        tell(member)
    assert set(states()) == {("waiting", "")}


@pytest.mark.usefixtures("storm_of_3")
def test_braking_costs_one_query_however_many_are_told(member: User, outsider: User, owner: User) -> None:
    def cost(*people: User) -> int:
        with CaptureQueriesContext(connection) as queries:
            services.notify(kind=Note, recipients=people, context={"title": "A", "message": "B"})
        return len(queries)

    assert cost(member) == cost(member, outsider, owner)
