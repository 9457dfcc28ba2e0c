"""What existing web clients read when they are refused, beyond what test_contract.py has."""

from typing import Any

from rest_framework.test import APIClient

from accounts.models import User
from conftest import PASSWORD
from tests.fixtures import API, AUTH, ClientOf, assert_contract


def test_too_many_attempts_to_sign_in(anonymous: APIClient, owner: User, settings: Any) -> None:
    settings.SIGN_IN_ATTEMPTS_PER_MINUTE = 1
    anonymous.post(f"{AUTH}login/", {"email": owner.email, "password": "wrong"})
    response = anonymous.post(f"{AUTH}login/", {"email": owner.email, "password": PASSWORD})
    assert_contract(response, "too-many", status=429)
    assert int(response["Retry-After"]) > 0


def test_too_many_polls(client_of: ClientOf, owner: User, settings: Any) -> None:
    settings.POLLS_PER_MINUTE = 0
    client = client_of(owner)
    client.get(f"{API}recent/")  # from now on Redis answers, and counts
    response = client.get(f"{API}recent/")
    assert_contract(response, "too-many", status=429)
    assert int(response["Retry-After"]) > 0


def test_a_key_with_another_body(client_of: ClientOf, admin: User) -> None:
    client = client_of(admin)
    report = {"problem_type": "Slow site", "description": "Ten seconds."}

    def send(body: dict[str, str]) -> Any:
        return client.post(f"{API}system/report-problem/", body, headers={"Idempotency-Key": "one"})

    assert send(report).json() == send(report).json()
    assert_contract(send(report | {"description": "Twenty."}), "key-reused", status=422)


def test_a_wrong_method(client_of: ClientOf, owner: User) -> None:
    response = client_of(owner).delete(f"{API}recent/")
    assert_contract(response, "wrong-method", status=405)
    assert "GET" in response["Allow"]


def test_a_body_that_is_too_large(client_of: ClientOf, owner: User) -> None:
    response = client_of(owner).patch(f"{AUTH}profile/", {"bio": "x" * 10_000_000})
    assert_contract(response, "too-large", status=413)


def test_a_body_that_is_no_json(client_of: ClientOf, owner: User) -> None:
    response = client_of(owner).post(f"{API}bulk/", "<a/>", content_type="application/xml")
    assert_contract(response, "no-json", status=415)
