"""What existing web clients read of sessions, profiles and tenants, beyond what test_contract.py has."""

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from conftest import PASSWORD
from tenants import services as tenancy
from tenants.models import Tenant
from tests.fixtures import AUTH, TENANTS, ClientOf, assert_contract


@pytest.fixture
def person(owner: User, other_tenant: Tenant) -> User:
    """Of two tenants."""
    tenancy.add_member(tenant=other_tenant, user=owner)
    User.objects.filter(pk=owner.pk).update(phone_number="+255754123456", timezone="Africa/Dar_es_Salaam")
    owner.refresh_from_db()
    return owner


def test_logout(anonymous: APIClient, person: User) -> None:
    login = anonymous.post(f"{AUTH}login/", {"email": person.email, "password": PASSWORD})
    refresh = {"refresh": login.json()["tokens"]["refresh"]}
    assert_contract(anonymous.post(f"{AUTH}logout/", refresh), "logout")
    assert_contract(anonymous.post(f"{AUTH}token/refresh/", refresh), "not-signed-in", status=401)


def test_the_profile_in_an_envelope(client_of: ClientOf, person: User) -> None:
    client = client_of(person)
    assert_contract(client.put(f"{AUTH}settings/profile/", {"first_name": "Olga"}), "settings-profile")
    assert_contract(client.get(f"{AUTH}settings/profile/"), "settings-profile")


def test_my_tenants(client_of: ClientOf, person: User, other_tenant: Tenant) -> None:
    client = client_of(person)
    assert_contract(client.get(TENANTS), "tenants")
    assert_contract(client.post(f"{TENANTS}switch/", {"tenant_id": str(other_tenant.pk)}), "switch-tenant")


def test_members(client_of: ClientOf, owner: User, member: User, outsider: User, tenant: Tenant) -> None:
    assert_contract(client_of(owner).get(f"{TENANTS}{tenant.pk}/members/"), "members")
    assert_contract(client_of(outsider).get(f"{TENANTS}{tenant.pk}/members/"), "not-found", status=404)
