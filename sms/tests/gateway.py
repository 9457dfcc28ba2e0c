"""A gateway on this machine that answers as it is told, for the tests of the providers."""

import json
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from uuid_utils.compat import uuid7

from sms.providers.base import Outbound, Provider, ProviderError

#: Seconds, and long over before whoever hangs or drips here comes to an end by himself.
SOON = 30


@dataclass
class Call:
    """One request as it arrived."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.target).query).items()}

    @property
    def form(self) -> dict[str, str]:
        pairs = parse_qs(self.body.decode(), keep_blank_values=True, strict_parsing=True)
        return {name: values[0] for name, values in pairs.items()}

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    gateway: "Gateway"

    def handle_one_call(self) -> None:
        with self.gateway.lock:
            reply = self.gateway.replies.popleft() if len(self.gateway.replies) > 1 else self.gateway.replies[0]
            self.gateway.ports.add(self.client_address[1])
        reply(self)

    do_GET = do_POST = handle_one_call  # noqa: N815 (names that http.server looks for)

    def take(self) -> None:
        """Reads the whole request: from here on the gateway has it."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with self.gateway.lock:
            self.gateway.calls.append(Call(self.command, self.path, dict(self.headers), body))

    def log_message(self, *_: Any) -> None:
        pass


Reply = Callable[[Handler], None]


@dataclass
class Gateway:
    url: str = ""
    replies: "deque[Reply]" = field(default_factory=deque)
    calls: list[Call] = field(default_factory=list)
    ports: set[int] = field(default_factory=set)
    """Whence the calls came: one for each connection."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def will(self, *replies: Reply) -> None:
        """Answers the next calls so, and every later one as the last of them."""
        self.replies = deque(replies)


@contextmanager
def running(*, tls: ssl.SSLContext | None = None) -> Iterator[Gateway]:
    gateway = Gateway()
    handler = type("Handler", (Handler,), {"gateway": gateway})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    gateway.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield gateway
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def outbound(**fields: Any) -> Outbound:
    plain: dict[str, Any] = {
        "reference": uuid7(),
        "recipient": "+255754123456",
        "sender_id": "ACACIA",
        "text": "Habari",
    }
    return Outbound(**plain | fields)


def refused(provider: Provider) -> ProviderError:
    """How it fails to hand a message over."""
    with pytest.raises(ProviderError) as raised:
        provider.submit(outbound())
    return raised.value


# --- Replies -----------------------------------------------------------------------------------------------------


def answer(status: int, body: Any = b"", **headers: str) -> Reply:
    """Takes the request and answers; a body that is no bytes is sent as JSON, `_` in names of headers as a dash."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()

    def reply(handler: Handler) -> None:
        handler.take()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(raw)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(raw)

    return reply


def hang(seconds: float) -> Reply:
    """Takes the request and says nothing for longer than anybody waits."""

    def reply(handler: Handler) -> None:
        handler.take()
        time.sleep(seconds)
        handler.close_connection = True

    return reply


def drop(handler: Handler) -> None:
    """Takes the request and breaks off."""
    handler.take()
    _close(handler)


def drop_unread(handler: Handler) -> None:
    """Breaks off before it read what the request carries; it may be on its way all the same."""
    _close(handler)


def half(handler: Handler) -> None:
    """Takes the request and breaks off in the middle of its answer."""
    handler.take()
    handler.wfile.write(b'HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{"sid": "SM')
    _close(handler)


def gibberish(handler: Handler) -> None:
    """Takes the request and answers with something that is no HTTP."""
    handler.take()
    handler.wfile.write(b"\x00\x01 hello\r\n\r\n")
    _close(handler)


def drip(status: int, *, bytes_a_second: float) -> Reply:
    """Takes the request and sends a long answer byte by byte."""

    def reply(handler: Handler) -> None:
        handler.take()
        handler.wfile.write(f"HTTP/1.1 {status} X\r\nContent-Length: 100000\r\n\r\n".encode())
        try:
            for _ in range(200):
                handler.wfile.write(b" ")
                time.sleep(1 / bytes_a_second)
        except OSError:
            pass
        handler.close_connection = True

    return reply


def _close(handler: Handler) -> None:
    handler.close_connection = True
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_RDWR)
