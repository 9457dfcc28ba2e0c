"""What the simulated carrier posts, and where to."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import redis
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from sms.models import Message, Receipt
from sms.providers.simulator import Simulator, post_due_receipts, set_profile
from sms.tests.helpers import make_message, number
from sms.tests.simulating import Wait, fates, hand_over, outbound
from tenants.models import Tenant

# --- Posting -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://bellwether.example.com",
        "http://127.0.0.1.example.com",
        "http://127.0.0.1@example.com",
        "http://10.0.0.1:8000",
        "http://0.0.0.0:8000",
        "",
    ],
)
def test_receipts_are_never_posted_to_another_machine(
    store: "redis.Redis", settings: Settings, wait: Wait, url: str
) -> None:
    settings.PUBLIC_URL = url
    Simulator().submit(outbound())
    wait(5)
    with pytest.raises(ValueError, match="only"):
        post_due_receipts()
    assert store.zcard("simulator:due") == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("platform")
class TestWithAServer:
    @pytest.fixture(autouse=True)
    def _posted_to_the_server(self, live_server: LiveServer, settings: Settings) -> None:
        settings.PUBLIC_URL = live_server.url

    @pytest.fixture
    def submitted(self, tenant: Tenant, other_tenant: Tenant) -> list[Message]:
        numbers = [number(index) for index in range(3)]
        messages = [make_message(one, recipient=to, batch_id=None) for one in (tenant, other_tenant) for to in numbers]
        assert hand_over(*messages) == ["submitted"] * 6
        return messages

    def test_nothing_is_posted_before_it_is_due(self, tenant: Tenant, wait: Wait) -> None:
        wait(0, tick=False)
        hand_over(make_message(tenant, batch_id=None))
        assert post_due_receipts() == 0
        wait(5, tick=False)
        assert post_due_receipts() == 2

    def test_due_receipts_make_messages_delivered(self, submitted: list[Message], wait: Wait) -> None:
        wait(5)
        assert post_due_receipts() == 12
        assert Counter(Message.objects.values_list("status", flat=True)) == {"delivered": 6}
        assert Receipt.objects.filter(applied_at=None).count() == 0
        assert post_due_receipts() == 0

    def test_in_a_degraded_network_most_messages_fail_with_a_reason(self, tenant: Tenant, wait: Wait) -> None:
        set_profile("degraded")
        hand_over(*(make_message(tenant, recipient=number(index), batch_id=None) for index in range(60)))
        wait(5)
        assert post_due_receipts() == 120
        ended = Counter(Message.objects.values_list("status", flat=True))
        assert set(ended) == {"delivered", "undelivered", "rejected"}
        assert ended["delivered"] < 30
        assert set(Message.objects.values_list("failure_reason", flat=True)) == {
            "",
            "absent_subscriber",
            "network_congestion",
            "blocked_by_operator",
        }

    def test_a_turn_posts_200_and_the_next_one_the_rest(self, store: "redis.Redis", wait: Wait) -> None:
        fates(store, of=105)
        wait(5)
        assert [post_due_receipts() for _ in range(3)] == [200, 10, 0]
        assert Receipt.objects.count() == 210  # about messages we never had, and kept

    def test_what_the_webhook_refuses_is_offered_again(
        self, submitted: list[Message], settings: Settings, wait: Wait
    ) -> None:
        settings.SMS_RECEIPTS_ENABLED = False
        wait(5)
        assert post_due_receipts() == 0
        assert Counter(Message.objects.values_list("status", flat=True)) == {"submitted": 6}
        assert Receipt.objects.count() == 0
        settings.SMS_RECEIPTS_ENABLED = True
        wait(2)
        assert post_due_receipts() == 12
        assert Counter(Message.objects.values_list("status", flat=True)) == {"delivered": 6}

    def test_what_was_refused_waits_a_second(self, submitted: list[Message], settings: Settings, wait: Wait) -> None:
        wait(5, tick=False)
        settings.SMS_RECEIPTS_ENABLED = False
        assert post_due_receipts() == 0
        settings.SMS_RECEIPTS_ENABLED = True
        assert post_due_receipts() == 0
        wait(1, tick=False)
        assert post_due_receipts() == 12

    def test_a_proxy_from_the_environment_is_not_asked(
        self,
        submitted: list[Message],
        monkeypatch: pytest.MonkeyPatch,
        wait: Wait,
    ) -> None:
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")
        wait(5)
        assert post_due_receipts() == 12

    def test_the_engine_runs_until_it_is_told_to_stop(self, submitted: list[Message], live_server: LiveServer) -> None:
        engine = subprocess.Popen(
            [sys.executable, "manage.py", "simulator", "run"], env=os.environ | {"PUBLIC_URL": live_server.url}
        )
        try:
            end = time.monotonic() + 20
            while Message.objects.filter(status="delivered").count() < 6 and time.monotonic() < end:
                time.sleep(0.1)
            assert Counter(Message.objects.values_list("status", flat=True)) == {"delivered": 6}
            engine.terminate()
            assert engine.wait(10) == 0
        finally:
            engine.kill()
            engine.wait()


@contextlib.contextmanager
def answering(status: int) -> Iterator[str]:
    """A server that answers every call with this status; yields its address."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Location", "/elsewhere/")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("status", [202, 204, 301, 302, 307, 403, 404, 500, 503])
def test_anything_but_a_200_is_no_receipt_taken(
    store: "redis.Redis", settings: Settings, wait: Wait, status: int
) -> None:
    Simulator().submit(outbound())
    wait(5)
    with answering(status) as settings.PUBLIC_URL:
        assert post_due_receipts() == 0
    assert store.zcard("simulator:due") == 2


def test_receipts_outlive_a_webhook_that_is_away(store: "redis.Redis", settings: Settings, wait: Wait) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:1"
    Simulator().submit(outbound())
    wait(5)
    assert post_due_receipts() == 0
    assert store.zcard("simulator:due") == 2
