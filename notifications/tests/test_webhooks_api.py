"""Webhooks through the API: whose they are, what is shown of them, and who is told of what."""

from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.models import User
from conftest import signed_in
from notifications import webhooks
from notifications.delivery import to_endpoints
from notifications.models import Delivery, WebhookEndpoint
from notifications.tests.helpers import in_threads
from tenants import services as tenants
from tenants.models import Membership, Tenant

MINE, SYSTEM = "/api/notifications/webhooks/", "/api/notifications/system/webhooks/"
URL = "https://hooks.example.com/bellwether"


@pytest.fixture
def endpoint(owner: User, tenant: Tenant) -> WebhookEndpoint:
    return webhooks.create(tenant_id=tenant.pk, owner=owner, url=URL)


@pytest.fixture
def theirs(outsider: User, other_tenant: Tenant) -> WebhookEndpoint:
    return webhooks.create(tenant_id=other_tenant.pk, owner=outsider, url=URL)


@pytest.fixture
def platforms(admin: User) -> WebhookEndpoint:
    return webhooks.create(tenant_id=None, owner=admin, url=URL)


# --- Whose they are -----------------------------------------------------------------------------------------------


def test_the_secret_is_shown_when_it_is_made_and_never_again(owner: User) -> None:
    client = signed_in(owner)
    made = client.post(MINE, {"url": URL, "description": "Ours", "categories": ["system", "error", "system"]})
    assert made.status_code == 201
    body = made.json()
    row = WebhookEndpoint.objects.get(pk=body["webhook"]["id"])
    assert body["secret"] == row.secret
    assert (row.owner, row.tenant_id, row.categories) == (owner, owner.current_tenant_id, ["error", "system"])
    one = f"{MINE}{row.pk}/"
    changed = client.post(f"{one}rotate/", {"overlap_hours": 1}).json()
    row.refresh_from_db()
    assert changed["secret"] == row.secret
    assert changed["webhook"]["previous_secret_until"] is not None
    for answer in (client.get(MINE), client.get(one), client.patch(one, {"description": "x"}), client.put(one, {})):
        assert answer.status_code == 200
        for secret in (row.secret, row.previous_secret):
            assert secret.removeprefix("whsec_") not in answer.content.decode()


def test_each_sees_their_own_alone(
    endpoint: WebhookEndpoint, theirs: WebhookEndpoint, platforms: WebhookEndpoint, owner: User, admin: User
) -> None:
    def listed(user: User, path: str) -> list[UUID]:
        return [UUID(one["id"]) for one in signed_in(user).get(path).json()["webhooks"]]

    assert listed(owner, MINE) == [endpoint.pk]
    assert listed(admin, SYSTEM) == [platforms.pk]


@pytest.mark.parametrize(
    ("method", "rest"),
    [
        *(("get", ""), ("put", ""), ("patch", ""), ("delete", ""), ("post", "rotate/"), ("post", "test/")),
        *(("get", "deliveries/"), ("post", "replay/")),
    ],
)
def test_another_tenants_and_the_platforms_do_not_exist(
    method: str, rest: str, theirs: WebhookEndpoint, platforms: WebhookEndpoint, owner: User, admin: User
) -> None:
    before = list(WebhookEndpoint.objects.order_by("id").values())
    for user, path, one in (
        (owner, MINE, theirs),
        (owner, MINE, platforms),
        (admin, SYSTEM, theirs),  # the platform's admins have the Django admin for those
    ):
        answer = getattr(signed_in(user), method)(f"{path}{one.pk}/{rest}", {"url": "https://evil.example.com/"})
        assert answer.status_code == 404, (user.email, path)
    assert list(WebhookEndpoint.objects.order_by("id").values()) == before


def test_it_goes_with_the_tenant_that_i_work_in(owner: User, other_tenant: Tenant, endpoint: WebhookEndpoint) -> None:
    tenants.add_member(tenant=other_tenant, user=owner, role=Membership.Role.OWNER)
    tenants.switch_tenant(user=owner, tenant_id=other_tenant.pk)
    client = signed_in(owner)
    assert client.get(MINE).json()["webhooks"] == []
    assert client.get(f"{MINE}{endpoint.pk}/").status_code == 404


def test_a_tenant_may_have_so_many_and_no_more(
    owner: User, settings: Any, endpoint: WebhookEndpoint, theirs: WebhookEndpoint
) -> None:
    settings.WEBHOOK_ENDPOINTS_LIMIT = 2
    client = signed_in(owner)
    assert [client.post(MINE, {"url": URL}).status_code for _ in range(2)] == [201, 409]
    assert client.post(MINE, {"url": URL}).json()["code"] == "too_many_webhooks"


