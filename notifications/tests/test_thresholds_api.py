"""Thresholds over the API, for the platform's admins."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from conftest import signed_in
from notifications.models import Threshold
from notifications.system_monitor.checks import CHECKS
from notifications.tests.helpers import API, tenants
from notifications.tests.test_thresholds import changes, decide, in_force, reset
from tenants.models import Tenant

pytestmark = pytest.mark.django_db
ADDRESS = f"{API}system/thresholds/"


@pytest.fixture
def client(admin: User) -> APIClient:
    return signed_in(admin)


def listed(client: APIClient, query: str = "") -> dict[tuple[str, str], Any]:
    body = client.get(f"{ADDRESS}{query}").json()
    return {(one["check"], one["name"]): one for one in body["thresholds"]}


def test_the_list_has_every_limit_of_every_check(client: APIClient) -> None:
    rows = listed(client)
    assert list(rows) == [(check.slug, limit.name) for check in CHECKS for limit in check.limits]
    one = rows["sms_credits", "critical"]
    assert (one["value"], one["default"], one["source"], one["version"]) == (10, 10, "environment", 0)
    assert (one["unit"], one["setting"], one["per_tenant"]) == ("%", "LOW_CREDITS_CRITICAL_PERCENT", True)
    assert one["must_ascend"] == ["critical", "warning"]
    assert rows["sms_credits", "low"]["why_no_backtest"].startswith("History keeps how many")


def test_the_list_says_what_was_decided_and_for_whom(
    client: APIClient, admin: User, tenant: Tenant, other_tenant: Tenant
) -> None:
    decide(40, admin)
    decide(50, admin, tenant=tenant)
    decide(45, admin, tenant=other_tenant)
    reset(admin, tenant=other_tenant)
    one = listed(client)["sms_credits", "warning"]
    assert (one["value"], one["source"], one["version"]) == (40, "decided", 1)
    assert [(row["tenant"], row["value"], row["version"]) for row in one["tenants"]] == [("acme", 50, 1)]
    assert one["tenants_total"] == 1
    one = listed(client, "?tenant=globex")["sms_credits", "warning"]
    assert one["tenants"][0] == {
        "tenant": "globex",
        "value": None,
        "source": "platform",
        "version": 2,
        "updated_at": one["tenants"][0]["updated_at"],
    }
    assert listed(client, f"?tenant={tenant.pk}")["sms_credits", "warning"]["tenants"][0]["value"] == 50


def test_a_long_list_of_tenants_is_cut_and_counted(client: APIClient, admin: User) -> None:
    rows = [Threshold(tenant=one, check_slug="sms_credits", name="low", value=5) for one in tenants(130)]
    Threshold.objects.bulk_create(rows)
    decide(7, admin, name="low")
    one = listed(client)["sms_credits", "low"]
    assert (one["value"], one["tenants_total"]) == (7, 130)
    assert 90 < len(one["tenants"]) <= 100
    assert one["tenants"][0]["tenant"] == "tenant-00"


@pytest.mark.parametrize("method", ["put", "patch"])
def test_it_is_set_and_reset(method: str, client: APIClient, tenant: Tenant) -> None:
    one = f"{ADDRESS}sms_credits/warning/"
    reply = getattr(client, method)(one, {"value": 40, "reason": "Too late.", "version": 0}).json()
    assert reply["message"] == "Threshold set"
    assert reply["threshold"] | {"updated_at": None} == {
        "check": "sms_credits",
        "name": "warning",
        "tenant": None,
        "value": 40,
        "source": "decided",
        "version": 1,
        "updated_at": None,
    }
    reply = getattr(client, method)(one, {"value": 50, "tenant": "acme"}).json()
    assert (reply["threshold"]["tenant"], reply["threshold"]["value"]) == ("acme", 50)
    reply = client.delete(f"{one}?tenant=acme&reason=Enough&version=1").json()
    assert (reply["message"], reply["threshold"]["value"], reply["threshold"]["source"]) == (
        *("Threshold reset", None, "platform"),
    )
    reply = client.delete(one).json()
    assert (reply["threshold"]["value"], reply["threshold"]["source"], reply["threshold"]["version"]) == (
        *(25, "environment", 2),
    )
    assert [row[-1] for row in changes()] == ["Too late.", "", "Enough", ""]


def test_a_tenant_in_the_address_is_not_taken_for_the_platform(client: APIClient, tenant: Tenant) -> None:
    reply = client.put(f"{ADDRESS}sms_credits/warning/?tenant=acme", {"value": 50})
    assert reply.json()["threshold"]["tenant"] == "acme"
    assert in_force() == 25


def test_two_tenants_in_one_call_are_refused(client: APIClient, tenant: Tenant, other_tenant: Tenant) -> None:
    reply = client.put(f"{ADDRESS}sms_credits/warning/?tenant=acme", {"value": 50, "tenant": "globex"})
    assert (reply.status_code, reply.json()["errors"]) == (400, {"tenant": ["The address names another one."]})
    assert changes() == []


def test_a_stale_version_is_a_409_in_the_error_shape(client: APIClient) -> None:
    one = f"{ADDRESS}sms_credits/warning/"
    client.put(one, {"value": 40})
    for reply in (client.put(one, {"value": 50, "version": 0}), client.delete(f"{one}?version=0")):
        body = reply.json()
        assert (reply.status_code, reply["Content-Type"], body["code"]) == (
            *(409, "application/problem+json", "stale_version"),
        )
        assert body["detail"] == "It was changed meanwhile: its version is 1 now."
    assert in_force() == 40


@pytest.mark.parametrize("path", ["nonsense/warning/", "sms_service/nonsense/", "sms_service/critical/"])
def test_what_there_is_not_is_a_404(path: str, client: APIClient) -> None:
    assert client.put(f"{ADDRESS}{path}", {"value": 5}).status_code == 404
    assert client.delete(f"{ADDRESS}{path}").status_code == 404
    assert client.get(f"{ADDRESS}{path}history/").status_code == 404


def test_the_history_has_pages_and_is_narrowed_to_a_tenant(client: APIClient, admin: User, tenant: Tenant) -> None:
    for value in range(30, 35):
        decide(value, admin)
    decide(50, admin, tenant=tenant)
    decide(5, admin, name="low")
    one = f"{ADDRESS}sms_credits/warning/history/"
    page = client.get(f"{one}?page_size=4").json()
    assert [(row["tenant"], row["before"], row["after"]) for row in page["results"]] == [
        *[("acme", None, 50), (None, 33, 34), (None, 32, 33), (None, 31, 32)],
    ]
    assert page["results"][0]["actor"] == "admin@acme.test"
    rest = client.get(page["next"]).json()
    assert [row["after"] for row in rest["results"]] == [31, 30]
    assert [row["after"] for row in client.get(f"{one}?tenant=acme").json()["results"]] == [50]


def test_who_left_is_still_in_the_history_without_a_name(client: APIClient, staff: User) -> None:
    decide(40, staff)
    staff.delete()
    (row,) = client.get(f"{ADDRESS}sms_credits/warning/history/").json()["results"]
    assert (row["actor"], row["after"]) == (None, 40)


def test_thresholds_are_for_admins(client_of: Callable[[User], APIClient], owner: User) -> None:
    mine = client_of(owner)
    answers = [
        mine.get(ADDRESS),
        mine.put(f"{ADDRESS}sms_credits/warning/", {"value": 5}),
        mine.delete(f"{ADDRESS}sms_credits/warning/"),
        mine.get(f"{ADDRESS}sms_credits/warning/history/"),
        mine.post(f"{ADDRESS}backtest/", {"check": "sms_service", "limits": {"warning": 85}}),
        mine.get(f"{API}system/history/"),
        mine.get(f"{API}system/uptime/"),
    ]
    assert {answer.status_code for answer in answers} == {403}


def test_a_backtest_says_what_a_setting_would_have_opened_and_saves_nothing(client: APIClient) -> None:
    reply = client.post(f"{ADDRESS}backtest/", {"check": "sms_service", "limits": {"warning": 85}, "days": 7})
    body = reply.json()["backtest"]
    assert body["proposed"]["limits"] == {"warning": 85, "minimum_sample": 1}
    assert body["in_force"]["limits"] == {"warning": 80, "minimum_sample": 1}
    assert body["notes"] == ["Nothing is stored of these days."]
    assert (Threshold.objects.count(), changes()) == (0, [])
    since, until = (datetime.datetime.fromisoformat(body[name]) for name in ("since", "until"))
    assert until - since == datetime.timedelta(days=7)


@pytest.mark.parametrize(
    ("given", "field", "text"),
    [
        ({"check": "nonsense", "limits": {"warning": 5}}, "check", "There are: database"),
        ({"check": "sms_service", "limits": {"count": 5}}, "limits.count", "It has: warning, minimum_sample."),
        ({"check": "sms_service", "limits": {"warning": 101}}, "limits.warning", "Must be from 0 to 100 %."),
        ({"check": "sms_credits", "limits": {"low": 5}}, "limits.low", "No backtest is possible."),
        ({"check": "sms_credits", "limits": {"critical": 26}}, "limits.critical", "must be below warning (25)"),
        ({"check": "sms_service", "limits": {}}, "limits", "may not be empty"),
        ({"check": "sms_service", "limits": {"warning": 5}, "days": 91}, "days", "less than or equal to 90"),
    ],
)
def test_a_backtest_that_cannot_be_is_a_400_that_names_the_field(
    given: dict[str, Any], field: str, text: str, client: APIClient
) -> None:
    reply = client.post(f"{ADDRESS}backtest/", given)
    assert reply.status_code == 400
    assert text in reply.json()["errors"][field][0]
