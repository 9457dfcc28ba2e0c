"""Only one runner evaluates at a time, across machines."""

import pytest
from django.db import transaction

from accounts.models import User
from notifications.models import Incident, MonitorLease, MonitorRun, Notification
from notifications.system_monitor import lease, monitor
from notifications.tests.helpers import ago, in_threads
from sms.providers import simulator

pytestmark = pytest.mark.django_db


def run_out() -> None:
    """Its holder has died, or sleeps."""
    assert MonitorLease.objects.update(expires_at=ago(seconds=1)) == 1


def test_a_held_lease_is_nobody_elses() -> None:
    assert lease.take() == 1
    assert lease.take() is None


def test_a_lease_that_was_given_back_is_the_next_ones_with_a_higher_token() -> None:
    token = lease.take()
    assert token is not None
    lease.give_back(token)
    assert lease.take() == 2


def test_a_lease_that_ran_out_is_the_next_ones() -> None:
    lease.take()
    run_out()
    assert lease.take() == 2
    assert lease.take() is None


def test_a_lease_runs_out_after_its_seconds() -> None:
    lease.take()
    left = MonitorLease.objects.get().expires_at - ago(seconds=0)
    assert 55 < left.total_seconds() <= 60


def test_a_holder_that_lost_it_can_neither_write_nor_give_it_back() -> None:
    late = lease.take()
    assert late is not None
    run_out()
    present = lease.take()
    assert present is not None
    with transaction.atomic():
        assert lease.still_held(present) is True
        assert lease.still_held(late) is False
    lease.give_back(late)
    assert lease.take() is None


def test_a_holder_that_lost_it_writes_nothing(admin: User) -> None:
    simulator.set_profile("outage")
    late = lease.take()
    assert late is not None
    run_out()
    lease.take()
    assert monitor._evaluate(late, oldest=ago(seconds=0)) is None
    assert not MonitorRun.objects.exists()
    assert not Incident.objects.exists()
    assert not Notification.objects.exists()


def test_a_holder_whose_lease_ran_out_but_was_not_taken_may_still_write(admin: User) -> None:
    token = lease.take()
    assert token is not None
    run_out()
    assert monitor._evaluate(token, oldest=ago(seconds=0)) is not None
    assert MonitorRun.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_24_that_reach_for_it_one_wins_five_times() -> None:
    for token in range(1, 6):
        won = [taken for taken in in_threads(24, lambda _: lease.take()) if taken is not None]
        assert won == [token]
        lease.give_back(token)


@pytest.mark.django_db(transaction=True)
def test_of_24_that_take_over_an_expired_one_one_wins() -> None:
    lease.take()
    run_out()
    assert [taken for taken in in_threads(24, lambda _: lease.take()) if taken] == [2]
