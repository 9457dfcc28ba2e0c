"""manage.py check_system_health: the exit codes and output that ops already know."""

import contextlib
import datetime
import os
import re
import socket
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from notifications.models import Incident, MonitorRun
from notifications.system_monitor import lease, monitor
from notifications.tests.helpers import account, messages, tenants, told
from sms.models import MessageCount, Status
from sms.providers import simulator
from tenants.models import Tenant

ROOT = Path(__file__).resolve().parents[2]
COMPONENTS = ["Database", "SMS Service", "Failed Messages", "Message Delivery", "SMS Credits", "User Activity"]


def run(*words: str) -> tuple[int, str, str]:
    """The exit code, what was printed, and what went to standard error."""
    out, err = StringIO(), StringIO()
    with pytest.raises(SystemExit) as exit_:
        call_command("check_system_health", *words, stdout=out, stderr=err, no_color=True)
    return int(str(exit_.value.code)), out.getvalue(), err.getvalue()


# --- Exit codes --------------------------------------------------------------------------------------------------


def test_ok_is_0(db: None) -> None:
    code, out, err = run()
    assert (code, err) == (0, "")
    assert out.startswith("System health: OK  (")


def test_a_warning_is_1(tenant: Tenant) -> None:
    account(tenant, 5, of=1000)
    code, out, _ = run()
    assert code == 1
    assert out.startswith("System health: WARNING")


def test_critical_is_2_also_beside_warnings_and_unknowns(tenant: Tenant, settings: Settings) -> None:
    account(tenant, 5, of=1000)
    messages(tenant, 51, status=Status.UNDELIVERED)
    settings.SMS_PROVIDER = "pigeon"
    code, out, _ = run()
    assert code == 2
    assert out.startswith("System health: CRITICAL")


def test_unknown_is_3(db: None, settings: Settings) -> None:
    settings.SMS_PROVIDER = "pigeon"
    code, out, _ = run()
    assert code == 3
    assert out.startswith("System health: UNKNOWN")


def test_a_warning_precedes_an_unknown(tenant: Tenant, settings: Settings) -> None:
    account(tenant, 5, of=1000)
    settings.SMS_PROVIDER = "pigeon"
    assert run()[0] == 1


@pytest.mark.parametrize(
    "words", [["--nonsense"], ["nonsense"], ["--verbosity", "9"], ["--verbosity"], ["--verbose=1"]]
)
def test_a_bad_argument_is_3_and_runs_nothing(db: None, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(*words)
    assert (code, out) == (3, "")
    assert "usage:" in capsys.readouterr().err
    assert not MonitorRun.objects.exists()


def test_a_run_that_hangs_without_any_report_is_3(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor, "PATIENCE_SECONDS", 0.1)
    lease.take()
    code, _, err = run()
    assert code == 3
    assert "there is no earlier report" in err


def test_a_fault_of_the_monitor_itself_is_3_and_no_stack_trace(tenant: Tenant, settings: Settings) -> None:
    settings.SMS_PROVIDER, settings.UNANSWERED_RUNS_LIMIT = "pigeon", "three"  # what no number is compared with
    code, _, err = run()
    assert (code, err) == (3, "The health check itself failed: TypeError. The log says more.\n")


# --- What it prints ----------------------------------------------------------------------------------------------


def test_it_prints_a_line_for_each_component(db: None) -> None:
    _, out, _ = run()
    lines = out.splitlines()[1:]
    assert [re.split(r"\s{2,}|: ", line.strip())[1] for line in lines] == COMPONENTS
    assert lines[1] == "  OK       SMS Service: No message was settled in the last 24 hours."


def test_verbose_adds_measure_sample_and_threshold_for_each_component(tenant: Tenant) -> None:
    messages(tenant, 3, status=Status.DELIVERED)
    messages(tenant, 1, status=Status.REJECTED, failure_reason="blocked_by_operator")
    account(tenant, 5, of=1000)
    User.objects.create_user("here@acme.test", last_login=timezone.now())
    _, out, _ = run("--verbose")
    facts = dict(re.findall(r"^  \w+ +([A-Z][\w ]+): .*\n +(measured .*), took [\d.]+ ms$", out, re.MULTILINE))
    assert list(facts) == COMPONENTS
    assert re.fullmatch(r"measured [\d.]+ ms, sample 1, threshold at most 500 ms", facts.pop("Database"))
    assert facts == {
        "SMS Service": "measured 75 %, sample 4, threshold at least 80 %",
        "Failed Messages": "measured 1 message, sample 1, threshold at most 50",
        "Message Delivery": "measured 0 messages, sample 0, threshold at most 10",
        "SMS Credits": (
            "measured 1 tenant, sample 1, threshold under 100 credits, or at most 25 % of the last balance"
        ),
        "User Activity": "measured 0 %, sample 1, threshold at most 70 %",
    }
    assert "  ERROR    SMS Service: 75 % of 4 settled messages" in out
    assert "  WARNING  SMS Credits: 1 of 1 tenants are low on credits" in out
    assert "           - acme: 5 credits, 0.5 % (critical)\n" in out
    assert out.count("           what to do: ") == 2
    assert "           what to do: docs/monitoring.md#sms-credits\n" in out
    assert "           - blocked_by_operator: 1\n" in out


def test_verbose_prints_large_numbers_in_full(tenant: Tenant) -> None:
    MessageCount.objects.create(
        minute=timezone.now().replace(second=0, microsecond=0),
        tenant_id=tenant.pk,
        provider="simulator",
        status=Status.EXPIRED,
        failure_reason="",
        delta=1_234_567,
    )
    assert "measured 1,234,567 messages, sample 1,234,567" in run("--verbose")[1]


def test_verbose_says_so_where_nothing_was_measured(db: None, settings: Settings) -> None:
    _, out, _ = run("--verbose")
    assert "measured nothing, sample 0, threshold at least 80 %" in out


def test_verbose_lists_ten_at_most(db: None) -> None:
    for one in tenants(12):
        account(one, 5, of=1000)
    assert run("--verbose")[1].count("           - tenant-") == 10


def test_no_verbose_is_the_short_form(db: None) -> None:
    assert "measured" not in run("--no-verbose")[1]
    assert "measured" not in run()[1]


def test_it_says_how_old_a_shared_report_is(db: None, settings: Settings) -> None:
    run()
    MonitorRun.objects.update(finished_at=timezone.now() - datetime.timedelta(seconds=20))
    settings.HEALTH_CHECK_MAX_AGE = datetime.timedelta(minutes=1)
    assert re.search(r"\(.*Z, 20(\.\d)? s ago\)", run()[1])


# --- What it leaves ----------------------------------------------------------------------------------------------


def test_it_opens_and_resolves_like_every_other_way_in(admin: User, settings: Settings) -> None:
    settings.HEALTH_CHECK_MAX_AGE = datetime.timedelta(0)
    simulator.set_profile("outage")
    assert [run()[0] for _ in range(3)] == [2, 2, 2]
    assert told(admin) == ["opened"]
    simulator.set_profile("healthy")
    assert [run()[0] for _ in range(2)] == [0, 0]
    assert told(admin) == ["opened", "resolved"]
    assert not Incident.objects.unresolved().exists()


# --- Without a database ------------------------------------------------------------------------------------------


def in_a_process(*words: str, **environment: str) -> "tuple[subprocess.CompletedProcess[str], float]":
    """The command as cron runs it, and how many seconds it took."""
    started = time.monotonic()
    command = [sys.executable, "manage.py", "check_system_health", *words]
    environment = {"SPOOL_DIR": str(django_settings.SPOOL_DIR)} | environment
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False, timeout=60
    )
    return done, time.monotonic() - started


