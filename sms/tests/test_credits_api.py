"""What a tenant may still send, the ledger behind it, and how it gets more."""

import csv
import datetime
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient
from uuid_utils.compat import uuid7

from accounts.models import User
from sms.models import CreditAccount, CreditEntry, CreditGrant
from sms.tests.conftest import streamed
from sms.tests.helpers import credits_of, number
from tenants.models import Membership, Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]
API = "/api/sms/"
TOP_UP = f"{API}top-ups/"
ClientOf = Callable[[User], APIClient]


def send(api: APIClient, *numbers: str) -> dict[str, Any]:
    body: dict[str, Any] = api.post(f"{API}messages/", {"to": list(numbers), "text": "Hi", "sender_id": "Acme"}).json()
    return body


def statement(api: APIClient, query: str = "") -> list[list[str]]:
    response = api.get(f"{API}ledger/statement.csv{query}", HTTP_ACCEPT="text/csv")
    assert response.status_code == 200, response.content
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(streamed(response).decode())))


# --- Balance -----------------------------------------------------------------------------------------------------


def test_a_balance_says_what_is_left_and_what_is_on_its_way(api: APIClient, tenant: Tenant) -> None:
    send(api, number(1), number(2))
    account = CreditAccount.objects.get(tenant=tenant)
    balance = api.get(f"{API}balance/").json()["balance"]
    assert balance.pop("last_top_up_at") is not None
    assert balance == {
        "available": 99_998,
        "reserved": 2,
        "percent": 100,
        "balance_after_last_top_up": 100_000,
        "is_unlimited": False,
        "next_expiry_at": account.next_expiry_at,
    }


@pytest.mark.parametrize(
    ("available", "full", "percent"),
    [(0, 100, 0), (1, 1000, 1), (25, 100, 25), (251, 1000, 26), (0, 0, None), (200, 100, 100)],
)
def test_percent_is_of_the_balance_after_the_last_top_up(
    api: APIClient, tenant: Tenant, available: int, full: int, percent: int | None
) -> None:
    CreditAccount.objects.filter(tenant=tenant).update(available=available, balance_after_last_top_up=full)
    assert api.get(f"{API}balance/").json()["balance"]["percent"] == percent


def test_who_never_topped_up_has_nothing(owner: User, client_of: ClientOf) -> None:
    balance = client_of(owner).get(f"{API}balance/").json()["balance"]
    assert (balance["available"], balance["percent"], balance["is_unlimited"]) == (0, None, False)


# --- Ledger ------------------------------------------------------------------------------------------------------


def test_the_ledger_lists_every_movement_newest_first(api: APIClient, outsider: User, client_of: ClientOf) -> None:
    send(client_of(outsider), number(3))
    batch = send(api, number(1), number(2))
    api.post(f"{API}messages/{batch['message_ids'][0]}/cancel/")
    rows = api.get(f"{API}ledger/").json()["results"]
    assert [(one["kind"], one["available_delta"], one["reserved_delta"]) for one in rows] == [
        ("release", 1, -1),
        ("reserve", -2, 2),
        ("top_up", 100_000, 0),
    ]
    assert rows[1]["reference"] == batch["batch_id"]
    only = api.get(f"{API}ledger/?kind=reserve&page_size=1").json()["results"]
    assert [one["kind"] for one in only] == ["reserve"]


def test_a_long_ledger_takes_as_many_queries_as_a_short_one(api: APIClient, count_of: Any) -> None:
    api.get(f"{API}ledger/")
    few = count_of(lambda: api.get(f"{API}ledger/?page_size=50"))
    for index in range(10):
        send(api, number(index))
    assert count_of(lambda: api.get(f"{API}ledger/?page_size=50")) == few


def test_a_statement_adds_up(api: APIClient, tenant: Tenant) -> None:
    batch = send(api, number(1), number(2))
    api.post(f"{API}batches/{batch['batch_id']}/cancel/")
    head, opening, *lines = statement(api)
    assert head == [
        "at",
        "kind",
        "reference",
        "available",
        "reserved",
        "available_after",
        "reserved_after",
        "by",
        "note",
    ]
    assert opening == ["", "opening", "", "", "", "0", "0", "", ""]
    assert [line[1] for line in lines] == ["top_up", "reserve", "release", "release"]
    available = reserved = 0
    for line in lines:
        available, reserved = available + int(line[3]), reserved + int(line[4])
        assert (int(line[5]), int(line[6])) == (available, reserved)
    assert (available, reserved) == (100_000, 0) == (credits_of(tenant), 0)


