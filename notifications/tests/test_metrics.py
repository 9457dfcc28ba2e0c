"""GET /metrics: the last report, for Prometheus."""

import datetime
from collections.abc import Callable

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from notifications.channels.base import Refused, TryAgain
from notifications.models import Delivery, MonitorRun
from notifications.system_monitor.fallback import check_health
from notifications.tests.delivering import Counting, counting, deliver
from notifications.tests.helpers import messages, tell
from notifications.tests.test_command_formats import samples
from sms.models import Status
from tenants.models import Tenant

__all__ = ["counting"]
TOKEN = "a-long-token-of-the-tests"


@pytest.fixture(autouse=True)
def _token(settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN


@pytest.fixture
def scrape(client: Client) -> Callable[..., dict[tuple[str, ...], float]]:
    def get() -> dict[tuple[str, ...], float]:
        response = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert response.status_code == 200
        assert response["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
        return samples(response.content.decode())

    return get


Scrape = Callable[[], dict[tuple[str, ...], float]]


def test_it_says_what_the_last_report_said_and_evaluates_nothing(scrape: Scrape, tenant: Tenant, admin: User) -> None:
    messages(tenant, 51, status=Status.UNDELIVERED)
    report = check_health(is_scheduled=True)
    messages(tenant, 10, status=Status.UNDELIVERED)
    with time_machine.travel(timezone.now() + datetime.timedelta(seconds=100)):
        found = scrape()
    assert found["component_measured", "failed_messages", "failed", "messages"] == 51
    assert found["component_state", "failed_messages", "critical"] == 1
    assert found["incidents_open", "high"] == 1
    assert found["monitor_report_age_seconds",] == pytest.approx(100, abs=20)
    moment = datetime.datetime.fromisoformat(report["last_complete_run"]).timestamp()
    assert found["monitor_last_complete_run_timestamp_seconds",] == pytest.approx(moment)
    assert found["monitor_last_scheduled_run_timestamp_seconds",] == pytest.approx(moment)
    assert (found["monitor_late",], found["database_up",]) == (0, 1)
    assert MonitorRun.objects.count() == 1


def test_a_monitor_that_stopped_is_seen_although_nothing_evaluates(scrape: Scrape, db: None) -> None:
    check_health(is_scheduled=True)
    with time_machine.travel(timezone.now() + datetime.timedelta(minutes=5)):
        assert scrape()["monitor_late",] == 1


def test_before_the_first_run_it_says_that_the_database_is_there(scrape: Scrape, db: None) -> None:
    assert scrape() == {("database_up",): 1}


def test_it_says_how_each_channel_delivers(
    scrape: Scrape, counting: type[Counting], member: User, staff: User, admin: User
) -> None:
    check_health()
    counting.fails = [TryAgain("Busy."), Refused("Never.")]
    for person in (member, staff, admin):
        tell(person)
    deliver()
    tell(member)
    Delivery.objects.filter(attempts=0).update(due_at=timezone.now() - datetime.timedelta(minutes=10))
    found = scrape()
    assert {key[2]: n for key, n in found.items() if key[:2] == ("delivery_attempts_lately", "email")} == {
        "accepted": 1,
        "try_again": 1,
        "refused": 1,
        "unknown": 0,
    }
    assert (found["deliveries_waiting", "email"], found["deliveries_given_up", "email"]) == (2, 1)
    assert found["deliveries_oldest_due_seconds", "email"] == pytest.approx(600, abs=60)
    assert {found[f"deliveries_{name}", "webhook"] for name in ("waiting", "oldest_due_seconds", "given_up")} == {0}
    Delivery.objects.given_up().update(handled_at=timezone.now())
    with time_machine.travel(timezone.now() + datetime.timedelta(minutes=16)):
        later = scrape()
    assert (later["delivery_attempts_lately", "email", "accepted"], later["deliveries_given_up", "email"]) == (0, 0)


def test_what_waits_for_its_time_is_not_due(scrape: Scrape, counting: type[Counting], member: User) -> None:
    check_health()
    tell(member)
    Delivery.objects.update(due_at=timezone.now() + datetime.timedelta(hours=8))
    found = scrape()
    assert (found["deliveries_waiting", "email"], found["deliveries_oldest_due_seconds", "email"]) == (1, 0)


def test_its_cost_does_not_depend_on_what_is_stored(
    scrape: Scrape, db: None, django_assert_num_queries: Callable[..., object]
) -> None:
    check_health()
    with django_assert_num_queries(5):  # type: ignore[attr-defined] # the last report, what is open, three of delivery
        scrape()


@pytest.mark.django_db(transaction=True)
def test_without_postgres_that_is_what_it_says(away: Callable[[], None], scrape: Scrape) -> None:
    away()
    assert scrape() == {("database_up",): 0}


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", TOKEN, "Bearer \u00e9"],
)
def test_without_the_token_it_is_a_401_that_touches_nothing(client: Client, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    response = client.get("/metrics", headers=headers)
    assert (response.status_code, response["WWW-Authenticate"]) == (401, 'Bearer realm="metrics"')
    assert b"bellwether" not in response.content


def test_where_no_token_is_set_there_is_no_such_page_whatever_is_sent(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    for header in ("Bearer", "Bearer ", f"Bearer {TOKEN}"):
        assert client.get("/metrics", headers={"Authorization": header}).status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_it_can_only_be_read(client: Client, method: str) -> None:
    assert getattr(client, method)("/metrics").status_code == 405
