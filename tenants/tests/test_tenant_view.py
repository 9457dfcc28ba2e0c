"""What a call about one tenant's data sees, and what it leaves behind: nothing."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from tenants.models import Membership, Tenant
from tenants.scope import TenantScopeMissing, current_scope
from tenants.tests.conftest import suspend

ClientOf = Callable[[User], APIClient]
NO_TENANT = "You work in no tenant. Choose one of yours first."


@pytest.fixture(autouse=True)
def _urls(settings: Any, topped_up: None) -> None:
    settings.ROOT_URLCONF = "tenants.tests.urls"


def test_a_call_sees_the_callers_current_tenant(
    client_of: ClientOf, owner: User, outsider: User, tenant: Tenant, other_tenant: Tenant
) -> None:
    assert client_of(owner).get("/api/accounts/").json() == {"tenants": [str(tenant.pk)], "role": "owner"}
    assert client_of(outsider).get("/api/accounts/").json() == {"tenants": [str(other_tenant.pk)], "role": "owner"}


def test_of_several_tenants_it_is_the_current_one(client_of: ClientOf, both: User, other_tenant: Tenant) -> None:
    User.objects.filter(pk=both.pk).update(current_tenant_id=other_tenant.pk)

    assert client_of(both).get("/api/accounts/").json() == {"tenants": [str(other_tenant.pk)], "role": "member"}


def test_requests_on_one_thread_do_not_see_each_others_tenant(
    client_of: ClientOf, owner: User, outsider: User, tenant: Tenant, other_tenant: Tenant
) -> None:
    mine, theirs = client_of(owner), client_of(outsider)

    seen = [client.get("/api/accounts/").json()["tenants"] for client in (mine, theirs, mine)]

    assert seen == [[str(tenant.pk)], [str(other_tenant.pk)], [str(tenant.pk)]]
    assert current_scope() is None


def test_a_request_leaves_no_scope_behind_for_the_one_that_forgot_its_own(client_of: ClientOf, owner: User) -> None:
    client = client_of(owner)
    assert client.get("/api/accounts/").status_code == 200

    with pytest.raises(TenantScopeMissing):
        client.get("/api/forgetful/")


def test_a_request_that_fails_leaves_no_scope_behind(client_of: ClientOf, owner: User) -> None:
    client = client_of(owner)
    client.raise_request_exception = False

    assert client.get("/api/broken/").status_code == 500
    assert current_scope() is None


def refused(client: APIClient, path: str = "/api/accounts/") -> tuple[int, str]:
    response = client.get(path)
    return response.status_code, response.json()["detail"]


def test_an_admin_without_a_tenant_is_told_what_to_do(client_of: ClientOf, admin: User) -> None:
    assert refused(client_of(admin)) == (403, NO_TENANT)


def test_a_suspended_tenant_is_none(client_of: ClientOf, owner: User, tenant: Tenant) -> None:
    suspend(tenant)

    assert refused(client_of(owner)) == (403, NO_TENANT)


def test_whoever_lost_their_membership_works_there_no_more(client_of: ClientOf, owner: User, tenant: Tenant) -> None:
    client = client_of(owner)
    Membership.objects.filter(user=owner, tenant=tenant).delete()

    assert refused(client) == (403, NO_TENANT)


def test_a_current_tenant_that_is_somebody_elses_opens_nothing(
    client_of: ClientOf, owner: User, outsider: User, other_tenant: Tenant
) -> None:
    for stray in (other_tenant.pk, uuid4()):
        User.objects.filter(pk=owner.pk).update(current_tenant_id=stray)
        assert refused(client_of(owner)) == (403, NO_TENANT)


def test_nobody_gets_in_without_signing_in(anonymous: APIClient, db: None) -> None:
    assert anonymous.get("/api/accounts/").status_code == 401


def test_a_views_own_permissions_are_asked_first(client_of: ClientOf, owner: User) -> None:
    assert refused(client_of(owner), "/api/admins-accounts/") == (403, "Permission denied. Admin access required.")
