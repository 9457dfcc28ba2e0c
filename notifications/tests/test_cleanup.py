"""Cleanup: what is old goes, what somebody may still want to read stays."""

import threading
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from notifications import services
from notifications.models import Notification
from notifications.services import Cleanup
from notifications.tests.conftest import Get
from notifications.tests.helpers import API, ago, in_threads, tell

CLEANUP = "system/cleanup/"


@pytest.fixture
def attic(member: User, outsider: User) -> None:
    """What two people of two tenants left: two rows to go for each reason, and two of each that stay."""
    for user in (member, outsider):
        tell(user, "gone: read", status="read", read_at=ago(days=31))
        tell(user, "gone: archived", status="archived", archived_at=ago(days=31), read_at=ago(days=99))
        tell(user, "gone: expired", expires_at=ago(days=31))
        tell(user, "kept: read", status="read", read_at=ago(days=29))
        tell(user, "kept: archived", status="archived", archived_at=ago(days=29), read_at=ago(days=99))
        tell(user, "kept: expired", expires_at=ago(days=29))
        tell(user, "kept: unread", created_at=ago(days=999))
        tell(user, "kept: unread, not expired", created_at=ago(days=999), expires_at=ago(days=-1))


@pytest.fixture
def old(member: User) -> None:
    """One row that any cleanup deletes."""
    tell(member, status="read", read_at=ago(days=99_999))


def left() -> set[str]:
    return {title.partition(":")[0] for title in Notification.objects.values_list("title", flat=True)}


def run(*words: str) -> str:
    out = StringIO()
    call_command("cleanup_notifications", *words, stdout=out)
    return out.getvalue()


def test_what_is_old_goes_for_everyone_and_the_rest_stays(attic: None) -> None:
    assert services.cleanup(days=30) == Cleanup(read=2, archived=2, expired=2)
    assert left() == {"kept"}
    assert Notification.objects.count() == 10


def test_a_dry_run_counts_the_same_and_deletes_nothing(attic: None) -> None:
    assert services.cleanup(days=30, dry_run=True) == Cleanup(read=2, archived=2, expired=2)
    assert Notification.objects.count() == 16


def test_twice_is_fine(attic: None) -> None:
    services.cleanup(days=30)
    assert services.cleanup(days=30) == Cleanup(read=0, archived=0, expired=0)
    assert Notification.objects.count() == 10


def test_several_batches_delete_all_and_count_all(member: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "CLEANUP_BATCH", 2)
    for _ in range(5):
        tell(member, status="read", read_at=ago(days=31))
    tell(member, "kept")
    assert services.cleanup(days=30) == Cleanup(read=5, archived=0, expired=0)
    assert Notification.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_several_at_once_count_every_row_once(member: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "CLEANUP_BATCH", 7)
    for _ in range(60):
        tell(member, status="read", read_at=ago(days=31))
    assert sum(in_threads(6, lambda _: services.cleanup(days=30).total)) == 60
    assert not Notification.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_rows_that_another_cleanup_is_deleting_are_its_own_and_not_waited_for(member: User) -> None:
    held = tell(member, "held", status="read", read_at=ago(days=31))
    for _ in range(4):
        tell(member, status="read", read_at=ago(days=31))
    locked, done = threading.Event(), threading.Event()

    def hold_or_clean(number: int) -> int:
        if number == 0:
            with transaction.atomic():
                Notification.objects.select_for_update().get(pk=held.pk)
                locked.set()
                return int(done.wait(timeout=10))
        assert locked.wait(timeout=10)
        deleted = services.cleanup(days=30).total
        done.set()
        return deleted

    assert in_threads(2, hold_or_clean) == [1, 4]
    assert left() == {"held"}


