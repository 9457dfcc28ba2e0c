"""Failed Messages: how many failed for good."""

import datetime

import pytest
from pytest_django import Settings

from notifications.models import Threshold
from notifications.system_monitor.checks.failed_messages import FailedMessages
from notifications.tests.helpers import NOON, look, messages
from sms.models import Message, Status
from tenants.models import Tenant


def count() -> float | int | None:
    result = look(FailedMessages, now=NOON)
    assert result.measurement is not None
    return result.measurement.measured


@pytest.mark.parametrize(("failed", "state"), [(0, "ok"), (49, "ok"), (50, "ok"), (51, "critical")])
def test_it_fires_strictly_above_50(tenant: Tenant, other_tenant: Tenant, failed: int, state: str) -> None:
    messages(tenant, failed // 2, status=Status.UNDELIVERED, at=NOON)
    messages(other_tenant, failed - failed // 2, status=Status.EXPIRED, at=NOON)
    result = look(FailedMessages, now=NOON)
    assert result.state == state
    assert count() == failed


def test_its_finding_is_high_and_tells_the_most_frequent_reason(tenant: Tenant) -> None:
    messages(tenant, 20, status=Status.REJECTED, at=NOON, failure_reason="blocked_by_operator")
    messages(tenant, 31, status=Status.UNDELIVERED, at=NOON, failure_reason="absent_subscriber")
    (finding,) = look(FailedMessages, now=NOON).findings
    assert (finding.scope, finding.priority) == ("", "high")
    assert finding.summary == (
        "51 messages failed in the last 24 hours; more than 50 is too many. "
        "Most often (31): The phone was off or without a network until the carrier gave up."
    )


def test_failing_without_a_reason_is_said_too(tenant: Tenant) -> None:
    messages(tenant, 51, status=Status.EXPIRED, at=NOON, failure_reason="")
    (finding,) = look(FailedMessages, now=NOON).findings
    assert finding.summary.endswith("Most often (51): No reason was given.")


def test_each_way_to_fail_counts_and_nothing_else_does(tenant: Tenant) -> None:
    for status in Status:
        messages(tenant, 1, status=status, at=NOON)
    assert count() == 3  # undelivered, rejected, expired; cancelled stands apart


def test_the_window_is_24_hours_in_whole_minutes(tenant: Tenant) -> None:
    edge = NOON.replace(second=0) - datetime.timedelta(hours=24)
    messages(tenant, 1, status=Status.EXPIRED, at=edge - datetime.timedelta(seconds=1))
    assert count() == 0
    messages(tenant, 1, status=Status.EXPIRED, at=edge)
    assert count() == 1


def test_limit_and_window_are_settings(tenant: Tenant, settings: Settings) -> None:
    settings.FAILED_MESSAGES_LIMIT = 1
    settings.FAILED_MESSAGES_WINDOW = datetime.timedelta(minutes=90)
    messages(tenant, 9, status=Status.EXPIRED, at=NOON - datetime.timedelta(minutes=91))
    messages(tenant, 2, status=Status.EXPIRED, at=NOON)
    result = look(FailedMessages, now=NOON)
    assert result.measurement is not None
    assert result.measurement.threshold == "at most 1"
    assert result.findings[0].summary.startswith("2 messages failed in the last 90 minutes; more than 1 is too many.")


def test_a_failure_that_was_delivered_after_all_is_none(tenant: Tenant, platform: None) -> None:
    messages(tenant, 2, status=Status.EXPIRED, at=NOON, failure_reason="no_receipt_in_time")
    one = Message.objects.first()
    Message.objects.filter(pk=one.pk).update(status=Status.DELIVERED, status_changed_at=NOON)
    assert count() == 1


def test_reasons_are_the_ten_most_frequent_and_how_many_there_are(tenant: Tenant) -> None:
    for number in range(12):
        messages(tenant, number + 1, status=Status.UNDELIVERED, at=NOON, failure_reason=f"reason_{number}")
    messages(tenant, 1, status=Status.UNDELIVERED, at=NOON)
    result = look(FailedMessages, now=NOON)
    assert result.measurement is not None
    details = result.measurement.details
    assert details["reasons_total"] == 13
    assert len(details["reasons"]) == 10
    assert details["reasons"][0] == {"reason": "reason_11", "messages": 12}
    assert details["window"] == "24 hours"
    assert (result.measurement.measured, result.measurement.sample) == (79, 79)


def test_a_failure_without_a_reason_is_called_unspecified(tenant: Tenant) -> None:
    messages(tenant, 1, status=Status.UNDELIVERED, at=NOON)
    result = look(FailedMessages, now=NOON)
    assert result.measurement is not None
    assert result.measurement.details["reasons"] == [{"reason": "unspecified", "messages": 1}]


def test_it_says_how_many_of_each_carrier(tenant: Tenant) -> None:
    messages(tenant, 2, status=Status.UNDELIVERED, at=NOON)
    messages(tenant, 3, status=Status.EXPIRED, at=NOON, provider="carrier")
    messages(tenant, 1, status=Status.REJECTED, at=NOON, provider="")  # refused before it was given to one
    result = look(FailedMessages, now=NOON)
    assert result.measurement is not None
    assert result.measurement.details["providers"] == [
        {"provider": "carrier", "messages": 3},
        {"provider": "simulator", "messages": 2},
        {"provider": "unspecified", "messages": 1},
    ]
    assert result.measurement.details["providers_total"] == 3


def test_a_limit_that_was_decided_goes_before_the_setting(tenant: Tenant) -> None:
    messages(tenant, 3, status=Status.EXPIRED, at=NOON)
    Threshold.objects.create(check_slug="failed_messages", name="warning", value=2)
    result = look(FailedMessages, now=NOON)
    assert result.state == "critical"
    assert result.measurement is not None
    assert result.measurement.threshold == "at most 2"
