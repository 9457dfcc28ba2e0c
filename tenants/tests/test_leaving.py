"""Leaving a tenant: by the service, with the tenant, or by hand; and at the moment of a switch."""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import transaction

from accounts.models import User
from tenants import services
from tenants.models import Membership, Tenant
from tenants.tests.conftest import suspend
from tests.overlap import while_open


def current(user: User) -> UUID | None:
    found: UUID | None = User.objects.get(pk=user.pk).current_tenant_id
    return found


def by_service(tenant: Tenant, user: User) -> None:
    assert services.remove_member(tenant=tenant, user=user)


def by_hand(tenant: Tenant, user: User) -> None:
    Membership.objects.get(tenant=tenant, user=user).delete()


def in_bulk(tenant: Tenant, user: User) -> None:
    Membership.objects.filter(tenant=tenant).delete()


def with_the_tenant(tenant: Tenant, user: User) -> None:
    tenant.delete()


each_way = pytest.mark.parametrize("leave", [by_service, by_hand, in_bulk, with_the_tenant])
Leave = Callable[[Tenant, User], None]


@each_way
def test_whoever_leaves_works_in_another_of_their_tenants(
    leave: Leave, both: User, tenant: Tenant, other_tenant: Tenant
) -> None:
    leave(tenant, both)
    assert current(both) == other_tenant.pk


@each_way
def test_or_in_none(leave: Leave, owner: User, tenant: Tenant) -> None:
    leave(tenant, owner)
    assert current(owner) is None


def test_a_suspended_tenant_is_no_place_to_go(both: User, tenant: Tenant, other_tenant: Tenant) -> None:
    suspend(other_tenant)
    services.remove_member(tenant=tenant, user=both)
    assert current(both) is None


def test_leaving_another_tenant_moves_nobody(
    both: User, member: User, outsider: User, tenant: Tenant, other_tenant: Tenant
) -> None:
    services.remove_member(tenant=other_tenant, user=both)
    assert (current(both), both.current_tenant_id) == (tenant.pk, tenant.pk)
    services.remove_member(tenant=tenant, user=both)
    assert (current(member), current(outsider)) == (tenant.pk, other_tenant.pk)


def test_whoever_is_no_member_cannot_leave(outsider: User, tenant: Tenant) -> None:
    assert not services.remove_member(tenant=tenant, user=outsider)


def test_a_user_is_deleted_with_their_memberships(both: User) -> None:
    both.delete()
    assert not Membership.objects.filter(user=both.pk).exists()


def test_leaving_that_is_rolled_back_moves_nobody(owner: User, tenant: Tenant) -> None:
    with transaction.atomic():
        services.remove_member(tenant=tenant, user=owner)
        transaction.set_rollback(True)
    assert current(owner) == tenant.pk
    assert Membership.objects.filter(user=owner).exists()


# --- At the same moment --------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("leave", [by_service, by_hand])
def test_who_switches_to_what_they_are_just_leaving_is_no_member(
    leave: Leave, both: User, tenant: Tenant, other_tenant: Tenant
) -> None:
    with pytest.raises(services.NotAMember):
        while_open(
            lambda: leave(other_tenant, User.objects.get(pk=both.pk)),
            lambda: services.switch_tenant(user=User.objects.get(pk=both.pk), tenant_id=other_tenant.pk),
        )
    assert current(both) == tenant.pk


@pytest.mark.django_db(transaction=True)
def test_who_has_just_switched_to_what_they_leave_is_moved_back(
    both: User, tenant: Tenant, other_tenant: Tenant
) -> None:
    while_open(
        lambda: services.switch_tenant(user=User.objects.get(pk=both.pk), tenant_id=other_tenant.pk),
        lambda: services.remove_member(tenant=other_tenant, user=User.objects.get(pk=both.pk)),
    )
    assert current(both) == tenant.pk


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("leaves_first", [True, False])
def test_who_leaves_one_and_joins_another_at_once_works_in_the_other(
    leaves_first: bool, owner: User, tenant: Tenant, other_tenant: Tenant
) -> None:
    acts = [
        lambda: services.remove_member(tenant=tenant, user=User.objects.get(pk=owner.pk)),
        lambda: services.add_member(tenant=other_tenant, user=User.objects.get(pk=owner.pk)),
    ]
    while_open(*(acts if leaves_first else acts[::-1]))
    assert current(owner) == other_tenant.pk


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("leave", [by_service, by_hand])
def test_who_is_added_again_while_they_leave_is_a_member(leave: Leave, owner: User, tenant: Tenant) -> None:
    while_open(
        lambda: leave(tenant, User.objects.get(pk=owner.pk)),
        lambda: services.add_member(tenant=tenant, user=User.objects.get(pk=owner.pk)),
    )
    assert Membership.objects.filter(user=owner, tenant=tenant).exists()
    assert current(owner) == tenant.pk
