"""The full list, filtered. Every filter changes an outcome, and a bad value is a 400 that names it."""

import pytest
from django.utils import timezone

from accounts.models import User
from notifications.models.priority import Priority
from notifications.tests.conftest import Get
from notifications.tests.helpers import SystemNote, ago, tell, titles


@pytest.fixture
def inbox(outsider: User, member: User) -> User:
    """Somebody with five rows that each filter tells apart, and one in the archive; another tenant's person has one
    that matches all."""
    tell(member, "away", created_at=ago(days=12), status="archived", archived_at=timezone.now())
    tell(member, "oldest", created_at=ago(days=9), status="read", read_at=timezone.now())
    tell(member, "lost", message="The GATEWAY is down.", created_at=ago(days=5), notification_type="error")
    tell(member, "credits low", created_at=ago(days=3), notification_type="sms_credit", priority=Priority.HIGH)
    tell(member, "worst", created_at=ago(days=1), priority=Priority.CRITICAL)
    tell(member, "system", kind=SystemNote, priority=Priority.LOW)
    tell(outsider, "lost credits", kind=SystemNote, notification_type="error", priority=Priority.CRITICAL)
    return member


def stamp(**length: float) -> str:
    return ago(**length).isoformat().replace("+00:00", "Z")


def test_the_reply_is_the_list_and_how_many_it_holds(get: Get, inbox: User) -> None:
    body = get(inbox, "real/")
    assert set(body) == {"success", "notifications", "count"}
    assert titles(body["notifications"]) == ["system", "worst", "credits low", "lost", "oldest"]
    assert body["count"] == 5


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("status=read", ["oldest"]),
        ("status=unread", ["system", "worst", "credits low", "lost"]),
        ("type=error", ["lost"]),
        ("notification_type=sms_credit", ["credits low"]),
        ("type=error&notification_type=sms_credit", []),
        ("priority=low", ["system"]),
        ("priority=high", ["credits low"]),
        ("priority=critical", ["worst"]),
        ("priority=urgent", ["worst"]),
        ("is_system=true", ["system"]),
        ("is_system=True", ["system"]),
        ("is_system=1", ["system"]),
        ("is_system=false", ["worst", "credits low", "lost", "oldest"]),
        ("is_system=0", ["worst", "credits low", "lost", "oldest"]),
        ("is_archived=false", ["system", "worst", "credits low", "lost", "oldest"]),
        ("is_archived=true", ["away"]),
        ("is_archived=true&status=read", []),
        ("search=CREDITS", ["credits low"]),
        ("search=gateway", ["lost"]),
        ("search=%25", []),  # a percent sign is a percent sign
        ("limit=2", ["system", "worst"]),
        ("status=unread&limit=1&priority=high", ["credits low"]),
    ],
)
def test_a_filter_changes_what_is_shown(query: str, expected: list[str], get: Get, inbox: User) -> None:
    body = get(inbox, f"real/?{query}")
    assert titles(body["notifications"]) == expected
    assert body["count"] == len(expected)


def test_since_and_until_bound_the_creation(get: Get, inbox: User) -> None:
    assert titles(get(inbox, f"real/?since={stamp(days=4)}")["notifications"]) == ["system", "worst", "credits low"]
    assert titles(get(inbox, f"real/?until={stamp(days=4)}")["notifications"]) == ["lost", "oldest"]
    between = f"real/?since={stamp(days=4)}&until={stamp(days=2)}"
    assert titles(get(inbox, between)["notifications"]) == ["credits low"]


def test_the_time_that_is_shown_is_inside_the_bounds_it_is_given_as(get: Get, inbox: User) -> None:
    """Rows are stored with microseconds, and shown without."""
    shown = get(inbox, "real/?search=worst")["notifications"][0]["created_at"]
    assert titles(get(inbox, f"real/?since={shown}&until={shown}")["notifications"]) == ["worst"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("limit", value) for value in ("0", "101", "-1", "abc", "1.5", "true")),
        ("status", "gone"),
        ("type", "nothing"),
        ("notification_type", "nothing"),
        ("priority", "5"),
        ("is_system", "maybe"),
        ("is_system", "2"),
        ("since", "yesterday"),
        ("until", "2026-13-01T00:00:00Z"),
        ("search", "%00"),
        ("search", "x" * 201),
    ],
)
def test_a_bad_value_is_a_400_that_names_the_field(field: str, value: str, refused: Get, inbox: User) -> None:
    body = refused(inbox, "get", f"real/?{field}={value}")
    assert list(body["errors"]) == [field]
    assert body["detail"].startswith(f"{field}: ")


def test_a_hundred_is_the_most_and_a_hundred_is_fine(get: Get, member: User) -> None:
    for _ in range(21):
        tell(member)
    assert get(member, "real/")["count"] == 20
    assert get(member, "real/?limit=100")["count"] == 21
