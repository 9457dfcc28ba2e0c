"""Whose turn it is: passwords first, every tenant in turn, and no faster than the carrier allows."""

import datetime
import time

import pytest
from django.utils import timezone
from pytest_django import Settings

from sms import rates
from sms.models import Message, Traffic
from sms.providers.base import Outbound
from sms.services import Addressee, dispatch, queue_messages
from sms.services.claiming import claim
from sms.tests.helpers import Carrier, at_once, make_message, number
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]


def claimed(most: int, *, provider: str = "simulator") -> list[Message]:
    return claim(provider=provider, most=most)


def queue(tenant: Tenant, count: int, traffic: Traffic = Traffic.TRANSACTIONAL) -> None:
    addressees = [Addressee(number(index), "Hi") for index in range(count)]
    queue_messages(tenant_id=tenant.pk, addressees=addressees, sender_id="ACME", traffic=traffic)


def test_the_more_urgent_traffic_is_claimed_first(tenant: Tenant, other_tenant: Tenant) -> None:
    for traffic in (Traffic.PROMOTIONAL, Traffic.TRANSACTIONAL, Traffic.OTP):
        for _ in range(2):
            make_message(tenant, traffic=traffic)
    assert [message.traffic for message in claimed(3)] == ["otp", "otp", "transactional"]
    assert [message.traffic for message in claimed(9)] == ["transactional", "promotional", "promotional"]
    assert claimed(9) == []


def test_within_a_tenant_the_oldest_are_claimed_first(tenant: Tenant) -> None:
    ids = [make_message(tenant).pk for _ in range(5)]
    assert [message.pk for message in claimed(2)] == ids[:2]
    assert [message.pk for message in claimed(9)] == ids[2:]


def test_a_tenant_with_a_few_is_not_kept_waiting_by_one_with_many(
    tenant: Tenant, other_tenant: Tenant, topped_up: None
) -> None:
    queue(tenant, 1000)
    queue(other_tenant, 5)
    found = claimed(10)
    assert sum(message.tenant_id == other_tenant.pk for message in found) == 5
    assert len(claimed(64)) == 64  # nobody else waits any more: all turns are the large one's


def test_tenants_take_turns_also_when_there_are_more_of_them_than_may_be_claimed(tenant: Tenant) -> None:
    others = Tenant.objects.bulk_create(Tenant(name=f"T{n}", slug=f"t{n}") for n in range(7))
    for one in others:
        for _ in range(3):
            make_message(one)
    served = [message.tenant_id for _ in range(7) for message in claimed(3)]
    assert len(served) == 21
    assert all(served.count(one.pk) == 3 for one in others)
    assert len(set(served[:7])) >= 6  # nearly everybody once before anybody twice


@pytest.mark.django_db(transaction=True)
def test_what_two_workers_claim_at_once_is_never_the_same(
    tenant: Tenant, other_tenant: Tenant, topped_up: None
) -> None:
    queue(tenant, 200)
    queue(other_tenant, 200)
    found = [message.pk for batch in at_once(8, lambda _: claimed(64)) for message in batch]
    assert len(found) == len(set(found))
    while rest := claimed(64):
        found += [message.pk for message in rest]
    assert len(set(found)) == 400


class Metered(Carrier):
    """Notes when it was handed what."""

    handed: list[tuple[float, Outbound]]

    def submit(self, message: Outbound) -> str:
        self.handed.append((time.monotonic(), message))
        return super().submit(message)


@pytest.fixture
def metered(use: object) -> type[Metered]:
    Metered.handed = []
    use(Metered)  # type: ignore[operator]
    return Metered


def test_a_password_overtakes_a_batch_of_ten_thousand(
    tenant: Tenant, other_tenant: Tenant, topped_up: None, metered: type[Metered]
) -> None:
    queue(tenant, 10_000, Traffic.PROMOTIONAL)
    dispatch(provider="carrier", seconds=0.2)
    assert Message.objects.filter(status="queued").count() > 1000  # it is in the middle of it
    queue(other_tenant, 1, Traffic.OTP)
    before = len(metered.handed)
    dispatch(provider="carrier", seconds=0.2)
    assert metered.handed[before][1].reference == Message.objects.get(traffic="otp").pk


@pytest.mark.django_db(transaction=True)
def test_two_workers_together_keep_to_one_rate(
    tenant: Tenant, topped_up: None, metered: type[Metered], settings: Settings
) -> None:
    settings.SMS_RATES = {"carrier": 40.0}
    queue(tenant, 200)
    began = time.monotonic()

    def work(_: int) -> None:
        while time.monotonic() < began + 2.0:
            dispatch(provider="carrier", seconds=0.3)
            time.sleep(0.01)

    at_once(2, work)
    # The bucket is full at first: one second's worth at once, and then the rate.
    last = max(moment for moment, _ in metered.handed)
    assert 40 < len(metered.handed) <= 40 + 40 * (last - began) + 1


def test_what_a_worker_took_of_the_rate_and_did_not_need_is_given_back(
    tenant: Tenant, use: object, settings: Settings
) -> None:
    use(Carrier)  # type: ignore[operator]
    settings.SMS_RATES = {"carrier": 10.0}
    for _ in range(5):  # would empty the bucket if each kept the ten it may claim
        make_message(tenant, provider="carrier")
        assert dispatch(provider="carrier") == {"accepted": 1}


def test_a_worker_that_is_too_fast_leaves_and_asks_for_one_that_comes_later(
    tenant: Tenant, use: object, settings: Settings
) -> None:
    use(Carrier)  # type: ignore[operator]
    settings.SMS_RATES = {"carrier": 0.5}
    for _ in range(3):
        make_message(tenant, provider="carrier")
    assert dispatch(provider="carrier") == {"accepted": 1}
    taken, wait = rates.take("carrier", rate=0.5, wanted=1)
    assert taken == 0
    assert 1.0 < wait <= 2.0


def test_a_pause_is_everybodys(use: object) -> None:
    rates.pause("carrier", seconds=30)
    taken, wait = rates.take("carrier", rate=None, wanted=5)
    assert (taken, 28 < wait <= 30) == (0, True)
    assert rates.take("other", rate=None, wanted=5)[0] == 5


def test_scheduled_messages_do_not_slow_claiming_down(tenant: Tenant, topped_up: None) -> None:
    later = timezone.now() + datetime.timedelta(days=1)
    addressees = [Addressee(number(index), "Hi") for index in range(50)]
    queue_messages(tenant_id=tenant.pk, addressees=addressees, sender_id="ACME", send_at=later)
    assert claimed(10) == []
    assert dispatch(provider="simulator") == {}
