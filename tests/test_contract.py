"""What existing web clients read (see tests/fixtures.py): the first calls of every client, the monitor, sign-in."""

from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from conftest import PASSWORD
from notifications.models import Notification
from notifications.models.priority import Priority
from notifications.tests.helpers import account, ago, messages, problem, see, tell
from sms.models import Status
from sms.providers import simulator
from tenants import services as tenants
from tenants.models import Tenant
from tests.fixtures import API, AUTH, FOLDER, ClientOf, assert_contract, masked


@pytest.fixture
def inbox(admin: User) -> Notification:
    """An admin's inbox: a bill that was read two hours after it came, and a problem of this moment."""
    tell(
        admin,
        "Your invoice is ready",
        message="Invoice 7 of March 2026.",
        notification_type="billing",
        action_text="View",
        action_url="/billing/invoices/7/",
        status="read",
        read_at=timezone.now(),
        expires_at=ago(days=-1),
        created_at=ago(hours=2),
    )
    gateway = problem(Priority.HIGH, scope="provider:simulator")
    words = {
        "title": "SMS Service: Simulator is unreachable",
        "summary": "The gateway does not answer.",
        "advice": "Check the vendor's status page.",
    }
    see(type(gateway)(**(vars(gateway) | words)))
    return Notification.objects.unread().get()


@pytest.mark.parametrize("name", ["recent", "real", "unread-count"])
def test_the_reads_of_the_inbox(name: str, client_of: ClientOf, admin: User, inbox: Notification) -> None:
    assert_contract(client_of(admin).get(f"{API}{name}/"), name)


def test_mark_read(client_of: ClientOf, admin: User, inbox: Notification) -> None:
    client = client_of(admin)
    for _ in range(2):  # repeating is fine
        assert_contract(client.post(f"{API}{inbox.pk}/mark-read/"), "mark-read")


def test_mark_all_read(client_of: ClientOf, admin: User, inbox: Notification) -> None:
    assert_contract(client_of(admin).post(f"{API}mark-all-read/"), "mark-all-read")


def test_health_check(client_of: ClientOf, admin: User, tenant: Tenant, other_tenant: Tenant) -> None:
    simulator.set_profile("outage")
    messages(other_tenant, 51, status=Status.UNDELIVERED)
    account(tenant, 20, of=100)
    assert_contract(client_of(admin).get(f"{API}system/health-check/"), "health-check")


def test_health_check_of_a_platform_that_is_well(client_of: ClientOf, admin: User) -> None:
    assert_contract(client_of(admin).get(f"{API}system/health-check/"), "health-check-healthy")


def test_report_problem(client_of: ClientOf, admin: User) -> None:
    body = {"problem_type": "Slow site", "description": "Ten seconds.", "priority": "urgent", "data": {"page": "/"}}
    assert_contract(client_of(admin).post(f"{API}system/report-problem/", body), "report-problem")


def test_report_problem_without_its_texts(client_of: ClientOf, admin: User) -> None:
    response = client_of(admin).post(f"{API}system/report-problem/", {})
    assert_contract(response, "report-problem-refused", status=400)


def test_cleanup(client_of: ClientOf, admin: User) -> None:
    tell(admin, status="read", read_at=ago(days=31))
    assert_contract(client_of(admin).post(f"{API}system/cleanup/", {"days": 30}), "cleanup")


@pytest.fixture
def person(owner: User, other_tenant: Tenant) -> User:
    tenants.add_member(tenant=other_tenant, user=owner)
    User.objects.filter(pk=owner.pk).update(phone_number="+255754123456", timezone="Africa/Dar_es_Salaam")
    return owner


def sign_in(user: User, client: APIClient) -> Any:
    return client.post(f"{AUTH}login/", {"email": user.email, "password": PASSWORD})


def test_login_has_user_and_tokens_at_the_top_and_no_success_key(anonymous: APIClient, person: User) -> None:
    assert_contract(sign_in(person, anonymous), "login")


def test_refresh(anonymous: APIClient, person: User) -> None:
    old = sign_in(person, anonymous).json()["tokens"]["refresh"]
    assert_contract(anonymous.post(f"{AUTH}token/refresh/", {"refresh": old}), "refresh")
    assert_contract(anonymous.post(f"{AUTH}token/refresh/", {"refresh": old}), "not-signed-in", status=401)


def test_profile_is_the_bare_user(client_of: ClientOf, person: User) -> None:
    assert_contract(client_of(person).get(f"{AUTH}profile/"), "profile")


def test_the_profile_of_an_admin_without_a_tenant(client_of: ClientOf, admin: User) -> None:
    assert_contract(client_of(admin).get(f"{AUTH}profile/"), "profile-without-tenant")


# --- Errors ------------------------------------------------------------------------------------------------------


def test_a_wrong_password_and_an_unknown_address_are_the_same_401(anonymous: APIClient, person: User) -> None:
    for email in (person.email, "nobody@acme.test"):
        response = anonymous.post(f"{AUTH}login/", {"email": email, "password": "wrong"})
        assert_contract(response, "not-signed-in", status=401)


@pytest.mark.parametrize("path", [f"{API}recent/", f"{API}system/health-check/", f"{AUTH}profile/"])
def test_without_credentials(path: str, anonymous: APIClient, db: None) -> None:
    assert_contract(anonymous.get(path), "not-signed-in", status=401)


@pytest.mark.parametrize(
    ("method", "path"), [("get", "health-check"), ("post", "report-problem"), ("post", "cleanup")]
)
def test_admin_calls_by_others(method: str, path: str, client_of: ClientOf, owner: User) -> None:
    assert_contract(getattr(client_of(owner), method)(f"{API}system/{path}/"), "not-an-admin", status=403)


def test_somebody_elses_notification(client_of: ClientOf, inbox: Notification, outsider: User) -> None:
    assert_contract(client_of(outsider).post(f"{API}{inbox.pk}/mark-read/"), "not-found", status=404)


def test_a_bad_limit(client_of: ClientOf, owner: User) -> None:
    assert_contract(client_of(owner).get(f"{API}recent/?limit=abc"), "bad-limit", status=400)


# --- The comparison itself ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "fixture"),
    [
        ({"a": 1, "b": 2}, {"a": 1}),
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": 1}, {"a": 1, "b": 2, "...": ""}),
        ({"at": "2026-03-10T12:00:00Z"}, {"at": "<time>"}),
        ({"at": "2026-03-10T12:00:00.000+00:00"}, {"at": "<time>"}),
        ({"id": None}, {"id": "<uuid>"}),
        ({"text": ""}, {"text": "<text>"}),
        ([1, 2], [1]),
        ([1], [1, 2]),
    ],
)
def test_the_comparison_sees_a_difference(reply: Any, fixture: Any) -> None:
    assert masked(reply, fixture) != fixture


def test_every_fixture_is_compared_with_a_reply() -> None:
    text = "".join(path.read_text() for path in Path(__file__).parent.glob("test_contract*.py"))
    assert [path.stem for path in FOLDER.glob("*.json") if f'"{path.stem}"' not in text] == []
