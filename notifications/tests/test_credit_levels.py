"""A tenant's owners and admins are told of low credits by their own thresholds: each level once a top-up."""

import itertools
from collections.abc import Callable

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from notifications import credit_levels, preferences
from notifications.credit_levels import Fall
from notifications.kinds import SmsCreditLow
from notifications.models import Notification
from notifications.services import BulkAction, bulk, notify
from notifications.tests.helpers import in_threads
from sms import services as sms
from sms.services.credits import announce_falls, reserve
from tenants import services as tenants
from tenants.models import Membership, Tenant

pytestmark = pytest.mark.usefixtures("platform")
Spend = Callable[[int], None]
WARNING, CRITICAL = preferences.WARNING, preferences.CRITICAL


@pytest.fixture(autouse=True)
def account(tenant: Tenant, other_tenant: Tenant, platform: None) -> None:
    for one in (tenant, other_tenant):
        sms.top_up(tenant_id=one.pk, credits=1000)


@pytest.fixture
def spend(tenant: Tenant) -> Spend:
    """`spend(750)` takes so many credits and announces what fell."""
    numbers = itertools.count()

    def spend(credits: int) -> None:
        reserve(tenant_id=tenant.pk, credits=credits, reference=f"batch {next(numbers)}")
        announce_falls(tenant_id=tenant.pk)

    return spend


def told(user: User) -> list[str]:
    rows = Notification.objects.filter(recipient=user, kind=SmsCreditLow.slug).order_by("id")
    return list(rows.values_list("event", flat=True))


def joins(tenant: Tenant, name: str, role: Membership.Role) -> User:
    user: User = User.objects.create_user(f"{name}@acme.test", "a password of theirs")
    tenants.add_member(tenant=tenant, user=user, role=role)
    return user


def test_owners_and_admins_are_told_once_a_level(
    owner: User, member: User, outsider: User, admin: User, tenant: Tenant, spend: Spend
) -> None:
    colleague = joins(tenant, "colleague", Membership.Role.ADMIN)
    for credits_spent in (749, 1, 10, 139, 1, 50, 50):  # 26, 25, 24, 11, 10, 5 and 0 %
        spend(credits_spent)
    assert told(owner) == told(colleague) == ["top-up 1: warning", "top-up 1: critical"]
    assert told(member) == told(outsider) == told(admin) == []


def test_what_they_are_told(owner: User, tenant: Tenant, spend: Spend, settings: Settings) -> None:
    settings.TOP_UP_URL = "/billing/credits"
    spend(751)
    row = Notification.objects.get()
    assert (row.title, row.message) == (
        "SMS credits are low: 24.9 % left",
        "249 of 1000 SMS credits are left. Your warning threshold is 25 %. Top up so that messages keep going out.",
    )
    assert (row.notification_type, row.priority, row.tenant, row.is_system) == ("sms_credit", "medium", tenant, False)
    assert (row.action_text, row.action_url) == ("Top up", "/billing/credits")
    assert row.data == {
        "current_credits": 249,
        "total_credits": 1000,
        "percentage": 24.9,
        "level": "warning",
        "threshold": 25,
    }
    spend(200)
    assert Notification.objects.latest("id").priority == "high"


def test_without_a_place_to_buy_credits_there_is_no_button(owner: User, spend: Spend) -> None:
    spend(800)
    row = Notification.objects.get()
    assert (row.action_text, row.action_url) == ("", "")


def test_a_jump_over_both_thresholds_tells_the_worse_one_only(owner: User, spend: Spend) -> None:
    spend(1000)
    assert told(owner) == ["top-up 1: critical"]


def test_a_top_up_arms_both_again(owner: User, tenant: Tenant, spend: Spend) -> None:
    spend(950)
    sms.top_up(tenant_id=tenant.pk, credits=150)  # 200 are there
    spend(160)
    spend(40)
    assert told(owner) == ["top-up 1: critical", "top-up 2: warning", "top-up 2: critical"]


def test_everybody_has_thresholds_of_their_own(owner: User, tenant: Tenant, spend: Spend) -> None:
    early = joins(tenant, "early", Membership.Role.OWNER)
    preferences.change_settings(user=early, changes={WARNING: 80, CRITICAL: 50})
    late = joins(tenant, "late", Membership.Role.OWNER)
    preferences.change_settings(user=late, changes={CRITICAL: 1, WARNING: 2})
    for credits_spent, expected in (
        (200, (["top-up 1: warning"], [], [])),
        (300, (["top-up 1: warning", "top-up 1: critical"], [], [])),
        (480, (["top-up 1: warning", "top-up 1: critical"], ["top-up 1: critical"], ["top-up 1: warning"])),
    ):
        spend(credits_spent)
        assert (told(early), told(owner), told(late)) == expected


def test_whoever_deletes_a_warning_is_not_told_it_again(owner: User, spend: Spend) -> None:
    spend(910)
    bulk(user=owner, ids=list(Notification.objects.values_list("pk", flat=True)), action=BulkAction.DELETE)
    spend(10)
    assert told(owner) == []


def test_warnings_can_be_turned_off_and_critical_ones_still_come(owner: User, spend: Spend) -> None:
    preferences.change_settings(user=owner, changes={"in_app_notifications_enabled": False})
    spend(800)
    spend(150)
    assert told(owner) == ["top-up 1: critical"]


def test_a_suspended_tenant_is_told_nothing(owner: User, spend: Spend) -> None:
    Tenant.objects.update(suspended_at=timezone.now())
    spend(1000)
    assert told(owner) == []


def test_the_platforms_own_thresholds_are_not_the_recipients(owner: User, spend: Spend, settings: Settings) -> None:
    settings.LOW_CREDITS_WARNING_PERCENT, settings.LOW_CREDITS_CRITICAL_PERCENT = 60, 50
    spend(600)
    assert told(owner) == []


def test_telling_many_costs_no_more_queries_than_telling_one(
    owner: User, tenant: Tenant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        joins(tenant, f"owner-{number}", Membership.Role.OWNER)
    fall = Fall(tenant.pk, 1, 100, 5, 50, 1000)
    with django_assert_num_queries(12):  # four of them for what leaves the house
        assert len(credit_levels.tell_of_fall(fall=fall)) == 13
    assert credit_levels.tell_of_fall(fall=fall) == []


@pytest.mark.django_db(transaction=True)
def test_8_that_announce_the_same_fall_at_once_tell_it_once(owner: User, tenant: Tenant) -> None:
    fall = Fall(tenant.pk, 1, 100, 20, 200, 1000)
    rows = in_threads(8, lambda _: credit_levels.tell_of_fall(fall=fall))
    assert sum(map(len, rows)) == 1
    assert told(owner) == ["top-up 1: warning"]


def test_an_event_is_told_once_a_tenant_also_where_there_is_none(owner: User, tenant: Tenant) -> None:
    context = {"current_credits": 1, "total_credits": 10, "percentage": 10.0, "level": "critical", "threshold": 10}

    def tell(tenant: Tenant | None, event: str) -> int:
        return len(notify(kind=SmsCreditLow, recipients=[owner], context=context, tenant=tenant, event=event))

    assert [tell(None, "a"), tell(None, "a"), tell(tenant, "a"), tell(tenant, "a")] == [1, 0, 1, 0]
    assert [tell(None, ""), tell(None, "")] == [1, 1]
