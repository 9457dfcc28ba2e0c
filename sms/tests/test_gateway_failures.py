"""How a call ends that a gateway did not simply answer: each failure in exactly one class, whoever the vendor."""

import contextlib
import datetime
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from sms.providers import get_provider
from sms.providers.base import (
    CannotAsk,
    Permanent,
    Provider,
    RateLimited,
    Temporary,
    Uncertain,
)
from sms.tests import gateway as gateways
from sms.tests.gateway import (
    SOON,
    Gateway,
    Handler,
    Reply,
    answer,
    drip,
    drop,
    drop_unread,
    gibberish,
    half,
    hang,
    outbound,
    refused,
)
from sms.tests.helpers import number

SID = "SM0123456789abcdef0123456789abcdef"


@dataclass(frozen=True)
class Vendor:
    """A provider set up to talk to an address on this machine, and how its gateway says yes."""

    slug: str
    set_up: Callable[[Settings, str], None]
    status: int
    taken: Any
    name: str
    can_ask: bool = False


def twilio(settings: Settings, url: str) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, settings.TWILIO_API_URL = "AC1", "12345", url


def http_gateway(**given: Any) -> Callable[[Settings, str], None]:
    def set_up(settings: Settings, url: str) -> None:
        addresses = {name: url + path for name, path in given.get("urls", {}).items()}
        rest = {name: value for name, value in given.items() if name != "urls"}
        settings.SMS_HTTP_GATEWAYS = {"line": rest | addresses}

    return set_up


VENDORS = [
    Vendor("twilio", twilio, 201, {"sid": SID, "status": "queued"}, SID, can_ask=True),
    Vendor(
        "line",
        http_gateway(profile="beem", api_key="k", secret_key="s", urls={"send_url": "/v1/send", "check_url": "/b"}),
        200,
        {"successful": True, "request_id": 35918915, "code": 100, "message": "Message Submitted Successfully"},
        "35918915",
    ),
    Vendor(
        "line",
        http_gateway(
            profile="africas_talking",
            username="sandbox",
            api_key="k",
            urls={"send_url": "/version1/messaging", "check_url": "/u"},
        ),
        201,
        {"SMSMessageData": {"Recipients": [{"statusCode": 101, "status": "Success", "messageId": "ATXid_1"}]}},
        "ATXid_1",
    ),
    Vendor(
        "line",
        http_gateway(
            profile="custom",
            api_key="k",
            urls={"send_url": "/send", "check_url": "/c", "lookup_url": "/m/{reference}"},
        ),
        200,
        {"id": "m-1"},
        "m-1",
        can_ask=True,
    ),
]


@pytest.fixture(params=VENDORS, ids=["twilio", "beem", "africas_talking", "custom"])
def vendor(request: pytest.FixtureRequest, settings: Settings, gateway: Gateway) -> Vendor:
    settings.SMS_GATEWAY_TIMEOUT_SECONDS = 5
    vendor: Vendor = request.param
    vendor.set_up(settings, gateway.url)
    return vendor


@pytest.fixture
def provider(vendor: Vendor) -> Provider:
    return get_provider(vendor.slug)


def test_what_was_taken_has_the_vendors_id(provider: Provider, vendor: Vendor, gateway: Gateway) -> None:
    gateway.will(answer(vendor.status, vendor.taken))
    assert provider.submit(outbound()) == vendor.name
    assert [call.method for call in gateway.calls] == ["POST"]


# --- Nothing can have been taken ---------------------------------------------------------------------------------


def closed_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:{port}", "http://gateway.invalid", "http://127.0.0.1:{port}:1", "https://127.0.0.1:{gateway}"],
    ids=["refused", "no such name", "no address", "no TLS there"],
)
def test_a_gateway_that_cannot_be_reached_has_nothing(
    vendor: Vendor, settings: Settings, gateway: Gateway, address: str
) -> None:
    gateway.will(answer(vendor.status, vendor.taken))
    vendor.set_up(settings, address.format(port=closed_port(), gateway=gateway.url.rpartition(":")[2]))
    failed = refused(get_provider(vendor.slug))
    assert (type(failed), failed.reason) == (Temporary, "gateway_unreachable")
    with pytest.raises(Temporary):
        get_provider(vendor.slug).check_reachable()
    assert gateway.calls == []


def test_a_gateway_that_lets_nobody_in_has_nothing(vendor: Vendor, settings: Settings) -> None:
    settings.SMS_GATEWAY_TIMEOUT_SECONDS = 0.3
    with socket.socket() as full:  # its queue of waiting connections is full, so that the next one is not answered
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        vendor.set_up(settings, f"http://127.0.0.1:{address[1]}")
        started = time.monotonic()
        failed = refused(get_provider(vendor.slug))
        for one in waiting:
            one.close()
    assert (type(failed), failed.reason) == (Temporary, "gateway_unreachable")
    assert time.monotonic() - started < SOON


