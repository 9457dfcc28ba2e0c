"""The demo's sign-ins have a published password; nothing but the demo starts with them.

`config` stands above this room, so the guard is looked up by name.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.utils.module_loading import import_string

from accounts.models import User

ADDRESSES = [
    "admin@example.com",
    "staff@example.com",
    "owner@example.com",
    "member@example.com",
    "outsider@example.com",
]


@pytest.fixture
def guard() -> Callable[[], None]:
    found: Callable[[], None] = import_string("config.demo.refuse_demo_sign_ins")
    return found


@pytest.mark.parametrize("email", ADDRESSES)
def test_outside_of_the_demo_nothing_starts_with_a_demo_sign_in(
    guard: Callable[[], None], settings: Any, db: None, email: str
) -> None:
    User.objects.create_user(email, settings.DEMO_PASSWORD)

    with pytest.raises(SystemExit, match=f"Not starting: {email} can sign in") as stopped:
        guard()
    assert settings.DEMO_PASSWORD not in str(stopped.value)


def test_the_demo_starts_with_them(guard: Callable[[], None], settings: Any, db: None) -> None:
    settings.DEMO = True
    User.objects.create_user("admin@example.com", settings.DEMO_PASSWORD)

    guard()


def test_it_starts_once_they_have_other_passwords_or_are_deactivated(
    guard: Callable[[], None], settings: Any, db: None
) -> None:
    User.objects.create_user("admin@example.com", "a password of their own")
    User.objects.create_user("staff@example.com", settings.DEMO_PASSWORD, is_active=False)

    guard()


@pytest.fixture
def unreachable_database(settings: Any, django_db_blocker: Any) -> Iterator[None]:
    """A host where no Postgres listens."""
    host = connection.settings_dict["HOST"]
    with django_db_blocker.unblock():
        connection.close()
        connection.settings_dict["HOST"] = "/nonexistent"
        yield
        connection.close()
        connection.settings_dict["HOST"] = host


@pytest.mark.usefixtures("unreachable_database")
def test_a_database_that_cannot_be_asked_is_no_reason_not_to_start(guard: Callable[[], None]) -> None:
    guard()
