"""Each of the six checks, judged again by what history keeps of it."""

import datetime
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from notifications.models import CheckResult, Threshold
from notifications.system_monitor import history, runner
from notifications.system_monitor.backtest import backtest
from notifications.system_monitor.checks import BY_SLUG, CHECKS
from notifications.tests.helpers import NOON, account, look, messages, tenants
from sms.models import Status
from tenants.models import Tenant

pytestmark = pytest.mark.django_db
MINUTE, HOUR = datetime.timedelta(minutes=1), datetime.timedelta(hours=1)
START = NOON.replace(second=0)


def keep(check: str, at: datetime.datetime = START, **numbers: Any) -> None:
    """What a minute of a check had; `measured` is its own number."""
    measured = numbers.pop("measured", None)
    CheckResult.objects.create(
        check_slug=check, span="minute", at=at, ok=1, measured=measured, measured_minutes=int(measured is not None),
        lowest=measured, highest=measured, more=numbers,
    )  # fmt: skip


def opens(check: str, minutes: int = 60, **proposed: int) -> bool:
    found = backtest(check=check, proposed=proposed, days=1, now=START + minutes * MINUTE)
    return any(course.incidents for course in found.after)


@pytest.mark.parametrize("check", CHECKS)
def test_every_limit_is_judged_by_a_rule_or_says_why_it_is_not(check: Any) -> None:
    judged = {limit for rule in check.rules for limit in rule.limits}
    for limit in check.limits:
        assert (limit in judged) != bool(limit.why_no_backtest), limit.name


def test_what_the_checks_keep_suffices_for_every_rule(tenant: Tenant, admin: User) -> None:
    """What they say of the platform as it is, judged again by the limits in force, is what they said."""
    messages(tenant, 3, status=Status.DELIVERED)
    messages(tenant, 60, status=Status.UNDELIVERED)
    account(tenant, 20, of=100)
    report = runner.run()
    with transaction.atomic():
        history.store(report)
    until = report.started_at + MINUTE
    for check in CHECKS:
        for limit in check.limits:
            if not limit.why_no_backtest:
                found = backtest(check=check.slug, proposed={limit.name: limit.default}, days=1, now=until)
                (result,) = [one for one in report.results if one.slug == check.slug]
                said = {one.scope for one in result.findings}
                for course in found.before + found.after:
                    assert course.not_judged == 0, limit.name
                    assert bool(course.incidents) == (course.rule.scope in said), limit.name
    assert {one.slug for one in report.results if one.findings} == {"sms_service", "failed_messages", "sms_credits"}


def test_database() -> None:
    keep("database", measured=120.5, connections_percent=50.5, size_bytes=3 * 1024**3 + 1)
    assert (opens("database", latency=120), opens("database", latency=121)) == (True, False)
    assert (opens("database", connections=50), opens("database", connections=51)) == (True, False)
    assert (opens("database", size=3), opens("database", size=4), opens("database", size=0)) == (True, False, False)


def test_sms_service_goes_by_the_exact_share_and_the_sample() -> None:
    keep("sms_service", measured=85.0, settled=1000, share=84.99, reachable_settled=1000, reachable_share=84.99)
    assert (opens("sms_service", warning=85), opens("sms_service", warning=84)) == (True, False)
    assert opens("sms_service", warning=85, minimum_sample=1000)
    assert not opens("sms_service", warning=85, minimum_sample=1001)


def test_a_rate_that_silent_providers_explain_would_not_have_opened() -> None:
    keep("sms_service", measured=50, settled=100, share=50, reachable_settled=40, reachable_share=99)
    found = backtest(check="sms_service", proposed={"warning": 90}, days=1, now=START + HOUR)
    assert [(course.incidents, course.kept_back) for course in found.after] == [([], 1)]


def test_without_settled_messages_no_rate_is_low() -> None:
    keep("sms_service", settled=0, reachable_settled=0)
    found = backtest(check="sms_service", proposed={"warning": 100}, days=1, now=START + HOUR)
    assert [(course.incidents, course.not_judged) for course in found.after] == [([], 0)]


