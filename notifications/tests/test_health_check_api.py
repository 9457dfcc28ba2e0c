"""GET system/health-check/: for admins, and repeating it changes nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts import services as accounts
from accounts.models import User
from notifications.models import Incident, MonitorRun, Notification
from notifications.system_monitor import lease, monitor
from notifications.tests.conftest import Get
from notifications.tests.helpers import API, account, messages
from sms.models import Status
from sms.providers import simulator
from tenants.models import Tenant

PATH = "system/health-check/"


@pytest.mark.parametrize("who", ["admin", "staff"])
def test_admins_get_a_report(who: str, request: pytest.FixtureRequest, get: Get) -> None:
    body = get(request.getfixturevalue(who), PATH)
    assert set(body) == {"success", "health_status"}
    assert (body["health_status"]["healthy"], body["health_status"]["state"]) == (True, "ok")
    assert (body["health_status"]["issues"], body["health_status"]["warnings"]) == ([], [])


@pytest.mark.parametrize("who", ["owner", "member", "outsider"])
def test_who_is_no_admin_gets_a_403_and_nothing_runs(
    who: str, request: pytest.FixtureRequest, client_of: Callable[[User], APIClient]
) -> None:
    response = client_of(request.getfixturevalue(who)).get(API + PATH)
    assert response.status_code == 403
    assert response.json()["error"] == "Permission denied. Admin access required."
    assert not MonitorRun.objects.exists()


def test_issues_and_warnings_say_what_is_wrong(get: Get, admin: User, tenant: Tenant, other_tenant: Tenant) -> None:
    simulator.set_profile("outage")
    messages(other_tenant, 51, status=Status.UNDELIVERED)
    account(tenant, 5, of=1000)
    health = get(admin, PATH)["health_status"]
    assert (health["healthy"], health["state"]) == (False, "critical")
    assert [(item["component"], item["status"], item["priority"]) for item in health["issues"]] == [
        ("SMS Service", "ERROR", "high"),
        ("Failed Messages", "ERROR", "high"),
    ]
    assert [(item["component"], item["status"], item["priority"]) for item in health["warnings"]] == [
        ("SMS Credits", "WARNING", "high"),
    ]


def test_a_low_success_rate_alone_is_medium(get: Get, admin: User, tenant: Tenant) -> None:
    messages(tenant, 5, status=Status.UNDELIVERED)
    (item,) = get(admin, PATH)["health_status"]["issues"]
    assert (item["component"], item["priority"]) == ("SMS Service", "medium")


def test_warnings_alone_are_healthy(get: Get, admin: User, tenant: Tenant) -> None:
    account(tenant, 5, of=1000)
    health = get(admin, PATH)["health_status"]
    assert (health["healthy"], health["state"], len(health["warnings"])) == (True, "warning", 1)


def test_calling_it_ten_times_leaves_what_calling_it_once_leaves(
    get: Get, admin: User, staff: User, settings: Settings
) -> None:
    simulator.set_profile("outage")
    get(admin, PATH)
    for number in range(10):
        get((admin, staff)[number % 2], PATH)
    assert (MonitorRun.objects.count(), Incident.objects.count(), Notification.objects.count()) == (1, 1, 2)


def test_a_first_run_that_hangs_is_a_503_that_says_when_to_come_back(
    client_of: Callable[[User], APIClient], admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "PATIENCE_SECONDS", 0.1)
    lease.take()
    response = client_of(admin).get(API + PATH)
    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert response.json()["code"] == "no_report_yet"


# --- Without Postgres --------------------------------------------------------------------------------------------


def assert_refused(response: Any) -> Any:
    """A 503 in the shape of every error, which quotes nothing; returns its body."""
    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert response["Content-Type"] == "application/problem+json"
    assert "127.0.0.1" not in response.content.decode()
    body = response.json()
    assert (body["success"], body["status"], body["code"]) == (False, 503, "unavailable")
    return body


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("known_by", [PATH, "recent/"])
def test_without_postgres_an_admin_whom_redis_vouches_for_gets_the_report_with_the_503(
    known_by: str, client_of: Callable[[User], APIClient], admin: User, away: Callable[[], None]
) -> None:
    client = client_of(admin)
    assert client.get(API + known_by).status_code == 200
    away()
    for _ in range(2):
        health = assert_refused(client.get(API + PATH))["health_status"]
        assert (health["state"], health["healthy"], health["stored"]) == ("critical", False, False)
        assert [one["component"] for one in health["issues"]] == ["Database", "SMS Service", "Failed Messages"]
        assert [one["status"] for one in health["components"]] == ["ERROR"] + ["UNKNOWN"] * 5


@pytest.mark.django_db(transaction=True)
def test_without_postgres_an_admin_whom_nobody_vouches_for_gets_the_503_alone(
    client_of: Callable[[User], APIClient], admin: User, away: Callable[[], None]
) -> None:
    client = client_of(admin)
    away()
    assert "health_status" not in assert_refused(client.get(API + PATH))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["member", "signed out", "no admin any more", "deactivated"])
def test_without_postgres_nobody_else_gets_the_report(
    how: str, client_of: Callable[[User], APIClient], admin: User, member: User, away: Callable[[], None]
) -> None:
    user = member if how == "member" else admin
    client = client_of(user)
    for path in ("recent/", PATH):
        client.get(API + path)
    match how:
        case "signed out":
            accounts.end_sessions(user=user, because="signed out")
        case "no admin any more":
            user.is_staff = user.is_superuser = False
            user.save()
        case "deactivated":
            user.is_active = False
            user.save()
    away()
    assert "health_status" not in assert_refused(client.get(API + PATH))


@pytest.mark.django_db(transaction=True)
def test_without_postgres_and_redis_it_is_a_503_soon(
    client_of: Callable[[User], APIClient], admin: User, away: Callable[[], None], settings: Settings
) -> None:
    client = client_of(admin)
    client.get(API + PATH)
    settings.REDIS_URL = "redis://127.0.0.1:1"
    away()
    assert "health_status" not in assert_refused(client.get(API + PATH))
