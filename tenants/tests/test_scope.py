"""The tenant scope: forgetting it raises, and it never outlives the code that set it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.apps import apps
from django.db import ProgrammingError
from django.db.models.fields.related_descriptors import create_reverse_many_to_one_manager

from sms.models import CreditAccount, Message
from tenants.models import ScopedManager, Tenant, TenantScoped
from tenants.scope import Everyone, TenantScopeMissing, all_tenants, current_scope, enter_scope, tenant_scope

pytestmark = pytest.mark.usefixtures("topped_up")


def slugs() -> list[str]:
    return list(CreditAccount.objects.order_by("tenant__slug").values_list("tenant__slug", flat=True))


# --- Without a scope ---------------------------------------------------------------------------------------------

QUERIES: dict[str, Callable[[Any], Any]] = {
    "all": lambda objects: objects.all(),
    "count": lambda objects: objects.count(),
    "get": lambda objects: objects.get(available=1),
    "filter": lambda objects: objects.filter(available=1),
    "exclude": lambda objects: objects.exclude(available=1),
    "first": lambda objects: objects.first(),
    "exists": lambda objects: objects.exists(),
    "none": lambda objects: objects.none(),
    "values": lambda objects: objects.values("available"),
    "aggregate": lambda objects: objects.aggregate(),
    "iterator": lambda objects: list(objects.iterator()),
    "in_bulk": lambda objects: objects.in_bulk(),
    "update": lambda objects: objects.update(available=0),
    "bulk_create": lambda objects: objects.bulk_create([]),
    "bulk_update": lambda objects: objects.bulk_update([], ["available"]),
    "create": lambda objects: objects.create(available=1),
    "get_or_create": lambda objects: objects.get_or_create(available=1),
    "update_or_create": lambda objects: objects.update_or_create(available=1),
    "select_for_update": lambda objects: objects.select_for_update(),
    "using": lambda objects: objects.using("default"),
    "raw": lambda objects: objects.raw("SELECT * FROM sms_creditaccount"),
}


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_without_a_scope_raises(query: str) -> None:
    with pytest.raises(TenantScopeMissing, match="CreditAccount was queried without a tenant"):
        QUERIES[query](CreditAccount.objects)


def test_the_error_says_what_to_do() -> None:
    with pytest.raises(TenantScopeMissing, match=r"Use tenant_scope\(\.\.\.\), or all_tenants\(because=\.\.\.\)"):
        CreditAccount.objects.count()


def test_no_scope_at_all_can_be_asked_for(tenant: Tenant) -> None:
    with tenant_scope(tenant.pk), tenant_scope(None), pytest.raises(TenantScopeMissing):
        CreditAccount.objects.count()


def scoped_models() -> list[Any]:
    return [model for model in apps.get_models() if issubclass(model, TenantScoped)]


def test_there_are_scoped_models() -> None:
    assert {model.__name__ for model in scoped_models()} >= {"CreditAccount", "Message"}


@pytest.mark.parametrize("model", scoped_models(), ids=lambda model: model.__name__)
def test_every_manager_of_a_scoped_model_is_scoped(model: Any) -> None:
    """The default manager is also what related managers and the admin are built on."""
    assert model._meta.managers
    assert all(isinstance(manager, ScopedManager) for manager in model._meta.managers)
    with pytest.raises(TenantScopeMissing):
        model._default_manager.all()


def test_a_related_manager_without_a_scope_raises_too(tenant: Tenant, other_tenant: Tenant) -> None:
    """None exists today (`related_name="+"`); this is what one would be."""
    related: Any = create_reverse_many_to_one_manager(
        Message._default_manager.__class__, Message._meta.get_field("tenant").remote_field
    )
    with pytest.raises(TenantScopeMissing):
        related(tenant).count()
    with tenant_scope(other_tenant.pk):
        assert related(tenant).count() == 0


# --- Within one --------------------------------------------------------------------------------------------------


def test_a_scope_shows_only_its_tenants_rows(tenant: Tenant, other_tenant: Tenant) -> None:
    with tenant_scope(tenant.pk):
        assert slugs() == ["acme"]
        assert CreditAccount.objects.count() == 1
        assert not CreditAccount.objects.filter(tenant=other_tenant).exists()
        with pytest.raises(CreditAccount.DoesNotExist):
            CreditAccount.objects.get(tenant=other_tenant)
    with tenant_scope(other_tenant.pk):
        assert slugs() == ["globex"]


def test_updates_in_a_scope_reach_only_its_tenants_rows(tenant: Tenant, other_tenant: Tenant) -> None:
    with tenant_scope(tenant.pk):
        assert CreditAccount.objects.update(available=7) == 1
        assert CreditAccount.objects.filter(tenant=other_tenant).update(available=7) == 0
    with all_tenants(because="the test looks"):
        assert CreditAccount.objects.get(tenant=other_tenant).available == 100_000


def test_deletes_in_a_scope_reach_only_its_tenants_rows(tenant: Tenant) -> None:
    with tenant_scope(tenant.pk):
        CreditAccount.objects.all().delete()
    with all_tenants(because="the test looks"):
        assert slugs() == ["globex"]


def test_bulk_updates_in_a_scope_do_not_reach_rows_of_another(tenant: Tenant, other_tenant: Tenant) -> None:
    with all_tenants(because="the test looks"):
        rows = list(CreditAccount.objects.all())
    for row in rows:
        row.available = 7
    with tenant_scope(tenant.pk):
        assert CreditAccount.objects.bulk_update(rows, ["available"]) == 1
    with all_tenants(because="the test looks"):
        assert CreditAccount.objects.get(tenant=other_tenant).available == 100_000


def test_a_queryset_taken_into_another_scope_shows_nothing_of_either(tenant: Tenant, other_tenant: Tenant) -> None:
    """The first lock still asks for the one tenant, and the second for the other."""
    with tenant_scope(tenant.pk):
        mine = CreditAccount.objects.all()
        assert [row.tenant_id for row in mine.all()] == [tenant.pk]
    with tenant_scope(other_tenant.pk):
        assert not mine.all()
    with pytest.raises(ProgrammingError, match="outside of any scope"):
        list(mine.all())


def test_all_tenants_shows_everything() -> None:
    with all_tenants(because="the platform looks"):
        assert slugs() == ["acme", "globex"]


def test_all_tenants_needs_a_reason() -> None:
    with pytest.raises(ValueError, match="Say why"), all_tenants(because=""):
        raise AssertionError("went in without a reason")
    with pytest.raises(TypeError):
        all_tenants()  # type: ignore[call-arg]
    assert current_scope() is None


# --- And after it ------------------------------------------------------------------------------------------------


def test_nested_scopes_are_restored_one_by_one(tenant: Tenant, other_tenant: Tenant) -> None:
    with tenant_scope(tenant.pk):
        with all_tenants(because="the test nests"):
            assert isinstance(current_scope(), Everyone)
            with tenant_scope(other_tenant.pk):
                assert current_scope() == other_tenant.pk
            assert isinstance(current_scope(), Everyone)
        assert current_scope() == tenant.pk
    assert current_scope() is None


@pytest.mark.parametrize("everyone", [True, False])
def test_a_scope_ends_with_an_error_too(tenant: Tenant, everyone: bool) -> None:
    scope = all_tenants(because="the test fails") if everyone else tenant_scope(tenant.pk)
    with pytest.raises(ZeroDivisionError), scope:
        raise ZeroDivisionError
    assert current_scope() is None


def test_an_entered_scope_is_taken_back_by_the_scope_around_it(tenant: Tenant) -> None:
    with tenant_scope(None):
        enter_scope(tenant.pk)
        assert current_scope() == tenant.pk
    assert current_scope() is None


def test_a_scope_does_not_leak_into_another_thread(tenant: Tenant) -> None:
    def elsewhere() -> Any:
        with pytest.raises(TenantScopeMissing):
            CreditAccount.objects.all()
        return current_scope()

    with tenant_scope(tenant.pk), ThreadPoolExecutor(1) as pool:
        assert pool.submit(elsewhere).result() is None


def test_threads_at_the_same_time_have_scopes_of_their_own(tenant: Tenant, other_tenant: Tenant) -> None:
    both_inside = Barrier(2)

    def inside(one: Tenant) -> Any:
        with tenant_scope(one.pk):
            both_inside.wait(timeout=10)
            seen = current_scope()
            both_inside.wait(timeout=10)
        return seen, current_scope()

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(inside, (tenant, other_tenant))) == [(tenant.pk, None), (other_tenant.pk, None)]


def test_a_thread_that_is_used_again_starts_without_a_scope(tenant: Tenant) -> None:
    def work() -> Any:
        before = current_scope()
        with tenant_scope(tenant.pk):
            return before

    with ThreadPoolExecutor(1) as pool:
        assert [pool.submit(work).result() for _ in range(2)] == [None, None]
