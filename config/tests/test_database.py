"""Two roles from the first migration on."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection, transaction
from pytest_django import Settings

from config.database import as_owner


def _role() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return str(cursor.fetchone()[0])


@pytest.mark.django_db
def test_what_serves_is_the_app_role_and_no_superuser() -> None:
    assert _role() == "bellwether_app"
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls OR rolcreatedb FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False,)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE sms_message",
        "ALTER TABLE sms_message DISABLE TRIGGER ALL",
        "TRUNCATE notifications_notification",
        "CREATE TABLE mine (a int)",
    ],
)
def test_the_app_role_cannot_change_what_it_serves(statement: str) -> None:
    with pytest.raises(DatabaseError, match=r"permission denied|must be owner"), transaction.atomic():
        connection.cursor().execute(statement)


@pytest.mark.django_db(transaction=True)
def test_the_owner_role_is_there_for_a_block_and_gone_after_it() -> None:
    with as_owner():
        assert _role() == "bellwether_owner"
    assert _role() == "bellwether_app"


@pytest.mark.django_db
def test_without_an_owner_role_migrating_says_what_to_set(settings: Settings) -> None:
    settings.DATABASE_OWNER = None
    with pytest.raises(ImproperlyConfigured, match="DATABASE_OWNER_URL"), as_owner():
        pass
