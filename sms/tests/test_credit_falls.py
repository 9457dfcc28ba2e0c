"""How far a balance fell is recorded with the debit and announced after it."""

import datetime
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from sms import services
from sms.models import CreditFall, Status
from sms.services import NotEnoughCredits, announce_waiting_falls, expire_grants
from sms.services.credits import announce_falls, reserve
from sms.signals import credits_fell
from sms.tests.helpers import at_once
from sms.tests.ledger import end, falls, send, top_up
from tenants.models import Tenant
from tenants.scope import tenant_scope

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]


batches = itertools.count()


def spend(tenant: Tenant, credits: int) -> None:
    reserve(tenant_id=tenant.pk, credits=credits, reference=f"batch {next(batches)}")


@pytest.fixture
def heard() -> Iterator[list[dict[str, Any]]]:
    """What was announced."""
    announced: list[dict[str, Any]] = []

    def listen(**facts: Any) -> None:
        announced.append({name: value for name, value in facts.items() if name not in ("signal", "sender")})

    credits_fell.connect(listen)
    yield announced
    credits_fell.disconnect(listen)


@pytest.mark.parametrize(
    ("balance", "spends", "expected"),
    [
        # Percent are rounded up: 25.1 % is 26 and not at 25.
        (1000, [749, 1], [(26, ""), (25, "warning")]),
        (1000, [899, 1], [(11, "warning"), (10, "critical")]),
        (1000, [900, 1, 99], [(10, "critical"), (10, "under_100"), (0, "empty")]),
        # Only the most severe of several.
        (1000, [1000], [(0, "empty")]),
        (1000, [901], [(10, "critical")]),
        (200, [150], [(25, "warning")]),
        (200, [120], [(40, "under_100")]),
        # The band of 100 credits is there only where the top-up left as many.
        (100, [1], [(99, "under_100")]),
        (99, [1], [(99, "")]),
        # A whole percent is told once, however many spends it takes.
        (1_000_000, [1, 1, 9_998, 1], [(99, "")]),
    ],
)
def test_what_is_recorded(tenant: Tenant, balance: int, spends: list[int], expected: list[tuple[int, str]]) -> None:
    top_up(tenant, balance)
    for credits_spent in spends:
        spend(tenant, credits_spent)
    assert falls(tenant) == expected


def test_credits_that_come_back_and_go_again_fall_nowhere(tenant: Tenant) -> None:
    top_up(tenant, 200)
    for _ in range(3):
        end(send(tenant, 190), Status.REJECTED)
    assert falls(tenant) == [(5, "critical")]
    send(tenant, 110)  # 90 are left, which is under 100; and it was worse before
    assert falls(tenant) == [(5, "critical")]


def test_a_top_up_arms_all_of_it_again(tenant: Tenant) -> None:
    top_up(tenant, 100)
    spend(tenant, 90)
    top_up(tenant, 30)  # 40 are there, and all that is under 100 by choice
    spend(tenant, 30)
    top_up(tenant, 90)  # 100 again
    spend(tenant, 1)
    assert falls(tenant) == [(10, "critical"), (25, "warning"), (99, "under_100")]


def test_thresholds_are_settings(tenant: Tenant, settings: Settings) -> None:
    settings.LOW_CREDITS_WARNING_PERCENT, settings.LOW_CREDITS_CRITICAL_PERCENT = 50, 40
    settings.LOW_CREDITS_LIMIT = 800
    top_up(tenant, 1000)
    for credits_spent in (201, 299, 100):
        spend(tenant, credits_spent)
    assert falls(tenant) == [(80, "under_100"), (50, "warning"), (40, "critical")]


def test_a_band_that_was_moved_is_recorded_again_in_its_row(tenant: Tenant, settings: Settings) -> None:
    top_up(tenant, 1000)
    spend(tenant, 900)
    announce_falls(tenant_id=tenant.pk)
    settings.LOW_CREDITS_CRITICAL_PERCENT, settings.LOW_CREDITS_LIMIT = 5, 0
    spend(tenant, 60)
    assert falls(tenant) == [(4, "critical")]
    assert announce_falls(tenant_id=tenant.pk) == 1


