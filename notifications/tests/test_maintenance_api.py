"""`system/maintenance/`: planning, previewing, changing and cancelling, and which windows make no sense."""

import datetime
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from rest_framework.test import APIClient

from accounts.models import User
from notifications import maintenance
from notifications.models import MaintenanceOccurrence, MaintenanceWindow
from notifications.tests.conftest import Get
from notifications.tests.helpers import API, titles
from tenants.models import Tenant

ClientOf = Callable[[User], APIClient]
Plan = Callable[..., Any]
MAINTENANCE = "system/maintenance/"
#: A Tuesday. Berlin's clocks go forward on Sunday the 29th, at 02:00.
NOW = datetime.datetime(2026, 3, 10, 12, 0, tzinfo=datetime.UTC)
HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)
ONCE = {"title": "Upgrade", "starts_at": "2026-03-10T22:00Z", "minutes": 60}
SUNDAYS = {**ONCE, "starts_at": "2026-03-22T02:30", "timezone": "Europe/Berlin", "weekdays": ["sunday"]}


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def send(client_of: ClientOf, admin: User) -> Plan:
    """`send("patch", {...}, key)`: an admin's call, which must end with `status`."""

    def call(method: str, body: Any = None, key: Any = "", *, status: int = 200, **headers: str) -> Any:
        path = f"{API}{MAINTENANCE}{key}" + ("/" if key else "")
        response = getattr(client_of(admin), method)(path, body, **headers)
        assert response.status_code == status, response.content
        return response.json()

    return call


@pytest.fixture
def plan(send: Plan) -> Plan:
    def call(**fields: Any) -> Any:
        return send("post", ONCE | fields, status=201)["window"]

    return call


def local(occurrences: list[dict[str, str]]) -> list[str]:
    return [one["starts_at_local"] for one in occurrences]


# --- Planning ------------------------------------------------------------------------------------------------------


def test_one_that_happens_once_is_planned_and_shown(plan: Plan, send: Plan, admin: User) -> None:
    window = plan(checks=["sms_service", "database", "database"])
    assert window == send("get", key=window["id"])["window"]
    first = {
        "starts_at": "2026-03-10T22:00:00.000Z",
        "ends_at": "2026-03-10T23:00:00.000Z",
        "starts_at_local": "2026-03-10T22:00:00+00:00",
        "ends_at_local": "2026-03-10T23:00:00+00:00",
        "weekday": "tuesday",
    }
    assert window["next_occurrences"] == window["coming"] == [first]
    expected: dict[str, Any] = {
        "state": "planned",
        "timezone": "UTC",
        "weekdays": [],
        "until": None,
        "tenant": None,
        "past": [],
    }
    expected |= {"checks": ["sms_service", "database"], "announce_minutes": 60, "cancelled_at": None}
    assert {name: window[name] for name in expected} == expected
    assert window["author"]["email"] == admin.email


@pytest.mark.parametrize(
    ("starts_at", "moment"),
    [
        ("2026-03-10T22:00", "2026-03-10T19:00:00.000Z"),  # by the clock there
        ("2026-03-10T22:00Z", "2026-03-10T22:00:00.000Z"),
        ("2026-03-10T22:00-02:00", "2026-03-11T00:00:00.000Z"),
    ],
)
def test_a_time_without_an_offset_is_by_the_clock_there(starts_at: str, moment: str, plan: Plan) -> None:
    assert plan(starts_at=starts_at, timezone="Africa/Dar_es_Salaam")["starts_at"] == moment


def test_a_tenants_own_goes_by_its_clock(plan: Plan, tenant: Tenant) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(timezone="Africa/Dar_es_Salaam")
    window = plan(starts_at="2026-03-10T22:00", tenant=str(tenant.pk))
    assert (window["timezone"], window["starts_at_local"]) == ("Africa/Dar_es_Salaam", "2026-03-10T22:00:00+03:00")
    assert window["tenant"] == {"id": str(tenant.pk), "name": "Acme", "slug": "acme"}


def test_weekdays_have_names_or_numbers(plan: Plan) -> None:
    assert plan(weekdays=[6, "monday", 0, "sunday"])["weekdays"] == ["monday", "sunday"]


def test_one_that_has_begun_is_on(plan: Plan) -> None:
    assert plan(starts_at="2026-03-10T11:30Z")["state"] == "on"


