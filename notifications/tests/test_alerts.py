"""Operators' own channels as deliveries: in order, under one id, each by itself."""

import warnings
from collections.abc import Iterator

import pytest
from django.core import mail as outgoing
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from notifications import incidents
from notifications.delivery import sweeping
from notifications.models import Delivery
from notifications.models.priority import Priority
from notifications.tests.delivering import deliver
from notifications.tests.helpers import ago, problem, resolve, see
from notifications.tests.receivers import Receiver, receiving


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    settings.ALERT_TIME_LIMIT = settings.ALERT_TIME_LIMIT * 10
    with receiving() as server, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of a module that Apprise looks at for its pictures
        settings.ALERT_URLS = [server.alert_url]
        yield server


def due() -> None:
    Delivery.objects.filter(state="waiting").update(due_at=timezone.now())


def test_a_beginning_its_worsening_and_its_end_come_in_order_under_one_id(receiver: Receiver, admin: User) -> None:
    incident = see(problem())
    see(problem(Priority.HIGH))
    resolve(incident)
    while deliver("operators"):
        pass
    name = f"incident-{incident.pk}"
    assert receiver.alerts == [(name, "failure"), (name, "failure"), (name, "success")]
    assert set(Delivery.objects.filter(channel="operators").values_list("state", flat=True)) == {"sent"}


def test_an_end_waits_until_its_beginning_was_taken(receiver: Receiver, admin: User) -> None:
    incident = see(problem())
    receiver.status = 500
    assert deliver("operators") == {"try_again": 1}
    resolve(incident)
    receiver.status = 200
    assert deliver("operators") == {}  # the beginning waits for its time, and the end for the beginning
    due()
    while deliver("operators"):
        pass
    assert [kind for _, kind in receiver.alerts][-2:] == ["failure", "success"]


def test_the_end_does_not_wait_for_a_beginning_that_was_given_up(receiver: Receiver, admin: User) -> None:
    incident = see(problem())
    Delivery.objects.filter(channel="operators").update(state="dead", finished_at=timezone.now())
    resolve(incident)
    assert deliver("operators") == {"accepted": 1}


def test_one_operator_who_is_away_is_tried_again_and_the_others_are_told_once(
    receiver: Receiver, settings: Settings, admin: User
) -> None:
    settings.ALERT_URLS = ["json://127.0.0.1:1/", *settings.ALERT_URLS]
    see(problem())
    assert deliver("operators") == {"try_again": 1, "accepted": 1}
    due()
    deliver("operators")
    assert len(receiver.alerts) == 1


def test_an_address_that_was_taken_out_of_the_settings_is_told_nothing(
    receiver: Receiver, settings: Settings, admin: User
) -> None:
    see(problem())
    settings.ALERT_URLS = []
    assert deliver("operators") == {"refused": 1}
    assert receiver.alerts == []


def test_every_mail_to_an_operator_is_one_of_its_own_in_one_thread(settings: Settings, admin: User) -> None:
    settings.ALERT_EMAILS = ["ops@acme.test"]
    incident = see(problem())
    see(problem(Priority.HIGH))
    resolve(incident)
    incidents.reopen(incident=incident, actor=admin, reason="Not yet.")
    resolve(incident)
    while deliver("operators"):
        pass
    sent = [one.message() for one in outgoing.outbox if one.to == ["ops@acme.test"]]
    assert len(sent) == len({one["Message-ID"] for one in sent}) == 5
    assert sent[0]["In-Reply-To"] is None
    assert {one["In-Reply-To"] for one in sent[1:]} == {sent[0]["Message-ID"]}
    assert {one["X-Deduplication-Id"] for one in sent} == {f"incident-{incident.pk}"}


def test_what_a_lost_worker_was_at_is_told_again_under_the_same_id(receiver: Receiver, admin: User) -> None:
    see(problem())
    deliver("operators")
    Delivery.objects.filter(channel="operators").update(
        state="claimed", claim_token=admin.pk, lease_expires_at=ago(seconds=1), finished_at=None
    )
    sweeping.replay(now=timezone.now())
    deliver("operators")
    assert len(receiver.alerts) == 2
    assert len(set(receiver.alerts)) == 1
    ids = [body["message"].split("Delivery ")[1].split()[0] for _, body in receiver.calls]
    assert len(set(ids)) == 1
