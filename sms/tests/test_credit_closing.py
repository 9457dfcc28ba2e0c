"""What is set aside for a message is spent or given back when it is known what became of it, once."""

import itertools

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sms import services
from sms.models import CreditAccount, CreditEntry, Message, Status
from sms.services.credits import close_reservations
from sms.tests.helpers import at_once, receipt
from sms.tests.ledger import balance, end, entries, grants, send, top_up
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]
Refunds = CreditAccount.Refunds
DELIVERED, UNDELIVERED, REJECTED, EXPIRED, CANCELLED = (
    Status.DELIVERED,
    Status.UNDELIVERED,
    Status.REJECTED,
    Status.EXPIRED,
    Status.CANCELLED,
)


@pytest.mark.parametrize(
    ("refunds", "status", "taken", "goes_back"),
    [
        *((refunds, DELIVERED, True, False) for refunds in Refunds),
        # What no carrier took goes back, whatever was agreed.
        *((refunds, status, False, True) for refunds in Refunds for status in (REJECTED, EXPIRED, CANCELLED)),
        *((Refunds.FAILED, status, True, True) for status in (UNDELIVERED, REJECTED, EXPIRED)),
        (Refunds.REJECTED, REJECTED, True, True),
        (Refunds.REJECTED, UNDELIVERED, True, False),
        (Refunds.REJECTED, EXPIRED, True, False),
        *((Refunds.NEVER, status, True, False) for status in (UNDELIVERED, REJECTED, EXPIRED)),
    ],
)
def test_what_becomes_of_the_credits(
    tenant: Tenant, refunds: Refunds, status: Status, taken: bool, goes_back: bool
) -> None:
    services.set_terms(tenant_id=tenant.pk, refunds=refunds)
    top_up(tenant, 10)
    end(send(tenant, text="a" * 161), status, taken=taken)
    assert balance(tenant) == ((10, 0) if goes_back else (8, 0))
    assert entries(tenant)[-1] == (("release", 2, -2) if goes_back else ("settle", 0, -2))
    assert grants(tenant) == [10 if goes_back else 8]


def test_spent_credits_are_the_oldest(tenant: Tenant) -> None:
    for bought in (3, 4, 5):
        top_up(tenant, bought)
    ids = send(tenant, 9)
    end(ids[:2], DELIVERED)
    assert grants(tenant) == [1, 4, 5]
    end(ids[2:6], DELIVERED)
    assert grants(tenant) == [0, 1, 5]
    end(ids[6:], DELIVERED)
    assert grants(tenant) == [0, 0, 3]
    assert balance(tenant) == (3, 0)


def test_it_happens_once_however_often_it_is_said(tenant: Tenant) -> None:
    top_up(tenant, 10)
    ids = send(tenant, 3)
    now = end(ids[:2], UNDELIVERED)
    Message.objects.filter(pk=ids[2]).update(status=EXPIRED)  # ended too, and its credits are the only open ones
    for _ in range(2):
        with transaction.atomic():
            close_reservations(ids=ids, now=now)
    assert balance(tenant) == (10, 0)
    assert len(entries(tenant, "release")) == 3


def test_a_message_that_is_delivered_after_it_was_refunded_is_not_charged(tenant: Tenant) -> None:
    top_up(tenant, 10)
    ids = send(tenant)
    end(ids, EXPIRED)
    end(ids, DELIVERED)
    assert Message.objects.get().status == DELIVERED
    assert balance(tenant) == (10, 0)
    assert entries(tenant, "settle") == []


def test_what_is_not_in_a_final_state_is_passed_over(tenant: Tenant) -> None:
    top_up(tenant, 10)
    ids = send(tenant, 2)
    with transaction.atomic():
        close_reservations(ids=ids, now=timezone.now())
        close_reservations(ids=[], now=timezone.now())
    assert balance(tenant) == (8, 2)


def test_messages_of_many_tenants_are_closed_in_a_few_statements(tenant: Tenant, other_tenant: Tenant) -> None:
    ids = []
    for one in (tenant, other_tenant):
        top_up(one, 1000)
        ids += send(one, 300)
    Message.objects.filter(pk__in=ids).update(status=DELIVERED)
    with (
        transaction.atomic(),
        CaptureQueriesContext(
            connection,
        ) as asked,
    ):
        close_reservations(ids=ids, now=timezone.now())
    assert len(asked) == 1
    assert balance(tenant) == balance(other_tenant) == (700, 0)


def test_an_unlimited_accounts_messages_have_nothing_to_close(tenant: Tenant) -> None:
    services.set_terms(tenant_id=tenant.pk, is_unlimited=True)
    end(send(tenant, 2), DELIVERED)
    assert entries(tenant) == []


def test_what_was_reserved_before_an_account_became_unlimited_is_settled_as_before(tenant: Tenant) -> None:
    top_up(tenant, 10)
    ids = send(tenant, 4)
    services.set_terms(tenant_id=tenant.pk, is_unlimited=True)
    end(ids[:2], DELIVERED)
    end(ids[2:], REJECTED)
    assert balance(tenant) == (8, 0)


def test_cancelling_gives_back_what_no_worker_has_claimed(tenant: Tenant) -> None:
    top_up(tenant, 10)
    ids = send(tenant, 4)
    Message.objects.filter(pk=ids[0]).update(status=Status.CLAIMED)
    services.cancel_batch(batch_id=Message.objects.values_list("batch_id", flat=True)[0])
    assert balance(tenant) == (9, 1)


@pytest.mark.parametrize("order", list(itertools.permutations([UNDELIVERED, DELIVERED, EXPIRED])))
def test_whatever_order_receipts_come_in_they_move_credits_once(tenant: Tenant, order: tuple[Status, ...]) -> None:
    top_up(tenant, 10)
    (key,) = send(tenant)
    Message.objects.update(status=Status.SUBMITTED, submitted_at=timezone.now(), provider_message_id="c-1")
    for status in order:
        for _ in range(2):
            services.apply_receipts(provider="simulator", receipts=[receipt("c-1", status)])
    assert balance(tenant) == ((9, 0) if order[0] is DELIVERED else (10, 0))
    assert CreditEntry.objects.filter(reference=str(key)).count() == 1


@pytest.mark.django_db(transaction=True)
def test_8_that_close_messages_of_the_same_tenants_at_once_wait_for_each_other_and_not_for_ever(
    tenant: Tenant, other_tenant: Tenant
) -> None:
    for one in (tenant, other_tenant):
        for _ in range(40):
            top_up(one, 10)
    both = [key for pair in zip(send(tenant, 400), send(other_tenant, 400), strict=True) for key in pair]

    def close(index: int) -> None:
        mine = both[index * 100 : index * 100 + 100]
        for start in range(0, 100, 10):
            end(mine[start : start + 10], DELIVERED if index % 2 else UNDELIVERED)

    at_once(8, close)
    assert balance(tenant) == balance(other_tenant) == (200, 0)
    assert grants(tenant) == grants(other_tenant) == [0] * 20 + [10] * 20
