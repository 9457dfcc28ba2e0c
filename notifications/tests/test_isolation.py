"""Checks that hang wherever a check can: each is unknown, the others answer in time, and nothing is left behind."""

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from pytest_django import Settings

from notifications.system_monitor import isolation, runner
from notifications.system_monitor.checks.base import Context, HealthCheck
from notifications.system_monitor.checks.database import Database
from notifications.system_monitor.checks.sms_service import SmsService
from notifications.system_monitor.report import Measurement, Report
from notifications.tests.helpers import Hanging, Well
from sms import providers
from sms.models import Message, Route
from sms.tests.helpers import Carrier
from tenants.models import Tenant
from tenants.scope import all_tenants, current_scope

pytestmark = pytest.mark.django_db(transaction=True)
LIMIT = 0.6
#: Sure to be over long before what hangs would end by itself.
SOON = 30


@pytest.fixture(autouse=True)
def _short_and_alone(settings: Settings) -> None:
    """Ends what threads of other tests, such as those of a live server, still hold open."""
    settings.CHECK_TIME_LIMIT = timedelta(seconds=LIMIT)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
    assert eventually(lambda: sessions() == 1)


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """Set at the end, so that what a test let hang does not outlive it."""
    event = threading.Event()
    yield event
    event.set()
    assert eventually(lambda: not hanging())


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + SOON
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()


def hanging() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name.startswith("isolated")]


def sessions() -> int:
    """Connections of this test's database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND backend_type = 'client backend'"
        )
        return int(cursor.fetchone()[0])


def states(report: Report) -> list[str]:
    return [result.state.value for result in report.results]


def beside(check: type[HealthCheck]) -> list[str]:
    """What is said of a check that hangs between others, in time."""
    started = time.monotonic()
    report = runner.run(checks=(Well, check, Well, Database))
    assert time.monotonic() - started < SOON
    return states(report)


ONE_UNKNOWN = ["ok", "unknown", "ok", "ok"]


# --- In Python ---------------------------------------------------------------------------------------------------


def test_a_check_that_sleeps(released: threading.Event) -> None:
    class Sleeping(Well):
        slug = "sleeping"

        def measure(self, context: Context) -> Measurement:
            released.wait()
            raise AssertionError("It was not stopped.")

    assert beside(Sleeping) == ONE_UNKNOWN
    assert hanging() == ["isolated check sleeping"]


def test_a_check_that_is_busy_for_ever_is_ended() -> None:
    class Busy(Well):
        slug = "busy"

        def measure(self, context: Context) -> Measurement:
            while True:
                pass

    assert beside(Busy) == ONE_UNKNOWN
    assert eventually(lambda: not hanging())


def test_a_check_that_hangs_before_its_transaction(released: threading.Event) -> None:
    class Preparing(Well):
        slug = "preparing"

        def prepare(self, context: Context) -> None:
            released.wait()

    assert beside(Preparing) == ONE_UNKNOWN


def test_what_still_hangs_is_not_started_again_and_answers_once_it_has_ended() -> None:
    begun: list[threading.Event] = []

    class Sleeping(Well):
        slug = "sleeping"

        def measure(self, context: Context) -> Measurement:
            begun.append(threading.Event())
            if len(begun) == 1:
                begun[0].wait()
            return super().measure(context)

    for _ in range(3):
        assert states(runner.run(checks=(Sleeping, Well))) == ["unknown", "ok"]
    assert len(begun) == 1
    assert len(hanging()) == 1
    begun[0].set()
    assert eventually(lambda: not hanging())
    assert states(runner.run(checks=(Sleeping, Well))) == ["ok", "ok"]


# --- In SQL ------------------------------------------------------------------------------------------------------


def test_a_statement_that_takes_too_long_is_ended_by_postgres_and_the_connection_kept() -> None:
    connection.ensure_connection()
    before = connection.connection
    assert beside(Hanging) == ONE_UNKNOWN
    assert connection.connection is before
    assert not hanging()


def test_a_table_that_is_locked() -> None:
    class Reading(Well):
        slug = "reading"

        def measure(self, context: Context) -> Measurement:
            Message.objects.count()
            return super().measure(context)

    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN; LOCK TABLE sms_message IN ACCESS EXCLUSIVE MODE")
        assert beside(Reading) == ONE_UNKNOWN
    finally:
        other.close()
    assert states(runner.run(checks=(Reading,))) == ["ok"]


def test_a_server_process_that_is_frozen(released: threading.Event) -> None:
    class Frozen(Well):
        slug = "frozen"

        def measure(self, context: Context) -> Measurement:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                pids.append(cursor.fetchone()[0])
                os.kill(pids[0], signal.SIGSTOP)
                cursor.execute("SELECT 1")
            raise AssertionError("It was not frozen.")

    pids: list[int] = []
    before = connection.connection
    try:
        assert beside(Frozen) == ONE_UNKNOWN
        assert not hanging()  # shutting the socket freed it, though the server has not moved
        assert connection.connection is not before
    finally:
        os.kill(pids[0], signal.SIGCONT)
    assert eventually(lambda: sessions() == 1)


def test_a_server_that_takes_no_connection_any_more_is_unreachable_and_not_waited_for() -> None:
    """A listening socket that nobody answers on is what a frozen postmaster looks like."""
    before = dict(connection.settings_dict)
    connection.close()
    with socket.create_server(("127.0.0.1", 0)) as mute:
        connection.settings_dict |= {"HOST": "127.0.0.1", "PORT": str(mute.getsockname()[1])}
        started = time.monotonic()
        try:
            report = runner.run(checks=(Database, Well, SmsService))
        finally:
            connection.close()
            connection.settings_dict.clear()
            connection.settings_dict.update(before)
        took = time.monotonic() - started
    assert states(report) == ["critical", "unknown", "unknown"]
    assert [result.not_asked for result in report.results] == [False, True, True]
    assert took < SOON
    assert eventually(lambda: not hanging())


def test_a_connection_that_broke_since_the_last_run_is_replaced() -> None:
    assert states(runner.run(checks=(Database,))) == ["ok"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    other.close()
    assert states(runner.run(checks=(Database, Well))) == ["ok", "ok"]


# --- In a socket -------------------------------------------------------------------------------------------------


@pytest.fixture
def mute() -> Iterator[tuple[str, int]]:
    """The address of something that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()


