"""Message Delivery: whether messages move on."""

import datetime
from typing import Any

import pytest
from pytest_django import Settings

from notifications.models import Threshold
from notifications.system_monitor import runner
from notifications.system_monitor.checks.message_delivery import MessageDelivery
from notifications.system_monitor.checks.sms_service import SmsService
from notifications.system_monitor.report import Result, State
from notifications.tests.helpers import NOON, look, messages
from sms.models import Status
from sms.providers import simulator
from tenants.models import Tenant

HOUR, SECOND = datetime.timedelta(hours=1), datetime.timedelta(seconds=1)
LONG_AGO = NOON - 3 * HOUR


def count() -> float | int | None:
    result = look(MessageDelivery, now=NOON)
    assert result.measurement is not None
    return result.measurement.measured


@pytest.mark.parametrize(("stuck", "state"), [(0, "ok"), (9, "ok"), (10, "ok"), (11, "warning")])
def test_it_fires_strictly_above_10(tenant: Tenant, other_tenant: Tenant, stuck: int, state: str) -> None:
    messages(tenant, stuck // 2, status=Status.QUEUED, at=LONG_AGO)
    messages(other_tenant, stuck - stuck // 2, status=Status.SENT, at=LONG_AGO)
    assert look(MessageDelivery, now=NOON).state == state
    assert count() == stuck


@pytest.mark.parametrize(("since", "stuck"), [(HOUR - SECOND, 0), (HOUR, 0), (HOUR + SECOND, 1)])
def test_stuck_is_strictly_longer_than_an_hour(tenant: Tenant, since: datetime.timedelta, stuck: int) -> None:
    messages(tenant, 1, status=Status.QUEUED, at=NOON - since)
    assert count() == stuck


@pytest.mark.parametrize("status", ["queued", "claimed", "submitted", "sent", "unknown"])
def test_pending_and_sending_ones_can_be_stuck(tenant: Tenant, status: str) -> None:
    messages(tenant, 1, status=Status(status), at=LONG_AGO)
    assert count() == 1


@pytest.mark.parametrize("status", ["delivered", "undelivered", "rejected", "expired", "cancelled"])
def test_settled_ones_cannot(tenant: Tenant, status: str) -> None:
    messages(tenant, 1, status=Status(status), at=LONG_AGO)
    assert count() == 0


@pytest.mark.parametrize(
    ("fields", "stuck"),
    [
        ({"status": Status.QUEUED, "next_attempt_at": NOON + SECOND}, 0),  # scheduled for later
        ({"status": Status.QUEUED, "next_attempt_at": NOON - HOUR + SECOND}, 0),  # due for less than an hour
        ({"status": Status.QUEUED, "next_attempt_at": NOON - HOUR}, 1),
        ({"status": Status.SENT, "deliver_before": NOON + SECOND}, 0),  # the carrier still has time
        ({"status": Status.SENT, "deliver_before": NOON}, 1),
    ],
)
def test_what_has_a_reason_to_wait_is_not_stuck(tenant: Tenant, fields: dict[str, Any], stuck: int) -> None:
    messages(tenant, 1, at=LONG_AGO, **fields)
    assert count() == stuck


def test_it_says_how_long_the_oldest_has_waited_and_counts_no_further_than_it_must(tenant: Tenant) -> None:
    messages(tenant, 30, status=Status.QUEUED, at=LONG_AGO)
    messages(tenant, 1, status=Status.QUEUED, at=NOON - 26 * HOUR)
    result = look(MessageDelivery, now=NOON)
    assert result.measurement is not None
    assert (result.measurement.measured, result.measurement.sample) == (11, 11)
    assert result.measurement.threshold == "at most 10"
    details = result.measurement.details
    assert (details["stuck_after"], details["oldest_age"], details["counted_up_to"]) == ("hour", "1 day", 11)
    assert details["oldest_seconds"] == 26 * 3600
    assert details["stuck_by_provider"] == [{"provider": "simulator", "messages": 11}]
    (finding,) = result.findings
    assert finding.priority == "medium"
    assert finding.summary == (
        "More than 10 messages have been pending or sending for over 1 hour. The oldest has not moved for 1 day."
    )


def test_limit_and_time_are_settings(tenant: Tenant, settings: Settings) -> None:
    settings.STUCK_MESSAGES_LIMIT = 1
    settings.STUCK_MESSAGES_AFTER = datetime.timedelta(minutes=5)
    messages(tenant, 2, status=Status.QUEUED, at=NOON - datetime.timedelta(minutes=6))
    result = look(MessageDelivery, now=NOON)
    assert result.state is State.WARNING
    assert result.summary.startswith("More than 1 message has been pending or sending for over 5 minutes.")


def test_one_that_is_stuck_is_one_message(tenant: Tenant) -> None:
    messages(tenant, 1, status=Status.QUEUED, at=NOON - datetime.timedelta(hours=2))
    assert look(MessageDelivery, now=NOON).summary.startswith("1 message has been pending or sending for over 1 hour.")


def test_nothing_stuck_has_no_oldest(tenant: Tenant) -> None:
    result = look(MessageDelivery, now=NOON)
    assert result.measurement is not None
    assert result.measurement.details["oldest_age"] is None
    assert result.summary == "0 messages have been pending or sending for over 1 hour."


def test_thresholds_that_were_decided_go_before_the_settings(tenant: Tenant) -> None:
    messages(tenant, 3, status=Status.QUEUED, at=LONG_AGO)
    Threshold.objects.create(check_slug="message_delivery", name="warning", value=2)
    result = look(MessageDelivery, now=NOON)
    assert result.state is State.WARNING
    assert result.measurement is not None
    assert result.measurement.threshold == "at most 2"


# --- While a provider is unreachable -----------------------------------------------------------------------------


def both(tenant: Tenant, *, silent: int, others: int) -> Result:
    """What is said of so many stuck messages of an unreachable provider and of one that answers."""
    simulator.set_profile("outage")
    messages(tenant, silent, status=Status.QUEUED, at=LONG_AGO)
    messages(tenant, others, status=Status.SENT, at=LONG_AGO + HOUR, provider="carrier")
    return runner.run(checks=(SmsService, MessageDelivery), now=NOON).results[1]


def test_what_is_stuck_at_an_unreachable_provider_follows_from_that(tenant: Tenant) -> None:
    (finding,) = both(tenant, silent=20, others=10).findings
    assert finding.follows_from == ("sms_service", "provider:simulator")


def test_what_is_stuck_elsewhere_does_not(tenant: Tenant) -> None:
    result = both(tenant, silent=20, others=11)
    (finding,) = result.findings
    assert finding.follows_from is None
    assert result.measurement is not None
    assert result.measurement.details["stuck_by_provider"] == [{"provider": "carrier", "messages": 11}]
    assert finding.summary.endswith("The oldest has not moved for 2 hours.")


def test_without_too_many_nothing_follows(tenant: Tenant) -> None:
    assert both(tenant, silent=5, others=5).findings == []


# --- How long it takes -------------------------------------------------------------------------------------------


def test_it_says_how_many_arrived_and_how_long_that_took(tenant: Tenant) -> None:
    for seconds, provider in ((1.5, "simulator"), (2.5, "simulator"), (100, "carrier"), (110, "carrier")):
        taken = NOON - datetime.timedelta(seconds=seconds)
        messages(tenant, 1, status=Status.DELIVERED, at=NOON, submitted_at=taken, provider=provider)
    messages(tenant, 1, status=Status.EXPIRED, at=NOON)
    messages(tenant, 9, status=Status.DELIVERED, at=NOON - 25 * HOUR, submitted_at=NOON - 26 * HOUR)
    result = look(MessageDelivery, now=NOON)
    assert result.measurement is not None
    details = result.measurement.details
    assert (details["delivery_percent"], details["settled"], details["window"]) == (80, 5, "24 hours")
    # Linear within a bucket, so within 2 to 3 and 90 to 120 seconds.
    assert details["delivery_times"] == {"sample": 4, "p50_seconds": 3.0, "p95_seconds": 117.0}
    assert details["delivery_times_by_provider"] == [
        {"provider": "carrier", "sample": 2, "p50_seconds": 105.0, "p95_seconds": 118.5},
        {"provider": "simulator", "sample": 2, "p50_seconds": 2.0, "p95_seconds": 2.9},
    ]
    assert details["delivery_times_by_provider_total"] == 2
