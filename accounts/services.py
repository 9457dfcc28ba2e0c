"""The only writers of users and sign-ins."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.models import update_last_login
from django.db import connection, transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from accounts import throttling
from accounts.models import IdempotentReply, SignIn, SignInCount, User
from accounts.signals import access_changed
from accounts.tokens import SESSION_CLAIM, SessionRefreshToken

#: Two tabs may refresh the same token at the same moment. Only after this long is a second use taken for theft.
REUSE_GRACE = timedelta(seconds=30)
#: What began in an hour has been committed so long after its end.
COUNTED_AFTER = timedelta(minutes=5)


class RefreshRefused(Exception):
    """The refresh token is broken, used, expired, or its session or user is gone."""


def sign_in(
    *, email: str, password: str, address: str | None, user_agent: str, request: HttpRequest | None = None
) -> tuple[User, dict[str, str]] | None:
    """Checks a password; returns the user and `{access, refresh}`, or None.

    A wrong password, an unknown address and a deactivated user cost the same time and give the same answer.
    """
    user = authenticate(request, username=email, password=password)
    if not isinstance(user, User):
        refused = SignIn.Outcome.REFUSED
        record_attempt(
            email=email, method=SignIn.Method.TOKEN, outcome=refused, address=address, user_agent=user_agent
        )
        return None
    with transaction.atomic():
        session = record_success(user=user, method=SignIn.Method.TOKEN, address=address, user_agent=user_agent)
        return user, SessionRefreshToken.for_session(session).pair()


def record_success(*, user: User, method: SignIn.Method, address: str | None, user_agent: str) -> SignIn:
    """Opens a session and moves `last_login` and `last_seen_at`."""
    update_last_login(None, user)  # type: ignore[arg-type]
    User.objects.filter(pk=user.pk).update(last_seen_at=timezone.now())
    return SignIn.objects.create(
        user=user,
        email=user.email,
        method=method,
        outcome=SignIn.Outcome.SUCCESS,
        address=address,
        user_agent=user_agent[:300],
    )


def record_attempt(
    *, email: str, method: SignIn.Method, outcome: SignIn.Outcome, address: str | None, user_agent: str
) -> None:
    """Keeps an attempt that did not succeed, of throttled ones only so many; the user is noted when the address is
    known."""
    if outcome == SignIn.Outcome.THROTTLED and not throttling.is_worth_recording(address=address):
        return
    email = email.replace("\0", "").strip().lower()[:254]  # which Postgres cannot hold, and a form's field may
    SignIn.objects.create(
        user=User.objects.filter(email=email).first(),
        email=email,
        method=method,
        outcome=outcome,
        address=address,
        user_agent=user_agent[:300],
    )


def refresh_tokens(*, refresh: str) -> dict[str, str]:
    """Rotates a refresh token: returns a new `{access, refresh}` and blacklists the old one.

    The row lock on the outstanding token lets exactly one of several simultaneous callers through. A token that
    comes back long after it was rotated has been stolen by one side or the other, so its whole session ends.
    Raises RefreshRefused.
    """
    old = _read(refresh)
    stolen = False
    with transaction.atomic():
        row = OutstandingToken.objects.select_for_update().filter(jti=old["jti"]).first()
        session = _live_session(old)
        if row is None or session is None:
            raise RefreshRefused("This session has ended. Sign in again.")
        used = BlacklistedToken.objects.filter(token=row).first()
        if used is None:
            BlacklistedToken.objects.create(token=row)
            return SessionRefreshToken.for_session(session).pair()
        stolen = timezone.now() - used.blacklisted_at > REUSE_GRACE
    if stolen:
        end_session(session_id=str(session.pk), because="refresh token used twice")
    raise RefreshRefused("This refresh token was already used.")


def _read(refresh: str) -> SessionRefreshToken:
    try:
        token = SessionRefreshToken(refresh)  # type: ignore[arg-type]
        UUID(str(token.get(SESSION_CLAIM)))
    except (TokenError, ValueError):
        raise RefreshRefused("The refresh token is not valid.") from None
    return token


def _live_session(token: SessionRefreshToken) -> SignIn | None:
    return (
        SignIn.objects.select_related("user")
        .filter(pk=token[SESSION_CLAIM], ended_at=None, user__is_active=True)
        .first()
    )


def sign_out(*, refresh: str) -> None:
    """Ends the session of a refresh token and blacklists it; repeating it is fine. Raises RefreshRefused."""
    token = _read(refresh)
    with transaction.atomic():
        row = OutstandingToken.objects.select_for_update().filter(jti=token["jti"]).first()
        if row is not None:
            BlacklistedToken.objects.get_or_create(token=row)  # the row lock makes this one at a time
        end_session(session_id=token[SESSION_CLAIM], because="signed out")


def end_session(*, session_id: str, because: str) -> None:
    """Its access tokens stop working at once; ending an ended one changes nothing."""
    open_one = SignIn.objects.filter(pk=session_id, ended_at=None)
    user_id = open_one.values_list("user_id", flat=True).first()
    if open_one.update(ended_at=timezone.now(), ended_because=because):
        access_changed.send(sender=SignIn, user_id=user_id)


def end_sessions(*, user: User, because: str) -> int:
    """Ends every session of a person; returns how many."""
    ended = SignIn.objects.filter(user=user, ended_at=None).update(ended_at=timezone.now(), ended_because=because)
    access_changed.send(sender=SignIn, user_id=user.pk)
    return ended


def change_profile(*, user: User, changes: dict[str, Any]) -> User:
    """Writes the given profile fields. A new phone number is no longer a verified one."""
    if "phone_number" in changes and changes["phone_number"] != user.phone_number:
        changes = changes | {"phone_verified": False}
    for name, value in changes.items():
        setattr(user, name, value)
    user.save(update_fields=[*changes, "updated_at"])
    return user


COUNT_SIGN_INS = """
INSERT INTO accounts_signincount (hour, outcome, attempts)
SELECT date_trunc('hour', created_at, 'UTC'), outcome, count(*) FROM accounts_signin
WHERE created_at >= coalesce((SELECT max(hour) + interval '1 hour' FROM accounts_signincount), '-infinity')
  AND created_at < date_trunc('hour', %s::timestamptz, 'UTC')
