"""SMS Service: whether the carrier's gateway answers, and whether what is settled was delivered."""

import datetime
import threading
from collections.abc import Callable
from typing import ClassVar

import pytest
from pytest_django import Settings

from notifications.models import Threshold
from notifications.system_monitor.checks.sms_service import SmsService
from notifications.system_monitor.report import Result, State
from notifications.tests.helpers import NOON, look, messages, tenants
from sms import providers
from sms.models import Message, Route, Status
from sms.providers import simulator
from sms.providers.base import Provider, Temporary
from sms.tests.helpers import Carrier
from tenants.models import Tenant

MINUTE = datetime.timedelta(minutes=1)


def settled(tenant: Tenant, delivered: int, failed: int, *, at: datetime.datetime = NOON) -> None:
    messages(tenant, delivered, status=Status.DELIVERED, at=at)
    messages(tenant, failed, status=Status.UNDELIVERED, at=at)


def scopes(result: Result) -> list[str]:
    return [finding.scope for finding in result.findings]


def measured(result: Result) -> tuple[float | None, int | None]:
    assert result.measurement is not None
    return result.measurement.measured, result.measurement.sample


@pytest.mark.parametrize(
    ("delivered", "failed", "found"),
    [
        (81, 19, []),
        (80, 20, []),
        (79, 21, ["success_rate"]),
        (327, 82, ["success_rate"]),  # 79.95 %, which rounds to the threshold and is still below it
        (0, 1, ["success_rate"]),
        (1, 0, []),
        (0, 0, []),
    ],
)
def test_it_fires_strictly_below_80_percent(tenant: Tenant, delivered: int, failed: int, found: list[str]) -> None:
    settled(tenant, delivered, failed)
    assert scopes(look(SmsService, now=NOON)) == found


def test_it_says_what_it_measured_over_how_many_and_against_what(tenant: Tenant) -> None:
    settled(tenant, 3, 1)
    result = look(SmsService, now=NOON)
    assert measured(result) == (75, 4)
    assert result.state is State.CRITICAL
    assert result.measurement is not None
    assert result.measurement.threshold == "at least 80 %"
    assert result.measurement.details == {
        "delivered": 3,
        "failed": 1,
        "window": "24 hours",
        "minimum_sample": 1,
        "providers": [{"provider": "simulator", "reachable": True, "delivered": 3, "failed": 1, "percent": 75}],
        "providers_total": 1,
        "worst_tenants": [{"tenant": "acme", "delivered": 3, "failed": 1, "percent": 75}],
        "worst_tenants_since": "2026-03-09T12:00:00+00:00",
    }
    assert result.findings[0].priority == "medium"
    assert result.summary == (
        "75 % of 4 settled messages in the last 24 hours were delivered; at least 80 % should be."
    )


def test_it_counts_every_tenant(tenant: Tenant, other_tenant: Tenant) -> None:
    settled(tenant, 10, 0)
    settled(other_tenant, 0, 10)
    assert measured(look(SmsService, now=NOON)) == (50, 20)


def test_what_is_not_settled_is_neither_delivered_nor_failed(tenant: Tenant) -> None:
    settled(tenant, 4, 1)
    for status in ("queued", "claimed", "submitted", "sent", "unknown", "cancelled"):
        messages(tenant, 3, status=Status(status), at=NOON)
    assert measured(look(SmsService, now=NOON)) == (80, 5)


@pytest.mark.parametrize("status", ["undelivered", "rejected", "expired"])
def test_each_way_to_fail_is_a_failure(tenant: Tenant, status: str) -> None:
    messages(tenant, 1, status=Status(status), at=NOON)
    assert measured(look(SmsService, now=NOON)) == (0, 1)


def test_nothing_settled_is_ok_and_measures_nothing(tenant: Tenant) -> None:
    result = look(SmsService, now=NOON)
    assert (result.state, measured(result)) == (State.OK, (None, 0))
    assert result.summary == "No message was settled in the last 24 hours."


