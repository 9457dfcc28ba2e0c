"""manage.py check_system_health: what its options leave out, and what they never touch."""

import datetime
import time
from collections.abc import Callable

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from notifications.models import Incident, MonitorRun, Notification
from notifications.system_monitor import lease, monitor, runner
from notifications.system_monitor.checks.base import HealthCheck
from notifications.system_monitor.fallback import journal
from notifications.system_monitor.report import Listing, Report
from notifications.tests.helpers import Crashing, Hanging, Ill, Well, account, messages, told
from notifications.tests.test_check_system_health import in_a_process, run
from sms.models import Status
from sms.providers import simulator
from tenants.models import Tenant

Use = Callable[..., None]
NOWHERE = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/x"}


class Poorly(Ill):
    """A warning, where Ill is critical."""

    slug, component, listing = "poorly", "Poorly", Listing.WARNINGS


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Use:
    """Watches these and nothing else."""

    def put(*some: type[HealthCheck]) -> None:
        def run_these(**how: object) -> Report:
            return real(**{**how, "checks": some})  # type: ignore[arg-type]

        monkeypatch.setattr(runner, "run", run_these)

    real = runner.run
    return put


# --- Exit codes: 2 before 1 before 3 before 0 --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("some", "code"),
    [
        ((Well,), 0),
        ((Crashing,), 3),
        ((Poorly,), 1),
        ((Ill,), 2),
        ((Well, Crashing), 3),
        ((Well, Poorly), 1),
        ((Well, Ill), 2),
        ((Crashing, Poorly), 1),
        ((Poorly, Crashing), 1),
        ((Crashing, Ill), 2),
        ((Poorly, Ill), 2),
        ((Ill, Poorly, Crashing, Well), 2),
        ((Well, Crashing, Poorly), 1),
    ],
)
@pytest.mark.parametrize("words", [[], ["--no-notify"], ["--format", "nagios"]])
def test_the_worst_state_is_the_exit_code(
    some: tuple[type[HealthCheck], ...], code: int, words: list[str], use: Use, db: None
) -> None:
    use(*some)
    assert run(*words)[0] == code


@pytest.mark.parametrize(
    "words",
    [
        ["--format"],
        ["--format", "xml"],
        ["--check"],
        ["--check", "nonsense"],
        ["--check", "database", "nonsense"],
        ["--timeout", "0"],
        ["--timeout", "-1"],
        ["--timeout", "nan"],
        ["--timeout", "inf"],
        ["--timeout", "soon"],
        ["--timeout", "1e9"],
        ["--tenant"],
        ["--quiet=1"],
        ["--no-notify", "now"],
    ],
)
def test_a_bad_argument_is_3_and_runs_nothing(db: None, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(*words)
    assert (code, out) == (3, "")
    assert "usage:" in capsys.readouterr().err
    assert not MonitorRun.objects.exists()


@pytest.mark.parametrize(
    "environment",
    [{"SECRET_KEY": ""}, {"MONITOR_INTERVAL_SECONDS": "often"}, {"DJANGO_SETTINGS_MODULE": "nowhere.settings"}],
)
def test_a_configuration_that_is_wrong_is_3_and_no_stack_trace(environment: dict[str, str]) -> None:
    done, _ = in_a_process(**environment)
    assert (done.returncode, done.stdout) == (3, "")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("slug", ["nobody", "", "a b", "'; --", "\N{GREEK SMALL LETTER ALPHA}", "x\x00"])
def test_a_tenant_that_does_not_exist_is_3(db: None, slug: str) -> None:
    code, out, err = run("--tenant", slug)
    assert (code, out) == (3, "")
    assert "there is no such tenant" in err


# --- --quiet -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["text", "json", "nagios", "openmetrics"])
def test_quiet_is_silent_when_all_is_well_and_not_otherwise(db: None, form: str, settings: Settings) -> None:
    settings.HEALTH_CHECK_MAX_AGE = datetime.timedelta(0)
    assert run("--quiet", "--verbose", "--format", form) == (0, "", "")
    simulator.set_profile("outage")
    code, out, _ = run("--quiet", "--format", form)
    assert code == 2
    assert out


# --- --no-notify, --check ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", [["--no-notify"], ["--check", "sms_service"], ["--check", "database", "sms_service"]]
)
def test_it_finds_what_is_wrong_and_writes_nothing(words: list[str], admin: User) -> None:
    simulator.set_profile("outage")
    code, out, err = run(*words)
    assert (code, err) == (2, "")
    assert "SMS Service: " in out
    assert not MonitorRun.objects.exists()
    assert not Incident.objects.exists()
    assert told(admin) == []


