"""Whoever leaves a tenant is not shown what is its own any more, from the next call on."""

from collections.abc import Callable

import pytest
from django.test import override_settings
from rest_framework.test import APIClient

from accounts.models import User
from notifications.models import Notification
from notifications.tests.helpers import API, fresh, tell, titles
from tenants import services as tenants
from tenants.models import Membership, Tenant

ClientOf = Callable[[User], APIClient]
LISTS = {"recent/": "notifications", "real/": "notifications", "": "results"}


def leave_by_service(tenant: Tenant, user: User) -> None:
    tenants.remove_member(tenant=tenant, user=user)


def leave_by_hand(tenant: Tenant, user: User) -> None:
    Membership.objects.filter(tenant=tenant, user=user).delete()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("leave", [leave_by_service, leave_by_hand])
def test_the_next_poll_and_every_list_are_without_it(
    leave: Callable[[Tenant, User], None], client_of: ClientOf, member: User, tenant: Tenant
) -> None:
    row = tell(member, "of acme", tenant=tenant)
    tell(member, "of nobody")
    client = client_of(member)
    for _ in range(3):  # the third is the fast one
        before = client.get(f"{API}recent/")
    assert titles(before.json()["notifications"]) == ["of nobody", "of acme"]

    leave(tenant, member)

    after = client.get(f"{API}recent/", HTTP_IF_NONE_MATCH=before["ETag"])
    assert after.status_code == 200
    for path, key in LISTS.items():
        assert titles(client.get(API + path).json()[key]) == ["of nobody"], path
    assert client.get(f"{API}recent/").json()["unread_count"] == 1
    assert client.get(f"{API}unread-count/").json()["unread_count"] == 1
    assert client.get(f"{API}{row.pk}/").status_code == 404
    assert client.post(f"{API}{row.pk}/mark-read/").status_code == 404
    assert client.post(f"{API}mark-all-read/").json()["marked_count"] == 1


@pytest.mark.django_db(transaction=True)
def test_they_see_what_is_of_the_tenant_that_they_work_in_instead(
    client_of: ClientOf, member: User, tenant: Tenant, other_tenant: Tenant
) -> None:
    tenants.add_member(tenant=other_tenant, user=member)
    tell(member, "of acme", tenant=tenant)
    tell(member, "of globex", tenant=other_tenant)
    client = client_of(member)
    client.get(f"{API}recent/")
    tenants.remove_member(tenant=tenant, user=member)
    assert titles(client.get(f"{API}recent/").json()["notifications"]) == ["of globex"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("prepared", [True, False])
def test_a_current_tenant_without_a_membership_shows_nothing_whoever_wrote_it(
    prepared: bool, client_of: ClientOf, outsider: User, tenant: Tenant, other_tenant: Tenant
) -> None:
    """The second wall: rows of a tenant are shown only where there is a membership, whatever the bare id says."""
    tell(outsider, "of acme", tenant=tenant)
    tell(outsider, "of globex", tenant=other_tenant)
    User.objects.filter(pk=outsider.pk).update(current_tenant_id=tenant.pk)
    with override_settings(PREPARED_STATEMENTS=prepared):
        client = client_of(outsider)
        for _ in range(3):
            body = client.get(f"{API}recent/").json()
            assert (body["notifications"], body["unread_count"]) == ([], 0)
        assert client.get(f"{API}real/").json()["count"] == 0
        assert client.get(f"{API}unread-count/").json()["unread_count"] == 0
        assert client.post(f"{API}mark-all-read/").json()["marked_count"] == 0
        assert fresh(outsider) == body
    assert Notification.objects.unread().count() == 2
