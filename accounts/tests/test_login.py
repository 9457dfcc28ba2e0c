"""Signing in with e-mail and password for tokens."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.contrib.auth.hashers import MD5PasswordHasher
from rest_framework.test import APIClient

from accounts.models import SignIn, User
from accounts.tests.conftest import LOGIN
from conftest import PASSWORD
from tenants.models import Tenant

USER_KEYS = {
    *(
        "id",
        "email",
        "first_name",
        "last_name",
        "full_name",
        "short_name",
        "phone_number",
        "timezone",
        "avatar",
        "bio",
    ),
    *("is_verified", "phone_verified", "email_notifications", "sms_notifications", "is_staff", "is_superuser"),
    *("tenants", "tenant", "created_at", "updated_at", "last_login_at"),
}

Login = Callable[..., Any]


def test_login_answers_message_user_and_tokens_at_the_top_level_and_no_success_key(login: Login, owner: User) -> None:
    response = login("owner@acme.test")

    assert response.status_code == 200
    assert set(response.json()) == {"message", "user", "tokens"}
    assert response.json()["message"] == "Login successful"
    assert set(response.json()["tokens"]) == {"access", "refresh"}


@time_machine.travel("2026-03-01T09:30:15.123456Z", tick=False)
def test_the_user_has_exactly_the_keys_of_the_contract(login: Login, owner: User, tenant: Tenant) -> None:
    user = login("owner@acme.test").json()["user"]

    assert set(user) == USER_KEYS
    acme = {"id": str(tenant.pk), "name": "Acme", "slug": "acme", "role": "owner"}
    assert user == {
        "id": str(owner.pk),
        "email": "owner@acme.test",
        "first_name": "Olu",
        "last_name": "Owner",
        "full_name": "Olu Owner",
        "short_name": "Olu",
        "phone_number": "",
        "timezone": "UTC",
        "avatar": "",
        "bio": "",
        "is_verified": False,
        "phone_verified": False,
        "email_notifications": True,
        "sms_notifications": False,
        "is_staff": False,
        "is_superuser": False,
        "tenants": [acme],
        "tenant": acme,
        "created_at": user["created_at"],
        "updated_at": user["updated_at"],
        "last_login_at": "2026-03-01T09:30:15.123Z",
    }


def test_times_are_utc_with_milliseconds_and_z(login: Login, owner: User) -> None:
    user = login("owner@acme.test").json()["user"]

    for name in ("created_at", "updated_at", "last_login_at"):
        assert user[name][-5] == "."
        assert user[name].endswith("Z")
        assert datetime.datetime.fromisoformat(user[name]).utcoffset() == datetime.timedelta(0)


def test_an_admin_without_a_tenant_signs_in_like_anybody(login: Login, admin: User) -> None:
    user = login("admin@acme.test").json()["user"]

    assert (user["tenants"], user["tenant"]) == ([], None)
    assert (user["is_staff"], user["is_superuser"]) == (True, True)


@pytest.mark.parametrize("typed", ["OWNER@ACME.TEST", "Owner@acme.Test", "  owner@acme.test "])
def test_the_e_mail_is_taken_in_any_case(login: Login, owner: User, typed: str) -> None:
    assert login(typed).json()["user"]["id"] == str(owner.pk)


def test_the_password_is_taken_literally(login: Login, owner: User) -> None:
    assert login("owner@acme.test", PASSWORD.upper()).status_code == 401
    assert login("owner@acme.test", f" {PASSWORD}").status_code == 401


def test_the_access_token_opens_the_api(
    login: Login, owner: User, outsider: User, profile_status: Callable[[str], int]
) -> None:
    assert profile_status(login("owner@acme.test").json()["tokens"]["access"]) == 200


def test_each_gets_their_own_profile(login: Login, owner: User, outsider: User) -> None:
    for email in ("owner@acme.test", "outsider@globex.test"):
        access = login(email).json()["tokens"]["access"]
        reply = APIClient().get("/api/auth/profile/", HTTP_AUTHORIZATION=f"Bearer {access}").json()
        assert reply["email"] == email


def test_a_success_is_on_record_with_its_user_and_origin(login: Login, owner: User) -> None:
    login("Owner@acme.test", REMOTE_ADDR="10.1.2.3", HTTP_USER_AGENT="curl/8")

    only = SignIn.objects.get()
    assert (only.user, only.email, only.method, only.outcome) == (owner, "owner@acme.test", "token", "success")
    assert (only.address, only.user_agent, only.ended_at) == ("10.1.2.3", "curl/8", None)


def test_a_very_long_user_agent_is_cut(login: Login, owner: User) -> None:
    for password in (PASSWORD, "wrong"):
        login("owner@acme.test", password, HTTP_USER_AGENT="x" * 5000)

    assert [row.user_agent for row in SignIn.objects.all()] == ["x" * 300, "x" * 300]


def test_a_success_moves_last_login_and_last_seen(login: Login, owner: User) -> None:
    with time_machine.travel("2027-03-01T09:30Z", tick=False):
        login("owner@acme.test")

    owner.refresh_from_db()
    at = datetime.datetime(2027, 3, 1, 9, 30, tzinfo=datetime.UTC)
    assert (owner.last_login, owner.last_seen_at) == (at, at)


def test_a_stale_authorization_header_does_not_get_in_the_way(login: Login, owner: User) -> None:
    assert login("owner@acme.test", HTTP_AUTHORIZATION="Bearer stale").status_code == 200


# --- Refusals ----------------------------------------------------------------------------------------------------


@pytest.fixture
def inactive(db: None) -> User:
    return User.objects.create_user("gone@acme.test", PASSWORD, is_active=False)


def test_wrong_password_unknown_address_and_inactive_user_get_identical_answers(
    login: Login, owner: User, inactive: User
) -> None:
    replies = [login("owner@acme.test", "wrong"), login("nobody@acme.test"), login("gone@acme.test")]

    assert [reply.status_code for reply in replies] == [401, 401, 401]
    bodies = [{key: value for key, value in reply.json().items() if key != "request_id"} for reply in replies]
    assert bodies == 3 * [
        {
            "type": "about:blank",
            "title": "Unauthorized",
            "status": 401,
            "detail": "Wrong e-mail or password.",
            "success": False,
            "error": "Wrong e-mail or password.",
            "code": "wrong_credentials",
        }
    ]
    assert {reply["WWW-Authenticate"] for reply in replies} == {'Bearer realm="api"'}
    assert len({reply.json()["request_id"] for reply in replies}) == 3


def test_each_refusal_is_on_record_with_the_user_where_there_is_one(login: Login, owner: User, inactive: User) -> None:
    for email, password in (
        ("Owner@acme.test", "wrong"),
        ("Nobody@acme.test", PASSWORD),
        ("gone@acme.test", PASSWORD),
    ):
        login(email, password)

    assert list(SignIn.objects.order_by("id").values_list("email", "user", "outcome", "method")) == [
        ("owner@acme.test", owner.pk, "refused", "token"),
        ("nobody@acme.test", None, "refused", "token"),
        ("gone@acme.test", inactive.pk, "refused", "token"),
    ]


def test_a_refusal_is_no_sign_of_life(login: Login, owner: User) -> None:
    login("owner@acme.test", "wrong")

    owner.refresh_from_db()
    assert (owner.last_login, owner.last_seen_at) == (None, None)


class CountingHasher(MD5PasswordHasher):
    """A hasher that knows how often it did its (usually slow) work."""

    times = 0

    def encode(self, password: str, salt: str) -> str:
        CountingHasher.times += 1
        return super().encode(password, salt)


@pytest.mark.parametrize("email", ["owner@acme.test", "nobody@acme.test", "gone@acme.test"])
def test_every_refusal_costs_one_password_hash(
    login: Login, owner: User, inactive: User, settings: Any, email: str
) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    CountingHasher.times = 0

    assert login(email, "wrong").status_code == 401
    assert CountingHasher.times == 1


def test_nobody_signs_in_as_a_user_without_a_password(login: Login, db: None) -> None:
    User.objects.create_user("robot@acme.test")

    for password in ("!", "None", "robot"):
        assert login("robot@acme.test", password).status_code == 401


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"email", "password"}),
        ({"email": "owner@acme.test"}, {"password"}),
        ({"email": "", "password": "x"}, {"email"}),
        ({"email": "owner@acme.test", "password": ""}, {"password"}),
        ({"email": None, "password": None}, {"email", "password"}),
        ({"email": ["owner@acme.test"], "password": {"a": 1}}, {"email", "password"}),
        ({"email": "a" * 255, "password": "x"}, {"email"}),
        ({"email": "owner@acme.test", "password": "x" * 129}, {"password"}),
    ],
)
def test_a_malformed_login_is_a_400_that_names_the_field(
    anonymous: APIClient, db: None, body: dict[str, Any], fields: set[str]
) -> None:
    response = anonymous.post(LOGIN, body)

    assert response.status_code == 400
    assert set(response.json()["errors"]) == fields


@pytest.mark.parametrize("email", ["not an e-mail", "a b@acme.test", "ümlaut@acme.test", "a" * 254, "x'--@acme.test"])
def test_odd_addresses_are_refused_like_any_unknown_one(login: Login, db: None, email: str) -> None:
    assert login(email).status_code == 401


@pytest.mark.parametrize("body", ["[]", "null", "5", "{", '{"email": "a\\u0000b", "password": "x"}'])
def test_a_body_that_is_no_storable_object_is_a_400(anonymous: APIClient, db: None, body: str) -> None:
    assert anonymous.post(LOGIN, body, content_type="application/json").status_code == 400


def test_the_password_is_never_echoed_or_stored(login: Login, owner: User) -> None:
    replies = [login("owner@acme.test"), login("owner@acme.test", "hunter2hunter2")]

    assert all(PASSWORD not in reply.text and "hunter2" not in reply.text for reply in replies)
    assert "password" not in replies[0].json()["user"]


def test_login_is_post_only(anonymous: APIClient, db: None) -> None:
    assert anonymous.get(LOGIN).status_code == 405


# --- Behind proxies ----------------------------------------------------------------------------------------------


def behind_one_proxy(settings: Any) -> None:
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"NUM_PROXIES": 1}


def test_without_proxies_of_ours_nobody_chooses_the_address_on_record(login: Login, owner: User) -> None:
    login("owner@acme.test", REMOTE_ADDR="10.1.2.3", HTTP_X_FORWARDED_FOR="6.6.6.6")

    assert SignIn.objects.get().address == "10.1.2.3"


def test_behind_a_proxy_the_address_is_the_one_that_the_proxy_saw(login: Login, owner: User, settings: Any) -> None:
    behind_one_proxy(settings)
    login("owner@acme.test", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="6.6.6.6, 203.0.113.9")

    assert SignIn.objects.get().address == "203.0.113.9"


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        ("unknown", None),
        ("203.0.113.9:4711", "203.0.113.9"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_what_a_proxy_forwards_instead_of_an_address_keeps_nobody_out(
    login: Login, owner: User, settings: Any, header: str, kept: str | None
) -> None:
    behind_one_proxy(settings)

    assert login("owner@acme.test", HTTP_X_FORWARDED_FOR=header).status_code == 200
    assert login("owner@acme.test", "wrong", HTTP_X_FORWARDED_FOR=header).status_code == 401
    assert [row.address for row in SignIn.objects.all()] == [kept, kept]


# --- The demo's password -----------------------------------------------------------------------------------------


def test_the_demos_password_signs_nobody_in_outside_of_the_demo(login: Login, settings: Any, db: None) -> None:
    User.objects.create_user("admin@example.com", settings.DEMO_PASSWORD, is_staff=True)
    assert settings.DEMO is False

    response = login("admin@example.com", settings.DEMO_PASSWORD)

    assert response.status_code == 401
    assert response.json()["detail"] == "Wrong e-mail or password."
    assert SignIn.objects.get().outcome == "refused"


def test_the_demos_password_works_in_the_demo(login: Login, settings: Any, db: None) -> None:
    settings.DEMO = True
    User.objects.create_user("admin@example.com", settings.DEMO_PASSWORD, is_staff=True)

    assert login("admin@example.com", settings.DEMO_PASSWORD).status_code == 200
