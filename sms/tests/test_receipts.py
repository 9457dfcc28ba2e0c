"""Receipts come late, twice, shuffled and too early; the message ends where the highest of them says."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from sms import services
from sms.models import Message, Receipt, Status
from sms.providers.base import BadReceipt, Outbound, Provider
from sms.services import apply_receipts
from sms.services.dispatch import Outcome, Tried, record
from sms.tests.helpers import Carrier, at_once, make_message, receipt
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]
Use = Callable[[type[Provider]], None]
SENT, DELIVERED, UNDELIVERED, REJECTED, EXPIRED = "sent", "delivered", "undelivered", "rejected", "expired"
#: Written out once more, so that the product's table is tested and not repeated.
HEIGHT = {"submitted": 0, SENT: 1, UNDELIVERED: 2, REJECTED: 2, EXPIRED: 2, DELIVERED: 3}


@pytest.fixture
def message(tenant: Tenant, other_tenant: Tenant) -> Message:
    make_message(other_tenant, provider_message_id="theirs", status=Status.SUBMITTED)
    return make_message(tenant, provider_message_id="one", status=Status.SUBMITTED)


class Named(Carrier):
    """Our test carrier under the name that the messages of this file go by."""

    slug = "simulator"


def report(*statuses: str, about: str = "one") -> list[int]:
    """Applies receipts one call at a time."""
    return [apply_receipts(provider="simulator", receipts=[receipt(about, Status(status))]) for status in statuses]


def status_of(message: Message) -> str:
    message.refresh_from_db()
    return message.status


def test_a_receipt_moves_its_message_and_no_other(message: Message) -> None:
    assert report(SENT) == [1]
    assert status_of(message) == "sent"
    assert Message.objects.get(provider_message_id="theirs").status == "submitted"
    assert Receipt.objects.get().applied_at is not None


def test_a_failure_is_stored_with_its_reason(message: Message) -> None:
    apply_receipts(provider="simulator", receipts=[receipt("one", Status.UNDELIVERED, reason="absent_subscriber")])
    assert status_of(message) == "undelivered"
    assert message.failure_reason == "absent_subscriber"


def test_a_late_sent_receipt_never_overwrites_delivered(message: Message) -> None:
    report(DELIVERED)
    changed = Message.objects.get(pk=message.pk).status_changed_at
    report(SENT)
    assert status_of(message) == "delivered"
    assert message.status_changed_at == changed


def test_a_late_failure_never_overwrites_delivered(message: Message) -> None:
    report(DELIVERED, UNDELIVERED, REJECTED, EXPIRED)
    assert status_of(message) == "delivered"
    assert message.failure_reason == ""


def test_delivered_corrects_a_failure_and_clears_its_reason(message: Message) -> None:
    apply_receipts(provider="simulator", receipts=[receipt("one", Status.UNDELIVERED, reason="absent_subscriber")])
    report(DELIVERED)
    assert status_of(message) == "delivered"
    assert message.failure_reason == ""


def test_of_two_failures_the_first_one_stays(message: Message) -> None:
    report(REJECTED, UNDELIVERED)
    assert status_of(message) == "rejected"


def test_of_two_failures_in_one_call_the_one_that_happened_first_stays(message: Message) -> None:
    some = [receipt("one", Status.UNDELIVERED, second=2), receipt("one", Status.REJECTED, second=1)]
    apply_receipts(provider="simulator", receipts=some)
    assert status_of(message) == "rejected"


def test_a_cancelled_message_stays_cancelled(tenant: Tenant) -> None:
    message = make_message(tenant, provider_message_id="one", status=Status.CANCELLED)
    report(SENT, DELIVERED)
    assert status_of(message) == "cancelled"


def test_a_repeated_receipt_is_stored_once(message: Message) -> None:
    assert report(SENT, SENT, DELIVERED, SENT, DELIVERED) == [1, 0, 1, 0, 0]
    assert sorted(Receipt.objects.values_list("status", flat=True)) == ["delivered", "sent"]


def test_a_receipt_repeated_within_one_call_is_stored_once(message: Message) -> None:
    assert apply_receipts(provider="simulator", receipts=[receipt("one", Status.SENT)] * 3) == 1
    assert Receipt.objects.count() == 1


def test_no_receipts_are_no_trouble(message: Message) -> None:
    assert apply_receipts(provider="simulator", receipts=[]) == 0


def test_a_receipt_about_an_unknown_id_is_kept_and_waits(message: Message) -> None:
    assert report(DELIVERED, about="never heard of") == [1]
    assert status_of(message) == "submitted"
    kept = Receipt.objects.get()
    assert (kept.provider_message_id, kept.applied_at) == ("never heard of", None)


def test_the_same_id_at_another_carrier_is_another_message(message: Message, tenant: Tenant) -> None:
    elsewhere = make_message(tenant, provider="carrier", provider_message_id="one", status=Status.SUBMITTED)
    report(DELIVERED)
    assert (status_of(message), status_of(elsewhere)) == ("delivered", "submitted")


def test_a_receipt_names_a_message() -> None:
    with pytest.raises(BadReceipt, match="names no message"):
        receipt("", Status.DELIVERED)


@pytest.mark.parametrize(("name", "reason"), [("a\x00", ""), ("a", "\x00"), ("\ud800", ""), ("a", "\udfff")])
def test_a_receipt_holds_only_what_postgres_can_store(name: str, reason: str) -> None:
    with pytest.raises(BadReceipt, match="NUL characters or unpaired surrogates"):
        receipt(name, Status.DELIVERED, reason=reason)


def test_a_message_without_an_id_is_not_found_by_an_empty_one(message: Message, tenant: Tenant) -> None:
    fresh = make_message(tenant)
    Receipt.objects.create(provider="simulator", status=DELIVERED, occurred_at=timezone.now())
    services.sweep()
    assert status_of(fresh) == "queued"


@pytest.mark.parametrize("order", list(permutations([SENT, UNDELIVERED, DELIVERED])), ids="-".join)
def test_every_order_ends_delivered(message: Message, order: tuple[str, ...]) -> None:
    report(*order)
    assert status_of(message) == "delivered"


REPORTED = st.lists(st.sampled_from([SENT, UNDELIVERED, REJECTED, EXPIRED, DELIVERED]), max_size=8)


@hypothesis_settings(
    deadline=None, max_examples=100, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(reported=REPORTED, calls=st.lists(st.integers(1, 3), max_size=8), known_after=st.integers(0, 8))
def test_the_end_state_is_the_highest_that_was_reported(
    message: Message, reported: list[str], calls: list[int], known_after: int
) -> None:
    """Any receipts in any order with duplicates, any number to a call, some of them before the submit reply."""
    with transaction.atomic():
        Message.objects.filter(pk=message.pk).update(provider_message_id="", status="claimed", claim_token=message.pk)
        message.refresh_from_db()
        told = 0
        for size in [*calls, 8]:
            if told >= known_after:
                _answer(message)
            some = [
                receipt("one", Status(status), reason=status, second=told + index)
                for index, status in enumerate(reported[told : told + size])
            ]
            apply_receipts(provider="simulator", receipts=some)
            told += size
        _answer(message)
        message.refresh_from_db()
        assert HEIGHT[message.status] == max((HEIGHT[status] for status in reported), default=0)
        assert Receipt.objects.count() == len(set(reported))
        assert not Receipt.objects.filter(applied_at=None).exists()
        failures = [status for status in reported if HEIGHT[status] == 2]
        if HEIGHT[message.status] == 2:
            assert message.status == message.failure_reason == failures[0]
        transaction.set_rollback(True)


def _answer(message: Message) -> None:
    """The carrier's reply to the submission; only the first one finds a claim."""
    record(Named(), [Tried(message, Outcome.ACCEPTED, timezone.now(), timezone.now(), provider_message_id="one")])


