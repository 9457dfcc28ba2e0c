"""The one way to a health report: shared, repeatable, and told once."""

import datetime
from typing import Any

import pytest
import time_machine
from pytest_django import Settings

from accounts.models import User
from notifications.models import Incident, MonitorLease, MonitorRun, Notification
from notifications.system_monitor import lease, monitor
from notifications.system_monitor.monitor import NoReportYet, check_health
from notifications.tests.helpers import account, ago, in_threads, messages, told
from sms.models import Status
from sms.providers import simulator
from tenants.models import Tenant

ALWAYS = datetime.timedelta(0)


@pytest.fixture
def ill(tenant: Tenant, other_tenant: Tenant) -> None:
    """A platform with three problems: an outage, a low success rate, and a tenant without credits."""
    simulator.set_profile("outage")
    messages(other_tenant, 3, status=Status.UNDELIVERED, provider="carrier")
    account(tenant, 0, of=1000)


def open_ones() -> list[tuple[str, str]]:
    return list(Incident.objects.unresolved().order_by("kind", "scope").values_list("kind", "scope"))


ILLS = [("sms_credits", ""), ("sms_service", "provider:simulator"), ("sms_service", "success_rate")]


def test_a_check_opens_what_is_wrong_and_tells_every_admin(ill: None, admin: User, staff: User, owner: User) -> None:
    report = check_health()
    assert report["state"] == "critical"
    assert open_ones() == ILLS
    assert (told(admin), told(staff), told(owner)) == (["opened"] * 3, ["opened"] * 3, [])


def test_ten_health_checks_of_a_frozen_platform_add_nothing(ill: None, admin: User, staff: User) -> None:
    check_health(max_age=ALWAYS)
    before = set(Notification.objects.values_list("pk", flat=True))
    for _ in range(10):
        check_health(max_age=ALWAYS)
    assert MonitorRun.objects.count() == 11  # each did look
    assert set(Notification.objects.values_list("pk", flat=True)) == before
    assert open_ones() == ILLS
    assert Incident.objects.count() == 3


def test_what_is_over_goes_away_by_itself(ill: None, admin: User, tenant: Tenant) -> None:
    check_health()
    simulator.set_profile("healthy")
    for _ in range(2):  # RECOVERY_RUNS
        check_health(max_age=ALWAYS)
    assert open_ones() == [("sms_credits", ""), ("sms_service", "success_rate")]
    assert told(admin) == ["opened"] * 3 + ["resolved"]


def test_an_outage_of_the_carrier_opens_and_resolves_its_own_incident(admin: User, outsider: User) -> None:
    assert check_health(max_age=ALWAYS)["healthy"] is True
    simulator.set_profile("outage")
    for _ in range(2):
        report = check_health(max_age=ALWAYS)
    assert report["healthy"] is False
    assert open_ones() == [("sms_service", "provider:simulator")]
    simulator.set_profile("healthy")
    for _ in range(2):  # RECOVERY_RUNS
        assert check_health(max_age=ALWAYS)["healthy"] is True
    assert open_ones() == []
    assert told(admin) == ["opened", "resolved"]
    assert told(outsider) == []


def test_a_carrier_that_cannot_be_asked_neither_opens_nor_resolves(ill: None, admin: User, settings: Settings) -> None:
    check_health(max_age=ALWAYS)
    settings.SMS_PROVIDER = "pigeon"
    for _ in range(2):
        check_health(max_age=ALWAYS)
    assert open_ones() == ILLS
    assert told(admin) == ["opened"] * 3
    check_health(max_age=ALWAYS)
    assert open_ones() == [("check_unanswered", "sms_service"), *ILLS]
    settings.SMS_PROVIDER = "simulator"
    check_health(max_age=ALWAYS)
    assert open_ones() == ILLS


# --- Single flight -----------------------------------------------------------------------------------------------


def test_a_report_younger_than_the_max_age_is_shared(db: None) -> None:
    first = check_health()
    second = check_health()
    assert second["timestamp"] == first["timestamp"] == second["last_complete_run"]
    assert MonitorRun.objects.count() == 1


@pytest.mark.parametrize(("seconds", "runs"), [(2.5, 1), (3.5, 2)])
def test_a_report_is_shared_for_three_seconds(db: None, seconds: float, runs: int) -> None:
    check_health()
    with time_machine.travel(ago(seconds=-seconds)):
        report = check_health()
    assert MonitorRun.objects.count() == runs
    assert report["age_seconds"] == pytest.approx(seconds if runs == 1 else 0, abs=0.5)


def test_the_max_age_is_a_setting(db: None, settings: Settings) -> None:
    settings.HEALTH_CHECK_MAX_AGE = datetime.timedelta(hours=1)
    check_health()
    with time_machine.travel(ago(minutes=-59)):
        check_health()
    assert MonitorRun.objects.count() == 1


def test_a_run_that_ended_while_this_one_waited_for_the_lease_is_the_answer(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between looking for a run and taking the lease another one may finish; then there is nothing left to do."""
    take = lease.take

    def take_just_after_another_runner() -> int | None:
        if not MonitorRun.objects.exists():
            other = take()
            assert other is not None
            monitor._evaluate(other, oldest=ago(seconds=0))
        return take()

    monkeypatch.setattr(lease, "take", take_just_after_another_runner)
    check_health()
    assert MonitorRun.objects.count() == 1
    assert take() == 3  # and the lease was given back


@pytest.mark.django_db(transaction=True)
def test_24_health_checks_at_once_are_one_run_and_tell_each_admin_once(ill: None, admin: User, staff: User) -> None:
    reports: list[dict[str, Any]] = in_threads(24, lambda _: check_health())
    assert {report["state"] for report in reports} == {"critical"}
    assert MonitorRun.objects.count() == 1
    assert open_ones() == ILLS
    assert Incident.objects.count() == 3
    assert (told(admin), told(staff)) == (["opened"] * 3, ["opened"] * 3)


@pytest.mark.django_db(transaction=True)
def test_24_health_checks_at_once_that_share_nothing_still_tell_once(ill: None, admin: User, staff: User) -> None:
    in_threads(24, lambda _: check_health(max_age=ALWAYS))
    assert 1 <= MonitorRun.objects.count() < 24
    assert Incident.objects.count() == 3
    assert (told(admin), told(staff)) == (["opened"] * 3, ["opened"] * 3)


def test_a_runner_that_hangs_leaves_the_last_report_to_the_others(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor, "PATIENCE_SECONDS", 0.1)
    before = check_health()
    lease.take()
    assert check_health(max_age=ALWAYS)["timestamp"] == before["timestamp"]
    assert MonitorRun.objects.count() == 1


def test_without_any_report_there_is_none_yet(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor, "PATIENCE_SECONDS", 0.1)
    lease.take()
    with pytest.raises(NoReportYet):
        check_health()
    assert not MonitorRun.objects.exists()


def test_a_runner_that_died_is_waited_for_no_longer_than_its_lease(db: None) -> None:
    lease.take()
    MonitorLease.objects.update(expires_at=ago(seconds=-0.3))
    assert check_health()["age_seconds"] < 3


def test_a_run_that_fails_writes_nothing_and_gives_the_lease_back(ill: None, admin: User, settings: Settings) -> None:
    settings.SMS_PROVIDER, settings.UNANSWERED_RUNS_LIMIT = "pigeon", "three"  # what no number is compared with
    with pytest.raises(TypeError):
        check_health()
    assert not MonitorRun.objects.exists()
    settings.SMS_PROVIDER, settings.UNANSWERED_RUNS_LIMIT = "simulator", 3
    assert check_health()["state"] == "critical"
