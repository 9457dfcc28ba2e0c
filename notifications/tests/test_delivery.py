"""The life of a delivery: claimed, tried, settled, given up, found again."""

import datetime
import json
import time

import pytest
import redis
from django.conf import settings as django_settings
from django.db.models import F
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings
from uuid_utils.compat import uuid7

from accounts.models import User
from notifications import tasks
from notifications.channels.base import Parcel, Refused, TryAgain, Uncertain
from notifications.delivery import claiming, dispatch, forgetting, sweeping
from notifications.delivery.dispatch import hand_over
from notifications.models import Delivery, DeliveryAttempt, Incident, Notification
from notifications.tests.conftest import Get
from notifications.tests.delivering import Counting, Urgent, counting, deliver, only
from notifications.tests.helpers import ago, in_threads, tell
from notifications.tests.test_announcements import people

__all__ = ["counting"]


def attempts(delivery: Delivery) -> list[tuple[int, str, str]]:
    return list(delivery.tries.order_by("id").values_list("number", "outcome", "reason"))


def due() -> None:
    Delivery.objects.filter(state="waiting").update(due_at=timezone.now())


def test_what_is_taken_is_sent_with_its_reference_and_its_attempt(counting: type[Counting], member: User) -> None:
    tell(member)
    assert deliver() == {"accepted": 1}
    row = only()
    assert (row.state, row.reference, row.claim_token, row.lease_expires_at) == ("sent", f"ref-{row.pk}", None, None)
    assert row.finished_at is not None
    assert attempts(row) == [(1, "accepted", "")]
    assert [parcel.address for parcel in counting.told] == [member.email]
    assert deliver() == {}


def test_what_is_not_taken_is_tried_again_later_and_every_attempt_is_kept(
    counting: type[Counting], member: User
) -> None:
    tell(member)
    counting.fails = [TryAgain("Busy."), Uncertain("Lost."), RuntimeError("secret words")]
    waits = []
    for _ in range(3):
        before = timezone.now()
        deliver()
        waits.append((only().due_at - before).total_seconds())
        assert (only().state, deliver()) == ("waiting", {})  # not before its time
        due()
    assert deliver() == {"accepted": 1}
    assert [reason for _, _, reason in attempts(only())][:2] == ["Busy.", "Lost."]
    assert [outcome for _, outcome, _ in attempts(only())] == ["try_again", "unknown", "unknown", "accepted"]
    assert "secret" not in str(attempts(only()))
    for wait, step in zip(waits, counting.backoff, strict=False):
        assert step <= wait < step * 1.2 + 30


def test_the_receiver_says_when_to_try_again_up_to_a_day(counting: type[Counting], member: User) -> None:
    tell(member)
    for asked, least in ((datetime.timedelta(minutes=7), 420), (datetime.timedelta(days=9), 86400)):
        counting.fails = [TryAgain("Busy.", after=asked)]
        before = timezone.now()
        deliver()
        assert least <= (only().due_at - before).total_seconds() < least * 1.2 + 30
        due()


def test_what_is_refused_is_given_up_at_once_and_the_rest_after_so_many_attempts(
    counting: type[Counting], member: User, staff: User
) -> None:
    tell(member)
    counting.fails = [Refused("No such mailbox.")]
    assert deliver() == {"refused": 1}
    assert (only().state, only().reason, only().finished_at is None) == ("dead", "No such mailbox.", False)
    tell(staff)
    counting.fails = [TryAgain(f"Busy {n}.") for n in range(counting.attempts)]
    for _ in range(counting.attempts):
        due()
        deliver()
    row = only(recipient=staff)
    assert (row.state, row.attempts, row.reason) == ("dead", counting.attempts, f"Busy {counting.attempts - 1}.")
    assert deliver() == {}


def test_a_channel_that_takes_nothing_is_a_problem_until_it_does(
    counting: type[Counting], admin: User, member: User, settings: Settings
) -> None:
    settings.DELIVERY_BLOCKED_AFTER = datetime.timedelta(minutes=15)
    tell(member)
    tell(admin, kind=Urgent)
    counting.fails = [TryAgain("The mail server is away.")] * 2
    deliver()
    assert tasks.sweep_deliveries()["blocked"] == 0, "not yet"
    Delivery.objects.update(created_at=ago(minutes=16))
    assert [tasks.sweep_deliveries()["blocked"] for _ in range(2)] == [1, 1]
    incident = Incident.objects.get(kind="delivery_blocked")
    assert (incident.scope, incident.priority) == ("email", "high")
    assert incident.summary == (
        "None was taken in 15 minutes, and 2 wait to be tried again. The oldest: The mail server is away."
    )
    counting.fails = [TryAgain("Busy.")]
    due()
    deliver()  # of the two, and what told of the incident itself
    assert tasks.sweep_deliveries()["blocked"] == 0, "one was taken: another one's mailbox is no outage"
    incident.refresh_from_db()
    assert incident.state == "resolved"