def test_the_window_is_24_hours_in_whole_minutes(tenant: Tenant) -> None:
    edge = NOON.replace(second=0) - datetime.timedelta(hours=24)
    settled(tenant, 0, 1, at=edge - MINUTE)
    assert measured(look(SmsService, now=NOON)) == (None, 0)
    settled(tenant, 0, 1, at=edge)
    assert measured(look(SmsService, now=NOON)) == (0, 1)


def test_the_window_the_threshold_and_the_least_sample_are_settings(tenant: Tenant, settings: Settings) -> None:
    settings.SUCCESS_RATE_WINDOW = datetime.timedelta(minutes=5)
    settings.SUCCESS_RATE_MIN_PERCENT = 50
    settings.SUCCESS_RATE_MIN_SAMPLE = 5
    settled(tenant, 0, 99, at=NOON - 6 * MINUTE)
    settled(tenant, 1, 3)
    assert scopes(look(SmsService, now=NOON)) == []  # four are too few to judge by
    settled(tenant, 0, 1)
    result = look(SmsService, now=NOON)
    assert scopes(result) == ["success_rate"]
    assert (
        result.summary == "20 % of 5 settled messages in the last 5 minutes were delivered; at least 50 % should be."
    )


def test_a_late_delivery_takes_its_failure_back(tenant: Tenant, platform: None) -> None:
    settled(tenant, 0, 1)
    assert scopes(look(SmsService, now=NOON)) == ["success_rate"]
    Message.objects.update(status=Status.DELIVERED, status_changed_at=NOON)
    assert measured(look(SmsService, now=NOON)) == (100, 1)


# --- The gateway -------------------------------------------------------------------------------------------------


def test_a_gateway_that_does_not_answer_is_high_and_named(tenant: Tenant) -> None:
    simulator.set_profile("outage")
    result = look(SmsService, now=NOON)
    assert result.state is State.CRITICAL
    (finding,) = result.findings
    assert (finding.scope, finding.priority) == ("provider:simulator", "high")
    assert finding.summary.startswith("Simulator: The carrier's gateway could not be reached. Messages wait")
    assert result.measurement is not None
    (row,) = result.measurement.details["providers"]
    assert (row["provider"], row["reachable"]) == ("simulator", False)


def test_an_outage_and_a_low_rate_are_two_findings_and_the_item_has_the_worse_priority(tenant: Tenant) -> None:
    simulator.set_profile("outage")
    settled(tenant, 1, 1)
    result = look(SmsService, now=NOON)
    assert scopes(result) == ["provider:simulator", "success_rate"]
    assert result.as_item(unanswered_runs=0)["priority"] == "high"


def test_a_low_rate_follows_from_the_outage_of_whose_messages_failed(tenant: Tenant) -> None:
    simulator.set_profile("outage")
    messages(tenant, 20, status=Status.UNDELIVERED, at=NOON)
    messages(tenant, 9, status=Status.DELIVERED, at=NOON, provider="carrier")
    messages(tenant, 1, status=Status.UNDELIVERED, at=NOON, provider="carrier")
    _, low = look(SmsService, now=NOON).findings
    assert low.follows_from == ("sms_service", "provider:simulator")
    assert low.summary.startswith("30 % of 30 settled messages in the last 24 hours were delivered;")


def test_a_low_rate_of_the_others_is_told_in_an_outage_too_and_leaves_out_the_silent_one(tenant: Tenant) -> None:
    simulator.set_profile("outage")
    messages(tenant, 90, status=Status.DELIVERED, at=NOON)
    messages(tenant, 1, status=Status.DELIVERED, at=NOON, provider="carrier")
    messages(tenant, 9, status=Status.UNDELIVERED, at=NOON, provider="carrier")
    result = look(SmsService, now=NOON)
    _, low = result.findings
    assert low.follows_from is None
    assert low.summary.startswith("10 % of 10 settled messages in the last 24 hours were delivered;")
    assert measured(result) == (91, 100)  # what is reported is still the whole


# --- Several carriers --------------------------------------------------------------------------------------------


class Quiet(Carrier):
    slug = "quiet"
    title = "Quiet"

    def check_reachable(self) -> None:
        raise Temporary("gateway_unreachable")


