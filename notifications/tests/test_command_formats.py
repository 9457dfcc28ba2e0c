"""manage.py check_system_health --format ...: each form is read by what reads it in the field."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from pytest_django import Settings

from accounts.models import User
from notifications.models import Incident
from notifications.system_monitor import formats
from notifications.system_monitor.checks import CHECKS
from notifications.system_monitor.formats import FORMATS, Document, Look
from notifications.system_monitor.formats.document import MEASURES
from notifications.tests.helpers import account, messages
from notifications.tests.test_check_system_health import in_a_process, run
from sms.models import Status
from tenants.models import Tenant

SCHEMA = json.loads((Path(formats.__file__).parent / "health.schema.json").read_text())
SLUGS = [check.slug for check in CHECKS]
# https://www.monitoring-plugins.org/doc/guidelines.html: ranges, and 'label'=value[UOM];[warn];[crit];[min];[max].
NUMBER, RANGE = r"-?\d+(?:\.\d+)?", r"@?(?:(?:~|-?\d+(?:\.\d+)?):)?(?:-?\d+(?:\.\d+)?)?"
PERFDATA = re.compile(
    rf"'(?P<label>[^'=]+)'=(?P<value>{NUMBER}|U)(?P<uom>s|us|ms|%|[KMGT]?B|c)?"
    rf";(?P<warn>{RANGE});(?P<crit>{RANGE});(?P<min>{NUMBER})?;(?P<max>{NUMBER})?"
)
NOWHERE = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/x"}


@pytest.fixture
def ill(tenant: Tenant) -> None:
    """Something wrong that is critical, and something that is a warning."""
    messages(tenant, 51, status=Status.UNDELIVERED, failure_reason='a | "b"\nc')
    account(tenant, 5, of=1000)


# --- JSON --------------------------------------------------------------------------------------------------------


def as_json(text: str) -> Any:
    body = json.loads(text)
    jsonschema.validate(body, SCHEMA, cls=jsonschema.Draft202012Validator)
    return body


def test_json_is_alone_on_standard_output_and_as_its_schema_says(ill: None, admin: User) -> None:
    code, out, err = run("--format", "json")
    body = as_json(out)
    assert (code, err) == (2, "")
    assert (body["status"], body["state"], body["exitCode"]) == ("fail", "critical", 2)
    assert [key.split(":")[0] for key in body["checks"]] == SLUGS
    (failed,) = body["checks"]["failed_messages:failed"]
    assert (failed["observedValue"], failed["observedUnit"], failed["status"]) == (51, "messages", "fail")
    assert [one["priority"] for one in body["incidents"]] == ["high", "high", "medium"]
    assert body["incidentsTotal"] == 3
    assert (body["isStored"], body["isPartial"], body["isComplete"], body["tenant"]) == (True, False, True, None)


def test_json_of_what_is_well_and_of_what_nobody_knows(db: None, settings: Settings) -> None:
    well = as_json(run("--format", "json")[1])
    assert (well["status"], well["output"], well["incidents"]) == ("pass", "", [])
    settings.SMS_PROVIDER = "pigeon"
    unknown = as_json(run("--format", "json", "--no-notify")[1])
    assert (unknown["status"], unknown["state"], unknown["exitCode"]) == ("warn", "unknown", 3)


def test_json_without_postgres_has_its_logs_elsewhere() -> None:
    done, _ = in_a_process("--format", "json", LOG_LEVEL="DEBUG", **NOWHERE)
    body = as_json(done.stdout)
    assert (done.returncode, body["state"], body["isStored"]) == (2, "critical", False)
    assert (body["incidents"], body["lastCompleteRun"], body["monitor"]) == (None, None, None)
    states = [check["state"] for (check,) in body["checks"].values()]
    assert states == ["critical"] + ["unknown"] * 5


# --- Nagios ------------------------------------------------------------------------------------------------------


def perfdata(text: str) -> dict[str, dict[str, str | None]]:
    """As a plugin's reader takes it apart; fails on anything that the guidelines do not know."""
    assert text.endswith("\n")
    assert text.count("\n") == 1
    said, found = text.rstrip("\n").split(" | ")
    assert "|" not in said
    parts = {}
    while found:
        match = PERFDATA.match(found)
        assert match, found
        parts[match["label"]] = match.groupdict()
        found = found[match.end() :].lstrip(" ")
    return parts


def test_nagios_gets_one_line_with_every_measure(ill: None) -> None:
    code, out, err = run("--format", "nagios")
    assert (code, err) == (2, "")
    assert out.startswith("SYSTEM HEALTH CRITICAL - SMS Service: 0 % of 51 settled messages")
    found = perfdata(out)
    assert list(found)[:6] == [f"{slug}_{MEASURES[slug]}" for slug in SLUGS]
    failed, rate, latency = (
        found["failed_messages_failed"],
        found["sms_service_success_rate"],
        found["database_latency"],
    )
    assert (failed["value"], failed["warn"], failed["crit"], failed["uom"]) == ("51", "", "50", None)
    assert (rate["value"], rate["crit"], rate["uom"], rate["max"]) == ("0", "80:", "%", "100")
    assert (latency["crit"], latency["uom"]) == ("500", "ms")
    assert (found["message_delivery_stuck"]["warn"], found["message_delivery_stuck"]["crit"]) == ("10", "")
    assert found["open_incidents"]["value"] == "3"


