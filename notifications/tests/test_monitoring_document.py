"""docs/monitoring.md says what there is: metrics, options, exit codes, runbooks, and files that their readers take."""

import configparser
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from django.conf import settings

from notifications.management.commands.check_system_health import Command
from notifications.system_monitor.checks import CHECKS
from notifications.system_monitor.fallback import check_health
from notifications.system_monitor.formats import Document, Look, openmetrics
from notifications.system_monitor.formats.document import deliveries, open_incidents
from notifications.tests.helpers import account
from notifications.tests.test_command_formats import samples
from tenants.models import Tenant

PAGE = (settings.BASE_DIR / "docs" / "monitoring.md").read_text()


def blocks(language: str) -> Iterator[str]:
    return (match[1] for match in re.finditer(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))


def anchors(text: str) -> set[str]:
    """As GitHub makes them of headings."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }


@pytest.mark.parametrize("check", CHECKS)
def test_the_runbook_of_every_check_is_where_its_head_says(check: Any) -> None:
    page, _, anchor = check.runbook.partition("#")
    assert page == "docs/monitoring.md"
    assert anchor in anchors(PAGE)
    section = PAGE[PAGE.index(f"### {check.component}\n") :].split("\n### ")[0]
    assert re.search(r"^1\. ", section, re.MULTILINE), "it says what to do first"


def test_every_metric_is_named_and_none_that_is_not_there(tenant: Tenant) -> None:
    account(tenant, 5, of=1000)
    report = check_health(is_scheduled=True)
    text = openmetrics.render(Document(report, open_incidents(), deliveries=deliveries()), Look())
    real = {f"bellwether_{name}" for name, *_ in samples(text)}
    named = set(re.findall(r"\bbellwether_\w+", PAGE))
    assert named == real


def test_every_label_value_of_the_alert_rules_exists(db: None) -> None:
    document = Document(check_health(), [], deliveries=deliveries())
    keys = {value for key in samples(openmetrics.render(document, Look())) for value in key}
    rules = "\n".join(blocks("yaml"))
    for values in re.findall(r'\b(?:state|priority|outcome)=~?"([^"]+)"', rules):
        assert set(values.split("|")) <= keys


def test_the_files_for_prometheus_are_yaml_of_the_right_form() -> None:
    scrape, rules = map(yaml.safe_load, blocks("yaml"))
    (job,) = scrape["scrape_configs"]
    assert (job["metrics_path"], "authorization" in job) == ("/metrics", True)
    (group,) = rules["groups"]
    for rule in group["rules"]:
        assert {"alert", "expr"} <= rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["expr"].count("(") == rule["expr"].count(")")


def test_the_units_for_systemd_call_the_command_with_options_that_exist() -> None:
    service, timer = map(_unit, blocks("ini"))
    words = service["Service"]["ExecStart"].split()
    _takes(words[words.index("check_system_health") + 1 :])
    assert service["Service"]["Type"] == "oneshot"
    assert timer["Timer"]["OnCalendar"] == "*:0/1"


def _unit(text: str) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(text)
    return unit


def test_every_call_of_the_command_in_the_page_is_one_that_it_takes() -> None:
    calls = re.findall(r"manage\.py check_system_health([^|\n#<>()`]*)", PAGE)
    assert len(calls) >= 7
    for call in calls:
        _takes(call.split())


def _takes(words: list[str]) -> None:
    Command().create_parser("manage.py", "check_system_health").parse_args(words)  # ends the process if not


def test_every_option_is_explained() -> None:
    parser = Command().create_parser("manage.py", "check_system_health")
    django = {"--version", "--verbosity", "--settings", "--pythonpath", "--traceback", "--no-color", "--force-color"}
    for option in {one for action in parser._actions for one in action.option_strings if one.startswith("--")}:
        if option not in django | {"--help", "--no-verbose", "--skip-checks"}:
            assert f"`{option}" in PAGE
