"""What existing web clients read of the inbox and its settings, beyond what test_contract.py has."""

from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from notifications.models import Notification
from notifications.models.priority import Priority
from notifications.tests.helpers import NOON, ago, tell
from tests.fixtures import API, ClientOf, assert_contract

SETTINGS = f"{API}settings/"


@pytest.fixture
def bill(member: User) -> Notification:
    """Read at once, two hours ago."""
    return tell(
        member,
        "Your invoice is ready",
        message="Invoice 7 of March 2026.",
        notification_type="billing",
        action_text="View",
        action_url="https://example.com/invoices/7",
        data={"invoice": 7},
        status="read",
        read_at=ago(hours=2),
        expires_at=ago(days=-1),
        created_at=ago(hours=2),
    )


@pytest.fixture
def campaign(member: User, bill: Notification) -> Notification:
    return tell(member, "Your campaign has ended", message="Ended.", notification_type="campaign")


def test_the_list_in_pages(client_of: ClientOf, member: User, campaign: Notification) -> None:
    client = client_of(member)
    first = client.get(f"{API}?page_size=1")
    assert_contract(first, "list-first-page")
    assert_contract(client.get(first.json()["next"]), "list-last-page")


def test_one(client_of: ClientOf, member: User, bill: Notification) -> None:
    assert_contract(client_of(member).get(f"{API}{bill.pk}/"), "detail")


@pytest.mark.parametrize("name", ["mark-unread", "archive"])
def test_changing_one(name: str, client_of: ClientOf, member: User, bill: Notification) -> None:
    client = client_of(member)
    for _ in range(2):  # repeating is fine
        assert_contract(client.post(f"{API}{bill.pk}/{name}/"), name)


def test_deleting_one(client_of: ClientOf, member: User, bill: Notification) -> None:
    client = client_of(member)
    assert_contract(client.delete(f"{API}{bill.pk}/"), "deleted")
    assert_contract(client.delete(f"{API}{bill.pk}/"), "not-found", status=404)


@pytest.mark.parametrize("call", ["get", "delete"])
def test_somebody_elses(call: str, client_of: ClientOf, outsider: User, bill: Notification) -> None:
    assert_contract(getattr(client_of(outsider), call)(f"{API}{bill.pk}/"), "not-found", status=404)


def test_bulk(client_of: ClientOf, member: User, bill: Notification, campaign: Notification) -> None:
    body = {"ids": [str(bill.pk), str(campaign.pk)], "action": "archive"}
    assert_contract(client_of(member).post(f"{API}bulk/", body), "bulk")


def test_statistics(client_of: ClientOf, member: User) -> None:
    with time_machine.travel(NOON, tick=False):
        tell(member, notification_type="billing", created_at=ago(hours=2), status="read", read_at=ago(hours=1))
        tell(member, created_at=ago(days=8), status="read", read_at=ago(days=8, hours=-1))
        tell(member, status="archived", archived_at=timezone.now(), priority=Priority.HIGH)
        tell(member, notification_type="campaign")
        assert_contract(client_of(member).get(f"{API}stats/"), "stats")


def test_settings_of_somebody_who_never_set_any(client_of: ClientOf, member: User) -> None:
    assert_contract(client_of(member).get(SETTINGS), "settings")


@pytest.mark.parametrize("call", ["put", "patch"])
def test_changed_settings(call: str, client_of: ClientOf, member: User) -> None:
    changes = {"sms_notifications_enabled": True, "sms_credit_warning_threshold": 40}
    assert_contract(getattr(client_of(member), call)(SETTINGS, changes), "settings-changed")


@pytest.mark.parametrize("call", ["put", "patch"])
def test_settings_whose_thresholds_would_cross(call: str, client_of: ClientOf, member: User) -> None:
    changes: dict[str, Any] = {"sms_credit_critical_threshold": 25}
    assert_contract(getattr(client_of(member), call)(SETTINGS, changes), "settings-refused", status=400)
