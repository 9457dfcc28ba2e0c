"""Conventions that hold for every route, also for those that are added later.

Each is called with every method, with the id of something that exists and is somebody else's, and with a body that
would be taken from whoever may send it.
"""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.urls import get_resolver
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from conftest import signed_in
from tenants.models import Membership, Tenant
from tests import routes
from tests.database import contents
from tests.routes import PARAMETER, PUBLIC, ROUTES, WITH_DATA, WORDS
from tests.test_hostile_input import CALLS

#: Who brings credentials in the body, or a signature: these answer strangers, but let none in.
OPEN = {"api/auth/login/", "api/auth/token/refresh/", "api/auth/logout/", "api/sms/receipts/<slug:provider>/"}
METHODS = ("get", "head", "options", "post", "put", "patch", "delete")
ADMINS_ONLY = (
    "api/notifications/system/",
    "api/notifications/templates/",
    "api/notifications/preferences/platform/",
    "api/sms/top-ups/",
)
DEFAULTS = "api/notifications/preferences/tenant/"
CREDIT_TEST = "api/notifications/sms-credit/test/"
SMS, WEBHOOKS = "api/sms/", "api/notifications/webhooks/"
#: What destroys, takes data out, shows money or holds for everybody: for a tenant's owners and admins.
MANAGERS_ONLY = {
    ("get", DEFAULTS),
    ("put", DEFAULTS),
    ("patch", DEFAULTS),
    ("delete", f"{SMS}contacts/<uuid:contact_id>/"),
    ("post", f"{SMS}contacts/<uuid:contact_id>/opt-in/"),
    ("get", f"{SMS}contacts/export.csv"),
    ("delete", f"{SMS}groups/<uuid:group_id>/"),
    ("delete", f"{SMS}templates/<uuid:template_id>/"),
    ("get", f"{SMS}ledger/"),
    ("get", f"{SMS}ledger/statement.csv"),
    *((call.method, call.route) for call in CALLS if call.route.startswith(WEBHOOKS)),
}
CLOSED = [route for route in WITH_DATA if route not in OPEN]
FOR_ADMINS = [route for route in ROUTES if route.startswith(ADMINS_ONLY)]
MINE_ONLY = [route for route in CLOSED if "<" in route and route not in FOR_ADMINS]
WITHOUT_ID = [route for route in CLOSED if "<" not in route]
GOOD = {(call.method, call.route): call for call in CALLS}
CALLS_OF_TENANTS = sorted(
    call
    for call in GOOD
    if call[1].startswith((SMS, WEBHOOKS, DEFAULTS)) and call[1] in CLOSED and call[1] not in FOR_ADMINS
)

Things = dict[str, Any]
Ask = Callable[[APIClient, str, str], Any]


@pytest.fixture
def things(owner: User, tenant: Tenant) -> Things:
    return routes.real_things(user=owner, tenant=tenant)


@pytest.fixture
def ask(things: Things) -> Ask:
    """`ask(client, method, route)`: with the owner's things, and a good body where there is one."""

    def call(client: APIClient, method: str, route: str) -> Any:
        wanted = GOOD.get((method, route))
        body = {name: one.good for name, one in ((wanted and wanted.body) or {}).items() if not one.apart}
        path = routes.address(route, things)
        return (
            client.generic(method.upper(), path) if method in ("get", "head") else getattr(client, method)(path, body)
        )

    return call


@pytest.fixture
def unchanged(things: Things, owner: User, member: User, outsider: User) -> Iterator[Callable[[], None]]:
    """Called before the calls that must change nothing; looks at every table when they are through."""
    before: list[Any] = []
    yield lambda: before.append(contents())
    assert before == [contents()]


def test_the_routes_are_found() -> None:
    assert "api/notifications/recent/" in ROUTES
    assert set(ROUTES) >= OPEN | PUBLIC
    assert {len(PARAMETER.findall(route)) for route in ROUTES} == {0, 1, 2}


@pytest.mark.parametrize("route", CLOSED)
def test_it_refuses_the_anonymous_whatever_the_method(
    route: str, ask: Ask, anonymous: APIClient, unchanged: Callable[[], None]
) -> None:
    unchanged()
    assert {method: ask(anonymous, method, route).status_code for method in METHODS} == dict.fromkeys(METHODS, 401)


@pytest.mark.parametrize("route", sorted(PUBLIC))
def test_what_is_public_can_only_be_read_and_asks_no_table(route: str, anonymous: APIClient) -> None:
    # Without the mark that lets a test reach the database: any query would be an error.
    answers = {method: getattr(anonymous, method)(f"/{route}").status_code for method in METHODS}
    assert {answers.pop("get"), answers.pop("head"), answers.pop("options")} == {200}
    assert set(answers.values()) == {405}


def test_there_are_no_pages_outside_of_the_api_but_these() -> None:
    """Each has its own tests of who may see it: config/tests, accounts/tests, and in notifications/tests those of
    metrics and of e-mail."""
    outside = {str(pattern.pattern) for pattern in get_resolver().url_patterns}
    assert {route for route in outside if not route.startswith("api/")} == {
        "",
        "sign-in/",
        "sign-out/",
        "admin/",
        "inbox/",
        "status/",
        "healthz",
        "readyz",
        "metrics",
        "unsubscribe/<str:token>/",
    }


@pytest.mark.parametrize("method", METHODS)
def test_metrics_refuses_whoever_has_no_token_signed_in_or_not(
    method: str, admin: User, anonymous: APIClient, settings: Settings
) -> None:
    settings.METRICS_TOKEN = "a-token-of-the-tests"
    expected = 401 if method in ("get", "head") else 405
    for client in (anonymous, signed_in(admin)):
        answer = getattr(client, method)("/metrics")
        assert answer.status_code == expected
        assert b"bellwether" not in answer.content


