"""Access tokens live no longer than their session; signing out and deactivating end them at once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
import time_machine
from django.conf import settings as django_settings
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from accounts import services
from accounts.models import SignIn, User
from accounts.tests.conftest import LOGOUT, PROFILE

Post = Callable[[str], Any]
Status = Callable[[str], int]
Tokens = dict[str, str]


def test_logging_out_ends_access_tokens_at_once(tokens: Tokens, logout: Post, profile_status: Status) -> None:
    assert profile_status(tokens["access"]) == 200

    response = logout(tokens["refresh"])

    assert response.status_code == 200
    assert response.json() == {"success": True, "message": "Signed out"}
    assert profile_status(tokens["access"]) == 401


def test_an_ended_session_says_so(tokens: Tokens, logout: Post) -> None:
    logout(tokens["refresh"])

    reply = APIClient().get(PROFILE, HTTP_AUTHORIZATION=f"Bearer {tokens['access']}")

    assert reply.json()["code"] == "session_ended"
    assert reply.json()["detail"] == "This session has ended. Sign in again."
    assert reply["WWW-Authenticate"] == 'Bearer realm="api"'


def test_logging_out_blacklists_the_refresh_token(tokens: Tokens, logout: Post, refresh: Post) -> None:
    logout(tokens["refresh"])

    assert refresh(tokens["refresh"]).status_code == 401


def test_logging_out_again_is_fine_and_changes_nothing(tokens: Tokens, logout: Post) -> None:
    logout(tokens["refresh"])
    first = SignIn.objects.get()

    assert logout(tokens["refresh"]).status_code == 200
    again = SignIn.objects.get()
    assert (again.ended_at, again.ended_because) == (first.ended_at, "signed out")


def test_logging_out_with_a_rotated_token_ends_the_session_too(
    tokens: Tokens, logout: Post, refresh: Post, profile_status: Status
) -> None:
    new = refresh(tokens["refresh"]).json()

    assert logout(tokens["refresh"]).status_code == 200
    assert profile_status(new["access"]) == 401
    assert refresh(new["refresh"]).status_code == 401


def test_logging_out_ends_this_session_and_no_other(
    tokens: Tokens, logout: Post, client_of: Callable[[User], APIClient], member: User, outsider: User
) -> None:
    other_device, somebody_else = client_of(member), client_of(outsider)

    logout(tokens["refresh"])

    assert other_device.get(PROFILE).status_code == 200
    assert somebody_else.get(PROFILE).status_code == 200


def test_an_expired_access_token_keeps_nobody_from_logging_out(tokens: Tokens, anonymous: APIClient) -> None:
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        anonymous.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens['access']}")
        assert anonymous.post(LOGOUT, {"refresh": tokens["refresh"]}).status_code == 200


@pytest.mark.parametrize("garbage", ["x", "a.b.c"])
def test_logging_out_with_garbage_is_401(logout: Post, db: None, garbage: str) -> None:
    assert logout(garbage).status_code == 401


def test_an_access_token_does_not_log_out(tokens: Tokens, logout: Post, profile_status: Status) -> None:
    assert logout(tokens["access"]).status_code == 401
    assert profile_status(tokens["access"]) == 200


def test_logging_out_without_a_token_is_a_400_that_names_it(anonymous: APIClient, db: None) -> None:
    response = anonymous.post(LOGOUT, {})

    assert response.status_code == 400
    assert set(response.json()["errors"]) == {"refresh"}


def test_a_deleted_users_token_logs_out_without_complaint(tokens: Tokens, logout: Post, member: User) -> None:
    member.delete()

    assert logout(tokens["refresh"]).status_code == 200


# --- Who an access token is --------------------------------------------------------------------------------------


def test_a_deactivated_user_loses_access_at_once(tokens: Tokens, profile_status: Status, member: User) -> None:
    User.objects.filter(pk=member.pk).update(is_active=False)

    assert profile_status(tokens["access"]) == 401


def test_a_deleted_user_loses_access_at_once(tokens: Tokens, profile_status: Status, member: User) -> None:
    member.delete()

    assert profile_status(tokens["access"]) == 401


def test_a_deactivated_user_loses_the_pages_session_too(member: User) -> None:
    client = APIClient()
    client.force_login(member)
    assert client.get(PROFILE).status_code == 200

    User.objects.filter(pk=member.pk).update(is_active=False)

    assert client.get(PROFILE).status_code == 401


def test_an_access_token_lasts_for_fifteen_minutes(tokens: Tokens, profile_status: Status) -> None:
    with time_machine.travel(timezone.now() + timedelta(minutes=14, seconds=50)):
        assert profile_status(tokens["access"]) == 200
    with time_machine.travel(timezone.now() + timedelta(minutes=15, seconds=6)):  # 5 seconds for clocks that differ
        assert profile_status(tokens["access"]) == 401


def test_a_refresh_token_opens_nothing(tokens: Tokens, profile_status: Status) -> None:
    assert profile_status(tokens["refresh"]) == 401


@pytest.mark.parametrize("garbage", ["x", "a.b.c", "null", "eyJhbGciOiJub25lIn0.e30."])
def test_a_garbage_access_token_is_401(profile_status: Status, db: None, garbage: str) -> None:
    assert profile_status(garbage) == 401


def test_an_access_token_without_a_session_opens_nothing(profile_status: Status, member: User) -> None:
    """Such as simplejwt's own, should anybody ever issue one."""
    assert profile_status(str(AccessToken.for_user(member))) == 401


@pytest.mark.parametrize("session", ["not a uuid", "", None, 5, "0199d0f0-0000-7000-8000-000000000000"])
def test_an_access_token_of_no_session_opens_nothing(tokens: Tokens, profile_status: Status, session: Any) -> None:
    payload = jwt.decode(tokens["access"], options={"verify_signature": False}) | {"sid": session}

    assert profile_status(jwt.encode(payload, django_settings.SECRET_KEY, algorithm="HS256")) == 401


def test_nobody_is_anybody_without_credentials(anonymous: APIClient, db: None) -> None:
    response = anonymous.get(PROFILE)

    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="api"'
    assert response.json()["success"] is False


def test_a_new_password_ends_every_session_of_that_person_and_of_nobody_else(
    member: User, outsider: User, client_of: Any
) -> None:
    mine, theirs = client_of(member), client_of(outsider)
    member.set_password("another battery staple")
    member.save()
    assert mine.get("/api/auth/profile/").status_code == 401
    assert theirs.get("/api/auth/profile/").status_code == 200


def test_failed_attempts_and_ended_sessions_are_forgotten_in_time_and_live_ones_are_not(
    member: User, settings: Any
) -> None:
    origin: dict[str, Any] = {"method": SignIn.Method.TOKEN, "address": None, "user_agent": ""}
    with time_machine.travel("2027-01-01", tick=False):
        services.record_attempt(email="x@y.test", outcome=SignIn.Outcome.REFUSED, **origin)
        ended, live = (services.record_success(user=member, **origin) for _ in range(2))
        services.end_session(session_id=str(ended.pk), because="signed out")
    with time_machine.travel("2027-03-31", tick=False):
        assert services.forget_old_sign_ins() == 0
    with time_machine.travel("2027-04-02", tick=False):
        assert services.forget_old_sign_ins() == 2
    assert list(SignIn.objects.all()) == [live]
