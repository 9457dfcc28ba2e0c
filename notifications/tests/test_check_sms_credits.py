"""SMS Credits: which tenants are about to be unable to send."""

from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from notifications.system_monitor.checks.sms_credits import SmsCredits
from notifications.system_monitor.report import Result, State
from notifications.tests.helpers import account, look, tenants
from sms import services as sms
from sms.services.credits import reserve
from tenants.models import Tenant


def details(result: Result) -> dict[str, Any]:
    assert result.measurement is not None
    return result.measurement.details


def band() -> str:
    """The band of the one tenant that is low; "" when none is."""
    lowest = details(look(SmsCredits))["lowest"]
    return str(lowest[0]["band"]) if lowest else ""


@pytest.mark.parametrize(
    ("available", "of", "expected"),
    [
        (0, 1000, "empty"),
        (0, 50, "empty"),
        (0, 0, "empty"),
        (1, 1000, "critical"),
        (99, 1000, "critical"),
        (100, 1000, "critical"),  # at 10 %
        (101, 1000, "warning"),
        (249, 1000, "warning"),
        (250, 1000, "warning"),  # at 25 %
        (251, 1000, ""),
        (1000, 1000, ""),
        (99, 300, "low"),  # 33 %, and under 100
        (100, 300, ""),
        (99, 100, "low"),  # the top-up left 100
        (98, 99, ""),  # a small top-up by choice
        (25, 99, ""),
        (24, 99, "warning"),
        (9, 99, "critical"),
        (10, 99, "warning"),  # 10.1 %
        (1, 3, ""),
        (25_000_001, 100_000_000, ""),  # whole numbers: 25.000001 % is not 25 %
        (25_000_000, 100_000_000, "warning"),
    ],
)
def test_the_worst_band_is_the_one_that_is_reported(tenant: Tenant, available: int, of: int, expected: str) -> None:
    account(tenant, available, of=of)
    assert band() == expected


@pytest.mark.parametrize(
    ("available", "of", "priority"),
    [(0, 1000, "high"), (100, 1000, "high"), (101, 1000, "medium"), (99, 300, "medium")],
)
def test_empty_and_10_percent_are_high_the_others_medium(
    tenant: Tenant, available: int, of: int, priority: str
) -> None:
    account(tenant, available, of=of)
    result = look(SmsCredits)
    assert result.state is State.WARNING
    assert [finding.priority for finding in result.findings] == [priority]


@pytest.mark.parametrize("fields", [{"is_unlimited": True}, {"last_top_up_at": None}])
def test_unlimited_and_never_topped_up_accounts_do_not_run_low(tenant: Tenant, fields: dict[str, Any]) -> None:
    account(tenant, 0, of=0, **fields)
    result = look(SmsCredits)
    assert result.state is State.OK
    assert result.measurement is not None
    assert result.measurement.sample == 0


def test_a_suspended_tenant_does_not_run_low(tenant: Tenant) -> None:
    account(tenant, 0, of=1000)
    Tenant.objects.update(suspended_at=timezone.now())
    assert look(SmsCredits).state is State.OK


def test_a_tenant_without_an_account_does_not_run_low(tenant: Tenant) -> None:
    assert look(SmsCredits).summary == "0 of 0 tenants are low on credits."


def test_percentages_are_of_the_balance_after_the_last_top_up(tenant: Tenant, platform: None) -> None:
    sms.top_up(tenant_id=tenant.pk, credits=100_000)  # a lifetime of purchases ago
    reserve(tenant_id=tenant.pk, credits=99_900, reference="a")
    assert band() == "critical"
    sms.top_up(tenant_id=tenant.pk, credits=300)
    assert band() == ""
    reserve(tenant_id=tenant.pk, credits=300, reference="b")
    assert band() == "warning"


def test_it_says_how_many_in_which_band_and_the_lowest_first(tenant: Tenant, other_tenant: Tenant) -> None:
    well, empty, low = tenants(3)
    account(tenant, 200, of=1000)
    account(other_tenant, 50, of=1000)
    account(well, 900, of=1000)
    account(empty, 0, of=1000)
    account(low, 99, of=150)
    result = look(SmsCredits)
    assert details(result)["bands"] == {"empty": 1, "critical": 1, "warning": 1, "low": 1}
    rows = details(result)["lowest"]
    assert [(row["tenant"], row["available"], row["percent"], row["band"]) for row in rows] == [
        ("tenant-01", 0, 0, "empty"),
        ("globex", 50, 5, "critical"),
        ("acme", 200, 20, "warning"),
        ("tenant-02", 99, 66, "low"),
    ]
    assert result.summary == (
        "4 of 5 tenants are low on credits: 1 out of credits, 1 at or under 10 %, 1 at or under 25 %, "
        "1 under 100 credits."
    )
    assert result.measurement is not None
    assert (result.measurement.measured, result.measurement.sample) == (4, 5)
    assert result.measurement.threshold == "under 100 credits, or at most 25 % of the last balance"


def test_the_list_ends_at_ten_and_says_how_many_there_are(db: None) -> None:
    for number, one in enumerate(tenants(12)):
        account(one, number, of=1000)
    result = look(SmsCredits)
    assert [row["available"] for row in details(result)["lowest"]] == list(range(10))
    assert details(result)["lowest_total"] == 12


def test_thresholds_are_settings(tenant: Tenant, settings: Settings) -> None:
    account(tenant, 300, of=1000)
    assert band() == ""
    settings.LOW_CREDITS_LIMIT = 301
    assert band() == "low"
    settings.LOW_CREDITS_WARNING_PERCENT = 30
    assert band() == "warning"
    settings.LOW_CREDITS_CRITICAL_PERCENT = 30
    assert band() == "critical"


def test_where_fewer_than_ten_are_low_those_that_come_next_make_it_ten(db: None) -> None:
    """The least of its balance first, not the fewest credits; nobody is low because of it."""
    few, *others = tenants(12)
    account(few, 60, of=1000)
    for number, one in enumerate(others[:-1]):
        account(one, 900 - 10 * number, of=1000)
    account(others[-1], 5_000, of=10_000)
    found = details(look(SmsCredits))
    assert [row["tenant"] for row in found["lowest"]] == [few.slug]
    assert (found["lowest_total"], found["bands"]["low"]) == (1, 0)
    assert [row["tenant"] for row in found["following"]] == [one.slug for one in others[:1:-1]]
    assert {row["band"] for row in found["following"]} == {"enough"}
    assert found["following"][0]["percent"] == 50


def test_where_ten_are_low_nobody_else_is_listed(db: None) -> None:
    for number, one in enumerate(tenants(12)):
        account(one, 50 if number < 10 else 900, of=1000)
    found = details(look(SmsCredits))
    assert (len(found["lowest"]), found["following"]) == (10, [])