def test_stuck_messages_are_not_judged_above_what_was_counted() -> None:
    keep("message_delivery", measured=11, elsewhere=11, counted_up_to=11)
    assert opens("message_delivery", warning=5)
    assert opens("message_delivery", warning=10)
    found = backtest(check="message_delivery", proposed={"warning": 11}, days=1, now=START + HOUR)
    assert [(course.incidents, course.not_judged) for course in found.after] == [([], 1)]
    assert "1 minutes could not be judged" in " ".join(found.notes)
    assert "counted up to one more than the limit" in " ".join(found.notes)


def test_fewer_than_were_counted_are_judged_by_any_limit() -> None:
    keep("message_delivery", measured=7, elsewhere=7, counted_up_to=11)
    assert (opens("message_delivery", warning=6), opens("message_delivery", warning=500)) == (True, False)


CREDITS: dict[str, Any] = {
    "empty": 0,
    "critical": 0,
    "warning": 0,
    "low": 0,
    "under_low": 0,
    "by_own_warning": 0,
    "by_own_critical": 0,
    "lowest_percent": 30,
    "lowest_percent_for_critical": 30,
}


def test_credits_open_at_the_lowest_percent_and_are_urgent_at_the_other_limit() -> None:
    keep("sms_credits", measured=0, **CREDITS)
    assert (opens("sms_credits", warning=29), opens("sms_credits", warning=30)) == (False, True)
    found = backtest(check="sms_credits", proposed={"critical": 30, "warning": 40}, days=1, now=START + HOUR)
    assert [one["priority"] for one in found.as_json()["proposed"]["incidents"]] == ["high"]
    found = backtest(check="sms_credits", proposed={"critical": 29, "warning": 40}, days=1, now=START + HOUR)
    assert [one["priority"] for one in found.as_json()["proposed"]["incidents"]] == ["medium"]


@pytest.mark.parametrize("other", ["empty", "under_low", "by_own_warning", "by_own_critical"])
def test_credits_that_are_low_by_something_else_are_low_by_any_percent(other: str) -> None:
    keep("sms_credits", measured=1, **CREDITS | {other: 1})
    assert opens("sms_credits", warning=1, critical=0)


def test_the_bands_agree_with_what_is_kept_of_them_for_any_limits(settings: Settings) -> None:
    """Whether anybody is low by other limits, asked of the tenants themselves."""
    for number, one in enumerate(tenants(12)):
        account(one, number * 7, of=number * 13 + 5)
        if number in (2, 7):
            Threshold.objects.create(tenant=one, check_slug="sms_credits", name="warning", value=number * 5)
    settings.LOW_CREDITS_LIMIT = 1
    for missing in range(12):
        Tenant.objects.filter(slug=f"tenant-{missing - 1:02}").update(suspended_at=timezone.now())
        said = look(BY_SLUG["sms_credits"], now=NOON)
        CheckResult.objects.all().delete()
        with transaction.atomic():
            history.store(runner.run(checks=(BY_SLUG["sms_credits"],), now=START))
        for warning in (2, 30, 55, 60, 100):
            would = opens("sms_credits", warning=warning, critical=1)
            settings.LOW_CREDITS_WARNING_PERCENT, settings.LOW_CREDITS_CRITICAL_PERCENT = warning, 1
            did = bool(look(BY_SLUG["sms_credits"], now=NOON).findings)
            settings.LOW_CREDITS_WARNING_PERCENT, settings.LOW_CREDITS_CRITICAL_PERCENT = 25, 10
            assert would == did, (missing, warning, said.summary)


def test_user_activity_goes_by_the_exact_share() -> None:
    keep("user_activity", measured=70.0, share=70.01)
    assert (opens("user_activity", warning=70), opens("user_activity", warning=71)) == (True, False)