def test_a_call_that_is_sent_again_plans_once(send: Plan) -> None:
    first, again = (send("post", ONCE, status=201, HTTP_IDEMPOTENCY_KEY="one") for _ in range(2))
    assert first == again
    assert MaintenanceWindow.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"starts_at": "2026-03-10T11:00Z"}, "starts_at"),  # ends this very moment
        ({"starts_at": "2036-03-10T11:00Z"}, "starts_at"),
        ({"starts_at": "2026-03-29T02:30", "timezone": "Europe/Berlin"}, "starts_at"),  # the clocks skip it
        ({"starts_at": "tomorrow"}, "starts_at"),
        ({"minutes": 0}, "minutes"),
        ({"minutes": 10_081}, "minutes"),
        ({"minutes": 1440, "weekdays": list(range(7))}, "minutes"),  # never over
        ({"minutes": 1441, "weekdays": ["monday", "tuesday"]}, "minutes"),
        ({"minutes": 10_080, "weekdays": ["monday"]}, "minutes"),
        ({"minutes": 1410, "weekdays": list(range(7)), "timezone": "Europe/Berlin"}, "minutes"),  # a day of 23 hours
        ({"until": "2026-04-01T00:00Z"}, "until"),
        ({"weekdays": ["monday"], "until": "2026-03-15T00:00Z"}, "until"),
        ({"weekdays": ["monday"], "until": "2026-03-01T00:00Z"}, "until"),
        ({"weekdays": ["someday"]}, "weekdays"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"checks": ["database", "weather"]}, "checks"),
        ({"announce_minutes": -1}, "announce_minutes"),
        ({"tenant": str(uuid4())}, "tenant"),
        ({"title": " "}, "title"),
    ],
)
@pytest.mark.parametrize("path", ["", "preview/"])
def test_what_makes_no_sense_is_named_and_not_stored(
    path: str, fields: dict[str, Any], field: str, refused: Get, admin: User
) -> None:
    body = refused(admin, "post", f"{MAINTENANCE}{path}", ONCE | fields)
    assert {name.partition(".")[0] for name in body["errors"]} == {field}
    assert not MaintenanceWindow.objects.exists()


def test_back_to_back_is_the_longest_that_recurs(plan: Plan) -> None:
    plan(minutes=1439, weekdays=list(range(7)))
    plan(minutes=1379, weekdays=list(range(7)), timezone="Europe/Berlin")


# --- Preview -------------------------------------------------------------------------------------------------------


def test_a_preview_says_when_by_both_clocks_across_their_change_and_stores_nothing(send: Plan) -> None:
    body = {name: value for name, value in SUNDAYS.items() if name != "title"} | {"count": 3}
    found = send("post", body, "preview")
    assert found["timezone"] == "Europe/Berlin"
    assert local(found["occurrences"]) == [
        "2026-03-22T02:30:00+01:00",
        "2026-03-29T03:30:00+02:00",  # 02:30 is skipped
        "2026-04-05T02:30:00+02:00",
    ]
    assert [one["starts_at"] for one in found["occurrences"]] == [
        "2026-03-22T01:30:00.000Z",
        "2026-03-29T01:30:00.000Z",
        "2026-04-05T00:30:00.000Z",
    ]
    assert not MaintenanceWindow.objects.exists()


def test_a_preview_of_what_ends_says_no_more_than_there_is(send: Plan) -> None:
    found = send("post", SUNDAYS | {"until": "2026-03-29T23:00"}, "preview")
    assert len(found["occurrences"]) == 2


# --- The list ------------------------------------------------------------------------------------------------------


def test_the_list_is_newest_first_and_narrowed(plan: Plan, send: Plan, get: Get, admin: User, tenant: Tenant) -> None:
    first = plan(title="First")
    plan(title="Second", tenant=str(tenant.pk))
    send("delete", key=first["id"])

    def found(query: str) -> list[str]:
        return titles(get(admin, f"{MAINTENANCE}?{query}")["results"])

    assert found("") == ["Second", "First"]
    assert (found("cancelled=true"), found("cancelled=false")) == (["First"], ["Second"])
    assert (found(f"tenant={tenant.pk}"), found("search=FIR")) == (["Second"], ["First"])


# --- What was ------------------------------------------------------------------------------------------------------


def test_its_past_says_what_each_time_kept_back(plan: Plan, send: Plan) -> None:
    window = plan(starts_at="2026-03-09T11:30Z", weekdays=["monday", "tuesday"])
    last = MaintenanceOccurrence.objects.create(
        window_id=window["id"], starts_at=NOW - HOUR / 2, ends_at=NOW + HOUR / 2, suppressed={"Slow": 2, "Lost": 3}
    )
    MaintenanceOccurrence.objects.create(window_id=window["id"], starts_at=NOW + DAY, ends_at=NOW + DAY + HOUR)
    shown = send("get", key=window["id"])["window"]
    (past,) = shown["past"]
    assert (past["id"], past["kept_back_total"]) == (str(last.pk), 2)
    assert past["kept_back"] == [{"title": "Lost", "times": 3}, {"title": "Slow", "times": 2}]
    assert shown["past_next"] is None


