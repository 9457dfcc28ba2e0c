"""Trying out what one's own thresholds say of a balance."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from notifications import preferences
from notifications.models import Notification, NotificationSettings
from notifications.tests.conftest import Get
from notifications.tests.helpers import API
from tenants import services as tenants
from tenants.models import Membership, Tenant

ClientOf = Callable[[User], APIClient]
TEST = "sms-credit/test/"


def test_it_says_the_level_and_tells_the_caller_alone(
    post: Get, get: Get, owner: User, member: User, admin: User, tenant: Tenant
) -> None:
    body = post(owner, TEST, {"current_credits": 80, "total_credits": 1000})
    assert body == {
        "success": True,
        "message": "8.0 % of the credits are left: critical, notification created",
        "current_credits": 80,
        "total_credits": 1000,
        "percentage": 8.0,
        "level": "critical",
    }
    row = Notification.objects.get()
    assert (row.recipient, row.tenant, row.kind, row.notification_type) == (
        owner,
        tenant,
        "sms_credit_low",
        "sms_credit",
    )
    assert (row.priority, row.is_system, row.title) == ("high", False, "SMS credits are low: 8.0 % left")
    assert row.message == (
        "80 of 1000 SMS credits are left. Your critical threshold is 10 %. Top up so that messages keep going out."
    )
    assert get(owner, "recent/")["unread_count"] == 1


def test_where_none_are_left_it_says_what_that_means(post: Get, owner: User) -> None:
    post(owner, TEST, {"current_credits": 0, "total_credits": 1000})
    row = Notification.objects.get()
    assert row.title == "No SMS credits are left"
    assert row.message == "None of 1000 SMS credits are left. Messages are refused until you top up."


@pytest.mark.parametrize(
    ("current", "total", "percentage", "level", "priority"),
    [
        (0, 1, 0.0, "critical", "high"),
        (100, 1000, 10.0, "critical", "high"),
        (1004, 10000, 10.0, "warning", "medium"),
        (101, 1000, 10.1, "warning", "medium"),
        (250, 1000, 25.0, "warning", "medium"),
        (251, 1000, 25.1, "ok", None),
        (1, 3, 33.3, "ok", None),
        (2000, 1000, 200.0, "ok", None),
        (10**15, 10**15, 100.0, "ok", None),
    ],
)
def test_a_threshold_that_is_reached_counts(
    current: int, total: int, percentage: float, level: str, priority: str | None, post: Get, admin: User
) -> None:
    body = post(admin, TEST, {"current_credits": current, "total_credits": total})
    assert (body["percentage"], body["level"]) == (percentage, level)
    assert list(Notification.objects.values_list("priority", flat=True)) == ([priority] if priority else [])


def test_the_thresholds_are_the_callers_own(post: Get, owner: User, outsider: User) -> None:
    changes = {"sms_credit_warning_threshold": 60, "sms_credit_critical_threshold": 50}
    preferences.change_settings(user=owner, changes=changes)
    half = {"current_credits": 50, "total_credits": 100}
    assert (post(owner, TEST, half)["level"], post(outsider, TEST, half)["level"]) == ("critical", "ok")


def test_with_in_app_off_a_warning_is_not_put_into_the_inbox(post: Get, owner: User) -> None:
    preferences.change_settings(user=owner, changes={"in_app_notifications_enabled": False})
    body = post(owner, TEST, {"current_credits": 20, "total_credits": 100})
    assert (body["level"], body["message"]) == ("warning", "20.0 % of the credits are left: warning, no notification")
    assert not Notification.objects.exists()
    post(owner, TEST, {"current_credits": 1, "total_credits": 100})
    assert Notification.objects.get().priority == "high"


def test_nothing_has_no_percentage(refused: Get, owner: User) -> None:
    answer = refused(owner, "post", TEST, {"current_credits": 0, "total_credits": 0})
    assert answer["detail"] == "total_credits: Must be more than 0: there is no percentage of nothing."
    assert not NotificationSettings.objects.exists()


@pytest.mark.parametrize("field", ["current_credits", "total_credits"])
@pytest.mark.parametrize("value", [-1, 1.5, "x", "", None, True, [1], 10**15 + 1, 10**400])
def test_what_is_no_count_is_a_400_that_names_the_field(field: str, value: Any, refused: Get, owner: User) -> None:
    answer = refused(owner, "post", TEST, {"current_credits": 1, "total_credits": 100} | {field: value})
    assert list(answer["errors"]) == [field]
    assert not Notification.objects.exists()


def test_both_are_required(refused: Get, owner: User) -> None:
    assert set(refused(owner, "post", TEST)["errors"]) == {"current_credits", "total_credits"}


def test_only_platform_admins_and_owners_of_their_current_tenant_may(
    client_of: ClientOf, anonymous: APIClient, member: User, outsider: User, staff: User, tenant: Tenant
) -> None:
    body = {"current_credits": 1, "total_credits": 100}
    assert anonymous.post(API + TEST, body).status_code == 401
    assert client_of(member).post(API + TEST, body).status_code == 403
    Membership.objects.filter(user=member).update(role="admin")
    assert client_of(member).post(API + TEST, body).status_code == 403
    tenants.add_member(tenant=tenant, user=outsider)
    assert client_of(outsider).post(API + TEST, body).status_code == 200
    tenants.switch_tenant(user=outsider, tenant_id=tenant.pk)  # theirs is the other one
    assert client_of(outsider).post(API + TEST, body).status_code == 403
    assert client_of(staff).post(API + TEST, body).status_code == 200
