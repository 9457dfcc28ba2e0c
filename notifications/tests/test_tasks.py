"""Celery's way in: the monitor every minute, the retention once a day."""

import datetime
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from config.celery import app
from notifications import announcements, tasks
from notifications.models import Announcement, Incident, MonitorRun, Notification
from notifications.system_monitor.retention import forget_old_runs
from notifications.tests.helpers import ago, tell, told
from notifications.tests.test_announcements import announce
from sms.providers import simulator


def stored_run(**age: float) -> MonitorRun:
    at = ago(**age)
    return MonitorRun.objects.create(started_at=at, finished_at=at, state="ok", report={"n": 1})


def test_the_beat_task_evaluates_and_says_what_it_found(admin: User) -> None:
    simulator.set_profile("outage")
    said = tasks.run_monitor()
    run = MonitorRun.objects.get()
    assert said == {"state": "critical", "at": run.report["timestamp"]}
    assert told(admin) == ["opened"]


def test_beat_that_runs_on_over_a_frozen_platform_tells_it_once(admin: User, settings: Settings) -> None:
    settings.HEALTH_CHECK_MAX_AGE = datetime.timedelta(0)
    simulator.set_profile("outage")
    for _ in range(5):
        tasks.run_monitor()
    assert (MonitorRun.objects.count(), Incident.objects.count(), told(admin)) == (5, 1, ["opened"])


@pytest.mark.parametrize(
    ("name", "task"),
    [("monitor", "notifications.tasks.run_monitor"), ("retention", "notifications.tasks.retention")],
)
def test_beat_calls_tasks_that_exist(name: str, task: str, settings: Settings) -> None:
    app.loader.import_default_modules()
    assert settings.CELERY_BEAT_SCHEDULE[name]["task"] == task
    assert task in app.tasks


def test_beat_calls_the_monitor_at_its_interval(settings: Settings) -> None:
    entry = settings.CELERY_BEAT_SCHEDULE["monitor"]
    assert entry["schedule"] == settings.MONITOR_INTERVAL_SECONDS
    assert entry["options"] == {"expires": settings.MONITOR_INTERVAL_SECONDS}  # no pile after an absence


def test_retention_deletes_what_is_old_and_says_how_much(member: User, outsider: User, settings: Settings) -> None:
    settings.RETENTION_DAYS = 7
    for user in (member, outsider):
        tell(user, "old", status="read", read_at=ago(days=8))
        tell(user, "young", status="read", read_at=ago(days=6))
    stored_run(days=3)
    stored_run()
    assert tasks.retention() == {"notifications": 2, "announcements": 0, "deliveries": 0, "monitor_runs": 1}
    assert set(Notification.objects.values_list("title", flat=True)) == {"young"}


def test_retention_with_nothing_to_do_is_fine(db: None) -> None:
    assert tasks.retention() == {"notifications": 0, "announcements": 0, "deliveries": 0, "monitor_runs": 0}


def test_an_announcement_goes_with_the_last_that_was_kept_of_it(admin: User, member: User, settings: Settings) -> None:
    settings.RETENTION_DAYS = 30
    announced = announce(admin, {"emails": [admin.email, member.email]})
    Announcement.objects.update(finished_at=ago(days=31))
    announced.notifications.update(status="read", read_at=ago(days=31))
    announced.notifications.filter(recipient=member).update(read_at=ago(days=29))
    assert tasks.retention() == {"notifications": 1, "announcements": 0, "deliveries": 0, "monitor_runs": 0}
    announced.notifications.update(read_at=ago(days=31))
    assert tasks.retention() == {"notifications": 1, "announcements": 1, "deliveries": 0, "monitor_runs": 0}
    assert not Announcement.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"finished_at": ago(days=29)},
        {"state": "queued", "finished_at": None},
        {"state": "running", "finished_at": None},
    ],
)
def test_an_announcement_that_is_young_or_unfinished_stays(admin: User, fields: dict[str, Any]) -> None:
    announced = announce(admin, {"emails": [admin.email]})
    announced.notifications.all().delete()
    Announcement.objects.update(**{"created_at": ago(days=99), "finished_at": ago(days=99)} | fields)
    assert announcements.forget_old(days=30) == 0
    assert Announcement.objects.count() == 1


def test_runs_are_kept_for_two_days(db: None) -> None:
    stored_run(hours=49)
    stored_run(hours=48.1)
    kept = {stored_run(hours=47.9).pk, stored_run(hours=1).pk}
    assert forget_old_runs() == 2
    assert set(MonitorRun.objects.values_list("pk", flat=True)) == kept
    assert forget_old_runs() == 0


def test_the_newest_run_is_kept_whatever_its_age(db: None) -> None:
    stored_run(days=10)
    newest = stored_run(days=9)
    assert forget_old_runs() == 1
    assert MonitorRun.objects.get() == newest


def test_a_report_of_the_future_is_no_reason_to_forget_it(db: None) -> None:
    stored_run(days=-1)
    assert forget_old_runs() == 0
    assert MonitorRun.objects.get().finished_at > timezone.now()