def test_dead_letters_are_a_problem_until_somebody_has_seen_to_them(
    counting: type[Counting], admin: User, member: User, client: Client
) -> None:
    for _ in range(2):
        tell(member)
    counting.fails = [Refused("No such mailbox."), Refused("No such mailbox.")]
    deliver()
    assert tasks.sweep_deliveries()["dead"] == 2
    incident = Incident.objects.get(kind="delivery_dead_letters")
    assert (incident.state, incident.summary) == (
        "open",
        "2 could not be handed over (2 by email). The last one: No such mailbox.",
    )
    first, second = Delivery.objects.given_up().order_by("id")
    client.force_login(admin)
    for row, action in ((first, "try_again"), (second, "see_to")):
        asked = {"action": action, "_selected_action": [str(row.pk)]}
        assert client.post("/admin/notifications/delivery/", asked, follow=True).status_code == 200
    assert tasks.sweep_deliveries()["dead"] == 0
    incident.refresh_from_db()
    assert incident.state == "resolved"
    counting.told.clear()
    deliver()
    first.refresh_from_db()
    assert first.state == "sent"
    assert first.pk in {parcel.id for parcel in counting.told}
    assert len(attempts(first)) == 2
    assert client.get(f"/admin/notifications/delivery/{first.pk}/change/").status_code == 200


def test_what_a_lost_worker_was_at_is_told_again_under_the_same_id(counting: type[Counting], member: User) -> None:
    tell(member)
    (claimed,) = claiming.claim(channel="email", most=10)
    assert (tasks.sweep_deliveries()["replayed"], deliver()) == (0, {})  # its lease stands
    Delivery.objects.filter(state="claimed").update(lease_expires_at=ago(seconds=1))
    assert [tasks.sweep_deliveries()["replayed"] for _ in range(2)] == [1, 0]
    assert deliver() == {"accepted": 1}
    assert [parcel.id for parcel in counting.told] == [claimed.id]
    assert [outcome for _, outcome, _ in attempts(only())] == ["unknown", "accepted"]


def test_what_takes_its_worker_down_each_time_is_given_up(counting: type[Counting], member: User) -> None:
    tell(member)
    for _ in range(counting.attempts):
        claiming.claim(channel="email", most=10)
        Delivery.objects.filter(state="claimed").update(lease_expires_at=ago(seconds=1))
        sweeping.replay(now=timezone.now())
    assert (only().state, DeliveryAttempt.objects.count()) == ("dead", counting.attempts)


def test_a_worker_whose_lease_was_passed_on_writes_nothing(counting: type[Counting], member: User) -> None:
    tell(member)
    (late,) = claiming.claim(channel="email", most=10)
    Delivery.objects.filter(state="claimed").update(claim_token=uuid7())
    tried = [dispatch.Tried(late, DeliveryAttempt.Outcome.REFUSED, "Late.")]
    assert dispatch.record(counting(), tried) == 0
    claiming.give_back([late])
    assert (only().state, DeliveryAttempt.objects.count()) == ("claimed", 0)


def test_a_worker_gives_back_what_it_has_no_time_for(
    counting: type[Counting], admin: User, settings: Settings
) -> None:
    settings.DELIVERY_LEASE = datetime.timedelta(0)
    people(9)
    for person in User.objects.all():
        tell(person)
    assert hand_over(slug="email", seconds=0.0) == {}
    mine = claiming.claim(channel="email", most=50)
    settled, is_open = dispatch._hand_over(counting(), mine, until=time.monotonic() + 60)
    assert (len(settled), is_open) == (1, True)
    waiting = Delivery.objects.filter(channel="email", state="waiting")
    assert (waiting.count(), set(waiting.values_list("attempts", flat=True))) == (9, {0})


