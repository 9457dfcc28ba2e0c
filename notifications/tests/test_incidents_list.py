"""The list of `system/incidents/`: pages, filters, counts; and the pages of a long timeline."""

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from notifications import incidents
from notifications.models import Incident, IncidentEvent
from notifications.models.priority import Priority
from notifications.tests.conftest import Get
from notifications.tests.helpers import API, ago, problem, resolve, see, titles
from tenants.models import Tenant

ClientOf = Callable[[User], APIClient]
INCIDENTS = "system/incidents/"


@pytest.fixture
def four(admin: User, staff: User) -> list[Incident]:
    """One of the monitor's of each state, and one that was reported."""
    opened, acknowledged, over = (see(problem(Priority.HIGH, kind="database", scope=scope)) for scope in "abc")
    incidents.acknowledge(incident=acknowledged, actor=staff)
    incidents.assign(incident=acknowledged, actor=staff, assignee=staff)
    resolve(over)
    reported, _ = incidents.report_problem(
        reporter=admin, problem_type="Slow", description="Ten seconds.", priority=Priority.LOW, data={}
    )
    return [opened, acknowledged, over, reported]


ALL = ["Problem reported: Slow", "database c", "database b", "database a"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ALL),
        ("state=open", [ALL[0], ALL[3]]),
        ("state=acknowledged", [ALL[2]]),
        ("state=resolved", [ALL[1]]),
        ("open=true", [ALL[0], ALL[2], ALL[3]]),
        ("open=false", [ALL[1]]),
        ("open=true&state=resolved", []),
        ("priority=high", ALL[1:]),
        ("priority=urgent", []),
        ("kind=database", ALL[1:]),
        ("kind=reported_problem", ALL[:1]),
        ("kind=nonsense", []),
        ("assignee=me", []),
        ("assignee=none", [ALL[0], ALL[1], ALL[3]]),
        ("reporter=me", ALL[:1]),
        ("reporter=none", ALL[1:]),
        ("search=TEN SEC", ALL[:1]),
        ("search=all is well", [ALL[1]]),
        ("search=database a", [ALL[3]]),
        ("tenant=0192f3a4-0000-7000-8000-000000000000", []),
        ("since=2126-01-01T00:00:00Z", []),
        ("until=2020-01-01T00:00:00Z", []),
        ("since=2020-01-01T00:00:00Z&until=2126-01-01T00:00:00Z", ALL),
    ],
)
def test_it_is_newest_first_and_narrowed(
    query: str, found: list[str], get: Get, four: list[Incident], admin: User
) -> None:
    assert titles(get(admin, f"{INCIDENTS}?{query}")["results"]) == found


def test_people_are_found_by_their_id(get: Get, four: list[Incident], admin: User, staff: User) -> None:
    assert titles(get(admin, f"{INCIDENTS}?assignee={staff.pk}")["results"]) == ["database b"]
    assert titles(get(staff, f"{INCIDENTS}?assignee=me")["results"]) == ["database b"]
    assert titles(get(staff, f"{INCIDENTS}?reporter={admin.pk}")["results"]) == ["Problem reported: Slow"]


def test_until_holds_the_whole_millisecond_that_it_names(get: Get, four: list[Incident], admin: User) -> None:
    Incident.objects.filter(pk=four[0].pk).update(opened_at=ago(days=2).replace(microsecond=1999))
    shown = get(admin, f"{INCIDENTS}?search=database a")["results"][0]["opened_at"]
    assert titles(get(admin, f"{INCIDENTS}?since={shown}&until={shown}")["results"]) == ["database a"]


def test_a_tenants_own_are_found_by_tenant(
    get: Get, four: list[Incident], admin: User, tenant: Tenant, other_tenant: Tenant
) -> None:
    Incident.objects.filter(pk=four[0].pk).update(tenant=tenant)
    (one,) = get(admin, f"{INCIDENTS}?tenant={tenant.pk}")["results"]
    assert one["tenant"] == {"id": str(tenant.pk), "name": "Acme", "slug": "acme"}
    assert get(admin, f"{INCIDENTS}?tenant={other_tenant.pk}")["results"] == []


def test_counts_are_of_what_the_other_filters_find(get: Get, four: list[Incident], admin: User) -> None:
    everything = {"open": 2, "acknowledged": 1, "resolved": 1}
    for query in ("", "state=open", "open=false", "page_size=1"):
        assert get(admin, f"{INCIDENTS}?{query}")["counts"] == everything
    assert get(admin, f"{INCIDENTS}?kind=database")["counts"] == {"open": 1, "acknowledged": 1, "resolved": 1}
    assert get(admin, f"{INCIDENTS}?kind=nonsense")["counts"] == {"open": 0, "acknowledged": 0, "resolved": 0}


def test_pages_lead_to_the_oldest_and_keep_their_filters(
    client_of: ClientOf, four: list[Incident], admin: User
) -> None:
    client, seen = client_of(admin), []
    address = f"{API}{INCIDENTS}?page_size=1&kind=database"
    while address:
        page = client.get(address).json()
        seen += titles(page["results"])
        address = page["next"]
    assert seen == ["database c", "database b", "database a"]


@pytest.mark.parametrize(
    "query",
    [
        *("state=closed", "open=maybe", "priority=loud", "assignee=ada", "reporter=x", "tenant=acme", "since=then"),
        *("until=2026-02-30", "search=" + "x" * 201, "kind=" + "x" * 61, "page_size=0"),
    ],
)
def test_a_filter_that_is_wrong_is_named(query: str, refused: Get, admin: User) -> None:
    assert query.partition("=")[0] in refused(admin, "get", f"{INCIDENTS}?{query}")["errors"]


# --- Timelines ------------------------------------------------------------------------------------------------------


def test_a_long_timeline_comes_in_pages_and_misses_nothing(client_of: ClientOf, get: Get, admin: User) -> None:
    incident = see(problem())
    for number in range(249):
        incidents.comment(incident=incident, actor=admin, text=str(number))
    shown = get(admin, f"{INCIDENTS}{incident.pk}/")["incident"]
    assert len(shown["timeline"]) == 100
    seen, address = [one["id"] for one in shown["timeline"]], shown["timeline_next"]
    while address:
        page = client_of(admin).get(address).json()
        seen += [one["id"] for one in page["results"]]
        address = page["next"]
    expected = IncidentEvent.objects.order_by("-id").values_list("id", flat=True)
    assert seen == [str(key) for key in expected]


def test_a_short_timeline_has_no_second_page(get: Get, admin: User) -> None:
    incident = see(problem())
    for number in range(99):
        incidents.comment(incident=incident, actor=admin, text=str(number))
    shown = get(admin, f"{INCIDENTS}{incident.pk}/")["incident"]
    assert (len(shown["timeline"]), shown["timeline_next"]) == (100, None)
