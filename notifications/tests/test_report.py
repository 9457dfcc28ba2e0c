"""What the checks say, put together: states, lists, exit codes."""

import datetime
from typing import Any

import pytest

from notifications.models.priority import Priority
from notifications.system_monitor.checks import CHECKS
from notifications.system_monitor.report import Finding, Listing, Measurement, Report, Result, State
from notifications.tests.helpers import NOON

ISSUES, WARNINGS = Listing.ISSUES, Listing.WARNINGS
OK, WARNING, CRITICAL, UNKNOWN = State.OK, State.WARNING, State.CRITICAL, State.UNKNOWN


def result(
    state: State, *, slug: str = "x", listing: Listing = ISSUES, priorities: tuple[Priority, ...] = ()
) -> Result:
    findings = [Finding(str(n), priority, "t", "s", "a") for n, priority in enumerate(priorities)]
    measurement = None if state is UNKNOWN else Measurement("All is well.", 1, "things", 5, "at most 9", findings)
    return Result(slug, slug.title(), listing, state, "It is so.", 0.0123, measurement)


def report(*results: Result) -> Report:
    return Report(NOON, NOON + datetime.timedelta(milliseconds=250), list(results))


def as_json(*results: Result) -> dict[str, Any]:
    return report(*results).as_json()


def test_the_checks_are_the_six_of_the_contract_in_its_order() -> None:
    assert [(check.component, check.listing) for check in CHECKS] == [
        ("Database", "issues"),
        ("SMS Service", "issues"),
        ("Failed Messages", "issues"),
        ("Message Delivery", "warnings"),
        ("SMS Credits", "warnings"),
        ("User Activity", "warnings"),
    ]


@pytest.mark.parametrize(("state", "code"), [(OK, 0), (WARNING, 1), (CRITICAL, 2), (UNKNOWN, 3)])
def test_exit_codes_are_those_of_nagios(state: State, code: int) -> None:
    assert state.exit_code == code


@pytest.mark.parametrize(
    ("states", "worst"),
    [
        ([], OK),
        ([OK, OK], OK),
        ([OK, UNKNOWN], UNKNOWN),
        ([UNKNOWN, WARNING], WARNING),
        ([WARNING, UNKNOWN, CRITICAL, OK], CRITICAL),
        ([UNKNOWN, CRITICAL], CRITICAL),
    ],
)
def test_critical_precedes_warning_precedes_unknown_precedes_ok(states: list[State], worst: State) -> None:
    assert report(*(result(state) for state in states)).state is worst


@pytest.mark.parametrize(
    ("state", "name"), [(OK, "OK"), (WARNING, "WARNING"), (CRITICAL, "ERROR"), (UNKNOWN, "UNKNOWN")]
)
def test_the_api_has_its_own_names_for_the_states(state: State, name: str) -> None:
    assert as_json(result(state))["components"][0]["status"] == name


def test_healthy_is_no_issues_whatever_the_warnings() -> None:
    body = as_json(result(OK), result(WARNING, listing=WARNINGS), result(UNKNOWN, listing=WARNINGS))
    assert (body["healthy"], len(body["issues"]), len(body["warnings"])) == (True, 0, 2)


@pytest.mark.parametrize("state", [CRITICAL, UNKNOWN])
def test_an_issue_that_is_bad_or_unanswered_is_not_healthy(state: State) -> None:
    body = as_json(result(state), result(OK, listing=WARNINGS))
    assert (body["healthy"], len(body["issues"]), len(body["warnings"])) == (False, 1, 0)


def test_lists_hold_what_is_not_well_and_components_hold_all_in_the_order_of_the_run() -> None:
    body = as_json(
        result(CRITICAL, slug="a"),
        result(OK, slug="b"),
        result(WARNING, slug="c", listing=WARNINGS),
        result(UNKNOWN, slug="d"),
    )
    assert [item["component"] for item in body["components"]] == ["A", "B", "C", "D"]
    assert [item["component"] for item in body["issues"]] == ["A", "D"]
    assert [item["component"] for item in body["warnings"]] == ["C"]


def test_an_item_has_the_keys_of_the_contract() -> None:
    (item,) = as_json(result(CRITICAL, priorities=(Priority.MEDIUM, Priority.HIGH, Priority.LOW)))["issues"]
    assert item == {
        "component": "X",
        "healthy": False,
        "status": "ERROR",
        "error": "It is so.",
        "priority": "high",  # of its worst finding
        "details": {
            "summary": "It is so.",
            "milliseconds": 12.3,
            "measured": 1,
            "unit": "things",
            "sample": 5,
            "threshold": "at most 9",
        },
    }


def test_a_component_that_is_well_has_neither_error_nor_priority() -> None:
    (item,) = as_json(result(OK))["components"]
    assert (item["healthy"], item["error"], item["priority"]) == (True, None, None)


def test_a_component_without_an_answer_measured_nothing() -> None:
    (item,) = as_json(result(UNKNOWN))["components"]
    assert (item["healthy"], item["error"], item["priority"]) == (False, "It is so.", None)
    assert item["details"] == {"summary": "It is so.", "milliseconds": 12.3}


def test_times_are_utc_with_milliseconds() -> None:
    body = as_json()
    assert (body["timestamp"], body["duration_ms"]) == ("2026-03-10T12:00:30.250Z", 250.0)
