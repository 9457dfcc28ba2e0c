"""The sum of the counted changes always equals counting the messages."""

import datetime
from collections import Counter
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from sms.models import Message, MessageCount, Status
from sms.services import squash_counts
from sms.tests.helpers import at_once, make_message, number
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]
KEY = ("minute", "tenant_id", "provider", "status", "failure_reason")


def counted() -> dict[tuple[Any, ...], int]:
    rows = MessageCount.objects.values_list(*KEY).annotate(n=Sum("delta"))
    return {row[:-1]: row[-1] for row in rows if row[-1]}


def actual() -> dict[tuple[Any, ...], int]:
    """The same by counting the messages, one by one and not in SQL."""
    return dict(
        Counter(
            (one.status_changed_at.replace(second=0, microsecond=0), *(getattr(one, name) for name in KEY[1:]))
            for one in Message.objects.all()
        )
    )


def at(minute: int, second: int = 0) -> datetime.datetime:
    """Yesterday, which is still kept by the minute."""
    yesterday = timezone.now() - datetime.timedelta(days=1)
    return yesterday.replace(hour=10, minute=minute, second=second, microsecond=0)


def sums() -> dict[tuple[str, str], int]:
    """`{(status, failure_reason): messages}`."""
    rows = MessageCount.objects.values_list("status", "failure_reason").annotate(n=Sum("delta"))
    return {(status, reason): n for status, reason, n in rows if n}


def test_a_new_message_is_counted_in_its_minute(tenant: Tenant, other_tenant: Tenant) -> None:
    make_message(tenant, status_changed_at=at(5, 59))
    make_message(other_tenant, status_changed_at=at(6))
    assert counted() == {
        (at(5), tenant.pk, "simulator", "queued", ""): 1,
        (at(6), other_tenant.pk, "simulator", "queued", ""): 1,
    }


def test_a_transition_is_taken_from_one_state_and_given_to_the_other(tenant: Tenant) -> None:
    message = make_message(tenant, status_changed_at=at(5))
    Message.objects.filter(pk=message.pk).update(
        status=Status.REJECTED, failure_reason="barred_sender", status_changed_at=at(7)
    )
    rows = MessageCount.objects.order_by("minute", "delta").values_list("minute", "status", "failure_reason", "delta")
    assert sorted(rows) == [
        (at(5), "queued", "", -1),
        (at(5), "queued", "", 1),
        (at(7), "rejected", "barred_sender", 1),
    ]


def test_one_statement_writes_one_row_a_key_and_not_one_a_message(tenant: Tenant) -> None:
    plain = {"sender_id": "Acme", "text": "Hi", "segments": 1, "status_changed_at": at(5)}
    Message.objects.bulk_create([Message(tenant=tenant, recipient=number(index), **plain) for index in range(100)])
    assert list(MessageCount.objects.values_list("delta", flat=True)) == [100]


def test_a_change_that_no_count_depends_on_writes_no_count(tenant: Tenant) -> None:
    make_message(tenant)
    Message.objects.update(text="Changed", attempts=3)
    assert MessageCount.objects.count() == 1


def test_a_rolled_back_change_leaves_no_count(tenant: Tenant) -> None:
    message = make_message(tenant)
    before = counted()
    with transaction.atomic():
        make_message(tenant, status=Status.SENT)
        Message.objects.filter(pk=message.pk).update(status=Status.DELIVERED)
        Message.objects.filter(status=Status.SENT).delete()
        assert counted() != before
        transaction.set_rollback(True)
    assert counted() == before
    assert MessageCount.objects.count() == 1


def test_a_deleted_tenant_takes_its_counts_along(tenant: Tenant, other_tenant: Tenant) -> None:
    for one in (tenant, tenant, other_tenant):
        make_message(one)
    tenant.delete()
    assert {key[1]: n for key, n in counted().items()} == {other_tenant.pk: 1}


# --- Any history -------------------------------------------------------------------------------------------------