GROUP BY 1, 2
ON CONFLICT (hour, outcome) DO NOTHING
"""


def count_sign_ins() -> int:
    """Counts the attempts of the hours that are over; returns how many counts were added."""
    closed = timezone.now() - COUNTED_AFTER
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(COUNT_SIGN_INS, [closed])
        added = int(cursor.rowcount)
    SignInCount.objects.filter(hour__lt=closed - settings.SIGN_IN_HISTORY).delete()
    return added


def touch_last_seen(*, user: User) -> None:
    """Notes that this person did something, at most once per LAST_SEEN_RESOLUTION."""
    now = timezone.now()
    before = now - settings.LAST_SEEN_RESOLUTION
    if user.last_seen_at is None or user.last_seen_at < before:
        due = Q(last_seen_at=None) | Q(last_seen_at__lt=before)
        User.objects.filter(due, pk=user.pk).update(last_seen_at=now)


def forget_expired_tokens() -> int:
    """Deletes outstanding tokens (and with them the blacklist's entries) that have expired; returns how many rows."""
    deleted, _ = OutstandingToken.objects.filter(expires_at__lt=timezone.now()).delete()
    return deleted


def forget_old_replies() -> int:
    """Deletes remembered replies whose keys are no longer kept; returns how many."""
    return IdempotentReply.objects.filter(created_at__lt=timezone.now() - settings.IDEMPOTENCY_KEPT).delete()[0]


def forget_old_sign_ins() -> int:
    """Deletes attempts that failed and sessions that ended, when SIGN_IN_HISTORY_DAYS have passed since."""
    cutoff = timezone.now() - settings.SIGN_IN_HISTORY
    failed = Q(created_at__lt=cutoff) & ~Q(outcome=SignIn.Outcome.SUCCESS)
    deleted, _ = SignIn.objects.filter(failed | Q(ended_at__lt=cutoff)).delete()
    return deleted