# --- It may have been taken --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (drop, "gateway_broke_off"),
        (drop_unread, "gateway_broke_off"),
        (gibberish, "gateway_broke_off"),
        (half, "gateway_answered_garbage"),
        (answer(200, b"<html>Welcome!</html>"), "gateway_answered_garbage"),
        (answer(200, b"\xff\xfe\x00"), "gateway_answered_garbage"),
        (answer(200, b"[" * 100_000), "gateway_answered_garbage"),
        (answer(200, b" " * 3_000_000), "gateway_answered_garbage"),
        (answer(201, b""), "gateway_answered_garbage"),
        (answer(200, b"null"), "gateway_answered_garbage"),
        (answer(200, []), "gateway_answered_garbage"),
        (answer(200, {}), "gateway_answered_garbage"),
        (answer(200, {"sid": 5, "id": None, "code": 100, "request_id": None}), "gateway_answered_garbage"),
        (answer(200, {"sid": "x" * 200, "id": "x" * 200}), "gateway_answered_garbage"),
        (answer(500, b"Internal Server Error"), "gateway_failed"),
        (answer(502, b"Bad Gateway"), "gateway_failed"),
        (answer(504, b""), "gateway_failed"),
        (answer(500, {"code": 101, "message": "Invalid phone number"}), "gateway_failed"),
        (answer(302, b"", Location="/thanks"), "gateway_failed"),
        (answer(303, b"", Location="/thanks"), "gateway_failed"),
    ],
    ids=lambda value: value if isinstance(value, str) else getattr(value, "__name__", None),
)
def test_what_it_may_have_taken_is_uncertain(provider: Provider, gateway: Gateway, reply: Reply, reason: str) -> None:
    gateway.will(reply)
    failed = refused(provider)
    assert (type(failed), failed.reason) == (Uncertain, reason)
    assert len(gateway.calls) <= 1  # never handed over once more by the way, and no redirection followed


def test_a_gateway_that_says_yes_and_then_fails_is_uncertain(
    provider: Provider, vendor: Vendor, gateway: Gateway
) -> None:
    gateway.will(answer(500, vendor.taken))
    assert type(refused(provider)) is Uncertain


def test_a_gateway_that_does_not_answer_in_time_may_have_it(
    provider: Provider, settings: Settings, gateway: Gateway
) -> None:
    settings.SMS_GATEWAY_TIMEOUT_SECONDS = 0.3
    gateway.will(hang(60))
    started = time.monotonic()
    failed = refused(provider)
    assert (type(failed), failed.reason) == (Uncertain, "gateway_not_answering")
    assert time.monotonic() - started < SOON
    assert len(gateway.calls) == 1


def test_a_gateway_that_drips_its_answer_is_not_listened_to_for_ever(
    provider: Provider, settings: Settings, gateway: Gateway
) -> None:
    settings.SMS_GATEWAY_TIMEOUT_SECONDS = 0.5
    gateway.will(drip(200, bytes_a_second=4))
    started = time.monotonic()
    assert type(refused(provider)) is Uncertain
    assert time.monotonic() - started < SOON


# --- It says that it has not taken it ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "wait"),
    [("7", 7.0), ("0", 0.0), ("9" * 30, 999_999_999.0), ("", None), ("soon", None), ("-5", None), ("²", None)],
)
def test_a_gateway_that_is_asked_too_fast_says_for_how_long(
    provider: Provider, gateway: Gateway, given: str, wait: float | None
) -> None:
    gateway.will(answer(429, b"Slow down", **({"Retry_After": given} if given.isascii() else {})))
    failed = refused(provider)
    assert isinstance(failed, RateLimited)
    assert (failed.reason, failed.wait) == ("throttled", wait)


def test_a_time_to_wait_may_be_a_date(provider: Provider, gateway: Gateway) -> None:
    gateway.will(answer(429, b"", Retry_After="Wed, 21 Oct 2026 07:28:30 GMT"))
    with time_machine.travel("2026-10-21T07:28:00Z", tick=False):
        failed = refused(provider)
    assert isinstance(failed, RateLimited)
    assert failed.wait == 30


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (301, "gateway_misconfigured"),
        (307, "gateway_misconfigured"),
        (308, "gateway_misconfigured"),
        (401, "gateway_credentials_refused"),
        (403, "gateway_credentials_refused"),
        (402, "gateway_out_of_credit"),
        (404, "gateway_misconfigured"),
        (405, "gateway_misconfigured"),
        (408, "gateway_not_answering"),
        (503, "gateway_unavailable"),
    ],
)
def test_what_is_not_about_the_message_is_temporary(
    provider: Provider, gateway: Gateway, status: int, reason: str
) -> None:
    gateway.will(answer(status, b"<h1>No</h1>", Location=f"{gateway.url}/elsewhere"))
    failed = refused(provider)
    assert (type(failed), failed.reason, failed.code) == (Temporary, reason, str(status))
    assert len(gateway.calls) == 1  # a redirection is not followed
    with pytest.raises(Temporary) as raised:
        provider.check_reachable()
    assert raised.value.reason == reason