def test_a_long_past_comes_in_pages_and_is_bounded(plan: Plan, client_of: ClientOf, send: Plan, admin: User) -> None:
    window = plan(weekdays=[0])
    for number in range(45):
        start = NOW - (45 - number) * DAY
        kept = {f"Problem {index}": 1 for index in range(60)}
        MaintenanceOccurrence.objects.create(
            window_id=window["id"], starts_at=start, ends_at=start + HOUR, suppressed=kept
        )
    shown = send("get", key=window["id"])["window"]
    assert (len(shown["past"]), len(shown["past"][0]["kept_back"]), shown["past"][0]["kept_back_total"]) == (
        20,
        50,
        60,
    )
    seen, address = [one["starts_at"] for one in shown["past"]], shown["past_next"]
    while address:
        page = client_of(admin).get(address).json()
        seen += [one["starts_at"] for one in page["results"]]
        address = page["next"]
    assert (len(seen), len(set(seen)), seen) == (45, 45, sorted(seen, reverse=True))


# --- Changing and cancelling ---------------------------------------------------------------------------------------


def test_a_change_keeps_what_is_not_sent(plan: Plan, send: Plan) -> None:
    window = plan(**SUNDAYS, checks=["database"])
    changed = send("patch", {"minutes": 90, "until": "2026-04-01T00:00"}, window["id"])["window"]
    assert (changed["minutes"], changed["title"], changed["checks"]) == (90, "Upgrade", ["database"])
    assert local(changed["coming"]) == ["2026-03-22T02:30:00+01:00", "2026-03-29T03:30:00+02:00"]
    assert send("patch", {"until": None}, window["id"])["window"]["until"] is None


def test_another_time_zone_wants_the_time_again(plan: Plan, send: Plan) -> None:
    window = plan(**SUNDAYS)
    refused = send("patch", {"timezone": "Asia/Tokyo"}, window["id"], status=400)
    assert "starts_at" in refused["errors"]
    assert send("patch", {"timezone": "Europe/Berlin"}, window["id"])["window"]["timezone"] == "Europe/Berlin"
    changed = send("patch", {"timezone": "Asia/Tokyo", "starts_at": "2026-03-22T02:30"}, window["id"])["window"]
    assert changed["starts_at_local"] == "2026-03-22T02:30:00+09:00"


def test_what_is_wrong_in_a_change_changes_nothing(plan: Plan, send: Plan) -> None:
    window = plan(**SUNDAYS)
    assert "until" in send("patch", {"weekdays": [], "until": "2026-04-01T00:00"}, window["id"], status=400)["errors"]
    assert "minutes" in send("patch", {"minutes": 10_080}, window["id"], status=400)["errors"]
    assert send("get", key=window["id"])["window"] == window


def test_a_cancelled_one_is_kept_and_not_changed_any_more(plan: Plan, send: Plan) -> None:
    window = plan(**SUNDAYS)
    for _ in range(2):  # repeating is fine
        body = send("delete", key=window["id"])
    assert (body["window"]["state"], body["window"]["coming"]) == ("cancelled", [])
    assert send("patch", {"minutes": 5}, window["id"], status=409)["code"] == "window_gone"


@pytest.mark.parametrize(("method", "body"), [("patch", {"title": "Rewritten"}), ("delete", None)])
def test_what_is_over_is_history(method: str, body: Any, plan: Plan, send: Plan) -> None:
    window = plan()
    with time_machine.travel(NOW + DAY, tick=False):
        assert send(method, body, window["id"], status=409)["code"] == "window_gone"
        shown = send("get", key=window["id"])["window"]
    assert (shown["state"], shown["title"], shown["next_occurrences"]) == ("over", "Upgrade", [])


@pytest.mark.parametrize(("method", "body"), [("get", None), ("patch", {}), ("delete", None)])
def test_one_that_does_not_exist_is_a_404(method: str, body: Any, send: Plan) -> None:
    send(method, body, uuid4(), status=404)


def test_a_window_that_began_long_ago_can_be_changed(send: Plan, db: None) -> None:
    old = NOW - 8 * 365 * DAY
    window = MaintenanceWindow.objects.create(title="Old", starts_at=old, minutes=60, weekdays=[0])
    assert send("patch", {"minutes": 30}, window.pk)["window"]["minutes"] == 30
    assert maintenance.coming(MaintenanceWindow.objects.get(), now=NOW, count=1)