def test_what_expires_and_what_staff_take_back_falls_too(tenant: Tenant, other_tenant: Tenant) -> None:
    soon = timezone.now() + datetime.timedelta(hours=1)
    top_up(tenant, 90, expires_at=soon)
    top_up(tenant, 10)
    assert expire_grants(now=soon) == 90
    top_up(other_tenant, 100)
    services.adjust(tenant_id=other_tenant.pk, credits=-80, reference="back", note="Booked twice")
    assert (falls(tenant), falls(other_tenant)) == ([(10, "critical")], [(20, "warning")])


def test_a_debit_that_is_refused_or_rolled_back_records_nothing(tenant: Tenant) -> None:
    top_up(tenant, 100)
    with pytest.raises(NotEnoughCredits):
        spend(tenant, 101)
    with transaction.atomic():
        spend(tenant, 100)
        transaction.set_rollback(True)
    assert falls(tenant) == []


def test_unlimited_accounts_and_those_never_topped_up_do_not_fall(tenant: Tenant, other_tenant: Tenant) -> None:
    services.adjust(tenant_id=tenant.pk, credits=100, reference="gift", note="A gift")
    spend(tenant, 100)
    top_up(other_tenant, 100)
    services.set_terms(tenant_id=other_tenant.pk, is_unlimited=True)
    services.adjust(tenant_id=other_tenant.pk, credits=-100, reference="back", note="Not needed")
    assert (falls(tenant), falls(other_tenant)) == ([], [])


# --- Announcing --------------------------------------------------------------------------------------------------


def test_a_fall_is_announced_after_the_commit_once(
    tenant: Tenant,
    heard: list[dict[str, Any]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    top_up(tenant, 1000)
    with django_capture_on_commit_callbacks(execute=True):
        spend(tenant, 800)
        assert heard == []
    fact = {
        "tenant_id": tenant.pk,
        "top_up": 1,
        "percent_before": 100,
        "percent": 20,
        "available": 200,
        "balance_after_top_up": 1000,
        "band": "warning",
    }
    assert heard == [fact]
    assert announce_falls(tenant_id=tenant.pk) == announce_waiting_falls() == 0
    assert heard == [fact]
    assert CreditFall.objects.get().announced_at is not None


def test_what_a_crash_left_is_announced_by_the_sweeper_in_order(
    tenant: Tenant, other_tenant: Tenant, heard: list[dict[str, Any]]
) -> None:
    for one in (tenant, other_tenant):
        top_up(one, 1000)
        spend(one, 800)
        spend(one, 150)
    assert announce_waiting_falls() == 4
    mine = [fact["percent"] for fact in heard if fact["tenant_id"] == tenant.pk]
    assert mine == [20, 5]


def test_what_a_top_up_has_overtaken_is_told_nobody(tenant: Tenant, heard: list[dict[str, Any]]) -> None:
    top_up(tenant, 1000)
    spend(tenant, 950)
    top_up(tenant, 1000)
    assert announce_waiting_falls() == 0
    assert heard == []
    assert not CreditFall.objects.filter(announced_at=None).exists()


def test_a_listener_that_fails_costs_no_credits_and_is_asked_again(
    tenant: Tenant,
    other_tenant: Tenant,
    heard: list[dict[str, Any]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    def fail(*, tenant_id: object, **_: Any) -> None:
        if tenant_id == tenant.pk:
            raise ZeroDivisionError

    credits_fell.connect(fail)
    try:
        for one in (tenant, other_tenant):
            top_up(one, 100)
            with django_capture_on_commit_callbacks(execute=True):
                spend(one, 50)
        assert announce_waiting_falls() == 0
        assert {row.tenant_id for row in CreditFall.objects.filter(announced_at=None)} == {tenant.pk}
    finally:
        credits_fell.disconnect(fail)
    assert announce_waiting_falls() == 1


@pytest.mark.django_db(transaction=True)
def test_16_threads_record_each_band_once_and_announce_each_fall_once(
    tenant: Tenant, heard: list[dict[str, Any]]
) -> None:
    top_up(tenant, 160)

    def work(index: int) -> None:
        with tenant_scope(tenant.pk):
            for number in range(10):
                reserve(tenant_id=tenant.pk, credits=1, reference=f"{index}/{number}")

    at_once(16, work)
    recorded = falls(tenant)
    assert [band for _, band in recorded if band] == ["under_100", "warning", "critical", "empty"]
    assert [percent for percent, _ in recorded] == sorted({percent for percent, _ in recorded}, reverse=True)
    assert announce_waiting_falls() == 0
    assert sorted(fact["percent"] for fact in heard) == sorted(percent for percent, _ in recorded)
