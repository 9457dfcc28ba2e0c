"""`/api/tenants/`: mine, switching, and who else is there."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from tenants import services
from tenants.models import Tenant
from tenants.tests.conftest import suspend

MINE, SWITCH = "/api/tenants/", "/api/tenants/switch/"
ClientOf = Callable[[User], APIClient]

#: Members of a tenant that does not exist.
NOBODYS = "/api/tenants/01970000-0000-7000-8000-000000000000/members/"


def members_of(tenant: Tenant) -> str:
    return f"/api/tenants/{tenant.pk}/members/"


def body(response: Any) -> dict[str, Any]:
    """Without what differs from call to call."""
    found: dict[str, Any] = response.json()
    return {key: value for key, value in found.items() if key != "request_id"}


# --- Mine --------------------------------------------------------------------------------------------------------


def test_the_list_is_of_my_tenants_with_my_role_by_name(
    client_of: ClientOf, both: User, member: User, outsider: User, tenant: Tenant, other_tenant: Tenant
) -> None:
    Tenant.objects.create(name="Initech", slug="initech")  # nobody's

    assert client_of(both).get(MINE).json() == {
        "success": True,
        "tenants": [
            {"id": str(tenant.pk), "name": "Acme", "slug": "acme", "role": "owner"},
            {"id": str(other_tenant.pk), "name": "Globex", "slug": "globex", "role": "member"},
        ],
    }


def test_an_outsider_sees_their_own_only(client_of: ClientOf, owner: User, outsider: User) -> None:
    assert [one["slug"] for one in client_of(outsider).get(MINE).json()["tenants"]] == ["globex"]


def test_an_admin_without_a_tenant_has_an_empty_list(client_of: ClientOf, admin: User, owner: User) -> None:
    assert client_of(admin).get(MINE).json() == {"success": True, "tenants": []}


def test_a_suspended_tenant_is_invisible(client_of: ClientOf, both: User, tenant: Tenant) -> None:
    suspend(tenant)

    assert [one["slug"] for one in client_of(both).get(MINE).json()["tenants"]] == ["globex"]
    assert client_of(both).get(members_of(tenant)).status_code == 404


def test_the_list_costs_two_queries_however_many(
    client_of: ClientOf, owner: User, django_assert_num_queries: Any
) -> None:
    for number in range(5):
        services.add_member(tenant=Tenant.objects.create(name=f"T{number}", slug=f"t{number}"), user=owner)
    client = client_of(owner)

    with django_assert_num_queries(2):
        assert len(client.get(MINE).json()["tenants"]) == 6


# --- Switching ---------------------------------------------------------------------------------------------------


def test_switching_answers_where_one_works_now(client_of: ClientOf, both: User, other_tenant: Tenant) -> None:
    response = client_of(both).post(SWITCH, {"tenant_id": str(other_tenant.pk)})

    assert response.status_code == 200
    assert response.json() == {
        "success": True,
        "message": "You now work in Globex",
        "tenant": {"id": str(other_tenant.pk), "name": "Globex", "slug": "globex", "role": "member"},
    }


def test_switching_lasts_and_shows_in_the_profile(client_of: ClientOf, both: User, other_tenant: Tenant) -> None:
    client_of(both).post(SWITCH, {"tenant_id": str(other_tenant.pk)})

    assert client_of(both).get("/api/auth/profile/").json()["tenant"]["slug"] == "globex"


def test_switching_to_where_one_already_works_is_fine(client_of: ClientOf, owner: User, tenant: Tenant) -> None:
    for _ in range(2):
        assert client_of(owner).post(SWITCH, {"tenant_id": str(tenant.pk)}).status_code == 200


def test_a_tenant_of_others_and_one_that_does_not_exist_are_the_same_404(
    client_of: ClientOf, owner: User, tenant: Tenant, other_tenant: Tenant
) -> None:
    services.add_member(tenant=other_tenant, user=User.objects.create_user("theirs@globex.test"))
    client = client_of(owner)
    replies = [client.post(SWITCH, {"tenant_id": str(one)}) for one in (other_tenant.pk, uuid4())]

    assert [reply.status_code for reply in replies] == [404, 404]
    assert body(replies[0]) == body(replies[1])
    assert body(replies[0])["detail"] == "You belong to no such tenant."
    assert User.objects.get(pk=owner.pk).current_tenant_id == tenant.pk


def test_a_suspended_tenant_cannot_be_switched_to(
    client_of: ClientOf, both: User, tenant: Tenant, other_tenant: Tenant
) -> None:
    suspend(other_tenant)

    assert client_of(both).post(SWITCH, {"tenant_id": str(other_tenant.pk)}).status_code == 404
    assert User.objects.get(pk=both.pk).current_tenant_id == tenant.pk


def test_being_an_admin_of_the_platform_is_no_membership(
    client_of: ClientOf, admin: User, owner: User, tenant: Tenant
) -> None:
    assert client_of(admin).post(SWITCH, {"tenant_id": str(tenant.pk)}).status_code == 404
    assert client_of(admin).get(members_of(tenant)).status_code == 404


@pytest.mark.parametrize(
    "given", [{}, {"tenant_id": ""}, {"tenant_id": None}, {"tenant_id": "acme"}, {"tenant_id": []}]
)
def test_a_malformed_switch_is_a_400_that_names_the_field(
    client_of: ClientOf, owner: User, given: dict[str, Any]
) -> None:
    response = client_of(owner).post(SWITCH, given)

    assert response.status_code == 400
    assert set(response.json()["errors"]) == {"tenant_id"}


# --- Members -----------------------------------------------------------------------------------------------------


def test_the_members_are_those_of_that_tenant_by_e_mail(
    client_of: ClientOf, member: User, both: User, outsider: User, tenant: Tenant
) -> None:
    members = client_of(member).get(members_of(tenant)).json()["members"]

    assert [set(one) for one in members] == 2 * [{"id", "email", "full_name", "role", "created_at"}]
    assert [(one["id"], one["email"], one["full_name"], one["role"]) for one in members] == [
        (str(member.pk), "member@acme.test", "Mina", "member"),
        (str(both.pk), "owner@acme.test", "Olu Owner", "owner"),
    ]
    assert all(one["created_at"][-5] == "." and one["created_at"].endswith("Z") for one in members)


def test_the_members_of_another_of_my_tenants_are_visible_without_switching(
    client_of: ClientOf, both: User, outsider: User, other_tenant: Tenant
) -> None:
    members = client_of(both).get(members_of(other_tenant)).json()["members"]

    assert [one["email"] for one in members] == ["outsider@globex.test", "owner@acme.test"]


def test_for_an_outsider_the_tenant_does_not_exist(
    client_of: ClientOf, owner: User, outsider: User, tenant: Tenant
) -> None:
    client = client_of(outsider)
    replies = [
        client.get(members_of(tenant)),
        client.get(NOBODYS),
    ]

    assert [reply.status_code for reply in replies] == [404, 404]
    assert body(replies[0]) == body(replies[1])
    assert "owner@acme.test" not in replies[0].text


def test_the_members_cost_three_queries_however_many(
    client_of: ClientOf, owner: User, tenant: Tenant, django_assert_num_queries: Any
) -> None:
    for number in range(5):
        services.add_member(tenant=tenant, user=User.objects.create_user(f"m{number}@acme.test"))
    client = client_of(owner)

    with django_assert_num_queries(3):
        assert len(client.get(members_of(tenant)).json()["members"]) == 6


def test_a_malformed_id_is_a_404(client_of: ClientOf, owner: User) -> None:
    assert client_of(owner).get("/api/tenants/acme/members/").status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [("get", MINE), ("post", SWITCH), ("get", NOBODYS)],
)
def test_nobody_sees_tenants_without_signing_in(anonymous: APIClient, db: None, method: str, path: str) -> None:
    assert getattr(anonymous, method)(path).status_code == 401
