"""Whatever happened, what the checks say equals counting the rows, one by one and not in SQL."""

import datetime
from collections import Counter
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from accounts.models import User
from notifications.system_monitor import runner
from notifications.system_monitor.checks.failed_messages import FailedMessages
from notifications.system_monitor.checks.message_delivery import MessageDelivery
from notifications.system_monitor.checks.sms_credits import SmsCredits
from notifications.system_monitor.checks.sms_service import SmsService
from notifications.system_monitor.report import Measurement
from notifications.tests.helpers import account, messages, tell
from sms import counts
from sms.models import Message, Route, Status
from sms.models.counts import DELIVERY_BUCKETS
from sms.models.states import FAILED, PENDING, SENDING
from sms.services import squash_counts
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]
HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)
#: Yesterday's, since a tenant's tally is forgotten after a week.
NOON = (timezone.now() - DAY).replace(hour=12, minute=0, second=30, microsecond=0)
#: BEGIN and the like, and what sets a limit.
NOT_COUNTED = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET ")


# --- Any history -------------------------------------------------------------------------------------------------

_MOMENT = st.sampled_from(
    [NOON - length for length in (0 * HOUR, 0.5 * HOUR, HOUR, 1.1 * HOUR, 5 * HOUR, 23.9 * HOUR, DAY, 1.1 * DAY)]
)
_FIELDS = st.fixed_dictionaries(
    {
        "status": st.sampled_from(Status.values),
        "provider": st.sampled_from(["", "simulator", "carrier"]),
        "failure_reason": st.sampled_from(["", "absent_subscriber", "blocked"]),
        "status_changed_at": _MOMENT,
        "submitted_at": st.none() | _MOMENT,
        "next_attempt_at": st.none() | _MOMENT,
        "deliver_before": st.none() | _MOMENT | st.just(NOON + HOUR),
    }
)
_STEP = st.one_of(
    st.tuples(st.just("create"), st.integers(0, 2), st.lists(_FIELDS, min_size=1, max_size=15)),
    st.tuples(st.just("update"), st.sampled_from(Status.values), _FIELDS),
    st.tuples(st.just("change"), st.integers(1, 4), _FIELDS),
    st.tuples(st.just("delete"), st.sampled_from(Status.values), st.none()),
    st.tuples(st.just("squash"), st.none(), st.none()),
)


class History:
    def __init__(self) -> None:
        self.tenants = [Tenant.objects.create(name=slug, slug=slug) for slug in ("a", "b", "c")]

    def create(self, which: int, some: list[dict[str, Any]]) -> None:
        plain = {"recipient": "+255754123456", "sender_id": "ACME", "text": "Hi", "segments": 1}
        Message.objects.bulk_create(Message(tenant=self.tenants[which], **plain, **fields) for fields in some)

    def update(self, status: str, fields: dict[str, Any]) -> None:
        Message.objects.filter(status=status).update(**fields)

    def change(self, every: int, fields: dict[str, Any]) -> None:
        some = list(Message.objects.order_by("id"))[::every]
        for message in some:
            vars(message).update(fields)
        Message.objects.bulk_update(some, list(fields))

    def delete(self, status: str, _: None) -> None:
        Message.objects.filter(status=status).delete()

    def squash(self, *_: None) -> None:
        squash_counts()


def measured() -> tuple[Measurement, ...]:
    results = runner.run(checks=(SmsService, FailedMessages, MessageDelivery), now=NOON).results
    found = [result.measurement for result in results]
    return tuple(one for one in found if one is not None)


def assert_like_the_messages() -> None:
    everything = list(Message.objects.select_related("tenant"))
    since = (NOON - DAY).replace(second=0)
    settled = [
        one for one in everything if one.status in (Status.DELIVERED, *FAILED) and one.status_changed_at >= since
    ]
    delivered = [one for one in settled if one.status == Status.DELIVERED]
    failed = [one for one in settled if one.status in FAILED]
    service, failures, delivery = measured()

    assert service.sample == len(settled)
    assert (service.details["delivered"], service.details["failed"]) == (len(delivered), len(failed))
    assert service.measured == (round(100 * len(delivered) / len(settled), 1) if settled else None)
    rates = {row["provider"]: (row["delivered"], row["failed"]) for row in service.details["providers"]}
    assert {one: n for one, n in rates.items() if n != (0, 0)} == {
        provider: (
            sum(one.provider == provider for one in delivered),
            sum(one.provider == provider for one in failed),
        )
        for provider in {one.provider for one in settled}
    }
    slot = since.replace(hour=12, minute=0)
    worst = Counter(one.tenant.slug for one in everything if one.status in FAILED and one.status_changed_at >= slot)
    assert {row["tenant"]: row["failed"] for row in service.details["worst_tenants"]} == worst

    assert failures.measured == len(failed)
    for name, word in (("reason", "failure_reason"), ("provider", "provider")):
        said = {row[name]: row["messages"] for row in failures.details[f"{name}s"]}
        assert said == Counter(getattr(one, word) or "unspecified" for one in failed)

    stuck = [one for one in everything if is_stuck(one)]
    assert delivery.measured == min(len(stuck), 11)
    ages = [round((NOON - one.status_changed_at).total_seconds()) for one in stuck]
    if len(stuck) <= 11:
        assert delivery.details["oldest_seconds"] == max(ages, default=None)
        by_provider = {row["provider"]: row["messages"] for row in delivery.details["stuck_by_provider"]}
        assert by_provider == Counter(one.provider or "none yet" for one in stuck)
    assert delivery.details["settled"] == len(settled)
    buckets: Counter[int] = Counter()
    for one in delivered:
        if one.submitted_at is not None:
            seconds = (one.status_changed_at - one.submitted_at).total_seconds()
            buckets[sum(seconds >= end for end in DELIVERY_BUCKETS)] += 1
    times = delivery.details["delivery_times"]
    assert times["sample"] == buckets.total()
    for name, share in (("p50_seconds", 0.5), ("p95_seconds", 0.95)):
        exact = counts.percentile(dict(buckets), share)
        assert times[name] == (None if exact is None else round(exact, 1))