def test_a_partial_run_leaves_other_checks_incidents_and_the_last_report_alone(admin: User, tenant: Tenant) -> None:
    account(tenant, 5, of=1000)
    run()
    before = MonitorRun.objects.get()
    for _ in range(3):
        assert run("--check", "database")[0] == 0
    assert list(Incident.objects.unresolved().values_list("kind", flat=True)) == ["sms_credits"]
    assert MonitorRun.objects.get() == before
    assert Notification.objects.count() == 1


def test_a_partial_run_asks_and_shows_only_what_it_was_told_to(db: None) -> None:
    _, out, _ = run("--check", "user_activity", "--check", "database")
    assert [line.split(": ")[0].split(maxsplit=1)[1] for line in out.splitlines()[1:]] == ["Database", "User Activity"]


def test_no_notify_without_postgres_notes_nothing(db: None) -> None:
    done, _ = in_a_process("--no-notify", **NOWHERE)
    assert (done.returncode, done.stderr) == (2, "")
    assert journal.is_empty()


# --- --timeout ---------------------------------------------------------------------------------------------------


def test_a_timeout_bounds_a_run_with_checks_that_hang(db: None, use: Use) -> None:
    class AlsoHanging(Hanging):
        slug, component = "also_hanging", "Also hanging"

    use(Well, Hanging, AlsoHanging)
    started = time.monotonic()
    code, out, err = run("--timeout", "0.6")
    assert time.monotonic() - started < 30  # not 60 seconds twice
    assert code == 3
    assert "OK       Well" in out
    assert "Also hanging: Not asked: the run took too long." in out
    assert err == "The run was cut short, so it was not stored, and nobody was notified.\n"
    assert not MonitorRun.objects.exists()


def test_a_timeout_that_is_enough_changes_nothing(db: None) -> None:
    assert run("--timeout", "60")[0] == 0
    assert MonitorRun.objects.get().is_complete


def test_a_timeout_bounds_the_waiting_for_another_runner(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor, "PATIENCE_SECONDS", 120)
    lease.take()
    started = time.monotonic()
    assert run("--timeout", "0.2")[0] == 3
    assert time.monotonic() - started < 30  # not the 120 of a caller without one


# --- --tenant ----------------------------------------------------------------------------------------------------


def test_a_tenant_sees_its_own_and_the_others_are_not_mentioned(tenant: Tenant, other_tenant: Tenant) -> None:
    messages(other_tenant, 51, status=Status.UNDELIVERED, failure_reason="theirs")
    account(other_tenant, 3, of=1000)
    messages(tenant, 4, status=Status.DELIVERED)
    messages(tenant, 1, status=Status.UNDELIVERED, failure_reason="ours")
    account(tenant, 900, of=1000)
    code, out, _ = run("--tenant", "acme", "--format", "json", "--verbose")
    assert code == 0, out
    for theirs in ("theirs", "globex"):
        assert theirs not in out
    assert '"observedValue": 80.0' in out
    assert "900 credits" not in out
    assert '"incidents": null' in out


def test_a_tenants_own_trouble_is_found(tenant: Tenant, other_tenant: Tenant) -> None:
    old = timezone.now() - datetime.timedelta(hours=2)
    messages(other_tenant, 60, status=Status.DELIVERED)
    messages(tenant, 51, status=Status.UNDELIVERED, failure_reason="ours")
    messages(tenant, 11, status=Status.QUEUED, at=old)
    account(tenant, 5, of=1000)
    code, out, _ = run("--tenant", "acme", "--verbose")
    assert code == 2
    assert out.startswith("System health of acme: CRITICAL")
    # Counts of a tenant are kept by the hour, and it says from which one.
    since = (timezone.now() - datetime.timedelta(hours=24)).strftime("%d %b, %H:00 UTC")
    assert f"ERROR    SMS Service: 0 % of 51 settled messages since {since} were delivered" in out
    assert f"ERROR    Failed Messages: 51 messages failed since {since}." in out
    assert "           - ours: 51\n" in out
    assert "WARNING  Message Delivery: More than 10 messages" in out
    assert "WARNING  SMS Credits: 5 credits are left (critical)." in out
    assert "User Activity" not in out
    assert "Open incidents" not in out
    assert not Incident.objects.exists()
    assert run("--tenant", "globex", "--no-color")[0] == 0


def test_a_tenants_view_can_be_of_one_check(tenant: Tenant) -> None:
    account(tenant, 5, of=1000)
    code, out, _ = run("--tenant", "acme", "--check", "sms_credits")
    assert (code, len(out.splitlines())) == (1, 2)
    for words in (["user_activity"], ["user_activity", "database"]):
        code, out, err = run("--tenant", "acme", "--check", *words)
        assert (code, out, err) == (3, "", "--check user_activity: not shown for a tenant.\n")


def test_a_tenant_without_postgres_is_2() -> None:
    done, _ = in_a_process("--tenant", "acme", **NOWHERE)
    assert done.returncode == 2
    assert "Database: Postgres does not answer." in done.stdout
