"""The demo's sign-ins have a published password; nothing but the demo starts with them."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from config.demo import SIGN_INS, refuse_demo_sign_ins


@pytest.mark.parametrize("email", SIGN_INS)
def test_outside_of_the_demo_nothing_starts_with_a_demo_sign_in(settings: Any, db: None, email: str) -> None:
    User.objects.create_user(email, settings.DEMO_PASSWORD)

    with pytest.raises(SystemExit, match=f"Not starting: {email} can sign in") as stopped:
        refuse_demo_sign_ins()
    assert settings.DEMO_PASSWORD not in str(stopped.value)


def test_the_demo_starts_with_them(settings: Any, db: None) -> None:
    settings.DEMO = True
    User.objects.create_user("admin@example.com", settings.DEMO_PASSWORD)

    refuse_demo_sign_ins()


def test_it_starts_once_they_have_other_passwords_or_are_deactivated(settings: Any, db: None) -> None:
    User.objects.create_user("admin@example.com", "a password of their own")
    User.objects.create_user("staff@example.com", settings.DEMO_PASSWORD, is_active=False)

    refuse_demo_sign_ins()


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
def test_a_database_that_cannot_be_asked_is_no_reason_not_to_start() -> None:
    refuse_demo_sign_ins()
