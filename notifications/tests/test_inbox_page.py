"""The page around the inbox: who gets it, and what stands in it before any call."""

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from notifications.models import Notification
from notifications.models.priority import Priority
from notifications.tests.helpers import tell
from tenants.models import Tenant
from tenants.services import add_member

pytestmark = pytest.mark.django_db


def test_it_is_for_who_is_signed_in(client: Client) -> None:
    answer = client.get("/inbox/?status=unread")
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/?next=/inbox/%3Fstatus%3Dunread")


def test_it_holds_nothing_of_the_inbox_itself(
    client: Client, member: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    tell(member, "Secret")
    client.force_login(member)
    client.get("/inbox/")  # which notes that this person was here
    with django_assert_num_queries(2):  # who it is (the session itself is in Redis), and where they may work
        answer = client.get("/inbox/")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert b"Secret" not in answer.content


def test_every_type_and_priority_can_be_chosen(client: Client, member: User) -> None:
    client.force_login(member)
    body = client.get("/inbox/").content.decode()
    for value in (*Notification.Type.values, *Priority.values, *Notification.Status.values):
        assert f'value="{value}"' in body


def test_only_admins_are_given_the_address_of_incidents(client: Client, member: User, staff: User) -> None:
    client.force_login(member)
    assert b"/admin/" not in client.get("/inbox/").content
    client.force_login(staff)
    assert b'data-incident="/admin/notifications/incident/' in client.get("/inbox/").content


def test_it_says_where_its_reader_works_and_offers_their_other_tenants(
    client: Client, member: User, tenant: Tenant, other_tenant: Tenant
) -> None:
    client.force_login(member)
    body = client.get("/inbox/").content.decode()
    assert '<span class="where">Acme</span>' in body
    add_member(tenant=other_tenant, user=member)
    body = client.get("/inbox/").content.decode()
    assert f'<option value="{tenant.pk}" selected>Acme</option>' in body
    assert f'<option value="{other_tenant.pk}">Globex</option>' in body
    Tenant.objects.filter(pk=tenant.pk).update(suspended_at=timezone.now())
    body = client.get("/inbox/").content.decode()
    assert '<option value="" disabled selected>Choose a tenant</option>' in body
    assert "Acme" not in body


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_it_can_only_be_read(method: str, client: Client, member: User) -> None:
    client.force_login(member)
    assert getattr(client, method)("/inbox/").status_code == 405
