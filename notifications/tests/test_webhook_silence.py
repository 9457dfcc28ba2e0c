"""Receivers that do not answer, answer half, or whose certificate is not theirs."""

import contextlib
import datetime
import shutil
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from urllib3.response import HTTPResponse

from notifications import webhooks
from notifications.channels.base import TryAgain, Uncertain
from notifications.models import WebhookEndpoint
from notifications.tests.webhook_receivers import (
    drip_headers,
    endless,
    endless_redirection,
    endpoint,
    is_signed_by,
    receiver,
    send,
)
from notifications.webhooks import calling
from sms.tests.gateway import SOON, Gateway, answer, drip, drop, drop_unread, gibberish, half, hang, running

__all__ = ["endpoint", "receiver"]
DAY = datetime.timedelta(days=1)


@pytest.fixture
def quick(settings: Any) -> None:
    settings.WEBHOOK_TIMEOUT_SECONDS = 0.5


# --- No answer ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "reply",
    [hang(60), drip_headers],
    ids=["never", "in headers that never end"],
)
def test_one_that_does_not_answer_in_time_may_have_it_and_rests(
    reply: Any, receiver: Gateway, endpoint: WebhookEndpoint, quick: None
) -> None:
    receiver.will(reply)
    began = time.monotonic()
    with pytest.raises(Uncertain, match=r"^It did not answer within 0\.5 seconds\.$"):
        send(endpoint)
    assert time.monotonic() - began < SOON, "and not when the receiver is through with it"
    with pytest.raises(TryAgain, match="rests"):
        send(endpoint)
    assert len(receiver.calls) == 1


@pytest.mark.parametrize("reply", [drop, drop_unread, gibberish])
def test_one_that_breaks_off_may_have_it(reply: Any, receiver: Gateway, endpoint: WebhookEndpoint) -> None:
    receiver.will(reply)
    with pytest.raises(Uncertain, match=r"^It broke the connection off"):
        send(endpoint)


@pytest.mark.parametrize("reply", [endless, half, drip(200, bytes_a_second=4)], ids=["endless", "half", "dripping"])
def test_once_the_status_was_said_the_rest_does_not_matter(
    reply: Any, receiver: Gateway, endpoint: WebhookEndpoint, quick: None
) -> None:
    receiver.will(reply)
    began = time.monotonic()
    assert send(endpoint).startswith("HTTP 20")
    assert time.monotonic() - began < SOON


def test_of_an_endless_answer_only_the_beginning_is_read(
    receiver: Gateway, endpoint: WebhookEndpoint, monkeypatch: Any
) -> None:
    read: list[int] = []
    really = HTTPResponse.read1

    def counted(self: Any, *args: Any, **options: Any) -> bytes:
        piece = really(self, *args, **options)
        read.append(len(piece))
        return piece

    monkeypatch.setattr(HTTPResponse, "read1", counted)
    receiver.will(endless)
    send(endpoint)
    assert calling.LARGEST_ANSWER <= sum(read) < 2 * calling.LARGEST_ANSWER


def test_an_endless_redirection_is_not_read_to_its_end_either(
    receiver: Gateway, endpoint: WebhookEndpoint, quick: None
) -> None:
    receiver.will(endless_redirection)
    with pytest.raises(TryAgain, match=r"^HTTP 302"):
        send(endpoint)


def test_one_that_nobody_listens_at_was_not_called(endpoint: WebhookEndpoint) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        webhooks.change(endpoint_id=endpoint.pk, changes={"url": f"http://127.0.0.1:{probe.getsockname()[1]}/"})
        with pytest.raises(TryAgain, match=r"^It cannot be connected to\.$"):
            send(endpoint)


def test_no_thread_and_no_socket_is_left_behind(receiver: Gateway, endpoint: WebhookEndpoint, quick: None) -> None:
    receiver.will(answer(204))
    send(endpoint)  # what is made once is made
    files, threads = len(list(Path("/proc/self/fd").iterdir())), threading.active_count()
    receiver.will(answer(204), answer(500), drop, endless)
    for _ in range(12):
        with contextlib.suppress(TryAgain, Uncertain):
            send(endpoint)
        webhooks.wake(endpoint_id=endpoint.pk)
    deadline = time.monotonic() + SOON
    while (len(list(Path("/proc/self/fd").iterdir())), threading.active_count()) > (files, threads):
        assert time.monotonic() < deadline
        time.sleep(0.05)


# --- TLS ----------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 that only those believe who have it."""
    openssl = shutil.which("openssl") or pytest.skip("NOT RUN: certificates, because there is no openssl.")
    folder = tmp_path_factory.mktemp("certificates")
    made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=receiver", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    subprocess.run([openssl, *made, *names, *files], check=True, capture_output=True)
    return folder


def test_over_https_the_certificate_is_looked_at(
    certificates: Path, receiver: Gateway, endpoint: WebhookEndpoint, settings: Any
) -> None:
    certificate = str(certificates / "certificate.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, str(certificates / "key.pem"))
    with running(tls=context) as secure:
        secure.will(answer(204))
        webhooks.change(endpoint_id=endpoint.pk, changes={"url": secure.url})
        with pytest.raises(TryAgain, match="certificate"):
            send(endpoint)
        assert secure.calls == []
        webhooks.wake(endpoint_id=endpoint.pk)
        settings.WEBHOOK_CA_BUNDLE = certificate
        assert send(endpoint) == "HTTP 204"
        assert is_signed_by(secure.calls[0], endpoint.secret)
        # The same machine under a name that the certificate does not have.
        webhooks.change(endpoint_id=endpoint.pk, changes={"url": secure.url.replace("127.0.0.1", "127.1")})
        with pytest.raises(TryAgain, match="certificate"):
            send(endpoint)


def test_a_receiver_that_does_not_speak_tls_is_not_waited_for_and_was_not_told(
    receiver: Gateway, endpoint: WebhookEndpoint, quick: None
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:  # takes connections and says nothing
        webhooks.change(endpoint_id=endpoint.pk, changes={"url": f"https://127.0.0.1:{mute.getsockname()[1]}/"})
        began = time.monotonic()
        with pytest.raises(TryAgain):
            send(endpoint)
        assert time.monotonic() - began < SOON