@pytest.mark.django_db(transaction=True)
def test_two_owners_at_once_do_not_make_more_than_are_allowed(owner: User, tenant: Tenant, settings: Any) -> None:
    settings.WEBHOOK_ENDPOINTS_LIMIT = 3

    def make(_: int) -> bool:
        try:
            return bool(webhooks.create(tenant_id=tenant.pk, owner=owner, url=URL))
        except webhooks.TooMany:
            return False

    assert sum(in_threads(8, make)) == 3
    assert WebhookEndpoint.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_change_different_fields_at_once_both_have_their_wish(endpoint: WebhookEndpoint) -> None:
    wishes: list[dict[str, Any]] = [
        {"description": "New"},
        {"categories": ["error"]},
        {"is_active": False},
        {"url": "https://b.test/"},
    ]
    in_threads(4, lambda number: webhooks.change(endpoint_id=endpoint.pk, changes=wishes[number]))
    endpoint.refresh_from_db()
    found = (endpoint.description, endpoint.categories, endpoint.is_active, endpoint.url)
    assert found == ("New", ["error"], False, "https://b.test/")


def test_a_wrong_address_changes_nothing_else_either(endpoint: WebhookEndpoint, owner: User) -> None:
    wish = {"url": "https://10.0.0.1/", "description": "New", "is_active": False}
    answer = signed_in(owner).patch(f"{MINE}{endpoint.pk}/", wish)
    assert (answer.status_code, answer.json()["errors"]) == (400, {"url": ["This is no public address."]})
    endpoint.refresh_from_db()
    assert (endpoint.description, endpoint.is_active) == ("", True)


def test_it_is_disabled_and_enabled_by_hand(endpoint: WebhookEndpoint, owner: User) -> None:
    client, path = signed_in(owner), f"{MINE}{endpoint.pk}/"
    off = client.patch(path, {"is_active": False}).json()["webhook"]
    assert (off["is_active"], off["disabled_reason"], off["disabled_at"] is None) == (False, "By hand.", False)
    for rest, body in (("test/", {}), ("replay/", {"since": "2026-01-01T00:00:00Z"})):
        answer = client.post(path + rest, body)
        assert (answer.status_code, answer.json()["code"]) == (409, "webhook_disabled")
    on = client.patch(path, {"is_active": True}).json()["webhook"]
    assert (on["is_active"], on["disabled_reason"], on["disabled_at"]) == (True, "", None)


def test_a_change_of_the_secret_that_comes_too_soon_is_refused(endpoint: WebhookEndpoint, owner: User) -> None:
    client, path = signed_in(owner), f"{MINE}{endpoint.pk}/rotate/"
    first = client.post(path, {}, headers={"Idempotency-Key": "one"}).json()
    again = client.post(path, {}, headers={"Idempotency-Key": "one"}).json()
    assert again["secret"] == first["secret"], "whoever lost the reply has it again"
    answer = client.post(path, {})
    assert (answer.status_code, answer.json()["code"]) == (409, "secret_still_changing")
    assert client.post(path, {"overlap_hours": 0}).status_code == 200


def test_deleted_it_is_gone_with_what_it_was_sent(endpoint: WebhookEndpoint, owner: User) -> None:
    to_endpoints.ping(endpoint=endpoint)
    client = signed_in(owner)
    assert [client.delete(f"{MINE}{endpoint.pk}/").status_code for _ in range(2)] == [200, 404]
    assert not Delivery.objects.exists()


# --- Who is told of what ------------------------------------------------------------------------------------------


@pytest.fixture
def many(owner: User, tenant: Tenant, endpoint: WebhookEndpoint, theirs: WebhookEndpoint) -> dict[str, Any]:
    def made(**fields: Any) -> WebhookEndpoint:
        return webhooks.create(tenant_id=tenant.pk, owner=owner, url=URL, **fields)

    off = made()
    webhooks.disable(endpoint_id=off.pk)
    return {"all": endpoint, "some": made(categories=["sms_credit", "error"]), "others": made(categories=["info"])}


def test_an_event_is_told_to_the_active_endpoints_of_its_tenant_and_category_in_one_query(
    many: dict[str, Any], platforms: WebhookEndpoint, tenant: Tenant, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        found = webhooks.endpoints_for(tenant_id=tenant.pk, category="sms_credit")
    assert found == [many["all"], many["some"]]
    assert webhooks.endpoints_for(tenant_id=None, category="sms_credit") == [platforms]


def test_a_suspended_tenant_is_told_nothing(endpoint: WebhookEndpoint, tenant: Tenant) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(suspended_at=timezone.now())
    assert webhooks.endpoints_for(tenant_id=tenant.pk, category="error") == []
