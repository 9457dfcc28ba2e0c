"""One call to an address that somebody else entered: judged where it really leads to, bounded in time and size.

With requests, as carriers' gateways are called (sms.providers.calling), but over connections of our own: they look the
name up themselves and connect to the very address that was judged, so that no second look-up can lead elsewhere. Each
call has its connection: nothing is left over for the next one, which may be another tenant's.
"""

import contextlib
import functools
import ipaddress
import socket
import threading
import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import requests
import urllib3
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

from accounts import outgoing
from notifications.webhooks.addresses import is_allowed

#: Of an answer's body no more than this is read, in bytes: nothing in it is looked at, but a receiver that can finish
#: its answer sees no error.
LARGEST_ANSWER = 64 * 1024
USER_AGENT = "Bellwether-Webhooks/1"


class NotCalled(Exception):
    """Nothing was handed over; says why."""


class NoAnswer(Exception):
    """The receiver may have it, and did not say so; says why."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]

    @property
    def is_success(self) -> bool:
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


class Deadline:
    """Ends a call's connection when its time is up, whatever it is waiting for: a receiver that sends a byte now and
    then keeps within the time limit of every single read."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self._stack = contextlib.ExitStack()
        self.is_over = False

    @property
    def left(self) -> float:
        """Seconds; never so few that a socket would take them for "do not wait"."""
        return max(self._ends - time.monotonic(), 0.001)

    def watch(self, connected: socket.socket) -> None:
        twin = self._stack.enter_context(connected.dup())  # TLS takes the first one away from its owner
        timer = threading.Timer(self.left, self._end, [twin])
        timer.daemon = True
        self._stack.callback(timer.join)
        self._stack.callback(timer.cancel)
        timer.start()

    def _end(self, connected: socket.socket) -> None:
        self.is_over = True
        with contextlib.suppress(OSError):
            connected.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> "Deadline":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


_deadline: ContextVar[Deadline] = ContextVar("webhook_deadline")


def post(url: str, *, headers: Mapping[str, str], body: bytes) -> Answer:
    """Hands a message over within WEBHOOK_TIMEOUT_SECONDS, looking its name up included. Raises NotCalled or NoAnswer,
    in words for the endpoint's owner."""
    message = outgoing.Body(body)
    with Deadline(settings.WEBHOOK_TIMEOUT_SECONDS) as deadline:
        token = _deadline.set(deadline)
        try:
            return _post(url, headers, message, deadline)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise (_unanswered(error, deadline) if message.begun else _not_called(error)) from None
        finally:
            _deadline.reset(token)


def _post(url: str, headers: Mapping[str, str], message: outgoing.Body, deadline: Deadline) -> Answer:
    plain = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": USER_AGENT, "Connection": "close"}
    with _session().post(
        url,
        data=message,
        headers=plain | dict(headers),
        timeout=(deadline.left, deadline.left),
        allow_redirects=False,
        stream=True,
        verify=settings.WEBHOOK_CA_BUNDLE or True,
    ) as answer:
        if deadline.is_over:  # headers that were cut off look like headers that ended
            raise TimeoutError
        _read(answer)
        return Answer(answer.status_code, answer.headers)


def _read(answer: requests.Response) -> None:
    """The status said already what became of the message: whatever goes wrong from here on is no matter."""
    read = 0
    with contextlib.suppress(urllib3.exceptions.HTTPError, OSError, ValueError):
        while read < LARGEST_ANSWER and (piece := answer.raw.read1(8192)):
            read += len(piece)


def _not_called(error: Exception) -> NotCalled:
    if isinstance(error, requests.exceptions.SSLError):
        return NotCalled("TLS could not be agreed on, or its certificate is not one for this name.")
    return error if isinstance(error, NotCalled) else NotCalled("It cannot be connected to.")


def _unanswered(error: Exception, deadline: Deadline) -> NoAnswer:
    if deadline.is_over or isinstance(error, requests.Timeout | TimeoutError):
        return NoAnswer(f"It did not answer within {settings.WEBHOOK_TIMEOUT_SECONDS:g} seconds.")
    return NoAnswer("It broke the connection off, or answered with something that is no HTTP.")


# --- Connections --------------------------------------------------------------------------------------------------


class Unreachable(NotCalled, urllib3.exceptions.HTTPError):
    """In a family that urllib3 hands through."""


def _connect(host: str, port: int) -> socket.socket:
    deadline = _deadline.get()
    found = [one for one in _look_up(host, port, deadline.left) if is_allowed(ipaddress.ip_address(one[4][0]))]
    if not found:
        # One sentence for both: which names there are inside is nobody's business outside.
        raise Unreachable("Its name leads to no public address.")
    for family, kind, protocol, _, address in found:
        with contextlib.suppress(OSError):
            return _connected(socket.socket(family, kind, protocol), address, deadline)
    raise Unreachable("It cannot be connected to.")


def _connected(line: socket.socket, address: Any, deadline: Deadline) -> socket.socket:
    try:
        line.settimeout(min(settings.WEBHOOK_CONNECT_TIMEOUT_SECONDS, deadline.left))
        line.connect(address)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        deadline.watch(line)
    except BaseException:
        line.close()
        raise
    return line


def _look_up(host: str, port: int, seconds: float) -> list[Any]:
    """In a thread of its own, because the system's resolver knows no time limit but its own."""
    found: list[Any] = []

    def ask() -> None:
        with contextlib.suppress(OSError, UnicodeError):
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(min(settings.WEBHOOK_CONNECT_TIMEOUT_SECONDS, seconds))
    return list(found)


class _Plain(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _connect(self._dns_host, self.port)


class _Secure(HTTPSConnection):
    """The certificate is still that of the name: only the way to its address is ours."""

    def _new_conn(self) -> socket.socket:
        return _connect(self._dns_host, self.port)


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Secure


class _Judging(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}


@functools.cache
def _session() -> requests.Session:
    return outgoing.session(adapter=_Judging(max_retries=0))  # and no proxy, behind which nothing could be judged
