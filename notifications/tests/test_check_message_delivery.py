"""Message Delivery: whether messages move on."""

import datetime
from typing import Any

import pytest
from pytest_django import Settings

from notifications.system_monitor.checks.message_delivery import MessageDelivery
from notifications.system_monitor.report import State
from notifications.tests.helpers import NOON, look, messages
from sms.models import Status
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
    assert result.measurement.details == {"stuck_after": "hour", "oldest_age": "1 day", "counted_up_to": 11}
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
    assert result.summary.startswith("More than 1 messages have been pending or sending for over 5 minutes.")


def test_nothing_stuck_has_no_oldest(tenant: Tenant) -> None:
    result = look(MessageDelivery, now=NOON)
    assert result.measurement is not None
    assert result.measurement.details["oldest_age"] is None
    assert result.summary == "0 messages have been pending or sending for over 1 hour."
