"""Postgres's own lock, where Django's manager is gone around."""

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from sms.models import Message
from sms.services import Addressee, queue_messages
from tenants.models import Tenant, TenantScoped
from tenants.scope import all_tenants, tenant_scope

COUNT = "SELECT count(*) FROM sms_message"


@pytest.fixture
def one_message_each(topped_up: None, tenant: Tenant, other_tenant: Tenant) -> None:
    with all_tenants(because="a message for each tenant"):
        for one in (tenant, other_tenant):
            queue_messages(tenant_id=one.pk, addressees=[Addressee("+255754123456", "hi")], sender_id="ACME")


def counted() -> int:
    with connection.cursor() as cursor:
        cursor.execute(COUNT)
        return int(cursor.fetchone()[0])


def refused() -> bool:
    with pytest.raises(DatabaseError, match="outside of any scope"), transaction.atomic():
        counted()
    return True


@pytest.mark.django_db
def test_raw_sql_sees_the_tenants_rows_or_all_rows_and_without_a_scope_fails(
    one_message_each: None, tenant: Tenant
) -> None:
    assert refused()
    with tenant_scope(tenant.pk):
        assert counted() == 1
    with all_tenants(because="the test counts everything"):
        assert counted() == 2
    assert refused()


@pytest.mark.django_db
def test_a_queryset_that_is_read_after_its_scope_ended_fails(one_message_each: None, tenant: Tenant) -> None:
    with tenant_scope(tenant.pk):
        rows = Message.objects.all()
    with pytest.raises(DatabaseError, match="outside of any scope"), transaction.atomic():
        list(rows)


@pytest.mark.django_db(transaction=True)
def test_it_holds_outside_of_transactions_too_and_leaves_nothing_behind(
    one_message_each: None, tenant: Tenant
) -> None:
    with tenant_scope(tenant.pk):
        assert counted() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('bellwether.tenant', true)")
        assert cursor.fetchone()[0] in (None, "")
    assert refused()


@pytest.mark.django_db
def test_the_base_manager_and_joins_from_outside_are_bound(
    one_message_each: None, tenant: Tenant, other_tenant: Tenant
) -> None:
    with tenant_scope(tenant.pk):
        assert {message.tenant_id for message in Message._base_manager.all()} == {tenant.pk}
        assert not Message._base_manager.filter(tenant=other_tenant).update(text="mine now")


@pytest.mark.django_db
def test_a_row_cannot_be_written_into_another_tenant(
    one_message_each: None, tenant: Tenant, other_tenant: Tenant
) -> None:
    with tenant_scope(tenant.pk):
        mine = Message.objects.get()
        mine.tenant = other_tenant
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            mine.save()


@pytest.mark.django_db
def test_an_error_inside_a_scope_can_be_rolled_back(one_message_each: None, tenant: Tenant) -> None:
    with tenant_scope(tenant.pk):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        assert counted() == 1


@pytest.mark.django_db
def test_every_model_that_belongs_to_a_tenant_has_the_lock() -> None:
    scoped = {model._meta.db_table for model in apps.get_models() if issubclass(model, TenantScoped)}
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_policies WHERE policyname = 'tenant_isolation'")
        assert {row[0] for row in cursor.fetchall()} == scoped
        cursor.execute("SELECT relname FROM pg_class WHERE relrowsecurity")
        assert {row[0] for row in cursor.fetchall()} == scoped
