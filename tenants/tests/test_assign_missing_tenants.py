"""`manage.py assign_missing_tenants`: safe to try, safe to run twice, safe to run at the same time."""

from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from threading import Barrier

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import User
from conftest import PASSWORD
from tenants import services
from tenants.models import Membership, Tenant
from tenants.tests.conftest import suspend


def run(*arguments: str) -> list[str]:
    out = StringIO()
    call_command("assign_missing_tenants", *arguments, stdout=out)
    return out.getvalue().splitlines()


@pytest.fixture
def lost(tenant: Tenant, other_tenant: Tenant, member: User, outsider: User, admin: User, staff: User) -> list[User]:
    """Two without a tenant, among people who have one, admins who need none, and one who is gone."""
    User.objects.create_user("gone@acme.test", PASSWORD, is_active=False)
    return [
        User.objects.create_user("ann@acme.test", PASSWORD, first_name="Ann", last_name="Lee", timezone="Asia/Tokyo"),
        User.objects.create_user("bob@acme.test", PASSWORD),
    ]


def memberships() -> set[tuple[str, str, str]]:
    return set(Membership.objects.values_list("user__email", "tenant__slug", "role"))


UNTOUCHED = {("member@acme.test", "acme", "member"), ("outsider@globex.test", "globex", "owner")}


@pytest.mark.parametrize("where", [["--tenant", "acme"], ["--create"]])
def test_without_apply_it_only_says_what_it_would_do(lost: list[User], where: list[str]) -> None:
    said = run(*where)

    assert [line.partition(":")[0] for line in said[:2]] == ["ann@acme.test", "bob@acme.test"]
    assert said[2:] == ["2 users would be given a tenant. Run again with --apply to do it."]
    assert memberships() == UNTOUCHED
    assert Tenant.objects.count() == 2
    assert set(User.objects.filter(pk__in=[user.pk for user in lost]).values_list("current_tenant_id")) == {(None,)}


def test_with_a_tenant_it_makes_them_members_there(lost: list[User], tenant: Tenant) -> None:
    said = run("--tenant", "acme", "--apply")

    assert said == [
        "ann@acme.test: member of acme",
        "bob@acme.test: member of acme",
        "2 users were given a tenant.",
    ]
    assert memberships() == UNTOUCHED | {("ann@acme.test", "acme", "member"), ("bob@acme.test", "acme", "member")}
    assert {User.objects.get(pk=user.pk).current_tenant_id for user in lost} == {tenant.pk}
    assert Tenant.objects.count() == 2


def test_with_create_each_gets_one_of_their_own(lost: list[User]) -> None:
    said = run("--create", "--apply")

    assert said == [
        "ann@acme.test: owner of a new tenant",
        "bob@acme.test: owner of a new tenant",
        "2 users were given a tenant.",
    ]
    anns, bobs = (Membership.objects.select_related("tenant").get(user=user) for user in lost)
    assert (anns.role, anns.tenant.name, anns.tenant.timezone) == ("owner", "Ann Lee", "Asia/Tokyo")
    assert (bobs.role, bobs.tenant.name, bobs.tenant.timezone) == ("owner", "bob", "UTC")
    assert anns.tenant.slug.startswith("ann-lee-")
    assert anns.tenant != bobs.tenant
    assert [User.objects.get(pk=user.pk).current_tenant_id for user in lost] == [anns.tenant_id, bobs.tenant_id]


def test_people_of_the_same_name_get_different_slugs(lost: list[User]) -> None:
    User.objects.create_user("ann2@acme.test", PASSWORD, first_name="Ann", last_name="Lee")

    run("--create", "--apply")

    assert Tenant.objects.filter(name="Ann Lee", slug__startswith="ann-lee-").count() == 2


