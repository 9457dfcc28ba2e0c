"""Who is shown what: my own, for my current tenant or for none."""

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from notifications.models import Notification
from notifications.tests.conftest import Get
from notifications.tests.helpers import API, SystemNote, problem, see, tell, titles
from tenants import services as tenants
from tenants.models import Tenant

LISTS = ("recent/", "real/")


@pytest.fixture
def commuter(member: User, other_tenant: Tenant) -> User:
    """A member of both tenants, at work in the first."""
    tenants.add_member(tenant=other_tenant, user=member)
    return member


@pytest.mark.parametrize("path", LISTS)
def test_a_tenants_notification_is_visible_while_that_tenant_is_current(
    path: str, get: Get, commuter: User, tenant: Tenant, other_tenant: Tenant
) -> None:
    tell(commuter, "of acme", tenant=tenant)
    tell(commuter, "of globex", tenant=other_tenant)
    tell(commuter, "of nobody")
    assert titles(get(commuter, path)["notifications"]) == ["of nobody", "of acme"]
    tenants.switch_tenant(user=commuter, tenant_id=other_tenant.pk)
    assert titles(get(commuter, path)["notifications"]) == ["of nobody", "of globex"]


def test_the_unread_count_is_that_of_the_current_tenant(
    get: Get, commuter: User, tenant: Tenant, other_tenant: Tenant
) -> None:
    for _ in range(3):
        tell(commuter, tenant=tenant)
    tell(commuter, tenant=other_tenant)
    assert get(commuter, "unread-count/")["unread_count"] == 3
    tenants.switch_tenant(user=commuter, tenant_id=other_tenant.pk)
    assert get(commuter, "unread-count/")["unread_count"] == 1
    assert get(commuter, "recent/")["unread_count"] == 1


def test_mark_all_read_leaves_the_other_tenants_alone(
    post: Get, commuter: User, tenant: Tenant, other_tenant: Tenant
) -> None:
    tell(commuter, tenant=tenant)
    elsewhere = tell(commuter, tenant=other_tenant)
    assert post(commuter, "mark-all-read/")["marked_count"] == 1
    elsewhere.refresh_from_db()
    assert elsewhere.status == "unread"


def test_one_of_another_tenant_is_a_404_until_the_switch(
    client_of: Callable[[User], APIClient], commuter: User, other_tenant: Tenant
) -> None:
    row = tell(commuter, tenant=other_tenant)
    client = client_of(commuter)
    assert client.post(f"{API}{row.pk}/mark-read/").status_code == 404
    row.refresh_from_db()
    assert row.status == "unread"
    tenants.switch_tenant(user=commuter, tenant_id=other_tenant.pk)
    assert client.post(f"{API}{row.pk}/mark-read/").status_code == 200


def test_who_works_in_no_tenant_is_shown_no_tenants_notifications(get: Get, admin: User, tenant: Tenant) -> None:
    tell(admin, "of acme", tenant=tenant)
    tell(admin, "of nobody")
    assert titles(get(admin, "recent/")["notifications"]) == ["of nobody"]


def test_nobody_is_shown_anothers(get: Get, owner: User, member: User, outsider: User, tenant: Tenant) -> None:
    tell(owner, tenant=tenant)
    for other in (member, outsider):
        assert get(other, "recent/") == {"success": True, "notifications": [], "unread_count": 0}
        assert get(other, "real/")["count"] == 0
        assert get(other, "unread-count/")["unread_count"] == 0


@pytest.mark.parametrize("path", LISTS)
def test_each_admin_sees_one_copy_of_a_system_notification_and_it_is_their_own(
    path: str, get: Get, admin: User, staff: User
) -> None:
    see(problem())
    for one in (admin, staff):
        (item,) = get(one, path)["notifications"]
        assert item["is_system"] is True
        assert Notification.objects.get(pk=item["id"]).recipient == one


def test_a_platform_admin_who_belongs_to_a_tenant_is_told_too(get: Get, admin: User, owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(is_staff=True)
    see(problem())
    assert get(admin, "unread-count/")["unread_count"] == 1  # without a tenant, and nobody fails because of it
    assert get(owner, "unread-count/")["unread_count"] == 1


def test_a_system_notification_goes_to_admins_only(get: Get, admin: User, owner: User, outsider: User) -> None:
    see(problem())
    assert get(owner, "recent/")["notifications"] == []
    assert get(outsider, "recent/")["notifications"] == []


def test_a_deactivated_admin_is_not_told(admin: User, staff: User) -> None:
    User.objects.filter(pk=staff.pk).update(is_active=False)
    see(problem())
    assert [row.recipient for row in Notification.objects.all()] == [admin]


@pytest.mark.parametrize("who", ["staff", "member", "outsider"])
def test_somebody_elses_notification_is_a_404_also_for_an_admin(
    who: str, request: pytest.FixtureRequest, client_of: Callable[[User], APIClient], admin: User
) -> None:
    row = tell(admin, kind=SystemNote)
    response = client_of(request.getfixturevalue(who)).post(f"{API}{row.pk}/mark-read/")
    assert response.status_code == 404
    row.refresh_from_db()
    assert row.status == "unread"


def test_an_admins_badge_clears_when_all_are_read(get: Get, post: Get, admin: User, staff: User) -> None:
    see(problem())
    post(admin, "mark-all-read/")
    assert get(admin, "unread-count/")["unread_count"] == 0
    assert get(staff, "unread-count/")["unread_count"] == 1
