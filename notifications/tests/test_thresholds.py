"""What is too much or too little, decided by people: by whom, when, why, and in force from the next run on."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from pytest_django import Settings

from accounts.models import User
from notifications import thresholds
from notifications.models import Threshold, ThresholdChange
from notifications.system_monitor import limits
from notifications.system_monitor.checks import BY_SLUG, CHECKS
from notifications.system_monitor.checks.sms_credits import SmsCredits
from notifications.tests.helpers import account, in_threads, look
from notifications.thresholds import StaleVersion, ThresholdRefused, UnknownThreshold
from tenants.models import Tenant

pytestmark = pytest.mark.django_db


def decide(value: int, actor: User, *, name: str = "warning", check: str = "sms_credits", **more: Any) -> Threshold:
    return thresholds.set_threshold(check=check, name=name, value=value, actor=actor, **more)


def reset(actor: User, **more: Any) -> Threshold:
    return thresholds.reset_threshold(check="sms_credits", name="warning", actor=actor, **more)


def changes() -> list[tuple[Any, ...]]:
    rows = ThresholdChange.objects.order_by("id")
    return list(rows.values_list("tenant__slug", "name", "before", "after", "version", "actor__email", "reason"))


def in_force(name: str = "warning", check: str = "sms_credits") -> int:
    _, limit = thresholds.find(check, name)
    return limits.load().get(check, limit)


# --- Deciding ----------------------------------------------------------------------------------------------------


def test_it_is_in_force_from_the_next_run_on(admin: User, tenant: Tenant) -> None:
    account(tenant, 40, of=100)
    assert look(SmsCredits).findings == look(SmsCredits).findings
    low_before = look(SmsCredits).measurement
    decide(40, admin)
    low_after = look(SmsCredits).measurement
    assert low_before is not None
    assert low_after is not None
    assert (low_before.details["bands"]["warning"], low_after.details["bands"]["warning"]) == (0, 1)
    reset(admin)
    assert in_force() == 25


def test_every_change_is_kept_with_who_made_it_and_why(admin: User, staff: User, tenant: Tenant) -> None:
    decide(40, admin, reason="Too late.")
    decide(50, staff)
    decide(60, staff, tenant=tenant)
    reset(admin, reason="Never mind.")
    decide(45, admin)
    assert changes() == [
        (None, "warning", None, 40, 1, "admin@acme.test", "Too late."),
        (None, "warning", 40, 50, 2, "staff@acme.test", ""),
        ("acme", "warning", None, 60, 1, "staff@acme.test", ""),
        (None, "warning", 50, None, 3, "admin@acme.test", "Never mind."),
        (None, "warning", None, 45, 4, "admin@acme.test", ""),
    ]


def test_deciding_what_is_decided_changes_nothing(admin: User) -> None:
    first = decide(40, admin)
    again = decide(40, admin, version=first.version)
    assert (again.version, len(changes())) == (1, 1)


def test_resetting_what_was_never_decided_is_fine(admin: User) -> None:
    for _ in range(2):
        assert reset(admin).version == 0
    assert not Threshold.objects.exists()
    assert changes() == []


def test_who_saw_an_older_version_is_told_so_and_changes_nothing(admin: User) -> None:
    decide(40, admin, version=0)
    for version in (0, 2):
        with pytest.raises(StaleVersion) as stale:
            decide(50, admin, version=version)
        assert stale.value.version == 1
    with pytest.raises(StaleVersion):
        reset(admin, version=0)
    assert (in_force(), len(changes())) == (40, 1)
    decide(50, admin, version=1)
    assert in_force() == 50


def test_a_version_never_comes_back(admin: User) -> None:
    """Whoever saw 40 in version 1 must not overwrite what was decided after a reset."""
    decide(40, admin)
    reset(admin)
    assert decide(60, admin).version == 3
    with pytest.raises(StaleVersion):
        decide(50, admin, version=1)


def test_tenants_have_versions_of_their_own(admin: User, tenant: Tenant, other_tenant: Tenant) -> None:
    decide(40, admin)
    for one in (tenant, other_tenant):
        assert decide(50, admin, tenant=one, version=0).version == 1
    of_tenants = limits.load().by_tenant("sms_credits", BY_SLUG["sms_credits"].limits[1])
    assert of_tenants == {tenant.pk: 50, other_tenant.pk: 50}
    reset(admin, tenant=tenant)
    assert limits.load().by_tenant("sms_credits", BY_SLUG["sms_credits"].limits[1]) == {other_tenant.pk: 50}


# --- What cannot be ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("check", CHECKS)
def test_every_limit_takes_its_minimum_and_maximum_and_nothing_beyond(check: Any, admin: User) -> None:
    for limit in check.limits:
        others = [one for one in check.ascending if one != limit]
        for value in (limit.minimum, limit.maximum):
            if not others:
                assert decide(value, admin, check=check.slug, name=limit.name).value == value
        for value in (limit.minimum - 1, limit.maximum + 1):
            with pytest.raises(ThresholdRefused, match="value: Must be from"):
                decide(value, admin, check=check.slug, name=limit.name)


@pytest.mark.parametrize("check", CHECKS)
def test_the_defaults_of_the_environment_could_be_decided(check: Any) -> None:
    values = {limit.name: limit.default for limit in check.limits}
    for limit in check.limits:
        thresholds.refuse_out_of_range(limit, limit.default, field="value")
    thresholds.refuse_disorder(check, values, changed=values)
    assert set(check.ascending) <= set(check.limits)


@pytest.mark.parametrize(("check", "name"), [("nonsense", "warning"), ("sms_service", "critical"), ("", "")])
def test_what_there_is_not(check: str, name: str, admin: User) -> None:
    with pytest.raises(UnknownThreshold):
        decide(5, admin, check=check, name=name)


def test_only_what_its_check_says_may_differ_by_tenant(admin: User, tenant: Tenant) -> None:
    with pytest.raises(ThresholdRefused, match="tenant: sms_service warning is the same for all tenants"):
        decide(85, admin, check="sms_service", tenant=tenant)
    assert decide(85, admin, tenant=tenant).tenant == tenant


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("critical", 25, r"critical must be below warning \(25\)"),
        ("critical", 99, r"critical must be below warning \(25\)"),
        ("warning", 10, r"warning must be above critical \(10\)"),
    ],
)
def test_critical_stays_below_warning(name: str, value: int, text: str, admin: User) -> None:
    with pytest.raises(ThresholdRefused, match=text):
        decide(value, admin, name=name)
    assert (changes(), in_force("warning"), in_force("critical")) == ([], 25, 10)


def test_a_tenants_are_judged_beside_the_platforms(admin: User, tenant: Tenant, other_tenant: Tenant) -> None:
    decide(60, admin)
    decide(55, admin, name="critical", tenant=tenant)
    with pytest.raises(ThresholdRefused, match="With what acme has of its own, warning must be above critical"):
        decide(50, admin)
    with pytest.raises(ThresholdRefused, match=r"value: warning must be above critical \(55\)"):
        decide(50, admin, tenant=tenant)
    assert decide(50, admin, tenant=other_tenant).value == 50


def test_going_back_to_a_default_that_does_not_go_with_its_siblings_is_refused(admin: User) -> None:
    decide(60, admin)
    decide(30, admin, name="critical")
    with pytest.raises(ThresholdRefused, match=r"warning must be above critical \(30\)"):
        reset(admin)
    assert in_force() == 60


def test_defaults_that_are_in_disorder_do_not_keep_others_from_being_decided(admin: User, settings: Settings) -> None:
    settings.LOW_CREDITS_WARNING_PERCENT = settings.LOW_CREDITS_CRITICAL_PERCENT = 10
    assert decide(5, admin, name="low").value == 5
    assert decide(5, admin, name="critical").value == 5


# --- Two at once -------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_many_who_saw_the_same_version_one_changes_it(admin: User) -> None:
    def work(number: int) -> str:
        try:
            decide(30 + number, admin, version=0)
        except StaleVersion:
            return "stale"
        return "set"

    for _ in range(3):
        Threshold.objects.all().delete()
        ThresholdChange.objects.all().delete()
        assert sorted(in_threads(8, work)) == ["set"] + ["stale"] * 7
        ((_, _, before, after, version, _, _),) = changes()
        assert (before, after, version) == (None, in_force(), 1)


@pytest.mark.django_db(transaction=True)
def test_of_many_who_do_not_care_each_follows_the_one_before(admin: User) -> None:
    in_threads(8, lambda number: decide(30 + number, admin))
    rows = changes()
    assert [row[4] for row in rows] == list(range(1, 9))
    assert [row[2] for row in rows[1:]] == [row[3] for row in rows[:-1]]
    assert in_force() == rows[-1][3]


@pytest.mark.django_db(transaction=True)
def test_two_that_move_two_limits_past_each_other_do_not_both(admin: User) -> None:
    """Each alone would be in order."""

    def work(number: int) -> bool:
        try:
            decide(*((12, admin) if number else (24, admin)), name="warning" if number else "critical")
        except ThresholdRefused:
            return False
        return True

    for _ in range(5):
        Threshold.objects.all().delete()
        ThresholdChange.objects.all().delete()
        assert sorted(in_threads(2, work)) == [False, True]
        assert in_force("critical") < in_force("warning")


def test_the_database_itself_keeps_one_version_from_being_written_twice(admin: User) -> None:
    decide(40, admin)
    with pytest.raises(IntegrityError, match="threshold_change_once"), transaction.atomic():
        ThresholdChange.objects.create(check_slug="sms_credits", name="warning", after=50, version=1)