def test_an_unreachable_database_is_2_within_five_seconds_without_a_stack_trace() -> None:
    for _ in range(3):  # a machine that stalls is not the command's fault; three times in a row it is
        done, seconds = in_a_process("--verbose", "--no-color", DATABASE_URL="postgres://nobody@127.0.0.1:1/x")
        if seconds < 5:
            break
    assert seconds < 5
    assert done.returncode == 2, done.stderr
    first, database, *others = done.stdout.splitlines()
    assert first.startswith("System health: CRITICAL")
    assert database == "  ERROR    Database: Postgres does not answer."
    assert "           measured nothing, sample 0, threshold answers" in others[0]
    assert others[1] == "           what to do: docs/monitoring.md#database"
    assert [line.split(":")[0].removeprefix("  UNKNOWN  ") for line in others[2:-1]] == COMPONENTS[1:]
    assert "Traceback" not in done.stdout + done.stderr
    assert "nobody was notified" in done.stderr


@pytest.mark.parametrize("words", [[], ["--timeout", "1"]])
def test_a_postgres_that_never_answers_is_waited_for_once(words: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        done, _ = in_a_process(*words, DATABASE_URL=f"postgres://nobody@127.0.0.1:{silent.getsockname()[1]}/x")
        assert (done.returncode, "Database: Postgres does not answer." in done.stdout) == (2, True)
        assert _waiting(silent) == 1


def _waiting(server: socket.socket) -> int:
    server.settimeout(0.1)
    count = 0
    with contextlib.suppress(TimeoutError):
        while True:
            server.accept()[0].close()
            count += 1
    return count


def test_other_commands_say_in_a_line_what_is_away() -> None:
    for command, environment, said in (
        ("cleanup_notifications", {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/x"}, "Postgres does not answer"),
        ("simulator status", {"REDIS_URL": "redis://127.0.0.1:1"}, "Redis does not answer"),
        ("cleanup_notifications", {"SECRET_KEY": ""}, "docs/configuration.md names every setting"),
        ("cleanup_notifications", {"MONITOR_INTERVAL_SECONDS": "often"}, "MONITOR_INTERVAL_SECONDS: "),
    ):
        words = [sys.executable, "manage.py", *command.split()]
        done = subprocess.run(
            words, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1), done.stderr
        assert said in done.stderr


def test_a_bad_argument_to_the_real_command_is_3() -> None:
    done, _ = in_a_process("--nonsense")
    assert (done.returncode, done.stdout) == (3, "")
    assert "Traceback" not in done.stderr


def test_a_database_that_was_never_migrated_is_critical_and_says_so() -> None:
    """The session's own server has one: the tests themselves use databases of other names."""
    done, _ = in_a_process("--no-color")
    assert done.returncode == 2, done.stderr
    assert "tables are missing, the first is" in done.stdout
    assert "nobody was notified" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