@pytest.mark.parametrize(
    ("fields", "counted"),
    [
        ({"status": "read", "read_at": ago(days=31), "expires_at": ago(days=31)}, Cleanup(0, 0, 1)),
        ({"status": "read", "read_at": ago(days=31), "expires_at": ago(days=29)}, Cleanup(1, 0, 0)),
        ({"status": "read", "read_at": ago(days=31), "expires_at": ago(days=-9)}, Cleanup(1, 0, 0)),
        ({"status": "archived", "archived_at": ago(days=31), "expires_at": ago(days=31)}, Cleanup(0, 0, 1)),
        ({"status": "archived", "archived_at": ago(days=31), "expires_at": ago(days=-9)}, Cleanup(0, 1, 0)),
        ({"status": "archived", "archived_at": ago(days=29), "read_at": ago(days=31)}, Cleanup(0, 0, 0)),
        ({"status": "read", "read_at": ago(days=29), "created_at": ago(days=400)}, Cleanup(0, 0, 0)),
        ({"status": "unread", "expires_at": ago(days=29), "created_at": ago(days=400)}, Cleanup(0, 0, 0)),
    ],
)
def test_a_row_goes_for_one_reason_from_that_moment_on(member: User, fields: dict[str, Any], counted: Cleanup) -> None:
    tell(member, **fields)
    assert services.cleanup(days=30, dry_run=True) == counted
    assert services.cleanup(days=30) == counted
    assert Notification.objects.count() == 1 - counted.total


# --- The command -------------------------------------------------------------------------------------------------


def test_the_command_says_what_it_deleted(attic: None) -> None:
    assert run() == "Deleted 6 notifications older than 30 days (2 read, 2 archived, 2 expired).\n"
    assert left() == {"kept"}


def test_the_commands_dry_run_says_what_it_would_delete(attic: None) -> None:
    assert run("--dry-run") == "Would delete 6 notifications older than 30 days (2 read, 2 archived, 2 expired).\n"
    assert Notification.objects.count() == 16


def test_quiet_says_nothing_and_deletes_all_the_same(attic: None) -> None:
    assert run("--quiet") == ""
    assert left() == {"kept"}


def test_days_say_how_old(attic: None) -> None:
    assert run("--days", "99").startswith("Deleted 0 notifications older than 99 days")
    assert run("--days", "1").startswith("Deleted 12 notifications older than 1 days")


def test_the_default_is_the_setting(attic: None, settings: Settings) -> None:
    settings.RETENTION_DAYS = 99
    assert run().startswith("Deleted 0 notifications older than 99 days")


@pytest.mark.parametrize("days", ["0", "-1", "36501", "999999999999"])
def test_the_command_refuses_days_that_are_none(days: str, old: None) -> None:
    with pytest.raises(CommandError, match="--days must be"):
        run("--days", days)
    assert Notification.objects.exists()


# --- The API -----------------------------------------------------------------------------------------------------


def test_the_api_says_what_it_deleted(post: Get, attic: None, admin: User) -> None:
    assert post(admin, CLEANUP) == {
        "success": True,
        "message": "Deleted 6 notifications older than 30 days",
        "deleted_count": 6,
        "would_delete_count": 0,
        "dry_run": False,
        "days": 30,
        "by_reason": {"read": 2, "archived": 2, "expired": 2},
    }
    assert left() == {"kept"}


def test_the_apis_dry_run_deletes_nothing(post: Get, attic: None, staff: User) -> None:
    body = post(staff, CLEANUP, {"dry_run": True, "days": 30})
    assert (body["deleted_count"], body["would_delete_count"], body["dry_run"]) == (0, 6, True)
    assert body["message"] == "Would delete 6 notifications older than 30 days"
    assert Notification.objects.count() == 16


@pytest.mark.parametrize("days", [0, -1, "x", 1.5, True, None, [], 36501, "9" * 2000])
def test_bad_days_are_a_400_that_names_them(days: Any, refused: Get, old: None, admin: User) -> None:
    assert list(refused(admin, "post", CLEANUP, {"days": days})["errors"]) == ["days"]
    assert Notification.objects.exists()


def test_a_bad_dry_run_is_a_400_and_deletes_nothing(refused: Get, old: None, admin: User) -> None:
    assert list(refused(admin, "post", CLEANUP, {"dry_run": "perhaps"})["errors"]) == ["dry_run"]
    assert Notification.objects.exists()


@pytest.mark.parametrize("who", ["owner", "member", "outsider"])
def test_only_admins_may_clean_up(
    who: str, request: pytest.FixtureRequest, client_of: Callable[[User], APIClient], old: None
) -> None:
    response = client_of(request.getfixturevalue(who)).post(API + CLEANUP)
    assert response.status_code == 403
    assert response.json()["error"] == "Permission denied. Admin access required."
    assert Notification.objects.exists()
