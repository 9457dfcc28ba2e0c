"""What is told to many: in chunks, by workers that may die."""

import datetime
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
import redis
from django.conf import settings as django_settings
from django.db import DataError, connection, transaction
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks
from rest_framework.test import APIClient
from uuid_utils.compat import uuid7

from accounts.models import User
from notifications import announcements, preferences, tasks
from notifications.models import Announcement, Notification
from notifications.models.priority import Priority
from notifications.tests.conftest import Get
from notifications.tests.helpers import API, ago, in_threads
from notifications.tests.test_announcements import BODY, CREATE, announce, people


def test_500_are_told_at_once_and_501_later(
    post: Get, get: Get, admin: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    people(499)
    assert post(admin, CREATE, BODY | {"audience": "everyone"})["notifications_created"] == 500
    assert Notification.objects.count() == 500
    User.objects.create_user("one-more@many.test")
    with django_capture_on_commit_callbacks(execute=True):
        body = post(admin, CREATE, BODY | {"audience": "everyone"})
    job_id = body.pop("job_id")
    assert body == {
        "success": True,
        "message": "Creating 501 notifications",
        "notification_id": None,
        "notifications_created": 501,
    }
    assert Notification.objects.count() == 500
    job = get(admin, f"{CREATE}{job_id}/")["job"]
    assert job == {
        "id": job_id,
        "state": "queued",
        "created_count": 0,
        "target_count": 501,
        "created_at": job["created_at"],
        "finished_at": None,
    }
    with redis.Redis.from_url(django_settings.REDIS_URL) as client:
        assert client.llen("celery") == 1  # the hint
    assert tasks.fan_out_announcement(job_id) == {"created": 501}
    done = get(admin, f"{CREATE}{job_id}/")["job"]
    assert (done["state"], done["created_count"], done["target_count"]) == ("done", 501, 501)
    assert done["finished_at"].endswith("Z")
    assert Notification.objects.filter(announcement=job_id).values("recipient").distinct().count() == 501
    assert tasks.fan_out_announcement(job_id) == {"created": 0}


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcements, "AT_ONCE", 0)
    monkeypatch.setattr(announcements, "CHUNK", 10)


def test_chunks_tell_each_person_once_in_the_order_of_their_ids(
    small_chunks: None, admin: User, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcements, "CHUNKS_PER_TASK", 1)
    people(40)
    preferences.change_settings(user=staff, changes={"in_app_notifications_enabled": False})
    key = announce(admin, data={"a": 1}, action_url="/x/", priority=Priority.LOW).pk
    ids = sorted(User.objects.exclude(pk=staff.pk).values_list("pk", flat=True))
    for told in (10, 20, 30, 40, 41):
        announcements.fan_out(announcement_id=key)
        assert sorted(Notification.objects.values_list("recipient", flat=True)) == ids[:told]
    rows = Notification.objects.all()
    assert {(row.data["a"], row.action_url, row.priority, row.pk.version) for row in rows} == {(1, "/x/", "low", 7)}


def test_a_multiple_of_the_chunk_ends_too(small_chunks: None, admin: User) -> None:
    people(19)
    announcement = announce(admin)
    assert announcements.fan_out(announcement_id=announcement.pk) == 20
    announcement.refresh_from_db()
    assert (announcement.state, announcement.created_count, announcement.lease_token) == ("done", 20, None)


def test_a_worker_passes_on_in_time(small_chunks: None, admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcements, "CHUNKS_PER_TASK", 2)
    people(29)
    key = announce(admin).pk
    made = [announcements.fan_out(announcement_id=key) for _ in range(3)]
    assert made == [20, 10, 0]


def test_who_was_told_already_is_not_told_again_whatever_the_cursor_says(small_chunks: None, admin: User) -> None:
    people(25)
    announcement = announce(admin)
    announcements.fan_out(announcement_id=announcement.pk)
    Notification.objects.filter(recipient=admin).delete()
    Announcement.objects.update(state="running", finished_at=None, cursor=None)
    assert announcements.fan_out(announcement_id=announcement.pk) == 1
    assert Notification.objects.count() == 26


