"""Each check on its own: one that crashes or hangs takes nobody with it."""

import datetime
import time

import pytest
from django.db import DatabaseError, connection
from pytest_django import Settings

from accounts.models import User
from notifications.models import Incident, MonitorRun, Notification
from notifications.system_monitor import runner
from notifications.system_monitor.checks.base import Context, HealthCheck
from notifications.system_monitor.checks.database import Database
from notifications.system_monitor.report import Listing, Measurement, State
from notifications.tests.helpers import NOON, Crashing, Hanging, Ill, Well, messages
from sms.models import Message, Status
from sms.providers import simulator
from tenants.models import Tenant
from tenants.scope import current_scope

pytestmark = pytest.mark.django_db


class BrokenSql(Well):
    slug = "broken_sql"

    def measure(self, context: Context) -> Measurement:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nothing FROM nowhere")
        raise AssertionError("There is such a table.")


def states(*checks: type[HealthCheck]) -> list[str]:
    return [result.state.value for result in runner.run(checks=checks).results]


def test_a_crashing_check_is_unknown_and_the_others_answer() -> None:
    assert states(Well, Crashing, Ill, Well) == ["ok", "unknown", "critical", "ok"]


def test_a_check_with_broken_sql_does_not_break_the_transaction_of_the_next() -> None:
    assert states(BrokenSql, Database, Crashing, Database) == ["unknown", "ok", "unknown", "ok"]


@pytest.mark.django_db(transaction=True)
def test_a_check_that_hangs_in_sql_is_stopped_and_the_others_answer(settings: Settings) -> None:
    settings.CHECK_TIME_LIMIT = datetime.timedelta(milliseconds=200)
    started = time.monotonic()
    report = runner.run(checks=(Hanging, Well, Hanging, Database))
    assert [result.state.value for result in report.results] == ["unknown", "ok", "unknown", "ok"]
    assert time.monotonic() - started < 30  # where each statement would take 60 seconds
    assert min(result.seconds for result in report.results if result.state is State.UNKNOWN) > 0.1


@pytest.mark.django_db(transaction=True)
def test_a_database_check_that_hangs_is_unknown_while_the_database_answers(settings: Settings) -> None:
    class Slow(Database):
        def measure(self, context: Context) -> Measurement:
            return Hanging().measure(context)

    settings.CHECK_TIME_LIMIT = datetime.timedelta(milliseconds=200)
    assert states(Slow, Well) == ["unknown", "ok"]


@pytest.mark.django_db(transaction=True)
def test_the_time_limit_ends_with_the_check(settings: Settings) -> None:
    settings.CHECK_TIME_LIMIT = datetime.timedelta(milliseconds=200)
    runner.run(checks=(Well,))
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)


def test_what_is_said_of_a_crash_names_its_class_and_quotes_nothing() -> None:
    (result,) = runner.run(checks=(Crashing,)).results
    assert result.summary == "The check gave no answer (RuntimeError)."
    assert "secret" not in str(runner.run(checks=(Crashing, BrokenSql)).as_json())


def test_the_log_says_why(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    runner.run(checks=(Crashing,))
    assert "SELECT secret FROM vault" in caplog.text + capsys.readouterr().err


def test_the_report_covers_the_six_components_in_order() -> None:
    components = [result.component for result in runner.run().results]
    assert components == [
        *("Database", "SMS Service", "Failed Messages", "Message Delivery", "SMS Credits", "User Activity")
    ]


def test_every_component_says_what_it_measured_over_how_many_and_against_what() -> None:
    for item in runner.run().as_json()["components"]:
        assert {"summary", "milliseconds", "measured", "unit", "sample", "threshold"} <= set(item["details"])


def test_running_writes_nothing(admin: User, tenant: Tenant) -> None:
    simulator.set_profile("outage")
    assert runner.run().state is State.CRITICAL
    assert not Incident.objects.exists()
    assert not Notification.objects.exists()
    assert not MonitorRun.objects.exists()


def test_a_check_that_writes_and_crashes_has_written_nothing(tenant: Tenant, platform: None) -> None:
    class Writing(Well):
        def measure(self, context: Context) -> Measurement:
            messages(tenant, 1, status=Status.QUEUED)
            raise DatabaseError

    assert states(Writing) == ["unknown"]
    assert not Message.objects.exists()


def test_checks_see_every_tenant_and_leave_no_scope_behind(tenant: Tenant) -> None:
    runner.run()
    assert current_scope() is None


def test_now_is_what_the_checks_judge_by() -> None:
    class Clock(Well):
        def measure(self, context: Context) -> Measurement:
            return Measurement(context.now.isoformat(), 1, "things", 1, "")

    report = runner.run(checks=(Clock,), now=NOON)
    assert report.results[0].summary == "2026-03-10T12:00:30+00:00"
    assert (report.started_at, report.finished_at) == (NOON, NOON)


def test_a_check_of_the_warnings_list_warns_and_one_of_the_issues_list_is_critical() -> None:
    class Warned(Ill):
        listing = Listing.WARNINGS

    assert states(Ill, Warned) == ["critical", "warning"]