# --- Receipts that overtake the reply to the submission ----------------------------------------------------------


@pytest.mark.parametrize("early", [[SENT], [DELIVERED], [DELIVERED, SENT], [SENT, UNDELIVERED]], ids="-".join)
def test_a_receipt_before_the_submit_reply_is_applied_with_it(tenant: Tenant, use: Use, early: list[str]) -> None:
    class Quick(Carrier):
        def submit(self, message: Outbound) -> str:
            name = super().submit(message)
            for status in early:
                apply_receipts(provider="carrier", receipts=[receipt(name, Status(status))])
            return name

    use(Quick)
    message = make_message(tenant, provider="carrier")
    services.dispatch(provider="carrier")
    assert HEIGHT[status_of(message)] == max(HEIGHT[status] for status in early)
    assert not Receipt.objects.filter(applied_at=None).exists()


@pytest.mark.django_db(transaction=True)
def test_a_receipt_committed_while_others_are_applied_is_not_lost(tenant: Tenant) -> None:
    """It came before the id was known, so it took no lock, and commits when the submission has read what waits."""
    message = make_message(tenant, status=Status.CLAIMED, claim_token=tenant.pk)
    report(SENT)
    came: list[list[list[int]]] = []

    def overtaken(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        answer = execute(sql, params, many, context)
        if "open" in (params or ()) and not came:
            came.append(at_once(1, lambda _: report(DELIVERED)))
        return answer

    with connection.execute_wrapper(overtaken):
        _answer(message)
    assert came == [[[1]]]
    services.sweep()
    assert status_of(message) == "delivered"


@pytest.mark.django_db(transaction=True)
def test_receipts_racing_with_their_submissions_are_all_applied(
    tenant: Tenant, other_tenant: Tenant, use: Use
) -> None:
    use(Carrier)
    ids = [make_message((tenant, other_tenant)[index % 2], provider="carrier").pk for index in range(24)]

    def work(index: int) -> None:
        if index == 0:
            services.dispatch(provider="carrier")
            return
        for key in ids:
            status = Status.DELIVERED if index % 2 else Status.SENT
            apply_receipts(provider="carrier", receipts=[receipt(Carrier.name_of(key), status)])

    at_once(4, work)
    services.sweep()
    assert set(Message.objects.values_list("status", flat=True)) == {"delivered"}
    assert not Receipt.objects.filter(applied_at=None).exists()


NAMES = [f"m{index}" for index in range(9)]
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def let_two_meet(hold: Callable[[], object], work: Callable[[int], int]) -> list[int]:
    """Runs `work(0)` and `work(1)` into what `hold` locks, and lets go when both wait."""
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic(), connection.cursor() as cursor:
            hold()
            outcome = pool.submit(at_once, 2, work)
            for _ in range(500):
                cursor.execute("SELECT pg_stat_clear_snapshot()")
                cursor.execute(WAITING)
                if cursor.fetchone() == (2,) or outcome.done():
                    break
                time.sleep(0.02)
            transaction.set_rollback(True)
        return outcome.result()


@pytest.mark.django_db(transaction=True)
def test_two_calls_with_the_same_receipts_in_other_orders_do_not_lock_each_other_out(
    tenant: Tenant, other_tenant: Tenant
) -> None:
    for index, name in enumerate(NAMES):
        make_message((tenant, other_tenant)[index % 2], provider_message_id=name, status=Status.SUBMITTED)

    def work(index: int) -> int:
        order = NAMES[::-1] if index else NAMES
        return apply_receipts(provider="simulator", receipts=[receipt(name, Status.SENT) for name in order])

    def hold() -> None:
        Receipt.objects.create(provider="simulator", provider_message_id="m4", status=SENT, occurred_at=timezone.now())

    assert sum(let_two_meet(hold, work)) == 9
    assert set(Message.objects.values_list("status", flat=True)) == {"sent"}


@pytest.mark.django_db(transaction=True)
def test_two_calls_about_the_same_messages_in_other_orders_do_not_lock_each_other_out(
    tenant: Tenant, other_tenant: Tenant
) -> None:
    for index, name in enumerate(NAMES):
        make_message((tenant, other_tenant)[index % 2], provider_message_id=name, status=Status.SUBMITTED)

    def work(index: int) -> int:
        status, step = ((Status.SENT, 1), (Status.DELIVERED, -1))[index]
        some = [receipt(name, status, second=step * at) for at, name in enumerate(NAMES)]
        return apply_receipts(provider="simulator", receipts=some)

    def hold() -> None:
        Message.objects.select_for_update().get(provider_message_id="m4")

    assert let_two_meet(hold, work) == [9, 9]
    assert set(Message.objects.values_list("status", flat=True)) == {"delivered"}