@pytest.mark.parametrize("route", CLOSED)
def test_a_session_cookie_alone_writes_nothing(
    route: str, ask: Ask, owner: User, unchanged: Callable[[], None]
) -> None:
    """Another site's page may send it along; the token against that is one that it cannot know."""
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(owner)
    unchanged()
    answers = {method: ask(client, method, route).status_code for method in ("post", "put", "patch", "delete")}
    assert set(answers.values()) == {403}


@pytest.mark.parametrize("route", sorted(OPEN))
def test_what_is_open_still_lets_nobody_in(
    route: str, ask: Ask, anonymous: APIClient, unchanged: Callable[[], None]
) -> None:
    unchanged()
    answers = {method: ask(anonymous, method, route).status_code for method in METHODS if method != "post"}
    assert answers.pop("options") == 200  # what it takes, and nothing else
    assert set(answers.values()) == {405}
    assert anonymous.post(routes.address(route, {"provider": "simulator"}), {}).status_code in (400, 401, 403)


@pytest.mark.parametrize("route", FOR_ADMINS)
def test_admin_calls_refuse_members_and_owners(
    route: str, ask: Ask, member: User, owner: User, unchanged: Callable[[], None]
) -> None:
    clients = [signed_in(user) for user in (member, owner)]
    unchanged()
    for client in clients:
        answers = {method: ask(client, method, route).status_code for method in METHODS}
        assert answers == dict.fromkeys(METHODS, 403)


def test_trying_out_credit_warnings_is_for_owners_and_admins(
    ask: Ask, member: User, unchanged: Callable[[], None]
) -> None:
    client = signed_in(member)
    unchanged()
    assert {ask(client, method, CREDIT_TEST).status_code for method in METHODS} == {403}


@pytest.mark.parametrize("call", CALLS_OF_TENANTS, ids=" ".join)
def test_a_member_is_refused_what_is_for_owners_and_admins_and_nothing_else(
    call: tuple[str, str], ask: Ask, member: User
) -> None:
    client = signed_in(member)
    before = contents()
    answer = ask(client, *call)
    assert (answer.status_code == 403) == (call in MANAGERS_ONLY), answer.content
    assert call not in MANAGERS_ONLY or before == contents()


@pytest.mark.parametrize("call", sorted(MANAGERS_ONLY), ids=" ".join)
def test_an_admin_of_the_tenant_may_what_its_owner_may(
    call: tuple[str, str], ask: Ask, member: User, tenant: Tenant
) -> None:
    Membership.objects.filter(user=member).update(role=Membership.Role.ADMIN)
    assert ask(signed_in(member), *call).status_code in (200, 201, 202)


@pytest.mark.parametrize("route", MINE_ONLY)
def test_what_is_somebody_elses_does_not_exist(
    route: str, ask: Ask, things: Things, outsider: User, unchanged: Callable[[], None]
) -> None:
    client = signed_in(outsider)
    unchanged()
    answers = {method: ask(client, method, route) for method in METHODS}
    allowed = routes.methods(client, route, things)
    for name in list(things):
        things[name] = uuid4()
    for method, answer in answers.items():
        expected = 200 if method == "options" else 404 if method.replace("head", "get") in allowed else 405
        assert answer.status_code == expected, method
        nobodys = ask(client, method, route)
        assert (nobodys.status_code, told(nobodys)) == (expected, told(answer)), "nothing says that it is there"


def told(answer: Any) -> Any:
    body = answer.json() if answer.content else {}
    return {key: value for key, value in body.items() if key != "request_id"}


def test_a_colleague_sees_the_tenants_things_and_not_my_inbox(ask: Ask, member: User) -> None:
    seen = {route: ask(signed_in(member), "get", route).status_code for route in MINE_ONLY}
    assert {route for route, status in seen.items() if status == 200} == {
        f"{SMS}messages/<uuid:message_id>/",
        f"{SMS}batches/<uuid:batch_id>/",
        f"{SMS}contacts/<uuid:contact_id>/",
        f"{SMS}groups/<uuid:group_id>/",
        f"{SMS}templates/<uuid:template_id>/",
        "api/tenants/<uuid:tenant_id>/members/",
    }


@pytest.mark.parametrize("route", WITHOUT_ID)
def test_what_needs_no_id_shows_a_stranger_nothing_of_mine(
    route: str, ask: Ask, things: Things, outsider: User
) -> None:
    answer = ask(signed_in(outsider), "get", route)
    assert answer.status_code in (200, 307, 403, 405)
    for thing in (*things.values(), "owner@acme.test", "Acme"):
        assert thing in WORDS.values() or str(thing) not in answer.getvalue().decode()


def test_ids_in_a_body_reach_nothing_of_somebody_else(
    things: Things, outsider: User, unchanged: Callable[[], None]
) -> None:
    client = signed_in(outsider)
    unchanged()
    for action in ("mark_read", "mark_unread", "archive", "delete"):
        body = {"ids": [str(things["notification_id"])], "action": action}
        answer = client.post("/api/notifications/bulk/", body)
        assert answer.json() == {"success": True, "updated_count": 0}
    assert client.post("/api/tenants/switch/", {"tenant_id": str(things["tenant_id"])}).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["x", "00000000-0000-0000-0000-00000000000", "%00"])
def test_a_malformed_id_is_404(text: str, owner: User) -> None:
    assert signed_in(owner).post(f"/api/notifications/{text}/mark-read/").status_code == 404
