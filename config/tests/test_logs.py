"""What a real process writes on standard error."""

import json
import os
import subprocess
import sys

from accounts.standing import Credential, Standing
from notifications.stream.notes import Note
from sms.providers.http import PROFILES
from sms.providers.http.gateway import Instance

REQUEST = """
import django; django.setup()
from django.test import Client
Client().get("/nothing/?token=secret-in-the-query", headers={"x-request-id": "trace-7"})
"""
FAILURE = """
import django; django.setup()
import structlog
def sign_in(password):
    raise RuntimeError("refused")
try:
    sign_in("hunter2-" + "hunter2")
except RuntimeError:
    structlog.get_logger("test").exception("failed")
"""


def _logged_by(script: str, **environment: str) -> str:
    settings = {"DJANGO_SETTINGS_MODULE": "config.settings", "LOG_LEVEL": "INFO", "ALLOWED_HOSTS": "testserver"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=os.environ | settings | environment, capture_output=True, text=True, check=True)
    return done.stderr


def test_a_request_is_one_json_line_with_its_id_and_without_its_query() -> None:
    lines = [json.loads(line) for line in _logged_by(REQUEST).splitlines()]
    (line,) = [line for line in lines if line["event"] == "request"]
    assert (line["request_id"], line["path"], line["status"], line["level"]) == ("trace-7", "/nothing/", 404, "info")
    assert "secret-in-the-query" not in json.dumps(lines)


def test_an_exception_is_logged_with_its_place_and_without_the_values_around_it() -> None:
    for form in ("json", "console"):
        text = _logged_by(FAILURE, LOG_FORMAT=form)
        assert "RuntimeError" in text
        assert "sign_in" in text
        assert "hunter2-hunter2" not in text


def test_what_lets_somebody_in_is_in_no_representation() -> None:
    secret = "hunter2-hunter2"
    for thing in (
        Credential("page", secret),
        Note(Credential("page", secret), Standing("", "", is_admin=False), ""),
        Instance("mine", PROFILES["beem"], {"user": secret}, receipt_secret=secret),
    ):
        assert secret not in repr(thing)