def test_a_statement_begins_with_what_there_was(api: APIClient) -> None:
    moment = timezone.now().isoformat().replace("+", "%2B")
    send(api, number(1))
    _, opening, *lines = statement(api, f"?since={moment}")
    assert (opening[5], [line[1] for line in lines]) == ("100000", ["reserve"])
    _, opening, *lines = statement(api, f"?until={moment}")
    assert (opening[5], [line[1] for line in lines]) == ("0", ["top_up"])


def test_nothing_in_a_statement_is_run(api: APIClient, staff: User, client_of: ClientOf, tenant: Tenant) -> None:
    body = {"tenant": tenant.pk, "credits": 1, "reference": "=1+1", "note": "@SUM(A1)"}
    assert client_of(staff).post(TOP_UP, body).status_code == 200
    line = statement(api)[-1]
    assert (line[2], line[7], line[8]) == ("'=1+1", staff.email, "'@SUM(A1)")


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("ledger/?kind=theft", "kind"),
        ("ledger/?since=x", "since"),
        ("ledger/statement.csv?since=x", "since"),
        ("ledger/statement.csv?until=9", "until"),
        ("ledger/statement.csv?since=2026-02-01T00:00:00Z&until=2026-01-01T00:00:00Z", "until"),
        ("ledger/statement.csv?since=0001-01-01T00:00:00%2B14:00", "since"),
    ],
)
def test_a_bad_query_is_a_400_that_names_the_field(api: APIClient, path: str, field: str) -> None:
    response = api.get(API + path)
    assert response.status_code == 400, response.content
    assert response["Content-Type"] == "application/problem+json"
    assert list(response.json()["errors"]) == [field]


def test_members_see_the_balance_and_managers_the_books(api: APIClient, member: User, client_of: ClientOf) -> None:
    mina = client_of(member)
    assert mina.get(f"{API}balance/").status_code == 200
    assert mina.get(f"{API}statistics/").status_code == 200
    for path in ("ledger/", "ledger/statement.csv"):
        assert mina.get(API + path).status_code == 403
    Membership.objects.filter(user=member).update(role="admin")
    assert mina.get(f"{API}ledger/").status_code == 200


# --- Top-ups -----------------------------------------------------------------------------------------------------


def test_the_platform_tops_a_tenant_up_once_a_reference(
    staff: User, client_of: ClientOf, tenant: Tenant, other_tenant: Tenant
) -> None:
    expires = timezone.now() + datetime.timedelta(days=30)
    body = {"tenant": tenant.pk, "credits": 500, "reference": "INV-1", "expires_at": expires, "note": "Invoice 1"}
    first, again = (client_of(staff).post(TOP_UP, body) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert (first.json()["is_new"], again.json()["is_new"]) == (True, False)
    assert first.json()["message"] == "Added 500 credits to Acme"
    assert again.json()["balance"]["available"] == 500
    entry = CreditEntry.objects.get()
    assert (entry.tenant_id, entry.reference, entry.note, entry.actor) == (tenant.pk, "INV-1", "Invoice 1", staff)
    grant = CreditGrant.objects.get()
    assert (grant.amount, grant.expires_at) == (500, expires)


def test_a_reference_stands_for_one_amount(staff: User, client_of: ClientOf, tenant: Tenant) -> None:
    client = client_of(staff)
    body = {"tenant": tenant.pk, "credits": 500, "reference": "INV-1"}
    client.post(TOP_UP, body)
    response = client.post(TOP_UP, body | {"credits": 600})
    assert (response.status_code, list(response.json()["errors"])) == (400, ["reference"])
    assert credits_of(tenant) == 500


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"tenant": str(uuid7())}, "tenant"),
        ({"tenant": "acme"}, "tenant"),
        ({"tenant": None}, "tenant"),
        ({"credits": 0}, "credits"),
        ({"credits": -1}, "credits"),
        ({"credits": True}, "credits"),
        ({"credits": 1.5}, "credits"),
        ({"credits": 10**30}, "credits"),
        ({"reference": ""}, "reference"),
        ({"reference": "a" * 81}, "reference"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "soon"}, "expires_at"),
        ({"note": "a" * 201}, "note"),
    ],
)
def test_a_bad_top_up_is_refused_by_field(
    staff: User, client_of: ClientOf, tenant: Tenant, change: dict[str, Any], field: str
) -> None:
    body = {"tenant": str(tenant.pk), "credits": 5, "reference": "INV-1"} | change
    response = client_of(staff).post(TOP_UP, body)
    assert response.status_code == 400, response.content
    assert list(response.json()["errors"]) == [field]
    assert CreditEntry.objects.count() == 0


def test_nobody_tops_themselves_up(api: APIClient, member: User, client_of: ClientOf, tenant: Tenant) -> None:
    body = {"tenant": tenant.pk, "credits": 5, "reference": "mine"}
    for client in (api, client_of(member)):
        assert client.post(TOP_UP, body).status_code == 403
    assert credits_of(tenant) == 100_000