def test_of_a_redirection_no_more_is_read_than_of_any_answer(provider: Provider, gateway: Gateway) -> None:
    megabytes = 60
    written = 0

    def endless(handler: Handler) -> None:
        nonlocal written
        handler.take()
        head = f"HTTP/1.1 302 X\r\nLocation: /elsewhere\r\nContent-Length: {megabytes * 1_000_000}\r\n\r\n"
        handler.wfile.write(head.encode())
        with contextlib.suppress(OSError):
            for _ in range(megabytes):
                handler.wfile.write(b" " * 1_000_000)
                written += 1
        handler.close_connection = True

    gateway.will(endless)
    refused(provider)
    assert written < megabytes / 2


@pytest.mark.parametrize("status", [400, 409, 413, 415, 422])
def test_what_it_refuses_without_a_word_is_refused_for_good(provider: Provider, gateway: Gateway, status: int) -> None:
    gateway.will(answer(status, b"No."))
    failed = refused(provider)
    assert (type(failed), failed.reason, failed.code) == (Permanent, "refused_by_gateway", str(status))


# --- Asking ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply",
    [drop, half, gibberish, answer(500), answer(503), answer(429), answer(200, b"?"), answer(302), answer(401)],
)
def test_a_gateway_that_does_not_say_whether_it_has_a_message_is_asked_again(
    provider: Provider, vendor: Vendor, gateway: Gateway, reply: Reply
) -> None:
    gateway.will(reply)
    expected: Any = Temporary if vendor.can_ask else CannotAsk
    with pytest.raises(expected):
        provider.lookup(outbound(), since=timezone.now() - datetime.timedelta(minutes=10))


def test_a_gateway_that_is_slow_to_say_whether_it_has_a_message_is_asked_again(
    provider: Provider, vendor: Vendor, settings: Settings, gateway: Gateway
) -> None:
    settings.SMS_GATEWAY_TIMEOUT_SECONDS = 0.3
    gateway.will(hang(2))
    expected: Any = Temporary if vendor.can_ask else CannotAsk
    with pytest.raises(expected):
        provider.lookup(outbound(), since=timezone.now())


# --- Connections -------------------------------------------------------------------------------------------------


def test_calls_share_connections_and_need_no_more_than_run_at_once(
    provider: Provider, vendor: Vendor, gateway: Gateway
) -> None:
    gateway.will(answer(vendor.status, vendor.taken))
    with ThreadPoolExecutor(provider.concurrency) as pool:
        names = list(pool.map(lambda index: provider.submit(outbound(recipient=number(index))), range(100)))
    assert set(names) == {vendor.name}
    assert len(gateway.calls) == 100
    assert len(gateway.ports) <= provider.concurrency


def test_threads_do_not_get_each_others_answers(settings: Settings, gateway: Gateway) -> None:
    """A custom gateway here answers with the reference that it was given."""
    http_gateway(profile="custom", api_key="k", urls={"send_url": "/send"})(settings, gateway.url)
    seen = threading.Lock()

    def echo(handler: gateways.Handler) -> None:
        with seen:
            handler.take()
            call = gateway.calls[-1]
        body = f'{{"id": "for-{call.json["reference"]}"}}'.encode()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    gateway.will(echo)
    provider = get_provider("line")
    messages = [outbound(recipient=number(index)) for index in range(200)]
    with ThreadPoolExecutor(16) as pool:
        names = list(pool.map(provider.submit, messages))
    assert names == [f"for-{message.reference}" for message in messages]


def test_a_connection_that_the_gateway_closed_meanwhile_is_not_used_again(
    provider: Provider, vendor: Vendor, gateway: Gateway
) -> None:
    gateway.will(answer(vendor.status, vendor.taken, Connection="close"))
    assert [provider.submit(outbound()) for _ in range(3)] == [vendor.name] * 3


def test_neither_proxies_nor_cookies_nor_stored_passwords_come_into_it(
    provider: Provider, vendor: Vendor, gateway: Gateway, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    gateway.will(answer(vendor.status, vendor.taken, Set_Cookie="session=1; Path=/"))
    for _ in range(2):
        assert provider.submit(outbound()) == vendor.name
    assert all("Cookie" not in call.headers for call in gateway.calls)
    assert "somebody" not in str(gateway.calls)


def test_a_submission_needs_no_database(
    provider: Provider, vendor: Vendor, gateway: Gateway, django_db_blocker: Any
) -> None:
    gateway.will(answer(vendor.status, vendor.taken))
    with django_db_blocker.block():
        assert provider.submit(outbound()) == vendor.name