def test_a_receiver_that_is_slow_with_each_holds_no_worker_for_a_whole_batch(
    counting: type[Counting], admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(5)
    for person in User.objects.all():
        tell(person)

    def slowly(channel: Counting, parcel: Parcel) -> str:
        time.sleep(0.3)
        return ""

    monkeypatch.setattr(counting, "send", slowly)
    told = sum(hand_over(slug="email", seconds=0.4).values())
    assert told in (1, 2)  # and not the batch of six that it had claimed
    waiting = Delivery.objects.filter(channel="email", state="waiting")
    assert (waiting.count(), set(waiting.values_list("attempts", flat=True))) == (6 - told, {0})


def test_an_alarm_does_not_stand_behind_a_newsletter(counting: type[Counting], staff: User) -> None:
    people(60)
    for person in User.objects.exclude(pk=staff.pk):
        tell(person, "News")
    Delivery.objects.update(due_at=timezone.now() - datetime.timedelta(hours=1))
    tell(staff, "Alarm", kind=Urgent)
    deliver()
    titles = [parcel.content["title"] for parcel in counting.told]
    assert (len(titles), titles.index("Alarm") < counting.batch) == (61, True)


def test_what_expired_before_it_could_be_told_is_told_no_more(counting: type[Counting], member: User) -> None:
    past, ahead = timezone.now() - datetime.timedelta(minutes=1), timezone.now() + datetime.timedelta(days=1)
    people(counting.batch)
    for person in User.objects.exclude(pk=member.pk):
        tell(person, "Over", expires_at=past)
    tell(member, "Still on", expires_at=ahead)
    assert deliver() == {"accepted": 1}
    assert [parcel.content["title"] for parcel in counting.told] == ["Still on"]
    skipped = Delivery.objects.filter(channel="email", state="skipped")
    assert (skipped.count(), set(skipped.values_list("attempts", "reason", "claim_token"))) == (
        counting.batch,
        {(0, "The notification had expired before it could be told.", None)},
    )
    assert not skipped.filter(finished_at=None).exists()


def test_what_was_deleted_while_it_was_being_told_is_no_error(
    counting: type[Counting], member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = tell(member)

    def gone(self: Counting, parcel: Parcel) -> str:
        Notification.objects.filter(pk=row.pk).delete()
        return "taken"

    monkeypatch.setattr(Counting, "send", gone)
    assert deliver() == {"accepted": 1}
    assert not Delivery.objects.exists()
    assert not DeliveryAttempt.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_hand_over_each_once(counting: type[Counting], admin: User) -> None:
    people(399)
    for person in User.objects.all():
        tell(person)
    counted = in_threads(2, lambda _: hand_over(slug="email", seconds=60))
    assert sum(one.get("accepted", 0) for one in counted) == 400
    assert len({parcel.id for parcel in counting.told}) == len(counting.told) == 400


@pytest.mark.django_db(transaction=True)
def test_two_sweepers_at_once_replay_each_once(counting: type[Counting], admin: User) -> None:
    people(99)
    for person in User.objects.all():
        tell(person)
    claiming.claim(channel="email", most=100)
    Delivery.objects.filter(state="claimed").update(lease_expires_at=ago(seconds=1))
    assert sum(in_threads(2, lambda _: sweeping.replay(now=timezone.now()))) == 100
    assert DeliveryAttempt.objects.count() == 100


def test_workers_are_asked_for_once_until_one_begins(
    counting: type[Counting], member: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    def asked() -> int:
        with redis.Redis.from_url(django_settings.REDIS_URL) as client:
            return int(client.llen("celery"))

    for _ in range(3):
        with django_capture_on_commit_callbacks(execute=True):
            tell(member)
    assert asked() == 1
    deliver()
    with django_capture_on_commit_callbacks(execute=True):
        tell(member)
    assert asked() == 2


def test_a_broker_that_is_away_loses_nothing(
    counting: type[Counting],
    member: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    monkeypatch.setattr("notifications.delivery.hints.current_app.send_task", _away)
    with django_capture_on_commit_callbacks(execute=True):
        tell(member)
    monkeypatch.undo()
    assert Delivery.objects.filter(state="waiting").count() == 1


def _away(*_: object, **__: object) -> None:
    raise ConnectionError("away")


def test_the_sweeper_asks_for_workers_where_something_is_due(counting: type[Counting], member: User) -> None:
    assert sweeping.sweep()["hinted"] == 0
    tell(member)
    assert sweeping.sweep()["hinted"] == 1
    Delivery.objects.update(due_at=timezone.now() + datetime.timedelta(hours=1))
    assert sweeping.sweep()["hinted"] == 0


def test_old_ones_are_forgotten_and_what_is_on_its_way_is_kept(counting: type[Counting], member: User) -> None:
    tell(member)
    deliver()
    tell(member)
    Delivery.objects.filter(finished_at__isnull=False).update(finished_at=ago(days=31))
    assert forgetting.forget_old(days=30) == 3  # the one that was sent, and two that a rule left out
    assert [row.state for row in Delivery.objects.all()] == ["waiting"]
    assert not DeliveryAttempt.objects.exists()
    assert Notification.objects.count() == 2


def test_a_cleanup_takes_along_what_was_sent(counting: type[Counting], member: User) -> None:
    tell(member, status="read", read_at=ago(days=31))
    deliver()
    part = Delivery.objects.get(channel="sms")
    Delivery.objects.filter(pk=part.pk).update(digest=F("id"))
    assert tasks.retention()["notifications"] == 1
    assert not Delivery.objects.exists()


def test_only_its_reader_sees_what_became_of_it(
    counting: type[Counting], member: User, outsider: User, get: Get
) -> None:
    row = tell(member)
    counting.fails = [TryAgain("Busy.")]
    deliver()
    inbox, mail, text = get(member, f"{row.pk}/deliveries/")["deliveries"]
    assert (inbox["channel"], inbox["state"], inbox["id"]) == ("in_app", "sent", None)
    assert (mail["state"], mail["rule"], mail["reason"]) == (
        "waiting",
        "E-mail for other news: at once, as it is built in.",
        "Busy.",
    )
    (tried,) = mail["attempts"]
    assert (tried["number"], tried["outcome"], tried["reason"]) == (1, "try_again", "Busy.")
    assert (text["state"], text["rule"], text["attempts"]) == ("skipped", "No verified phone number.", [])
    assert json.dumps(mail).count(str(only().pk)) == 1