class Broken(Carrier):
    slug = "broken"
    title = "Broken"

    def check_reachable(self) -> None:
        raise LookupError("a fault of the adapter")


class Patient(Carrier):
    """Answers only once the next one was asked too."""

    slug = "patient"
    title = "Patient"
    both: ClassVar[threading.Barrier]

    def check_reachable(self) -> None:
        self.both.wait(timeout=30)


class Impatient(Patient):
    slug = "impatient"
    title = "Impatient"


@pytest.fixture
def carriers(monkeypatch: pytest.MonkeyPatch, tenant: Tenant) -> Callable[..., None]:
    """Puts more carriers on the tenant's routes."""

    def use(*more: type[Provider]) -> None:
        monkeypatch.setattr(providers, "PROVIDERS", (*providers.PROVIDERS, *more))
        Route.objects.bulk_create(Route(tenant=tenant, provider=one.slug) for one in more)

    return use


def test_every_carrier_that_some_route_names_is_asked(carriers: Callable[..., None]) -> None:
    carriers(Carrier, Quiet)
    result = look(SmsService, now=NOON)
    assert scopes(result) == ["provider:quiet"]
    assert result.measurement is not None
    rows = [(row["provider"], row["reachable"]) for row in result.measurement.details["providers"]]
    assert rows == [("quiet", False), ("carrier", True), ("simulator", True)]
    assert result.summary.startswith("Quiet: The carrier's gateway could not be reached. Messages wait")


def test_they_are_asked_at_the_same_time(carriers: Callable[..., None]) -> None:
    Patient.both = threading.Barrier(2)
    carriers(Patient, Impatient)
    assert look(SmsService, now=NOON).state is State.OK


def test_a_fault_of_one_adapter_is_no_answer(carriers: Callable[..., None]) -> None:
    carriers(Broken)
    assert look(SmsService, now=NOON).summary == "The check gave no answer (LookupError)."


def test_rates_are_given_for_each_carrier_also_for_one_that_is_not_in_use_any_more(tenant: Tenant) -> None:
    messages(tenant, 1, status=Status.DELIVERED, at=NOON, provider="former")
    messages(tenant, 3, status=Status.EXPIRED, at=NOON, provider="former")
    settled(tenant, 4, 0)
    result = look(SmsService, now=NOON)
    assert result.measurement is not None
    assert result.measurement.details["providers"] == [
        {"provider": "simulator", "reachable": True, "delivered": 4, "failed": 0, "percent": 100},
        {"provider": "former", "reachable": None, "delivered": 1, "failed": 3, "percent": 25},
    ]


def test_lists_end_at_ten_and_say_how_many_there_are(db: None) -> None:
    for number, one in enumerate(tenants(12)):
        messages(one, number + 1, status=Status.REJECTED, at=NOON, provider=f"carrier-{number:02}")
    result = look(SmsService, now=NOON)
    assert result.measurement is not None
    details = result.measurement.details
    assert [row["tenant"] for row in details["worst_tenants"]] == [f"tenant-{n:02}" for n in range(11, 1, -1)]
    named = [row["provider"] for row in details["providers"]]
    assert named == ["simulator", *(f"carrier-{n:02}" for n in range(11, 2, -1))]
    assert details["providers_total"] == 13


def test_what_was_decided_goes_before_the_settings(tenant: Tenant) -> None:
    settled(tenant, 3, 1)
    Threshold.objects.create(check_slug="sms_service", name="warning", value=75)
    assert scopes(look(SmsService, now=NOON)) == []
    Threshold.objects.update(value=76)
    result = look(SmsService, now=NOON)
    assert scopes(result) == ["success_rate"]
    assert result.measurement is not None
    assert result.measurement.threshold == "at least 76 %"
    Threshold.objects.create(check_slug="sms_service", name="minimum_sample", value=5)
    assert scopes(look(SmsService, now=NOON)) == []


def test_an_unknown_carrier_is_unknown(tenant: Tenant, settings: Settings) -> None:
    settings.SMS_PROVIDER = "pigeon"
    result = look(SmsService, now=NOON)
    assert (result.state, result.summary) == (State.UNKNOWN, "The check gave no answer (UnknownProvider).")
