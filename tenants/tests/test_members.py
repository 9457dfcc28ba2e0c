"""Becoming a member, once, and working in one tenant at a time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from conftest import PASSWORD
from tenants import services
from tenants.models import Membership, Tenant
from tenants.tests.conftest import suspend


@pytest.fixture
def newcomer(db: None) -> User:
    return User.objects.create_user("new@acme.test", PASSWORD)


def current(user: User) -> object:
    return User.objects.get(pk=user.pk).current_tenant_id


def test_a_first_membership_is_where_one_starts_to_work(newcomer: User, tenant: Tenant) -> None:
    membership = services.add_member(tenant=tenant, user=newcomer)

    assert (membership.tenant, membership.user, membership.role) == (tenant, newcomer, "member")
    assert current(newcomer) == newcomer.current_tenant_id == tenant.pk


def test_a_second_membership_does_not_move_anybody(owner: User, tenant: Tenant, other_tenant: Tenant) -> None:
    services.add_member(tenant=other_tenant, user=owner)

    assert current(owner) == tenant.pk
    assert Membership.objects.filter(user=owner).count() == 2


def test_adding_again_changes_nothing(owner: User, tenant: Tenant) -> None:
    assert services.add_member(tenant=tenant, user=owner).role == "owner"
    assert Membership.objects.filter(user=owner).count() == 1


def test_the_database_keeps_one_membership_a_person_and_tenant(owner: User, tenant: Tenant) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(user=owner, tenant=tenant)


def test_nobody_elses_current_tenant_moves(
    newcomer: User, tenant: Tenant, outsider: User, admin: User, other_tenant: Tenant
) -> None:
    services.add_member(tenant=tenant, user=newcomer)

    assert (current(outsider), current(admin)) == (other_tenant.pk, None)


def dismiss(tenant: Tenant) -> None:
    Membership.objects.filter(tenant=tenant, role="member").delete()


@pytest.mark.parametrize("lose", [Tenant.delete, dismiss, suspend])
def test_whoever_can_work_nowhere_any_more_starts_to_work_in_the_new_one(
    member: User, owner: User, tenant: Tenant, other_tenant: Tenant, lose: Callable[[Tenant], object]
) -> None:
    """`current_tenant_id` is a bare id, so it stays behind when the tenant or the membership goes."""
    lose(tenant)

    services.add_member(tenant=other_tenant, user=member)

    found = services.current_membership(User.objects.get(pk=member.pk))
    assert found is not None
    assert found.tenant == other_tenant


@pytest.mark.django_db(transaction=True)
def test_eight_simultaneous_invitations_make_one_member(newcomer: User, tenant: Tenant, other_tenant: Tenant) -> None:
    together = Barrier(8)

    def invite(number: int) -> object:
        try:
            user = User.objects.get(pk=newcomer.pk)
            together.wait(timeout=10)
            return services.add_member(tenant=tenant if number % 2 else other_tenant, user=user).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(invite, range(8)))

    assert len(made) == 2
    assert Membership.objects.filter(user=newcomer, tenant=tenant).count() == 1
    assert Membership.objects.filter(user=newcomer, tenant=other_tenant).count() == 1
    assert current(newcomer) in {tenant.pk, other_tenant.pk}


# --- Switching ---------------------------------------------------------------------------------------------------


def test_switching_moves_this_person_only(
    both: User, member: User, outsider: User, tenant: Tenant, other_tenant: Tenant
) -> None:
    services.add_member(tenant=other_tenant, user=member)

    membership = services.switch_tenant(user=both, tenant_id=other_tenant.pk)

    assert (membership.tenant, membership.role) == (other_tenant, "member")
    assert current(both) == both.current_tenant_id == other_tenant.pk
    assert (current(member), current(outsider)) == (tenant.pk, other_tenant.pk)


def test_nobody_switches_to_where_they_do_not_belong(
    owner: User, outsider: User, tenant: Tenant, other_tenant: Tenant
) -> None:
    for stray in (other_tenant.pk, uuid4()):
        with pytest.raises(services.NotAMember):
            services.switch_tenant(user=owner, tenant_id=stray)
    assert current(owner) == owner.current_tenant_id == tenant.pk


def test_nobody_switches_to_a_suspended_tenant(both: User, tenant: Tenant, other_tenant: Tenant) -> None:
    suspend(other_tenant)

    with pytest.raises(services.NotAMember):
        services.switch_tenant(user=both, tenant_id=other_tenant.pk)
    assert current(both) == tenant.pk


def test_without_a_current_tenant_there_is_no_current_membership(admin: User) -> None:
    assert services.current_membership(admin) is None
