"""SMS Credits: what one tenant decided for itself, and when its credits run out."""

import datetime
from typing import Any

import pytest
from django.utils import timezone

from notifications.models import Threshold
from notifications.system_monitor.checks.sms_credits import SmsCredits
from notifications.system_monitor.report import Result
from notifications.tests.helpers import account, look, tenants
from sms.models import CreditEntry
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]
NOW = timezone.now()
HOUR = datetime.timedelta(hours=1)


def details(result: Result) -> dict[str, Any]:
    assert result.measurement is not None
    return result.measurement.details


def bands() -> dict[str, str]:
    """The band of each tenant that is low."""
    return {row["tenant"]: row["band"] for row in details(look(SmsCredits))["lowest"]}


def decide(name: str, value: int, *, tenant: Tenant | None = None) -> None:
    Threshold.objects.create(check_slug="sms_credits", name=name, value=value, tenant=tenant)


# --- Own thresholds ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "band"), [("low", 301, "low"), ("warning", 30, "warning"), ("critical", 30, "critical")]
)
def test_a_tenant_may_have_thresholds_of_its_own(
    tenant: Tenant, other_tenant: Tenant, name: str, value: int, band: str
) -> None:
    account(tenant, 300, of=1000)
    account(other_tenant, 300, of=1000)
    assert bands() == {}
    decide(name, value, tenant=tenant)
    assert bands() == {"acme": band}
    assert details(look(SmsCredits))["with_own_thresholds"] == 1


def test_what_was_decided_for_the_platform_holds_for_those_without_their_own(
    tenant: Tenant, other_tenant: Tenant
) -> None:
    account(tenant, 300, of=1000)
    account(other_tenant, 300, of=1000)
    decide("warning", 30)
    decide("warning", 20, tenant=tenant)
    result = look(SmsCredits)
    assert [row["tenant"] for row in details(result)["lowest"]] == ["globex"]
    assert result.measurement is not None
    assert result.measurement.threshold == "under 100 credits, or at most 30 % of the last balance"


def test_a_tenant_that_wants_no_warning_is_still_told_when_nothing_is_left(tenant: Tenant) -> None:
    account(tenant, 1, of=1000)
    for name in ("low", "warning", "critical"):
        decide(name, 0, tenant=tenant)
    assert bands() == {}
    empty = tenants(1)[0]
    account(empty, 0, of=1000)
    for name in ("low", "warning", "critical"):
        decide(name, 0, tenant=empty)
    assert bands() == {"tenant-00": "empty"}


# --- When they run out -------------------------------------------------------------------------------------------


def move(
    tenant: Tenant, kind: str, available: int, reserved: int, *, ago: datetime.timedelta, number: int = 0
) -> None:
    CreditEntry.objects.create(
        tenant=tenant,
        kind=kind,
        reference=f"{kind} {ago} {number}",
        available_delta=available,
        reserved_delta=reserved,
        created_at=NOW - ago,
    )


def spend(tenant: Tenant, credits: int, *, ago: datetime.timedelta, number: int = 0) -> None:
    move(tenant, "settle", 0, -credits, ago=ago, number=number)


def lowest() -> list[tuple[int, float | None]]:
    rows = details(look(SmsCredits, now=NOW))["lowest"]
    return [(row["spent_per_day"], row["runs_out_in_hours"]) for row in rows]


def test_it_says_in_how_many_hours_they_run_out_if_all_goes_on_as_in_the_last_day(tenant: Tenant) -> None:
    account(tenant, 60, of=1000)
    spend(tenant, 500, ago=25 * HOUR)
    spend(tenant, 100, ago=23 * HOUR)
    spend(tenant, 20, ago=HOUR)
    assert lowest() == [(120, 12.0)]


def test_without_any_use_they_never_do(tenant: Tenant) -> None:
    account(tenant, 60, of=1000)
    assert lowest() == [(0, None)]


def test_only_what_left_the_account_for_good_was_spent(tenant: Tenant) -> None:
    account(tenant, 60, of=1000)
    move(tenant, "top_up", 1000, 0, ago=3 * HOUR)
    move(tenant, "reserve", -500, 500, ago=3 * HOUR)
    move(tenant, "release", 380, -380, ago=2 * HOUR)
    move(tenant, "expire", -300, 0, ago=HOUR)
    move(tenant, "adjust", -100, 0, ago=HOUR)
    spend(tenant, 120, ago=HOUR)
    assert lowest() == [(120, 12.0)]


def test_a_busy_tenants_use_is_taken_of_its_last_200_movements(tenant: Tenant, other_tenant: Tenant) -> None:
    account(tenant, 60, of=1000)
    for number in range(250):
        spend(tenant, 1, ago=datetime.timedelta(seconds=250 - number), number=number)
    spend(other_tenant, 1000, ago=HOUR)
    (row,) = lowest()
    assert row == (86400, 0.0)  # one a second; a minute is left


def test_each_tenant_has_its_own_use(tenant: Tenant, other_tenant: Tenant) -> None:
    account(tenant, 24, of=1000)
    account(other_tenant, 48, of=1000)
    spend(tenant, 24, ago=HOUR)
    spend(other_tenant, 96, ago=HOUR)
    assert lowest() == [(24, 24.0), (96, 12.0)]
