"""Users who are signed in, for whatever calls the API."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:  # Django is not set up yet when this is read
    from accounts.models import User

PEOPLE = """
INSERT INTO accounts_user (id, password, is_superuser, email, first_name, last_name, phone_number, timezone, avatar,
                           bio, is_verified, phone_verified, email_notifications, sms_notifications, is_active,
                           is_staff, created_at, updated_at)
SELECT gen_random_uuid(), '!', false, 'user' || n || '@bench.test', 'User', n::text, '', 'UTC', '', '',
       false, false, true, false, true, false, now(), now()
FROM generate_series(1, %s) AS n
"""


@dataclass(frozen=True)
class Person:
    id: UUID
    token: str
    """A real access token of a real session."""


def sign_in(count: int) -> list[Person]:
    """Makes that many ordinary users without a tenant, in the order of their ids."""
    from django.db import connection, transaction

    from accounts.models import User

    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(PEOPLE, [count])
        return [Person(user.pk, token_of(user)) for user in User.objects.order_by("pk")]


def token_of(user: "User") -> str:
    """Opens a session for somebody and returns its access token."""
    from accounts import services
    from accounts.models import SignIn
    from accounts.tokens import SessionRefreshToken

    session = services.record_success(user=user, method=SignIn.Method.TOKEN, address=None, user_agent="bench")
    return str(SessionRefreshToken.for_session(session).access_token)
