"""What existing web clients read of the admins' calls, beyond what test_contract.py has."""

from typing import Any

import pytest

from accounts.models import User
from notifications import announcements
from tests.fixtures import API, ClientOf, assert_contract

TEMPLATES, CREATE, CREDITS = f"{API}templates/", f"{API}system/create/", f"{API}sms-credit/test/"
WORDS = {"title": "Maintenance on Sunday", "message": "From 02:00 to 03:00 UTC."}


def test_templates_and_their_preview(client_of: ClientOf, admin: User) -> None:
    client = client_of(admin)
    words = {"name": "In our words", "title": "Only $percentage % left", "message": "Write to sales."}
    made = client.post(TEMPLATES, {"kind": "sms_credit_low", **words}).json()["template"]
    assert_contract(client.get(TEMPLATES), "templates")
    assert_contract(
        client.post(f"{TEMPLATES}{made['id']}/preview/", {"context": {"percentage": 3}}), "template-preview"
    )


@pytest.mark.parametrize(
    "named",
    [
        {"notification_type": "maintenance", "link": "/status/", "metadata": {"window": 1}, "audience": "admins"},
        {"type": "maintenance", "action_url": "https://example.com/", "data": {"window": 1}, "priority": "urgent"},
        {},  # without an audience it goes to the admins
    ],
)
def test_create(named: dict[str, Any], client_of: ClientOf, admin: User, staff: User, member: User) -> None:
    assert_contract(client_of(admin).post(CREATE, WORDS | named), "create")


def test_create_for_a_large_audience(
    client_of: ClientOf, admin: User, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcements, "AT_ONCE", 1)
    assert_contract(client_of(admin).post(CREATE, WORDS), "create-large")


@pytest.mark.parametrize("who", ["admin", "owner"])
def test_trying_out_a_balance(who: str, client_of: ClientOf, request: pytest.FixtureRequest) -> None:
    client = client_of(request.getfixturevalue(who))
    assert_contract(client.post(CREDITS, {"current_credits": 80, "total_credits": 1000}), "sms-credit-test")
    nothing = client.post(CREDITS, {"current_credits": 0, "total_credits": 0})
    assert_contract(nothing, "sms-credit-test-refused", status=400)


@pytest.mark.parametrize(("call", "path"), [("post", CREATE), ("get", TEMPLATES), ("post", TEMPLATES)])
def test_by_others(call: str, path: str, client_of: ClientOf, owner: User) -> None:
    assert_contract(getattr(client_of(owner), call)(path), "not-an-admin", status=403)