def test_nagios_is_told_once_what_several_say() -> None:
    done, _ = in_a_process("--format", "nagios", **NOWHERE)
    said, _ = done.stdout.split(" | ")
    others = "SMS Service, Failed Messages, Message Delivery, SMS Credits, User Activity"
    assert said == (
        f"SYSTEM HEALTH CRITICAL - Database: Postgres does not answer. {others}: Not asked: Database is unreachable."
    )


def test_nagios_reads_on_standard_output_why_there_is_no_report(db: None) -> None:
    said = "SYSTEM HEALTH UNKNOWN - --tenant nobody: there is no such tenant.\n"
    assert run("--format", "nagios", "--tenant", "nobody") == (3, said, "")
    done, _ = in_a_process("--format", "nagios", SECRET_KEY="")
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.startswith("SYSTEM HEALTH UNKNOWN - The health check could not begin: The SECRET_KEY")


def test_nagios_gets_u_for_what_was_not_measured(db: None, settings: Settings) -> None:
    settings.SMS_PROVIDER = "pigeon"
    code, out, _ = run("--format", "nagios")
    assert (code, out.split(" - ")[0]) == (3, "SYSTEM HEALTH UNKNOWN")
    assert perfdata(out)["sms_service_success_rate"]["value"] == "U"


def test_nagios_of_what_is_well(db: None) -> None:
    code, out, _ = run("--format", "nagios")
    assert code == 0
    assert out.startswith("SYSTEM HEALTH OK - 6 of 6 components are well | ")
    perfdata(out)


# --- OpenMetrics -------------------------------------------------------------------------------------------------


def samples(text: str) -> dict[tuple[str, ...], float]:
    """By name and label values, as Prometheus's own parser reads them."""
    found = {}
    for family in text_string_to_metric_families(text):  # type: ignore[no-untyped-call]
        assert family.documentation
        for sample in family.samples:
            found[(sample.name.removeprefix("bellwether_"), *sample.labels.values())] = sample.value
    return found


def test_openmetrics_parses_and_says_what_the_report_says(ill: None) -> None:
    code, out, err = run("--format", "openmetrics")
    assert (code, err) == (2, "")
    found = samples(out)
    assert found["component_state", "failed_messages", "critical"] == 1
    assert found["component_state", "failed_messages", "ok"] == 0
    assert found["component_measured", "failed_messages", "failed", "messages"] == 51
    assert found["component_threshold", "failed_messages", "at_most"] == 50
    assert found["component_threshold", "sms_service", "at_least"] == 80
    assert {key[1]: found[key] for key in found if key[0] == "incidents_open"} == {
        "low": 0,
        "medium": 1,
        "high": 2,
        "critical": 0,
    }
    assert (found["database_up",], found["monitor_late",]) == (1, 0)
    assert found["monitor_last_complete_run_timestamp_seconds",] > 1.7e9


def test_openmetrics_without_postgres() -> None:
    done, _ = in_a_process("--format", "openmetrics", **NOWHERE)
    found = samples(done.stdout)
    assert (done.returncode, found["database_up",]) == (2, 0)
    assert not any(name == "incidents_open" for name, *_ in found)


# --- All ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
def test_every_form_ends_with_a_line_and_names_every_component(name: str, ill: None) -> None:
    out = run("--format", name)[1]
    assert out.endswith("\n")
    for check in CHECKS:
        assert check.slug in out or check.component in out


@pytest.mark.parametrize("name", FORMATS)
def test_every_form_survives_what_people_and_carriers_write(name: str, ill: None) -> None:
    hostile = 'a | "b" \\ \n c\u2028 é'
    run()
    Incident.objects.update(title=hostile[:200], summary=hostile)
    out = run("--format", name, "--verbose")[1]
    match name:
        case "json":
            assert as_json(out)["incidents"][0]["title"] == hostile
        case "nagios":
            perfdata(out)
        case "openmetrics":
            samples(out)


def test_the_thresholds_of_checks_that_have_one_number_are_understood(db: None) -> None:
    report = json.loads(run("--format", "json")[1])
    bounds = {}
    document = Document(
        {
            "components": [
                {"check": c["componentId"], "component": c["componentName"], "status": "OK", "details": c["details"]}
                for (c,) in report["checks"].values()
            ],
            "state": "ok",
        }
    )
    for one in document.measures:
        bounds[one.slug] = one.bound and (one.bound.number, one.bound.is_least)
    assert bounds == {
        "database": (500, False),
        "sms_service": (80, True),
        "failed_messages": (50, False),
        "message_delivery": (10, False),
        "sms_credits": None,
        "user_activity": (70, False),
    }
    assert Look().paint("ERROR", "x") == "x"