def is_stuck(one: Message) -> bool:
    """The contract's words, without any index."""
    scheduled = one.next_attempt_at is not None and one.next_attempt_at > NOON - HOUR
    within_deadline = one.deliver_before is not None and one.deliver_before > NOON
    on_its_way = one.status in (*PENDING, *SENDING)
    return on_its_way and one.status_changed_at < NOON - HOUR and not scheduled and not within_deadline


@hypothesis_settings(deadline=None, max_examples=25, database=None)
@given(steps=st.lists(_STEP, min_size=1, max_size=10))
def test_after_any_history_the_checks_say_what_counting_the_messages_says(steps: list[tuple[str, Any, Any]]) -> None:
    with transaction.atomic():
        history = History()
        for name, first, second in steps:
            getattr(history, name)(first, second)
        assert_like_the_messages()
        history.squash()
        assert_like_the_messages()
        transaction.set_rollback(True)


_ACCOUNT = st.fixed_dictionaries(
    {
        "available": st.integers(0, 1200),
        "of": st.sampled_from([0, 50, 99, 100, 300, 1000]),
        "is_unlimited": st.sampled_from([False, False, True]),
    }
)


@hypothesis_settings(deadline=None, max_examples=25, database=None)
@given(accounts=st.lists(_ACCOUNT, max_size=25))
def test_whatever_the_balances_the_bands_are_what_counting_the_accounts_says(accounts: list[dict[str, Any]]) -> None:
    def band(available: int, of: int) -> str:
        if available == 0:
            return "empty"
        for name, percent in (("critical", 10), ("warning", 25)):
            if of > 0 and available * 100 <= of * percent:
                return name
        return "low" if available < 100 <= of else ""

    with transaction.atomic():
        for number, fields in enumerate(accounts):
            account(Tenant.objects.create(name="T", slug=f"t-{number:02}"), **fields)
        (result,) = runner.run(checks=(SmsCredits,), now=NOON).results
        transaction.set_rollback(True)
    limited = [one for one in accounts if not one["is_unlimited"]]
    expected = Counter(band(one["available"], one["of"]) for one in limited)
    assert result.measurement is not None
    assert result.measurement.sample == len(limited)
    assert +Counter(result.measurement.details["bands"]) == Counter({name: n for name, n in expected.items() if name})
    order = ["empty", "critical", "warning", "low"]
    low = [(order.index(name), one["available"]) for one in limited if (name := band(one["available"], one["of"]))]
    rows = result.measurement.details["lowest"]
    assert [(order.index(row["band"]), row["available"]) for row in rows] == sorted(low)[:10]


# --- What it costs -----------------------------------------------------------------------------------------------


def statements() -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        report = runner.run(now=NOON)
    assert "unknown" not in {result.state for result in report.results}
    texts = [query["sql"].removeprefix("SET LOCAL bellwether.tenant = 'all'; ") for query in captured]
    return [text for text in texts if not text.startswith(NOT_COUNTED)]


def test_all_six_checks_together_are_at_most_twelve_statements_whatever_is_stored(
    tenant: Tenant, other_tenant: Tenant, member: User
) -> None:
    empty = statements()
    assert 0 < len(empty) <= 12
    account(tenant, 5, of=1000)
    account(other_tenant, 50, of=1000)
    Route.objects.create(tenant=tenant, provider="simulator")
    for status in Status:
        messages(tenant, 30, status=status, at=NOON - 2 * HOUR, submitted_at=NOON - 3 * HOUR)
        messages(other_tenant, 30, status=status, at=NOON - 2 * HOUR)
    tell(member)
    assert len(statements()) == len(empty)


def test_windows_of_their_own_add_no_more_than_one_statement(settings: Settings, db: None) -> None:
    settings.FAILED_MESSAGES_WINDOW = HOUR
    assert len(statements()) <= 12