def test_one_that_somebody_works_on_is_left_to_them_until_their_lease_runs_out(
    small_chunks: None, admin: User
) -> None:
    people(15)
    key = announce(admin).pk
    soon = timezone.now() + datetime.timedelta(seconds=5)
    Announcement.objects.update(state="running", lease_token=uuid7(), lease_expires_at=soon)
    assert tasks.sweep_announcements() == {"handed_out": 0}
    assert announcements.fan_out(announcement_id=key) == 0
    Announcement.objects.update(lease_expires_at=ago(seconds=1))
    assert tasks.sweep_announcements() == {"handed_out": 1}
    assert announcements.fan_out(announcement_id=key) == 16
    assert tasks.sweep_announcements() == {"handed_out": 0}


def test_a_worker_whose_lease_has_passed_on_writes_no_more(small_chunks: None, admin: User) -> None:
    people(15)
    key = announce(admin).pk
    late, present = uuid7(), uuid7()
    Announcement.objects.update(state="running", lease_token=present)
    assert announcements._write_next_chunk(key, late) is None
    assert not Notification.objects.exists()
    assert announcements._write_next_chunk(key, present) == 10


@pytest.mark.django_db(transaction=True)
def test_a_chunk_whose_cursor_cannot_be_written_is_not_written_either(small_chunks: None, admin: User) -> None:
    people(15)
    key = announce(admin).pk
    Announcement.objects.update(created_count=2_147_483_647)  # one more does not fit
    with pytest.raises(DataError):
        announcements.fan_out(announcement_id=key)
    assert not Notification.objects.exists()
    Announcement.objects.update(created_count=0, lease_expires_at=ago(seconds=1))
    assert announcements.fan_out(announcement_id=key) == 16


@pytest.mark.django_db(transaction=True)
def test_8_workers_at_once_tell_each_person_once(small_chunks: None, admin: User) -> None:
    people(300)
    key = announce(admin).pk
    assert sorted(in_threads(8, lambda _: announcements.fan_out(announcement_id=key))) == [*[0] * 7, 301]
    assert Notification.objects.values("recipient").distinct().count() == Notification.objects.count() == 301


WORKER = """
import sys, django
django.setup()
from uuid import UUID
from django.db import connection
from notifications import announcements
connection.settings_dict["NAME"] = sys.argv[1]
announcements.CHUNK, announcements.CHUNKS_PER_TASK = 5, 10**6
announcements.fan_out(announcement_id=UUID(sys.argv[2]))
"""


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_loses_and_repeats_nothing(admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcements, "AT_ONCE", 0)
    people(5000)
    key = announce(admin).pk
    arguments = [sys.executable, "-c", WORKER, str(connection.settings_dict["NAME"]), str(key)]
    with subprocess.Popen(arguments) as worker:  # it finds the servers by our own environment
        _wait_until(lambda: Announcement.objects.get().created_count > 50)
        worker.send_signal(signal.SIGKILL)
    with transaction.atomic():
        left = (
            Announcement.objects.select_for_update().get()
        )  # waits for what the killed worker's last statement still holds
        assert Notification.objects.count() == left.created_count
    assert (50 < left.created_count < 5001, left.state) == (True, "running")
    assert announcements.fan_out(announcement_id=key) == 0  # the lease stands
    Announcement.objects.update(lease_expires_at=ago(seconds=1))
    assert announcements.fan_out(announcement_id=key) == 5001 - left.created_count
    assert Notification.objects.values("recipient").distinct().count() == Notification.objects.count() == 5001
    assert Announcement.objects.get().created_count == 5001


def _wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.mark.django_db(transaction=True)
def test_a_poll_shows_what_was_announced_since_the_one_before(
    small_chunks: None, client_of: Callable[[User], APIClient], admin: User
) -> None:
    client = client_of(admin)  # one session: another sign-in would end what is stored
    people(15)
    key = announce(admin).pk
    polls = [client.get(API + "recent/").json()["unread_count"] for _ in range(2)]
    announcements.fan_out(announcement_id=key)
    assert [*polls, client.get(API + "recent/").json()["unread_count"]] == [0, 0, 1]