_some = st.sampled_from
_MINUTES = st.integers(0, 3)
_STATE = st.fixed_dictionaries(
    {
        "status": _some(["queued", "sent", "delivered", "rejected"]),
        "failure_reason": _some(["", "barred_sender"]),
        "provider": _some(["simulator", "carrier"]),
        "minute": _MINUTES,
    }
)
_STEP = st.one_of(
    st.tuples(st.just("create"), st.integers(0, 1), st.lists(_STATE, min_size=1, max_size=4)),
    st.tuples(st.just("update"), _some(["queued", "sent", "delivered"]), _STATE),
    st.tuples(st.just("bulk_update"), st.integers(1, 3), _STATE),
    st.tuples(st.just("upsert"), st.integers(1, 3), _STATE),
    st.tuples(st.just("save"), st.integers(1, 3), _STATE),
    st.tuples(st.just("delete"), _some(["queued", "sent", "delivered"]), st.none()),
    st.tuples(st.just("delete_tenant"), st.integers(0, 1), st.none()),
    st.tuples(st.just("undone"), st.integers(0, 1), st.lists(_STATE, min_size=1, max_size=2)),
    st.tuples(st.just("squash"), st.none(), st.none()),
)


class History:
    """A small platform of two tenants, and everything that can happen to its messages."""

    def __init__(self) -> None:
        self.this_minute = timezone.now()
        self.tenants = [Tenant.objects.create(name=name, slug=f"history-{name}") for name in ("one", "two")]
        self.gone: set[int] = set()

    def fields(self, state: dict[str, Any]) -> dict[str, Any]:
        moment = self.this_minute - datetime.timedelta(minutes=state["minute"])  # 0 is a minute that is not over
        return {name: state[name] for name in ("status", "failure_reason", "provider")} | {"status_changed_at": moment}

    def create(self, which: int, states: list[dict[str, Any]]) -> None:
        if which in self.gone:
            return
        plain = {"recipient": number(1), "sender_id": "Acme", "text": "Hi", "segments": 1}
        Message.objects.bulk_create(
            [Message(tenant=self.tenants[which], **plain | self.fields(state)) for state in states]
        )

    def update(self, status: str, state: dict[str, Any]) -> None:
        Message.objects.filter(status=status).update(**self.fields(state))

    def _changed(self, every: int, state: dict[str, Any]) -> list[Message]:
        messages = list(Message.objects.order_by("id"))[::every]
        for message in messages:
            for name, value in self.fields(state).items():
                setattr(message, name, value)
        return messages

    def bulk_update(self, every: int, state: dict[str, Any]) -> None:
        Message.objects.bulk_update(self._changed(every, state), list(self.fields(state)))

    def upsert(self, every: int, state: dict[str, Any]) -> None:
        Message.objects.bulk_create(
            self._changed(every, state),
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=list(self.fields(state)),
        )

    def save(self, every: int, state: dict[str, Any]) -> None:
        for message in self._changed(every, state):
            message.save()

    def delete(self, status: str, _: None) -> None:
        Message.objects.filter(status=status).delete()

    def delete_tenant(self, which: int, _: None) -> None:
        if which not in self.gone:
            self.tenants[which].delete()
            self.gone.add(which)

    def undone(self, which: int, states: list[dict[str, Any]]) -> None:
        with transaction.atomic():
            self.create(which, states)
            Message.objects.filter(status="queued").delete()
            squash_counts()
            transaction.set_rollback(True)

    def squash(self, *_: None) -> None:
        rows, before = MessageCount.objects.count(), counted()
        fewer = squash_counts()
        assert MessageCount.objects.count() == rows - fewer
        assert counted() == before


@hypothesis_settings(deadline=None, max_examples=40, database=None)
@given(steps=st.lists(_STEP, min_size=1, max_size=12))
def test_after_any_history_the_counts_equal_the_messages(steps: list[tuple[str, Any, Any]]) -> None:
    with transaction.atomic():
        history = History()
        for name, first, second in steps:
            getattr(history, name)(first, second)
            assert counted() == actual(), name
        history.squash()
        transaction.set_rollback(True)
    assert MessageCount.objects.count() == 0


