"""What is told together: digests at their time, and the summary of a storm."""

import datetime
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from notifications import preferences, services
from notifications.delivery import digests, sweeping
from notifications.models import Delivery, Notification
from notifications.models.choice import When
from notifications.models.priority import Priority
from notifications.preferences import Cell
from notifications.tests.delivering import Counting, counting, deliver
from notifications.tests.helpers import Note, SystemNote, in_threads

__all__ = ["counting"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("counting")]
NINE = datetime.datetime(2026, 3, 10, 9, 20, tzinfo=datetime.UTC)
HIGH, CRITICAL, LOW = Priority.HIGH, Priority.CRITICAL, Priority.LOW
MINUTE = datetime.timedelta(minutes=1)


def choose(user: User, when: When, *, category: str = "info", channel: str = "email") -> None:
    preferences.choose(user=user, cells=[Cell(category, channel, when)])


def tell(user: User, title: str = "Hello", *, priority: Priority = Priority.MEDIUM, **given: Any) -> None:
    kind = given.pop("kind", Note)
    services.notify(
        kind=kind, recipients=[user], context={"title": title, "message": "Hi"}, priority=priority, **given
    )


def states(channel: str = "email", **fields: Any) -> list[tuple[str, str]]:
    rows = Delivery.objects.filter(channel=channel, **fields).order_by("id")
    return [(row.state, row.together) for row in rows]


def the_digest() -> Delivery:
    return Delivery.objects.exclude(content__kind__in=["note", "system_note"]).get(channel="email")


def test_what_is_held_is_told_in_one_at_its_time_newest_first_and_its_parts_point_to_it(member: User) -> None:
    choose(member, When.HOURLY)
    with time_machine.travel(NINE, tick=False) as clock:
        for title in ("First", "Second", "Third"):
            tell(member, title)
            clock.shift(MINUTE)
        assert (states(), digests.make_due(), deliver()) == ([("held", "hourly")] * 3, 0, {})
        clock.move_to(NINE.replace(hour=10, minute=0))
        assert digests.make_due() == 1
        assert deliver() == {"accepted": 1}
    digest = the_digest()
    assert (digest.state, digest.rule, digest.recipient, digest.key) == (
        *("sent", "Hourly digest of 3.", member),
        f"digest:{digest.pk}",
    )
    parts = Delivery.objects.filter(digest=digest)
    assert {(part.state, part.finished_at is not None) for part in parts} == {("merged", True)}
    assert parts.count() == 3
    assert digest.content["title"] == "3 notifications: Third"
    assert digest.content["message"].splitlines() == [
        "- Third (38 minutes ago)",
        "- Second (39 minutes ago)",
        "- First (40 minutes ago)",
    ]
    items = digest.content["data"]["items"]
    assert [one["title"] for one in items] == ["Third", "Second", "First"]
    assert {UUID(one["notification_id"]) for one in items} == {part.notification_id for part in parts}
    assert Counting.told[0].content == digest.content


def test_a_daily_one_comes_at_the_time_that_was_chosen_by_the_persons_clock(member: User) -> None:
    User.objects.update(timezone="Africa/Dar_es_Salaam")  # UTC+3
    choose(member, When.DAILY)
    preferences.change(user=member, daily_digest_at=datetime.time(13, 30))
    with time_machine.travel(NINE, tick=False):
        tell(member)
        assert Delivery.objects.get(channel="email").due_at == NINE.replace(hour=10, minute=30)


def test_a_digest_of_one_is_that_one(member: User) -> None:
    choose(member, When.HOURLY)
    tell(member)
    assert digests.make_due(timezone.now() + 90 * MINUTE) == 0
    assert states() == [("waiting", "hourly")]
    with time_machine.travel(timezone.now() + 90 * MINUTE):
        assert deliver() == {"accepted": 1}


def test_what_has_expired_by_then_is_left_out(member: User) -> None:
    choose(member, When.HOURLY)
    for title in ("Over", "First", "Second"):
        tell(member, title)
    Notification.objects.filter(title="Over").update(expires_at=timezone.now() + 30 * MINUTE)
    with time_machine.travel(timezone.now() + 90 * MINUTE):
        assert digests.make_due() == 1
    assert the_digest().content["title"] == "2 notifications: Second"
    assert states(content__title="Over") == [("skipped", "hourly")]


