"""What a tenant sent, in numbers that come from counts."""

import datetime
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from rest_framework.test import APIClient

from sms.models import Message, Status
from sms.services import squash_counts
from sms.tests.helpers import make_message
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]
URL = "/api/sms/statistics/"


def data(api: APIClient, query: str = "") -> dict[str, Any]:
    response = api.get(URL + query)
    assert response.status_code == 200, response.content
    found: dict[str, Any] = response.json()["data"]
    return found


def at(*, days_ago: int = 0) -> datetime.datetime:
    return timezone.now() - datetime.timedelta(days=days_ago)


@pytest.fixture(autouse=True)
def _noon(time_machine: time_machine.TimeMachineFixture) -> None:
    """No test runs over midnight."""
    time_machine.move_to(timezone.now().replace(hour=12, minute=0))


@pytest.fixture
def sent(tenant: Tenant, other_tenant: Tenant) -> None:
    make_message(other_tenant, status=Status.DELIVERED)
    for seconds, provider in ((4, "simulator"), (4, "simulator"), (25, "twilio")):
        make_message(
            tenant,
            status=Status.DELIVERED,
            provider=provider,
            submitted_at=at(days_ago=1) - datetime.timedelta(seconds=seconds),
            status_changed_at=at(days_ago=1),
        )
    make_message(tenant, status=Status.UNDELIVERED, failure_reason="absent_subscriber", provider="twilio")
    make_message(tenant, status=Status.CANCELLED, failure_reason="opted_out")
    make_message(tenant, status=Status.QUEUED)
    make_message(tenant, status=Status.DELIVERED, status_changed_at=at(days_ago=40))


@pytest.mark.parametrize("squashed", [False, True])
def test_messages_are_counted_by_day_state_provider_and_reason(api: APIClient, sent: None, squashed: bool) -> None:
    if squashed:
        squash_counts()
    found = data(api)
    assert (found["total"], found["delivery_rate"]) == (6, 75.0)
    assert found["states"] == {"cancelled": 1, "delivered": 3, "failed": 1, "pending": 1, "sending": 0}
    assert {name: n for name, n in found["by_status"].items() if n} == {
        "delivered": 3,
        "undelivered": 1,
        "cancelled": 1,
        "queued": 1,
    }
    assert len(found["by_day"]) == 30
    assert [(one["date"], one["delivered"], one["failed"]) for one in found["by_day"][-2:]] == [
        (at(days_ago=1).date().isoformat(), 3, 0),
        (at().date().isoformat(), 0, 1),
    ]
    assert [(one["provider"], one["total"], one["delivery_rate"]) for one in found["by_provider"]] == [
        ("simulator", 4, 100.0),
        ("twilio", 2, 50.0),
    ]
    assert found["by_reason"] == [
        {"reason": "absent_subscriber", "messages": 1},
        {"reason": "opted_out", "messages": 1},
    ]
    assert 3 <= found["median_seconds_to_deliver"] <= 5
    assert 20 <= found["p95_seconds_to_deliver"] <= 30


def test_a_message_counts_where_it_is_now(api: APIClient, tenant: Tenant) -> None:
    make_message(tenant, status=Status.QUEUED)
    Message.objects.update(status=Status.CANCELLED, status_changed_at=timezone.now())
    assert data(api)["states"] == {"cancelled": 1, "delivered": 0, "failed": 0, "pending": 0, "sending": 0}


def test_a_period_of_its_own(api: APIClient, sent: None) -> None:
    day = at(days_ago=40).date().isoformat()
    found = data(api, f"?since={day}&until={day}")
    assert (found["total"], len(found["by_day"]), found["since"], found["until"]) == (1, 1, day, day)


def test_nothing_sent_is_no_rate(api: APIClient) -> None:
    found = data(api)
    assert (found["total"], found["delivery_rate"], found["median_seconds_to_deliver"]) == (0, None, None)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?since=x", "since"),
        ("?until=2026-13-01", "until"),
        ("?since=2026-02-01&until=2026-01-01", "until"),
        ("?since=2025-01-01&until=2025-12-31", "until"),
        ("?since=0001-01-01", "since"),
        ("?until=0001-01-01", "until"),
        ("?until=9999-12-31", "until"),
    ],
)
def test_a_bad_period_is_a_400_that_names_the_field(api: APIClient, query: str, field: str) -> None:
    response = api.get(URL + query)
    assert response.status_code == 400, response.content
    assert list(response.json()["errors"]) == [field]


def test_many_messages_take_as_many_queries_as_none(api: APIClient, tenant: Tenant, count_of: Any) -> None:
    api.get(URL)
    few = count_of(lambda: api.get(URL))
    for index in range(10):
        make_message(tenant, status=Status.values[index % 10], provider=f"p{index}")
    assert count_of(lambda: api.get(URL)) == few == 4  # who calls for whom; then two
