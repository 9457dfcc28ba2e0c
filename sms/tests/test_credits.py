"""What sending costs, and that it can never cost more than there is."""

import pytest
from django.db import IntegrityError, connection, transaction
from pytest_django import Settings

from config.database import as_owner
from sms import services
from sms.models import CreditAccount, CreditEntry, CreditGrant, Message
from sms.services import AlreadyMoved, NotEnoughCredits
from sms.services.credits import reserve
from sms.tests.helpers import at_once
from sms.tests.ledger import account_of, balance, entries, grants, send, top_up
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]


def test_a_batch_costs_segments_times_recipients(tenant: Tenant, other_tenant: Tenant, topped_up: None) -> None:
    send(tenant, 3, text="a" * 161)
    assert balance(tenant) == (99_994, 6)
    assert balance(other_tenant) == (100_000, 0)
    assert entries(tenant) == [("top_up", 100_000, 0), ("reserve", -6, 6)]


def test_the_last_credit_can_be_reserved_and_no_more(tenant: Tenant) -> None:
    top_up(tenant, 3)
    send(tenant, 3)
    assert balance(tenant) == (0, 3)
    with pytest.raises(NotEnoughCredits):
        send(tenant)


def test_a_batch_that_costs_more_than_there_is_writes_nothing(tenant: Tenant) -> None:
    top_up(tenant, 5)
    with pytest.raises(NotEnoughCredits) as poor:
        send(tenant, 3, text="a" * 161)
    assert poor.value.needed == 6
    assert balance(tenant) == (5, 0)
    assert Message.objects.count() == 0


def test_a_tenant_without_an_account_cannot_send(tenant: Tenant, other_tenant: Tenant) -> None:
    top_up(other_tenant, 5)
    with pytest.raises(NotEnoughCredits):
        send(tenant)
    assert balance(other_tenant) == (5, 0)


def test_a_batch_that_cannot_be_stored_costs_nothing(tenant: Tenant, topped_up: None) -> None:
    too_long = services.Addressee("+" + "1" * 20, "Hi")
    with pytest.raises(Exception, match="value too long"), transaction.atomic():
        services.queue_messages(tenant_id=tenant.pk, addressees=[too_long], sender_id="Acme")
    assert balance(tenant) == (100_000, 0)


def test_an_unlimited_account_sends_without_reserving(tenant: Tenant, other_tenant: Tenant) -> None:
    services.set_terms(tenant_id=tenant.pk, is_unlimited=True)
    ids = send(tenant, 4)
    assert balance(tenant) == (0, 0)
    assert set(Message.objects.filter(pk__in=ids).values_list("credits", flat=True)) == {0}
    with pytest.raises(NotEnoughCredits):  # unlimited is the tenant's, not everybody's
        send(other_tenant)


def test_the_same_batch_is_reserved_once_and_says_so(tenant: Tenant, other_tenant: Tenant) -> None:
    for one in (tenant, other_tenant):
        top_up(one, 100)
        assert reserve(tenant_id=one.pk, credits=60, reference="batch")  # a reference is the tenant's own
    with pytest.raises(AlreadyMoved, match="batch"):
        reserve(tenant_id=tenant.pk, credits=30, reference="batch")
    with pytest.raises(AlreadyMoved):  # the first time has left too little for a second one, which is not the reason
        reserve(tenant_id=tenant.pk, credits=60, reference="batch")
    assert (account_of(tenant).available, account_of(tenant).reserved) == (40, 60)


def test_a_top_up_adds_and_notes_the_balance_it_left(tenant: Tenant, other_tenant: Tenant) -> None:
    top_up(tenant, 100)
    send(tenant, 30)
    top_up(tenant, 50)
    account = account_of(tenant)
    assert (account.available, account.balance_after_last_top_up, account.top_ups) == (120, 120, 2)
    assert account.last_top_up_at is not None
    assert grants(tenant) == [100, 50]
    assert not CreditAccount.objects.filter(tenant=other_tenant).exists()


def test_a_payment_is_credited_once_however_often_it_is_reported(tenant: Tenant, other_tenant: Tenant) -> None:
    assert [top_up(tenant, 100, reference="pay-1") for _ in range(3)] == [True, False, False]
    assert top_up(other_tenant, 100, reference="pay-1")
    assert top_up(tenant, 100, reference="pay-2")
    assert balance(tenant) == (200, 0)
    assert account_of(tenant).top_ups == 2


def test_a_payment_of_another_amount_under_the_same_reference_is_refused(tenant: Tenant) -> None:
    top_up(tenant, 100, reference="pay-1")
    with pytest.raises(AlreadyMoved, match="pay-1"):
        top_up(tenant, 101, reference="pay-1")
    assert balance(tenant) == (100, 0)