def test_each_person_and_channel_has_its_own(member: User, outsider: User, settings: Settings) -> None:
    settings.NOTIFICATION_SMS_TENANT = "acme"
    User.objects.update(phone_number="+255754123456", phone_verified=True)
    for user in (member, outsider):
        for channel in ("email", "sms"):
            choose(user, When.HOURLY, channel=channel)
        for _ in range(2):
            tell(user)
    assert digests.make_due(timezone.now() + 90 * MINUTE) == 4
    made = Delivery.objects.filter(content__kind="digest")
    assert {(one.recipient, one.channel, one.parts.count()) for one in made} == {
        (user, channel, 2) for user in (member, outsider) for channel in ("email", "sms")
    }
    for one in made:
        assert {(part.recipient, part.channel) for part in one.parts.all()} == {(one.recipient, one.channel)}


def test_hourly_and_daily_ones_that_are_due_together_are_told_together(member: User) -> None:
    choose(member, When.HOURLY)
    choose(member, When.DAILY, category="system")
    tell(member)
    tell(member, kind=SystemNote, priority=LOW)
    assert digests.make_due(timezone.now() + datetime.timedelta(days=2)) == 1
    assert (the_digest().rule, the_digest().priority) == ("Digest of 2.", "medium")


def test_what_is_urgent_does_not_wait_for_a_digest(member: User) -> None:
    choose(member, When.DAILY)
    tell(member, priority=HIGH)
    assert deliver() == {"accepted": 1}


def test_the_words_are_bounded_and_count_the_rest(member: User, settings: Settings) -> None:
    settings.DIGEST_LINES = 3
    choose(member, When.HOURLY)
    for number in range(50):
        tell(member, f"Number {number}")
    digests.make_due(timezone.now() + 90 * MINUTE)
    lines = the_digest().content["message"].splitlines()
    assert [line.partition(" (")[0] for line in lines[:3]] == ["- Number 49", "- Number 48", "- Number 47"]
    assert lines[3:] == ["... and 47 more: 47 info"]
    assert (the_digest().content["data"]["count"], len(the_digest().content["data"]["items"])) == (50, 3)


def test_long_titles_leave_whole_lines(member: User, settings: Settings) -> None:
    settings.DIGEST_LINES = 100
    choose(member, When.HOURLY)
    for _ in range(60):
        tell(member, "x" * 200)
    digests.make_due(timezone.now() + 90 * MINUTE)
    text = the_digest().content["message"]
    assert len(text) <= 4000
    assert text.splitlines()[-1].startswith("... and ")
    assert len(the_digest().content["title"]) <= 200


def test_it_costs_the_same_for_many_as_for_few(member: User, outsider: User, owner: User) -> None:
    def cost(people: list[User], each: int) -> int:
        for user in people:
            choose(user, When.HOURLY)
            for _ in range(each):
                tell(user)
        with CaptureQueriesContext(connection) as queries:
            assert digests.make_due(timezone.now() + 90 * MINUTE) == len(people)
        return len(queries)

    assert cost([member], 2) == cost([member, outsider, owner], 20)


def test_killed_before_the_end_nothing_is_merged_and_the_next_run_makes_it(member: User) -> None:
    choose(member, When.HOURLY)
    for _ in range(2):
        tell(member)
    later = timezone.now() + 90 * MINUTE

    def killed() -> None:
        with transaction.atomic():
            digests.make_due(later)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        killed()
    assert states() == [("held", "hourly")] * 2
    assert (digests.make_due(later), digests.make_due(later)) == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_8_at_once_make_one_of_each(member: User, outsider: User) -> None:
    for user in (member, outsider):
        choose(user, When.HOURLY)
        for _ in range(5):
            tell(user)
    later = timezone.now() + 90 * MINUTE
    assert sorted(in_threads(8, lambda _: digests.make_due(later)))[-2:] in ([1, 1], [0, 2])
    assert Delivery.objects.filter(content__kind="digest").count() == 2
    assert Delivery.objects.filter(state="merged").count() == 10


def test_the_sweep_makes_them(member: User) -> None:
    choose(member, When.HOURLY)
    for _ in range(2):
        tell(member)
    with time_machine.travel(timezone.now() + 90 * MINUTE):
        assert sweeping.sweep()["digests"] == 1