def test_a_check_that_waits_for_an_answer_that_never_comes(mute: tuple[str, int]) -> None:
    links: list[socket.socket] = []

    class Asking(Well):
        slug = "asking"

        def measure(self, context: Context) -> Measurement:
            links.append(socket.create_connection(mute))
            links[0].recv(1)
            raise AssertionError("It answered.")

    assert beside(Asking) == ONE_UNKNOWN
    links[0].shutdown(socket.SHUT_RDWR)
    assert eventually(lambda: not hanging())
    links[0].close()


def test_a_carrier_that_never_answers_leaves_its_check_unknown_and_the_connection_alone(
    mute: tuple[str, int], monkeypatch: pytest.MonkeyPatch, tenant: Tenant
) -> None:
    links: list[socket.socket] = []

    class Silent(Carrier):
        slug = "silent"

        def check_reachable(self) -> None:
            links.append(socket.create_connection(mute))
            links[-1].recv(1)

    monkeypatch.setattr(providers, "PROVIDERS", (*providers.PROVIDERS, Silent))
    Route.objects.create(tenant=tenant, provider="silent")
    connection.ensure_connection()
    before = connection.connection
    for _ in range(2):
        assert beside(SmsService) == ONE_UNKNOWN
    assert hanging() == ["isolated gateway silent"]
    assert len(links) == 1
    assert connection.connection is before
    links[0].shutdown(socket.SHUT_RDWR)
    assert eventually(lambda: not hanging())
    links[0].close()


# --- The whole ---------------------------------------------------------------------------------------------------


def test_the_whole_run_is_bounded_too(released: threading.Event) -> None:
    class Slow(Well):
        def measure(self, context: Context) -> Measurement:
            released.wait()
            raise AssertionError("It was not stopped.")

    checks = [type(f"Slow{number}", (Slow,), {"slug": f"slow_{number}"}) for number in range(20)]
    started = time.monotonic()
    report = runner.run(checks=checks, time_limit=timedelta(seconds=0.7))
    assert time.monotonic() - started < SOON
    assert set(states(report)) == {"unknown"}
    assert len(hanging()) <= 3
    assert report.results[-1].summary == "Not asked: the run took too long."


def test_a_run_of_which_every_check_hangs_leaves_one_connection(released: threading.Event) -> None:
    class Holding(Well):
        def measure(self, context: Context) -> Measurement:
            Message.objects.count()
            released.wait()
            raise AssertionError("It was not stopped.")

    checks = [type(f"Holding{number}", (Holding,), {"slug": f"holding_{number}"}) for number in range(4)]
    assert set(states(runner.run(checks=checks))) == {"unknown"}
    assert eventually(lambda: sessions() == 1)


def test_no_thread_and_no_connection_is_left_by_checks_that_answer() -> None:
    connection.ensure_connection()
    before = connection.connection
    for _ in range(5):
        runner.run()
    assert not hanging()
    assert eventually(lambda: sessions() == 1)  # what a test before this one closed is a moment in going
    assert connection.connection is before
    assert not connection.allow_thread_sharing


# --- What is lent ------------------------------------------------------------------------------------------------


def test_the_work_is_done_in_the_callers_transaction_and_scope(tenant: Tenant) -> None:
    def work() -> tuple[bool, Any, bool]:
        return Tenant.objects.filter(slug="new").exists(), current_scope(), connection.in_atomic_block

    with transaction.atomic(), all_tenants(because="a test looks"):
        Tenant.objects.create(name="New", slug="new")
        seen, scope, in_transaction = isolation.within(SOON, work, name="work")
        assert (seen, scope, in_transaction) == (True, current_scope(), True)
        transaction.set_rollback(True)
    assert current_scope() is None


def test_what_it_raises_is_raised() -> None:
    def work() -> None:
        raise TimeoutError("of the work itself")

    with pytest.raises(TimeoutError, match="of the work itself"):
        isolation.within(SOON, work, name="work")


def test_what_was_abandoned_cannot_use_the_new_connection(released: threading.Event) -> None:
    def work() -> None:
        with transaction.atomic():
            Tenant.objects.create(name="First", slug="first")
            released.wait()
            Tenant.objects.create(name="Second", slug="second")
        Tenant.objects.create(name="Third", slug="third")

    with all_tenants(because="a test looks"), pytest.raises(isolation.OutOfTime):
        isolation.within(LIMIT, work, name="work")
    released.set()
    assert eventually(lambda: not hanging())
    assert not Tenant.objects.exists()
    assert sessions() == 1


def test_a_caller_that_is_stopped_while_it_waits_takes_nothing_half_done_along(
    monkeypatch: pytest.MonkeyPatch, released: threading.Event
) -> None:
    def stopped(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    before = connections["default"]
    monkeypatch.setattr(isolation, "wait", stopped)
    with contextlib.suppress(KeyboardInterrupt):
        isolation.within(SOON, released.wait, name="work")
    assert connections["default"] is not before
    assert sessions() == 1
