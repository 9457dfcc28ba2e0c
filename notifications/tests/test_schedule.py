"""The monitor's own heartbeat: who notices when it no longer runs by itself."""

import datetime
import re
import time
from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from notifications import tasks
from notifications.models import Incident, MonitorRun
from notifications.system_monitor import heartbeat, monitor, runner
from notifications.system_monitor.fallback import check_health
from notifications.tests.conftest import Get
from notifications.tests.helpers import told
from notifications.tests.receivers import Receiver, receiving
from notifications.tests.test_check_system_health import run
from sms.providers import simulator

HEALTH = "system/health-check/"
MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    with receiving() as found:
        settings.HEARTBEAT_URL = found.heartbeat_url
        settings.ALERT_TIME_LIMIT = datetime.timedelta(seconds=20)
        yield found


def later(minutes: float) -> time_machine.travel:
    return time_machine.travel(timezone.now() + minutes * MINUTE)


# --- Late --------------------------------------------------------------------------------------------------------


def test_a_dead_beat_is_noticed_by_whoever_asks_and_stays_noticed_until_it_is_back(get: Get, admin: User) -> None:
    tasks.run_monitor()
    assert get(admin, HEALTH)["health_status"]["monitor"]["late"] is False
    with later(3):
        for _ in range(2):  # asking makes it run, and it is still not running by itself
            assert get(admin, HEALTH)["health_status"]["monitor"]["late"] is True
        assert told(admin) == ["opened"]
    with later(9):
        code, out, _ = run()
        assert code == 1
        assert "WARNING  Monitor: it does not run by itself; its last run of its own was at 20" in out
        incident = Incident.objects.unresolved().get()
        assert incident.title == "Monitor: it does not run by itself"
        # The moment itself: what is stored is still read when "3 minutes ago" is long past.
        assert re.search(r"own was at \d\d:\d\d:\d\d UTC on 20\d\d-\d\d-\d\d\.", incident.summary)
    with later(10):
        tasks.run_monitor()
        assert told(admin) == ["opened", "resolved"]
        assert get(admin, HEALTH)["health_status"]["monitor"]["late"] is False
        assert run()[0] == 0


@pytest.mark.parametrize(("seconds", "late"), [(119, False), (121, True)])
def test_it_is_late_after_twice_the_interval(db: None, seconds: int, late: bool) -> None:
    check_health(is_scheduled=True)
    with later(seconds / 60):
        report = check_health()
    assert report["monitor"]["limit_seconds"] == 120
    assert report["monitor"]["late"] is late


def test_a_monitor_that_never_ran_by_itself_is_late_once_others_have_asked_for_longer(db: None) -> None:
    assert check_health()["monitor"] == {
        "scheduler": "beat",
        "last_scheduled_run": None,
        "limit_seconds": 120,
        "late": False,
    }
    with later(3):
        report = check_health()
    assert (report["monitor"]["late"], report["monitor"]["last_scheduled_run"]) == (True, None)


def test_a_late_monitor_is_a_warning_and_no_component(admin: User, get: Get) -> None:
    check_health(is_scheduled=True)
    with later(3):
        assert run()[0] == 1
        assert run("--quiet")[1]
        assert "Monitor: it does not run by itself" in run("--format", "nagios")[1]
        health = get(admin, HEALTH)["health_status"]
        assert (health["healthy"], health["warnings"], len(health["components"])) == (True, [], 6)
        simulator.set_profile("outage")
    with later(4):
        assert run()[0] == 2


def test_a_late_monitor_goes_before_an_unknown(db: None, settings: Settings) -> None:
    check_health(is_scheduled=True)
    settings.SMS_PROVIDER = "pigeon"
    with later(3):
        assert run("--no-notify")[0] == 1


def test_with_cron_the_command_keeps_the_schedule_and_beat_does_not(db: None, settings: Settings) -> None:
    settings.MONITOR_SCHEDULER = "cron"
    assert run()[0] == 0
    assert MonitorRun.objects.get().is_scheduled
    with later(3):
        tasks.run_monitor()
        assert check_health()["monitor"]["late"] is True
        assert run()[0] == 0


def test_a_scheduled_run_that_shares_somebody_elses_report_counts(db: None) -> None:
    check_health()
    tasks.run_monitor()
    assert MonitorRun.objects.get().is_scheduled


@pytest.mark.django_db(transaction=True)  # running out of time costs the connection
def test_a_run_that_had_no_time_for_every_check_is_not_complete(settings: Settings) -> None:
    first = check_health(is_scheduled=True)
    settings.MONITOR_TIME_LIMIT = datetime.timedelta(seconds=1e-6)
    with later(3):
        report = check_health(is_scheduled=True)
    assert (report["complete"], report["last_complete_run"]) == (False, first["timestamp"])
    assert report["monitor"]["late"] is True


def test_telling_when_it_last_ran_costs_no_further_query(
    db: None, django_assert_num_queries: Callable[..., object]
) -> None:
    check_health(is_scheduled=True)
    with django_assert_num_queries(1):  # type: ignore[attr-defined]
        monitor.check_health()


# --- The ping ----------------------------------------------------------------------------------------------------


def test_beat_and_the_command_ping_after_a_complete_run(db: None, receiver: Receiver) -> None:
    tasks.run_monitor()
    assert receiver.beats == 1
    run()
    assert receiver.beats == 2


@pytest.mark.django_db(transaction=True)
def test_nothing_less_than_a_complete_run_pings(get: Get, admin: User, receiver: Receiver, settings: Settings) -> None:
    get(admin, HEALTH)  # a caller does not wait for it
    run("--no-notify")
    run("--check", "database")
    with later(1):
        run("--timeout", "0.000001")
    settings.MONITOR_TIME_LIMIT = datetime.timedelta(seconds=1e-6)
    with later(2):
        tasks.run_monitor()
    report = runner.without_database().as_json()
    assert heartbeat.ping(report | {"stored": False}) is False
    assert receiver.beats == 0


def test_a_check_that_gives_no_answer_still_makes_a_complete_run(
    db: None, receiver: Receiver, settings: Settings
) -> None:
    settings.SMS_PROVIDER = "pigeon"
    tasks.run_monitor()
    assert receiver.beats == 1


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/secret-7", "nonsense-secret-7", "ftp://secret-7"])
def test_a_heartbeat_that_nobody_hears_is_logged_without_its_address_and_fails_no_run(
    db: None, address: str, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.HEARTBEAT_URL = address
    assert tasks.run_monitor()["state"] == "ok"
    assert "the heartbeat was not heard" in caplog.text
    assert "secret-7" not in caplog.text


def test_a_refusal_is_not_being_heard(db: None, receiver: Receiver) -> None:
    receiver.status = 404
    assert heartbeat.ping(check_health()) is False


def test_a_service_that_does_not_answer_is_not_waited_for(db: None, receiver: Receiver, settings: Settings) -> None:
    settings.ALERT_TIME_LIMIT = datetime.timedelta(seconds=0.3)
    receiver.seconds = 20
    report = check_health()
    started = time.monotonic()
    assert heartbeat.ping(report) is False
    assert time.monotonic() - started < 10
