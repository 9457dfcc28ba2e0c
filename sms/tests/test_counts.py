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

from sms import counts
from sms.models import DeliveryTime, Message, MessageCount, PlatformCount, Status, TenantCount
from sms.models.counts import DELIVERY_BUCKETS
from sms.services import coarsen_counts, squash_counts
from sms.tests.helpers import at_once, make_message, number
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]
EVER = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
AHEAD = datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC)


def changes() -> dict[tuple[Any, ...], int]:
    """What the triggers wrote, summed."""
    key = ("minute", "tenant_id", "provider", "status", "failure_reason")
    rows = MessageCount.objects.values_list(*key).annotate(n=Sum("delta"))
    return {row[:-1]: row[-1] for row in rows if row[-1]}


def platform() -> dict[tuple[str, str, str], int]:
    return {(one.provider, one.status, one.reason): one.messages for one in counts.of_platform(since=EVER)}


def by_hour() -> dict[tuple[Any, ...], int]:
    """What every tenant reads of itself."""
    found = {}
    for tenant_id in {
        *Message.objects.values_list("tenant_id", flat=True),
        *Tenant.objects.values_list("pk", flat=True),
    }:
        for hour, one in counts.of_tenant(tenant_id=tenant_id, since=EVER, until=AHEAD):
            found[hour, tenant_id, one.provider, one.status, one.reason] = one.messages
    return found


def _actual(*names: str) -> dict[tuple[Any, ...], int]:
    """The same by counting the messages, one by one and not in SQL."""
    return dict(Counter(tuple(_value(one, name) for name in names) for one in Message.objects.all()))


def _value(message: Message, name: str) -> Any:
    moment = message.status_changed_at.replace(second=0, microsecond=0)
    return {"minute": moment, "hour": moment.replace(minute=0)}.get(name) or getattr(message, name)


def times() -> dict[tuple[str, int], int]:
    found = counts.delivery_times(since=EVER)
    return {(provider, bucket): n for provider, buckets in found.items() for bucket, n in buckets.items()}


def actual_times() -> dict[tuple[str, int], int]:
    found: Counter[tuple[str, int]] = Counter()
    for one in Message.objects.filter(status="delivered", submitted_at__isnull=False):
        assert one.submitted_at is not None
        seconds = (one.status_changed_at - one.submitted_at).total_seconds()
        found[one.provider, sum(seconds >= end for end in DELIVERY_BUCKETS)] += 1
    return dict(found)


