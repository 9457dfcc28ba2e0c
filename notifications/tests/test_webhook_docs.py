"""docs/webhooks.md: its programs run as they stand, called as real receivers are; its numbers are the code's."""

import contextlib
import datetime
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import settings
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.models import User
from notifications import webhooks
from notifications.channels.base import TryAgain
from notifications.channels.webhook import LONGEST_REST, MOST_REFUSALS, Webhook
from notifications.delivery.to_endpoints import MOST_AT_ONCE
from notifications.models import Notification, WebhookEndpoint
from notifications.serializers.webhooks import MOST_OVERLAP_HOURS
from notifications.tests.webhook_receivers import CONTENT, allow_loopback, send
from notifications.webhooks.signing import body_of, headers_of
from tests.house import free_port
from tests.snippets import FENCE
from tests.test_documents import node

PAGE = (settings.BASE_DIR / "docs" / "webhooks.md").read_text()
PROGRAMS = {match[1]: match[2] for match in FENCE.finditer(PAGE)}
LINE = f"{CONTENT['type']} {CONTENT['title']}\n"


@pytest.fixture
def endpoint(settings: Any, owner: User) -> WebhookEndpoint:
    allow_loopback(settings)
    return webhooks.create(tenant_id=None, owner=owner, url=f"http://127.0.0.1:{free_port()}/")


@contextlib.contextmanager
def playing(language: str, endpoint: WebhookEndpoint, said: Path) -> Iterator[None]:
    """The page's program in this language at the endpoint's address, what it prints in a file."""
    port = endpoint.url.rstrip("/").rpartition(":")[2]
    command = [sys.executable, "-"] if language == "python" else [node(), "--input-type=module", "-"]
    environment = {"PATH": os.environ["PATH"], "WEBHOOK_SECRET": endpoint.secret, "PORT": port}
    with said.open("wb") as output, said.with_suffix(".err").open("wb") as errors:
        program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, stderr=errors, env=environment)
    try:
        assert program.stdin is not None
        program.stdin.write(PROGRAMS[language].encode())
        program.stdin.close()
        _wait_for(int(port), program, said)
        yield
    finally:
        program.kill()
        program.wait()


def _wait_for(port: int, program: "subprocess.Popen[bytes]", said: Path) -> None:
    deadline = time.monotonic() + 30
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        assert program.poll() is None, said.with_suffix(".err").read_text()
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("language", ["python", "js"])
def test_a_program_of_the_page_takes_what_is_genuine_once_and_refuses_the_rest(
    language: str, endpoint: WebhookEndpoint, tmp_path: Path
) -> None:
    said = tmp_path / "said"
    body = body_of(CONTENT)
    with playing(language, endpoint, said):
        key = uuid7()
        for attempt in (1, 2):
            assert send(endpoint, id=key, attempt=attempt) == "HTTP 204"
        assert said.read_text() == LINE, "a repeat is dropped"
        genuine = headers_of(endpoint, message_id=uuid7(), body=body, now=timezone.now())
        late = timezone.now() - datetime.timedelta(minutes=6)
        for headers, content in (
            (genuine, body.replace(b"high", b"low")),
            (genuine | {"webhook-id": str(uuid7())}, body),
            (genuine | {"webhook-timestamp": "1"}, body),
            (genuine | {"webhook-signature": "v1,"}, body),
            (genuine | {"webhook-signature": "nonsense"}, body),
            ({}, body),
            (headers_of(endpoint, message_id=uuid7(), body=body, now=late), body),
        ):
            assert requests.post(endpoint.url, data=content, headers=headers, timeout=10).status_code == 401
        webhooks.rotate(endpoint_id=endpoint.pk, overlap=datetime.timedelta(hours=1))
        assert send(endpoint) == "HTTP 204", "both secrets sign during the overlap"
        webhooks.rotate(endpoint_id=endpoint.pk, overlap=datetime.timedelta())
        with pytest.raises(TryAgain, match="401"):
            send(endpoint)
        assert said.read_text() == 2 * LINE


def test_the_shell_of_the_page_tells_what_is_genuine(endpoint: WebhookEndpoint, tmp_path: Path) -> None:
    if not shutil.which("openssl"):
        pytest.skip("NOT RUN: the shell of docs/webhooks.md, because there is no openssl.")
    body = body_of(CONTENT)
    webhooks.rotate(endpoint_id=endpoint.pk, overlap=datetime.timedelta(hours=1))
    endpoint.refresh_from_db()
    now = timezone.now()
    genuine = headers_of(endpoint, message_id=uuid7(), body=body, now=now)
    late = headers_of(endpoint, message_id=uuid7(), body=body, now=now - datetime.timedelta(minutes=6))
    for secret, headers, content, is_genuine in (
        (endpoint.secret, genuine, body, True),
        (endpoint.previous_secret, genuine, body, True),
        (endpoint.secret, genuine, body + b" ", False),
        (endpoint.secret, late, body, False),
        ("whsec_c29tZWJvZHkgZWxzZQ==", genuine, body, False),
    ):
        (tmp_path / "body.json").write_bytes(content)
        names = {name.upper().replace("-", "_"): value for name, value in headers.items()}
        environment = {"PATH": os.environ["PATH"], "WEBHOOK_SECRET": secret, **names}
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", PROGRAMS["bash"]],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ran.returncode == 0, ran.stdout) == (is_genuine, f"It is {'genuine' if is_genuine else 'not'}.\n")


def test_the_numbers_of_the_page_are_those_of_the_code() -> None:
    words = re.search(r"after 5 seconds, 1, 10 and 30 minutes, 2, 5, 10, 14 and 20 hours", PAGE)
    assert words, "the backoff is said"
    minutes, hours = (60, 600, 1800), (2, 5, 10, 14, 20)
    assert Webhook.backoff == (5, *minutes, *(3600 * hour for hour in hours))
    assert (Webhook.attempts, MOST_REFUSALS, LONGEST_REST, MOST_OVERLAP_HOURS) == (
        10,
        5,
        datetime.timedelta(hours=1),
        168,
    )
    assert f"{MOST_AT_ONCE:,} at most" in PAGE
    assert (settings.WEBHOOK_TIMEOUT_SECONDS, settings.WEBHOOK_SECRET_OVERLAP_HOURS) == (10, 24)
    assert (10, datetime.timedelta(days=2)) == (settings.WEBHOOK_DISABLE_FAILURES, settings.WEBHOOK_DISABLE_AFTER)
    said = re.search(r"told of those\nalone \(([^)]+)\)", PAGE)
    assert said
    assert re.findall(r"`(\w+)`", said[1]) == list(Notification.Type)


def test_what_the_page_shows_is_what_is_sent() -> None:
    shown = set(re.findall(r'"(\w+)":', PAGE.split("## What arrives")[1].split("| field |")[0]))
    sent = set(re.findall(r'"(\w+)":', body_of(CONTENT | {"data": {}}).decode()))
    assert shown == sent
