import pytest

from sms import services
from sms.models import CreditAccount, Message
from sms.services import NotEnoughCredits, queue_messages
from sms.tests.helpers import at_once, credits_of, number
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]


def queue(tenant: Tenant, *, recipients: int = 1, text: str = "Hello") -> services.Batch:
    to = [number(index) for index in range(recipients)]
    return queue_messages(tenant_id=tenant.pk, recipients=to, text=text, sender_id="Acme")


def test_a_batch_costs_segments_times_recipients(tenant: Tenant, other_tenant: Tenant, topped_up: None) -> None:
    batch = queue(tenant, recipients=3, text="a" * 161)
    assert batch.credits == 6
    assert credits_of(tenant) == 99_994
    assert credits_of(other_tenant) == 100_000


def test_a_batch_is_stored_as_one_queued_message_a_recipient(tenant: Tenant, topped_up: None) -> None:
    batch = queue(tenant, recipients=2, text="ж" * 71)
    stored = Message.objects.filter(batch_id=batch.id).order_by("recipient")
    assert [(row.recipient, row.text, row.sender_id, row.segments, row.status, row.provider) for row in stored] == [
        ("+255754000000", "ж" * 71, "Acme", 2, "queued", "simulator"),
        ("+255754000001", "ж" * 71, "Acme", 2, "queued", "simulator"),
    ]
    assert {row.tenant_id for row in stored} == {tenant.pk}
    assert {row.pk for row in stored} == {row.pk for row in batch.messages}


def test_the_last_credit_can_be_spent_and_no_more(tenant: Tenant) -> None:
    services.top_up(tenant_id=tenant.pk, credits=3)
    queue(tenant, recipients=3)
    assert credits_of(tenant) == 0
    with pytest.raises(NotEnoughCredits):
        queue(tenant)


def test_a_batch_that_costs_more_than_there_is_writes_nothing(tenant: Tenant) -> None:
    services.top_up(tenant_id=tenant.pk, credits=5)
    with pytest.raises(NotEnoughCredits) as poor:
        queue(tenant, recipients=3, text="a" * 161)
    assert poor.value.needed == 6
    assert credits_of(tenant) == 5
    assert Message.objects.count() == 0


def test_a_tenant_without_an_account_cannot_send(tenant: Tenant, other_tenant: Tenant) -> None:
    services.top_up(tenant_id=other_tenant.pk, credits=5)
    with pytest.raises(NotEnoughCredits):
        queue(tenant)
    assert credits_of(other_tenant) == 5


def test_a_batch_that_cannot_be_stored_costs_nothing(tenant: Tenant, topped_up: None) -> None:
    with pytest.raises(Exception, match="value too long"):
        queue_messages(tenant_id=tenant.pk, recipients=[number(1), "+" + "1" * 20], text="Hi", sender_id="Acme")
    assert credits_of(tenant) == 100_000
    assert Message.objects.count() == 0


def test_an_unlimited_account_sends_without_spending(tenant: Tenant, other_tenant: Tenant) -> None:
    CreditAccount.objects.create(tenant=tenant, is_unlimited=True, available=1)
    queue(tenant, recipients=4)
    assert credits_of(tenant) == 1
    assert Message.objects.count() == 4
    with pytest.raises(NotEnoughCredits):  # unlimited is the tenant's, not everybody's
        queue(other_tenant)


def test_a_top_up_adds_and_notes_the_balance_it_left(tenant: Tenant, other_tenant: Tenant) -> None:
    services.top_up(tenant_id=tenant.pk, credits=100)
    queue(tenant, recipients=30)
    services.top_up(tenant_id=tenant.pk, credits=50)
    account = CreditAccount.objects.get(tenant=tenant)
    assert (account.available, account.balance_after_last_top_up) == (120, 120)
    assert account.last_top_up_at is not None
    assert not CreditAccount.objects.filter(tenant=other_tenant).exists()


@pytest.mark.django_db(transaction=True)
def test_16_threads_on_one_account_spend_exactly_what_there_is(tenant: Tenant, other_tenant: Tenant) -> None:
    services.top_up(tenant_id=tenant.pk, credits=60)
    services.top_up(tenant_id=other_tenant.pk, credits=60)

    def spend(_: int) -> int:
        sent = 0
        for _attempt in range(3):
            try:
                sent += len(queue(tenant, recipients=2).messages)
            except NotEnoughCredits:
                break
        return sent

    assert sum(at_once(16, spend)) == 60
    assert credits_of(tenant) == 0
    assert Message.objects.filter(tenant=tenant).count() == 60
    assert credits_of(other_tenant) == 60


@pytest.mark.django_db(transaction=True)
def test_8_threads_topping_up_a_new_account_lose_nothing(tenant: Tenant) -> None:
    at_once(8, lambda _: services.top_up(tenant_id=tenant.pk, credits=10))
    assert credits_of(tenant) == 80