def assert_counts() -> None:
    """Whatever is merged and whatever is not, all that is read equals counting the messages."""
    assert platform() == _actual("provider", "status", "failure_reason")
    assert by_hour() == _actual("hour", "tenant_id", "provider", "status", "failure_reason")
    assert times() == actual_times()


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
    assert changes() == {
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
    before = changes()
    with transaction.atomic():
        make_message(tenant, status=Status.SENT)
        Message.objects.filter(pk=message.pk).update(status=Status.DELIVERED)
        Message.objects.filter(status=Status.SENT).delete()
        assert changes() != before
        transaction.set_rollback(True)
    assert changes() == before
    assert MessageCount.objects.count() == 1


def test_a_deleted_tenant_takes_its_counts_along(tenant: Tenant, other_tenant: Tenant) -> None:
    for one in (tenant, tenant, other_tenant):
        make_message(one)
    tenant.delete()
    assert {key[1]: n for key, n in changes().items()} == {other_tenant.pk: 1}


# --- Any history -------------------------------------------------------------------------------------------------

_some = st.sampled_from
_MINUTES = _some([0, 1, 2, 61, 3 * 24 * 60])  # 0 is a minute that is not over
_STATE = st.fixed_dictionaries(
    {
        "status": _some(["queued", "sent", "delivered", "rejected"]),
        "failure_reason": _some(["", "barred_sender"]),
        "provider": _some(["simulator", "carrier"]),
        "minute": _MINUTES,
        "took": _some([0, 1, 4, 100_000]),
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
        moment = self.this_minute - datetime.timedelta(minutes=state["minute"])
        taken = moment - datetime.timedelta(seconds=state["took"]) if state["took"] else None
        state = {name: state[name] for name in ("status", "failure_reason", "provider")}
        return state | {"status_changed_at": moment, "submitted_at": taken}

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
        rows = MessageCount.objects.count() + DeliveryTime.objects.count()
        merged = squash_counts()
        assert MessageCount.objects.count() + DeliveryTime.objects.count() == rows - merged


@hypothesis_settings(deadline=None, max_examples=40, database=None)
@given(steps=st.lists(_STEP, min_size=1, max_size=12))
def test_after_any_history_the_counts_equal_the_messages(steps: list[tuple[str, Any, Any]]) -> None:
    with transaction.atomic():
        history = History()
        for name, first, second in steps:
            getattr(history, name)(first, second)
            assert_counts()
        history.squash()
        transaction.set_rollback(True)
    assert MessageCount.objects.count() == 0


# --- Squashing ---------------------------------------------------------------------------------------------------


def test_finished_minutes_are_merged_into_what_is_read(tenant: Tenant, other_tenant: Tenant) -> None:
    for one in (tenant, tenant, tenant, other_tenant):
        make_message(one, status_changed_at=at(5))
    assert squash_counts() == 4
    assert MessageCount.objects.count() == 0
    assert sorted(PlatformCount.objects.values_list("span", "at", "status", "messages")) == [
        ("hour", at(0), "queued", 4),
        ("minute", at(5), "queued", 4),
    ]
    rows = TenantCount.objects.order_by("messages").values_list("hour", "tenant_id", "status", "messages")
    assert list(rows) == [(at(0), other_tenant.pk, "queued", 1), (at(0), tenant.pk, "queued", 3)]
    assert squash_counts() == 0
    make_message(tenant, status_changed_at=at(5))
    assert squash_counts() == 1
    assert set(PlatformCount.objects.values_list("messages", flat=True)) == {5}


def test_what_cancels_out_is_merged_to_nothing(tenant: Tenant) -> None:
    make_message(tenant, status_changed_at=at(5))
    squash_counts()
    Message.objects.all().delete()
    assert squash_counts() == 1
    assert (PlatformCount.objects.count(), TenantCount.objects.count()) == (0, 0)


def test_the_present_minute_is_not_merged(tenant: Tenant) -> None:
    ahead = timezone.now() + datetime.timedelta(minutes=1)
    for _ in range(2):
        make_message(tenant, status_changed_at=ahead)
    assert squash_counts() == 0
    assert MessageCount.objects.count() == 2


def test_after_two_days_only_hours_are_left_and_a_tenants_hours_days(tenant: Tenant) -> None:
    old = at(0) - datetime.timedelta(days=3)
    for minute in (1, 2, 59):
        taken = old + datetime.timedelta(minutes=minute)
        make_message(tenant, status=Status.DELIVERED, status_changed_at=taken, submitted_at=taken)
        make_message(tenant, status=Status.DELIVERED, status_changed_at=at(minute), submitted_at=at(minute))
    squash_counts()
    assert PlatformCount.objects.count() == 6 + 2
    assert coarsen_counts() == 3 + 3 + 1 + 1
    assert sorted(PlatformCount.objects.values_list("span", "at", "messages")) == [
        ("hour", old, 3),
        ("hour", at(0), 3),
        ("minute", at(1), 1),
        ("minute", at(2), 1),
        ("minute", at(59), 1),
    ]
    assert sorted(TenantCount.objects.values_list("hour", "messages")) == [(old.replace(hour=0), 3), (at(0), 3)]
    assert coarsen_counts() == 0
    assert times() == {("simulator", 0): 6}


@pytest.mark.django_db(transaction=True)
def test_counts_stay_exact_under_writers_and_squashers_at_once(tenant: Tenant, other_tenant: Tenant) -> None:
    ids = [make_message((tenant, other_tenant)[index % 2], status_changed_at=at(index % 3)).pk for index in range(30)]

    def work(index: int) -> None:
        if index >= 4:
            for _ in range(10):
                squash_counts()
                coarsen_counts()
            return
        for turn, key in enumerate(ids):
            status = list(Status)[(turn + index) % 10]
            Message.objects.filter(pk=key).update(status=status, status_changed_at=at((turn + index) % 4))
        Message.objects.filter(pk__in=ids[index::8]).delete()

    at_once(6, work)
    assert_counts()
    assert sum(platform().values()) == Message.objects.count() == 14


# --- Reading -----------------------------------------------------------------------------------------------------


def test_sums_begin_at_a_whole_minute_and_leave_out_other_states(tenant: Tenant, other_tenant: Tenant) -> None:
    make_message(tenant, status=Status.DELIVERED, status_changed_at=at(4, 59))
    make_message(tenant, status=Status.DELIVERED, status_changed_at=at(5, 1))
    make_message(other_tenant, status=Status.DELIVERED, status_changed_at=at(6))
    make_message(other_tenant, provider="carrier", status=Status.REJECTED, status_changed_at=at(6))
    make_message(other_tenant, status=Status.SENT, status_changed_at=at(6))
    for _ in range(2):
        found = counts.of_platform(since=at(5, 30), statuses=(Status.DELIVERED, Status.REJECTED))
        assert {(one.provider, one.status): one.messages for one in found} == {
            ("simulator", "delivered"): 2,
            ("carrier", "rejected"): 1,
        }
        squash_counts()


@pytest.mark.parametrize("minute", [0, 1, 30, 59])
def test_a_sum_is_of_whole_hours_and_of_the_minutes_before_the_first(tenant: Tenant, minute: int) -> None:
    minutes = (0, 1, 29, 30, 58, 59, 60, 61, 119)
    for one in minutes:
        moment = at(0) + datetime.timedelta(minutes=one)
        make_message(tenant, status=Status.DELIVERED, status_changed_at=moment, submitted_at=moment)
    expected = sum(one >= minute for one in minutes)
    for _ in range(2):
        assert [one.messages for one in counts.of_platform(since=at(minute))] == [expected]
        assert counts.delivery_times(since=at(minute)) == {"simulator": {0: expected}}
        squash_counts()


def test_a_state_that_was_left_again_is_in_no_sum(tenant: Tenant) -> None:
    make_message(tenant, status=Status.UNDELIVERED, failure_reason="absent_subscriber", status_changed_at=at(5))
    squash_counts()
    Message.objects.update(status=Status.DELIVERED, failure_reason="")
    assert counts.of_platform(since=at(0), statuses=(Status.UNDELIVERED,)) == []


def test_the_worst_tenants_are_those_of_whom_most_failed(tenant: Tenant, other_tenant: Tenant) -> None:
    for one, status, number_of in (
        (tenant, Status.UNDELIVERED, 2),
        (tenant, Status.DELIVERED, 5),
        (other_tenant, Status.REJECTED, 3),
    ):
        for _ in range(number_of):
            make_message(one, status=status, status_changed_at=at(5))
    for _ in range(2):
        slot, worst = counts.worst_tenants(since=at(30), most=10)
        assert slot == at(0).replace(hour=8)
        assert worst == [counts.Standing("globex", 0, 3), counts.Standing("acme", 5, 2)]
        assert [one.slug for one in counts.worst_tenants(since=at(30), most=1)[1]] == ["globex"]
        squash_counts()


@pytest.mark.parametrize(
    ("buckets", "share", "seconds"),
    [({}, 0.5, None), ({0: 10}, 0.5, 0.5), ({0: 10}, 0.95, 0.95), ({2: 1, 3: 1}, 0.95, 4.8), ({20: 5}, 0.5, 86400.0)],
)
def test_a_percentile_lies_within_its_bucket(buckets: dict[int, int], share: float, seconds: float | None) -> None:
    found = counts.percentile(buckets, share)
    assert found is None if seconds is None else found == pytest.approx(seconds)
