"""Credits that are worth nothing after some day: what is reserved then goes when it comes back."""

import datetime
from collections.abc import Iterator

import pytest
import time_machine

from sms import services
from sms.models import Status
from sms.services import NotEnoughCredits, expire_grants
from sms.tests.helpers import at_once
from sms.tests.ledger import account_of, balance, end, entries, grants, send, top_up
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]
DAY = datetime.timedelta(days=1)
START = datetime.datetime(2026, 3, 10, 12, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as clock:
        yield clock


def test_what_is_available_of_an_expired_grant_goes(tenant: Tenant, other_tenant: Tenant) -> None:
    top_up(tenant, 100, expires_at=START + DAY)
    top_up(tenant, 50)
    top_up(other_tenant, 7, expires_at=START + 2 * DAY)
    assert expire_grants(now=START + DAY - datetime.timedelta(microseconds=1)) == 0
    assert expire_grants(now=START + DAY) == 100
    assert expire_grants(now=START + DAY) == 0
    assert (balance(tenant), balance(other_tenant)) == ((50, 0), (7, 0))
    assert grants(tenant) == [0, 50]
    assert entries(tenant, "expire") == [("expire", -100, 0)]


def test_what_is_reserved_expires_when_it_is_given_back_and_is_spent_when_delivered(tenant: Tenant) -> None:
    top_up(tenant, 10, expires_at=START + DAY)
    ids = send(tenant, 6)
    assert expire_grants(now=START + DAY) == 4
    assert balance(tenant) == (0, 6)
    end(ids[:2], Status.DELIVERED, now=START + DAY)
    assert balance(tenant) == (0, 4)
    end(ids[2:5], Status.REJECTED, now=START + 2 * DAY)
    assert balance(tenant) == (0, 1)
    end(ids[5:], Status.UNDELIVERED, now=START + 2 * DAY)
    assert balance(tenant) == (0, 0)
    assert [gone for _, gone, _ in entries(tenant, "expire")] == [-4, -3, -1]


def test_what_was_given_back_in_time_expires_with_the_rest(tenant: Tenant) -> None:
    top_up(tenant, 10, expires_at=START + DAY)
    end(send(tenant, 6), Status.REJECTED, now=START)
    assert balance(tenant) == (10, 0)
    assert expire_grants(now=START + DAY) == 10


def test_the_oldest_are_spent_first_so_younger_ones_expire_first_unspent(tenant: Tenant) -> None:
    top_up(tenant, 10)
    top_up(tenant, 10, expires_at=START + DAY)
    ids = send(tenant, 12)  # ten of the older grant, two of the younger one
    assert expire_grants(now=START + DAY) == 8
    end(ids, Status.DELIVERED)
    assert grants(tenant) == [0, 0]
    assert balance(tenant) == (0, 0)


def test_expired_credits_cannot_be_reserved_in_the_minute_before_the_sweeper_comes(
    tenant: Tenant, clock: time_machine.Traveller
) -> None:
    top_up(tenant, 10, expires_at=START + DAY)
    top_up(tenant, 3)
    clock.move_to(START + DAY)
    with pytest.raises(NotEnoughCredits):
        send(tenant, 4)
    send(tenant, 3)
    assert balance(tenant) == (0, 3)
    assert expire_grants() == 0


def test_the_balance_after_a_top_up_holds_nothing_that_has_expired(
    tenant: Tenant, clock: time_machine.Traveller
) -> None:
    top_up(tenant, 10, expires_at=START + DAY)
    clock.move_to(START + DAY)
    top_up(tenant, 5)
    assert account_of(tenant).balance_after_last_top_up == 5
    assert balance(tenant) == (5, 0)


def test_an_account_knows_when_the_next_grant_expires(tenant: Tenant) -> None:
    top_up(tenant, 1, expires_at=START + 3 * DAY)
    top_up(tenant, 1, expires_at=START + DAY)
    top_up(tenant, 1)
    assert account_of(tenant).next_expiry_at == START + DAY
    expire_grants(now=START + DAY)
    assert account_of(tenant).next_expiry_at == START + 3 * DAY
    expire_grants(now=START + 3 * DAY)
    assert account_of(tenant).next_expiry_at is None
    assert balance(tenant) == (1, 0)


def test_credits_that_have_expired_already_cannot_be_bought(tenant: Tenant) -> None:
    with pytest.raises(ValueError, match="expired"):
        top_up(tenant, 10, expires_at=START)


def test_an_adjustment_downward_takes_from_what_has_not_expired(tenant: Tenant, clock: time_machine.Traveller) -> None:
    top_up(tenant, 10, expires_at=START + DAY)
    top_up(tenant, 10)
    clock.move_to(START + DAY)
    services.adjust(tenant_id=tenant.pk, credits=-4, reference="a", note="Ticket 1")
    assert grants(tenant) == [0, 6]
    assert balance(tenant) == (6, 0)


def test_unlimited_accounts_credits_expire_too(tenant: Tenant) -> None:
    top_up(tenant, 10, expires_at=START + DAY)
    services.set_terms(tenant_id=tenant.pk, is_unlimited=True)
    assert expire_grants(now=START + DAY) == 10
    assert balance(tenant) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_sweepers_and_a_sender_at_once_expire_everything_once(tenant: Tenant, clock: time_machine.Traveller) -> None:
    for _ in range(20):
        top_up(tenant, 5, expires_at=START + DAY)
    top_up(tenant, 6)

    def work(index: int) -> int:
        return len(send(tenant)) if index == 0 else expire_grants()

    clock.move_to(START + DAY)
    at_once(6, work)
    assert balance(tenant) == (5, 1)
    assert entries(tenant, "expire") == [("expire", -5, 0)] * 20