def test_a_very_long_or_unspellable_name_still_gets_a_tenant(db: None) -> None:
    User.objects.create_user("long@acme.test", PASSWORD, first_name="L" * 150, last_name="N" * 150)
    User.objects.create_user("kanji@acme.test", PASSWORD, first_name="愛子")

    run("--create", "--apply")

    assert set(Tenant.objects.values_list("name", flat=True)) == {"L" * 150 + " " + "N" * 49, "愛子"}
    assert Tenant.objects.get(name="愛子").slug.startswith("tenant-")


@pytest.mark.parametrize("where", [["--tenant", "acme"], ["--create"]])
def test_admins_and_the_deactivated_are_left_alone(lost: list[User], where: list[str]) -> None:
    User.objects.create_user("root@acme.test", PASSWORD, is_superuser=True)

    run(*where, "--apply")

    without = User.objects.filter(memberships=None).values_list("email", flat=True)
    assert set(without) == {"admin@acme.test", "staff@acme.test", "root@acme.test", "gone@acme.test"}


@pytest.mark.parametrize("where", [["--tenant", "acme"], ["--create"]])
def test_a_second_run_does_nothing(lost: list[User], where: list[str]) -> None:
    run(*where, "--apply")
    after_one = memberships(), set(Tenant.objects.values_list("slug"))

    assert run(*where, "--apply") == ["0 users were given a tenant."]
    assert (memberships(), set(Tenant.objects.values_list("slug"))) == after_one


def test_a_run_that_was_killed_is_simply_run_again(lost: list[User], tenant: Tenant) -> None:
    services.add_member(tenant=tenant, user=lost[0])  # as far as it came

    assert run("--tenant", "acme", "--apply") == ["bob@acme.test: member of acme", "1 users were given a tenant."]


def test_whoever_has_a_tenant_keeps_it_and_works_where_they_did(
    lost: list[User], member: User, outsider: User, tenant: Tenant, other_tenant: Tenant
) -> None:
    run("--tenant", "acme", "--apply")

    assert memberships() >= UNTOUCHED
    assert User.objects.get(pk=outsider.pk).current_tenant_id == other_tenant.pk


def test_members_of_a_deleted_tenant_can_work_again(member: User, tenant: Tenant, other_tenant: Tenant) -> None:
    tenant.delete()

    run("--tenant", "globex", "--apply")

    found = services.current_membership(User.objects.get(pk=member.pk))
    assert found is not None
    assert found.tenant == other_tenant


@pytest.mark.parametrize("slug", ["initech", "ACME", ""])
def test_an_unknown_slug_is_an_error_and_does_nothing(lost: list[User], slug: str) -> None:
    """Also an empty one: `--tenant "$SLUG"` with the variable unset must not make everybody an owner."""
    with pytest.raises(CommandError, match=f"There is no active tenant with the slug '{slug}'"):
        run("--tenant", slug, "--apply")

    assert memberships() == UNTOUCHED
    assert Tenant.objects.count() == 2


def test_a_suspended_tenant_is_an_error(lost: list[User], tenant: Tenant) -> None:
    suspend(tenant)

    with pytest.raises(CommandError, match="no active tenant"):
        run("--tenant", "acme", "--apply")


@pytest.mark.parametrize("arguments", [["--tenant", "acme", "--create"], [], ["--apply"], ["--tenant"]])
def test_exactly_one_of_tenant_and_create_must_be_said(lost: list[User], arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        run(*arguments)

    assert memberships() == UNTOUCHED


@pytest.mark.django_db(transaction=True)
def test_four_runs_at_once_give_each_one_tenant(db: None) -> None:
    for number in range(10):
        User.objects.create_user(f"lost{number}@acme.test")
    together = Barrier(4)

    def work() -> int:
        try:
            together.wait(timeout=10)
            return int(run("--create", "--apply")[-1].partition(" ")[0])
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        counts = [call.result() for call in [pool.submit(work) for _ in range(4)]]

    assert sum(counts) == 10
    assert (Tenant.objects.count(), Membership.objects.count()) == (10, 10)
    assert Membership.objects.values("user").distinct().count() == 10
