"""Refresh tokens: rotated at every use, and what happens when one comes back."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import jwt
import pytest
import time_machine
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from accounts import services, tasks
from accounts.models import SignIn, User
from accounts.tests.conftest import LOGIN, REFRESH
from accounts.tokens import SessionRefreshToken
from conftest import PASSWORD

Refresh = Callable[[str], Any]
Status = Callable[[str], int]
Tokens = dict[str, str]


def later(**span: float) -> Any:
    return time_machine.travel(timezone.now() + timedelta(**span))


def test_a_refresh_gives_a_new_pair_at_the_top_level(tokens: Tokens, refresh: Refresh, profile_status: Status) -> None:
    response = refresh(tokens["refresh"])

    assert response.status_code == 200
    assert set(response.json()) == {"access", "refresh"}
    assert response.json()["refresh"] != tokens["refresh"]
    assert profile_status(response.json()["access"]) == 200


def test_an_old_refresh_token_is_401_when_used_again(tokens: Tokens, refresh: Refresh) -> None:
    assert refresh(tokens["refresh"]).status_code == 200

    again = refresh(tokens["refresh"])

    assert again.status_code == 401
    assert again.json()["code"] == "token_not_valid"
    assert again["WWW-Authenticate"] == 'Bearer realm="api"'


def test_rotation_can_go_on(tokens: Tokens, refresh: Refresh) -> None:
    token = tokens["refresh"]
    for _ in range(3):
        token = refresh(token).json()["refresh"]

    assert SignIn.objects.count() == 1  # one session all along
    assert (OutstandingToken.objects.count(), BlacklistedToken.objects.count()) == (4, 3)


def test_the_session_goes_on_so_the_first_access_token_still_works_after_a_refresh(
    tokens: Tokens, refresh: Refresh, profile_status: Status
) -> None:
    refresh(tokens["refresh"])

    assert profile_status(tokens["access"]) == 200


def test_tokens_are_not_stored(tokens: Tokens, refresh: Refresh, member: User) -> None:
    refresh(tokens["refresh"])

    rows = OutstandingToken.objects.all()
    assert [(row.token, row.user_id) for row in rows] == 2 * [("", member.pk)]


# --- A token that comes back -------------------------------------------------------------------------------------


def test_reuse_within_the_grace_is_refused_but_ends_nothing(
    tokens: Tokens, refresh: Refresh, profile_status: Status
) -> None:
    new = refresh(tokens["refresh"]).json()
    with later(seconds=29):
        assert refresh(tokens["refresh"]).status_code == 401
        assert profile_status(new["access"]) == 200
        assert refresh(new["refresh"]).status_code == 200


def test_reuse_after_the_grace_ends_the_whole_session(
    tokens: Tokens, refresh: Refresh, profile_status: Status
) -> None:
    new = refresh(tokens["refresh"]).json()
    with later(seconds=31):
        assert refresh(tokens["refresh"]).status_code == 401
        assert profile_status(new["access"]) == 401
        assert refresh(new["refresh"]).status_code == 401

    assert SignIn.objects.get().ended_because == "refresh token used twice"


def test_theft_from_one_session_leaves_the_others_alone(
    tokens: Tokens, refresh: Refresh, client_of: Callable[[User], APIClient], member: User, outsider: User
) -> None:
    other_device, somebody_else = client_of(member), client_of(outsider)
    refresh(tokens["refresh"])
    with later(seconds=31):
        refresh(tokens["refresh"])
        assert other_device.get("/api/auth/profile/").status_code == 200
        assert somebody_else.get("/api/auth/profile/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_eight_simultaneous_refreshes_exactly_one_succeeds(member: User) -> None:
    pair = APIClient().post(LOGIN, {"email": "member@acme.test", "password": PASSWORD}).json()["tokens"]
    together = Barrier(8)

    def use() -> tuple[int, dict[str, str]]:
        try:
            together.wait(timeout=10)
            response = APIClient().post(REFRESH, {"refresh": pair["refresh"]})
            return response.status_code, response.json()
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = [call.result() for call in [pool.submit(use) for _ in range(8)]]

    assert sorted(code for code, _ in answers) == [200, *7 * [401]]
    assert (OutstandingToken.objects.count(), BlacklistedToken.objects.count()) == (2, 1)
    winner = next(body for code, body in answers if code == 200)
    assert APIClient().post(REFRESH, {"refresh": winner["refresh"]}).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_refresh_that_races_a_sign_out_leaves_no_live_session(
    member: User, refresh: Refresh, profile_status: Status
) -> None:
    for _ in range(3):
        pair = APIClient().post(LOGIN, {"email": "member@acme.test", "password": PASSWORD}).json()["tokens"]
        together = Barrier(2)

        def use(path: str, token: str = pair["refresh"], together: Barrier = together) -> Any:
            try:
                together.wait(timeout=10)
                return APIClient().post(path, {"refresh": token}).json()
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as pool:
            refreshed = pool.submit(use, REFRESH)
            pool.submit(use, "/api/auth/logout/").result()

        assert profile_status(pair["access"]) == 401
        if "access" in refreshed.result():
            assert profile_status(refreshed.result()["access"]) == 401
            assert refresh(refreshed.result()["refresh"]).status_code == 401


# --- Tokens that do not count ------------------------------------------------------------------------------------


def forged(token: str, *, key: str = "", **claims: Any) -> str:
    """The same token with other claims, signed with another key unless it is given ours."""
    payload = jwt.decode(token, options={"verify_signature": False}) | claims
    return jwt.encode(payload, key or "x" * 50, algorithm="HS256")


def test_a_deactivated_users_refresh_is_401(tokens: Tokens, refresh: Refresh, member: User) -> None:
    User.objects.filter(pk=member.pk).update(is_active=False)

    assert refresh(tokens["refresh"]).status_code == 401


def test_a_deleted_users_refresh_is_401(tokens: Tokens, refresh: Refresh, member: User) -> None:
    member.delete()

    assert refresh(tokens["refresh"]).status_code == 401


def test_a_token_that_was_never_issued_here_is_401(tokens: Tokens, refresh: Refresh) -> None:
    """Signed with our key, but not on the list: as after a restore of an older backup."""
    OutstandingToken.objects.all().delete()

    assert refresh(tokens["refresh"]).status_code == 401


def test_an_expired_refresh_token_is_401(tokens: Tokens, refresh: Refresh) -> None:
    with later(days=14, seconds=6):
        assert refresh(tokens["refresh"]).status_code == 401


def test_a_refresh_token_lasts_for_fourteen_days(tokens: Tokens, refresh: Refresh) -> None:
    with later(days=14, seconds=-60):
        assert refresh(tokens["refresh"]).status_code == 200


def test_an_access_token_does_not_refresh(tokens: Tokens, refresh: Refresh) -> None:
    assert refresh(tokens["access"]).status_code == 401


@pytest.mark.parametrize("garbage", ["x", "a.b.c", "ü", "eyJhbGciOiJub25lIn0.e30.", "." * 4000, 5])
def test_garbage_is_401(refresh: Refresh, db: None, garbage: Any) -> None:
    assert refresh(garbage).status_code == 401


def test_a_forged_signature_is_401(tokens: Tokens, refresh: Refresh) -> None:
    assert refresh(forged(tokens["refresh"])).status_code == 401


def test_an_unsigned_token_is_401(tokens: Tokens, refresh: Refresh) -> None:
    payload = jwt.decode(tokens["refresh"], options={"verify_signature": False})

    assert refresh(jwt.encode(payload, "", algorithm="none")).status_code == 401


def test_a_token_without_a_session_is_401(member: User, refresh: Refresh) -> None:
    """Such as simplejwt's own, should anybody ever issue one."""
    assert refresh(str(SessionRefreshToken.for_user(member))).status_code == 401


def test_a_token_of_a_nonsensical_session_is_401(tokens: Tokens, refresh: Refresh) -> None:
    odd = forged(tokens["refresh"], key=django_settings.SECRET_KEY, sid="not a uuid")

    assert refresh(odd).status_code == 401


@pytest.mark.parametrize("body", [{}, {"refresh": ""}, {"refresh": None}, {"refresh": ["x"]}, {"refresh": "x" * 4097}])
def test_a_malformed_refresh_is_a_400_that_names_the_field(anonymous: APIClient, db: None, body: Any) -> None:
    response = anonymous.post(REFRESH, body)

    assert response.status_code == 400
    assert set(response.json()["errors"]) == {"refresh"}


# --- Housekeeping ------------------------------------------------------------------------------------------------


def test_expired_tokens_are_forgotten_and_live_ones_kept(tokens: Tokens, refresh: Refresh) -> None:
    with later(days=10):
        live = refresh(tokens["refresh"]).json()["refresh"]
    with later(days=15):
        assert tasks.retention() == {
            "tokens": 2,
            "sign_ins": 0,
            "replies": 0,
        }  # the token and its entry in the blacklist
        assert services.forget_expired_tokens() == 0
        assert refresh(live).status_code == 200