@pytest.mark.parametrize("credits", [0, -1])
def test_a_top_up_of_nothing_is_refused(tenant: Tenant, credits: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        top_up(tenant, credits)
    assert not CreditAccount.objects.exists()


def test_staff_can_add_and_take_back_with_a_reason(tenant: Tenant, topped_up: None) -> None:
    def adjust(credits: int, reference: str) -> bool:
        return services.adjust(tenant_id=tenant.pk, credits=credits, reference=reference, note="Ticket 12")

    assert (adjust(50, "a"), adjust(50, "a"), adjust(-20, "b"), adjust(-20, "b")) == (True, False, True, False)
    assert balance(tenant) == (100_030, 0)
    assert grants(tenant) == [99_980, 50]  # the oldest ones are taken back first
    assert CreditEntry.objects.filter(kind="adjust").values_list("note", flat=True)[0] == "Ticket 12"
    with pytest.raises(AlreadyMoved):
        adjust(21, "b")
    assert account_of(tenant).balance_after_last_top_up == 100_000


def test_an_adjustment_never_takes_what_is_reserved_nor_more_than_there_is(tenant: Tenant) -> None:
    top_up(tenant, 10)
    send(tenant, 4)
    with pytest.raises(NotEnoughCredits):
        services.adjust(tenant_id=tenant.pk, credits=-7, reference="a", note="Too much")
    services.adjust(tenant_id=tenant.pk, credits=-6, reference="a", note="All that is left")
    assert balance(tenant) == (0, 4)


@pytest.mark.parametrize(("credits", "note"), [(0, "Why"), (5, " ")])
def test_an_adjustment_needs_a_number_and_a_reason(tenant: Tenant, credits: int, note: str) -> None:
    with pytest.raises(ValueError, match="adjustment"):
        services.adjust(tenant_id=tenant.pk, credits=credits, reference="a", note=note)


@pytest.mark.parametrize("prepared", [True, False])
def test_it_counts_the_same_with_and_without_prepared_statements(
    tenant: Tenant, settings: Settings, prepared: bool
) -> None:
    settings.PREPARED_STATEMENTS = prepared
    top_up(tenant, 10)
    for _ in range(3):
        send(tenant, 2)
    assert balance(tenant) == (4, 6)


# --- Nobody changes what is written ------------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["UPDATE sms_creditentry SET available_delta = 1", "DELETE FROM sms_creditentry"])
def test_the_app_role_cannot_change_the_ledger(tenant: Tenant, topped_up: None, change: str) -> None:
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
    assert balance(tenant) == (100_000, 0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("change", ["UPDATE sms_creditentry SET note = 'x'", "DELETE FROM sms_creditentry"])
def test_neither_can_the_owner_role(tenant: Tenant, topped_up: None, change: str) -> None:
    with as_owner(), pytest.raises(IntegrityError, match="append-only"), connection.cursor() as cursor:
        cursor.execute(change)
    assert balance(tenant) == (100_000, 0)


def test_grants_and_accounts_cannot_go_below_zero(tenant: Tenant, topped_up: None) -> None:
    for rows, fields in (
        (CreditAccount.objects, {"available": -1}),
        (CreditAccount.objects, {"reserved": -1}),
        (CreditGrant.objects, {"remaining": -1}),
        (CreditGrant.objects, {"remaining": 100_001}),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**fields)


# --- Many at once ------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_16_threads_on_one_account_spend_exactly_what_there_is(tenant: Tenant, other_tenant: Tenant) -> None:
    for one in (tenant, other_tenant):
        top_up(one, 60)

    def spend(_: int) -> int:
        sent = 0
        for _attempt in range(3):
            try:
                sent += len(send(tenant, 2))
            except NotEnoughCredits:
                break
        return sent

    assert sum(at_once(16, spend)) == 60
    assert balance(tenant) == (0, 60)
    assert Message.objects.filter(tenant=tenant).count() == 60
    assert balance(other_tenant) == (60, 0)


@pytest.mark.django_db(transaction=True)
def test_8_threads_topping_up_a_new_account_lose_nothing(tenant: Tenant) -> None:
    at_once(8, lambda _: top_up(tenant, 10))
    assert balance(tenant) == (80, 0)
    assert account_of(tenant).top_ups == 8


@pytest.mark.django_db(transaction=True)
def test_a_payment_reported_by_8_threads_at_once_is_credited_once(tenant: Tenant) -> None:
    assert sum(at_once(8, lambda _: top_up(tenant, 10, reference="pay-1"))) == 1
    assert balance(tenant) == (10, 0)


@pytest.mark.django_db(transaction=True)
def test_a_batch_reserved_by_8_threads_at_once_is_reserved_once(tenant: Tenant) -> None:
    top_up(tenant, 1000)

    def attempt(_: int) -> bool:
        try:
            return reserve(tenant_id=tenant.pk, credits=10, reference="batch")
        except AlreadyMoved:
            return False

    assert sum(at_once(8, attempt)) == 1
    assert (account_of(tenant).available, account_of(tenant).reserved) == (990, 10)