# --- Squashing ---------------------------------------------------------------------------------------------------


def test_finished_minutes_are_squashed_to_one_row_a_key(tenant: Tenant, other_tenant: Tenant) -> None:
    for one in (tenant, tenant, tenant, other_tenant):
        make_message(one, status_changed_at=at(5))
    assert squash_counts() == 2
    rows = MessageCount.objects.order_by("delta").values_list("minute", "tenant_id", "status", "delta")
    assert list(rows) == [(at(5), other_tenant.pk, "queued", 1), (at(5), tenant.pk, "queued", 3)]
    assert squash_counts() == 0


def test_what_cancels_out_is_squashed_to_nothing(tenant: Tenant) -> None:
    make_message(tenant, status_changed_at=at(5))
    Message.objects.all().delete()
    assert squash_counts() == 2
    assert MessageCount.objects.count() == 0


def test_the_present_minute_is_not_squashed(tenant: Tenant) -> None:
    ahead = timezone.now() + datetime.timedelta(minutes=1)
    for _ in range(2):
        make_message(tenant, status_changed_at=ahead)
    assert squash_counts() == 0
    assert MessageCount.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_counts_stay_exact_under_writers_and_squashers_at_once(tenant: Tenant, other_tenant: Tenant) -> None:
    ids = [make_message((tenant, other_tenant)[index % 2], status_changed_at=at(index % 3)).pk for index in range(30)]

    def work(index: int) -> None:
        if index >= 4:
            for _ in range(10):
                squash_counts()
            return
        for turn, key in enumerate(ids):
            status = list(Status)[(turn + index) % 10]
            Message.objects.filter(pk=key).update(status=status, status_changed_at=at((turn + index) % 4))
        Message.objects.filter(pk__in=ids[index::8]).delete()

    at_once(6, work)
    assert counted() == actual()
    assert sum(counted().values()) == Message.objects.count() == 14


# --- Reading -----------------------------------------------------------------------------------------------------


def test_sums_by_provider_and_status_begin_at_a_whole_minute(tenant: Tenant, other_tenant: Tenant) -> None:
    make_message(tenant, status=Status.DELIVERED, status_changed_at=at(4, 59))
    make_message(tenant, status=Status.DELIVERED, status_changed_at=at(5, 1))
    make_message(other_tenant, status=Status.DELIVERED, status_changed_at=at(6))
    make_message(other_tenant, provider="carrier", status=Status.REJECTED, status_changed_at=at(6))
    assert MessageCount.objects.by_provider_and_status(since=at(5, 30)) == {
        ("simulator", "delivered"): 2,
        ("carrier", "rejected"): 1,
    }


def test_sums_by_reason_are_the_most_frequent_first(tenant: Tenant, other_tenant: Tenant) -> None:
    for reason, times in (("absent_subscriber", 2), ("network_congestion", 3), ("", 1)):
        for _ in range(times):
            make_message(other_tenant, status=Status.UNDELIVERED, failure_reason=reason, status_changed_at=at(5))
    make_message(tenant, status=Status.REJECTED, failure_reason="absent_subscriber", status_changed_at=at(5))
    make_message(tenant, status=Status.UNDELIVERED, failure_reason="absent_subscriber", status_changed_at=at(4))
    found = MessageCount.objects.by_reason([Status.UNDELIVERED], since=at(5))
    assert list(found.items()) == [("network_congestion", 3), ("absent_subscriber", 2), ("unspecified", 1)]


def test_a_state_that_was_left_again_is_in_no_sum_by_reason(tenant: Tenant) -> None:
    make_message(tenant, status=Status.UNDELIVERED, failure_reason="absent_subscriber", status_changed_at=at(5))
    Message.objects.update(status=Status.DELIVERED, failure_reason="")
    assert MessageCount.objects.by_reason([Status.UNDELIVERED], since=at(0)) == {}
