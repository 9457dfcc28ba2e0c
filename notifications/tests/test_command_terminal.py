"""manage.py check_system_health: on a terminal, and for a reader that goes away."""

import os
import pty
import subprocess
import sys
from pathlib import Path

from django.conf import settings as django_settings

from accounts.models import User
from notifications.tests.helpers import messages
from notifications.tests.test_check_system_health import ROOT, in_a_process, run
from sms.models import Status
from tenants.models import Tenant

NOWHERE = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/x"}


def on_a_terminal(*words: str) -> str:
    """What a person sees: the command with a pseudo-terminal as its standard output."""
    ours, its = pty.openpty()
    command = [sys.executable, "manage.py", "check_system_health", *words]
    env = os.environ | NOWHERE | {"SPOOL_DIR": str(django_settings.SPOOL_DIR), "TERM": "xterm"}
    env.pop("NO_COLOR", None)
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=its, stderr=subprocess.DEVNULL) as process:
        os.close(its)
        seen = b""
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # how Linux says that the other end is closed
                break
            if not part:
                break
            seen += part
    os.close(ours)
    assert process.returncode == 2
    return seen.decode()


def test_verbose_on_a_terminal_is_in_colours_and_elsewhere_plain() -> None:
    seen = on_a_terminal("--verbose")
    assert "\x1b[" in seen
    plain = on_a_terminal("--verbose", "--no-color")
    assert "\x1b[" not in plain
    done, _ = in_a_process("--verbose", **NOWHERE)
    assert "\x1b[" not in done.stdout
    for text in (seen, plain, done.stdout):
        for word in ("CRITICAL", "Database", "measured nothing", "Open incidents: nobody knows."):
            assert word in text


def test_no_other_form_is_ever_coloured() -> None:
    for form in ("json", "nagios", "openmetrics"):
        assert "\x1b[" not in on_a_terminal("--verbose", "--format", form)


def test_verbose_lists_open_incidents_the_worst_first(admin: User, tenant: Tenant) -> None:
    messages(tenant, 51, status=Status.UNDELIVERED)
    _, out, _ = run("--verbose")
    listed = out[out.index("Open incidents") :].splitlines()
    assert listed[0] == "Open incidents: 2"
    assert listed[1] == "  high     Failed Messages: too many (just now)"
    assert listed[2] == "  medium   SMS Service: the success rate is low (just now)"


def test_a_reader_that_goes_away_changes_neither_the_code_nor_the_peace() -> None:
    command = [sys.executable, "manage.py", "check_system_health", "--verbose", "--format", "json"]
    env = os.environ | NOWHERE | {"SPOOL_DIR": str(django_settings.SPOOL_DIR)}
    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=writing, stderr=subprocess.PIPE, text=True) as process:
        os.close(writing)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "Traceback" not in err
    assert "BrokenPipe" not in err


def test_the_schema_of_the_json_is_where_the_document_says(db: None) -> None:
    page = (ROOT / "docs" / "monitoring.md").read_text()
    assert "health.schema.json" in page
    assert Path(ROOT / "notifications" / "system_monitor" / "formats" / "health.schema.json").is_file()
