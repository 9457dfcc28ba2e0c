"""One error shape, whatever goes wrong."""

import json
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from conftest import signed_in

KEYS = {"type", "title", "status", "detail", "success", "error", "code", "request_id"}
LOGIN = "/api/auth/login/"


def assert_problem(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = json.loads(response.content)
    assert set(body) - {"errors"} == KEYS
    assert body["status"] == status
    assert body["success"] is False
    assert body["error"] == body["detail"]
    assert body["request_id"] == response["X-Request-ID"]
    return body


@pytest.mark.django_db
def test_a_refused_field_is_named(admin: User) -> None:
    body = assert_problem(signed_in(admin).get("/api/notifications/recent/?limit=abc"), 400)
    assert list(body["errors"]) == ["limit"]
    assert body["detail"].startswith("limit: ")


def test_an_unknown_address_under_api_is_a_problem_and_elsewhere_a_page(client: Client) -> None:
    assert_problem(client.get("/api/nothing/"), 404)
    page = client.get("/nothing/")
    assert page.status_code == 404
    assert b"There is nothing at this address" in page.content


def test_an_address_without_its_last_slash_keeps_method_and_body(client: Client) -> None:
    response = client.post(LOGIN.rstrip("/"), {"email": "nobody@example.com"}, "application/json")
    assert (response.status_code, response["Location"]) == (308, LOGIN)


@pytest.mark.django_db
def test_a_wrong_method_is_405(admin: User) -> None:
    assert_problem(signed_in(admin).delete("/api/notifications/recent/"), 405)


@pytest.mark.django_db
def test_no_credentials_are_401_and_say_how_to_sign_in(anonymous: APIClient) -> None:
    response = anonymous.get("/api/notifications/recent/")
    assert_problem(response, 401)
    assert response["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.django_db
def test_a_broken_token_is_401(anonymous: APIClient) -> None:
    anonymous.credentials(HTTP_AUTHORIZATION="Bearer nonsense")
    body = assert_problem(anonymous.get("/api/notifications/recent/"), 401)
    assert (body["code"], body["detail"]) == ("token_not_valid", "The access token is not valid, or has expired.")


def test_an_unknown_host_is_400_in_the_same_shape() -> None:
    assert_problem(Client(headers={"host": "evil.example"}).get("/api/nothing/"), 400)


@pytest.mark.django_db
def test_a_fault_of_ours_is_500_without_its_text(admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("secret: SELECT password FROM accounts_user")

    monkeypatch.setattr("notifications.poll.compute", broken)
    client = signed_in(admin)
    client.raise_request_exception = False
    response = client.get("/api/notifications/recent/")
    assert_problem(response, 500)
    assert b"SELECT" not in response.content
    assert b"secret" not in response.content


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/api/notifications/recent/?limit=7", "notifications.poll.compute"),
        ("/inbox/", "django.contrib.auth.get_user"),
    ],
)
def test_storage_that_is_away_is_503_outside_of_drf_too(
    path: str, what: str, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*args: object, **kwargs: object) -> None:
        raise OperationalError("could not connect to server: secret")

    api, browser = signed_in(admin), Client(raise_request_exception=False)
    api.get("/api/notifications/recent/")  # Redis vouches for the session from here on
    browser.force_login(admin)
    monkeypatch.setattr(what, gone)
    api.raise_request_exception = False
    response = (api if path.startswith("/api/") else browser).get(path)
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert b"cannot reach its storage right now" in response.content
    assert b"secret" not in response.content


@pytest.mark.django_db
def test_a_callers_own_request_id_is_kept_when_it_is_plain(client: Client) -> None:
    assert client.get("/healthz", headers={"x-request-id": "trace-42"})["X-Request-ID"] == "trace-42"
    hostile = client.get("/healthz", headers={"x-request-id": "a\tb <script>"})["X-Request-ID"]
    assert "script" not in hostile


def test_secrets_are_not_in_the_settings_file() -> None:
    """They come from the environment or from DATA_DIR, never from the repository."""
    text = (django_settings.BASE_DIR / "config" / "settings" / "web.py").read_text()
    assert 'SECRET_KEY = env.str("SECRET_KEY", default="")' in text
