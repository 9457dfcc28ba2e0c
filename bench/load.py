"""Eight clients on kept-alive connections, asking as fast as they are answered."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Mapping

CLIENTS = 8
SECONDS = 0.4
#: An empty API view behind a verified access token, and an empty view with nothing in front; both take GET and POST.
FLOOR, EMPTY = "/bench/floor/", "/bench/empty/"
#: (raw request, status that must come back)
Request = tuple[bytes, bytes]
#: Called with the client's number and how often it has asked; None ends the round for everybody.
Prepare = Callable[[int, int], Request | None]


def request(
    path: str, token: str = "", *, method: str = "GET", headers: Mapping[str, str] | None = None, body: bytes = b""
) -> bytes:
    """A raw HTTP/1.1 request, made once and sent often."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    lines += [f"Authorization: Bearer {token}"] if token else []
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    lines += [f"Content-Length: {len(body)}"] if method != "GET" else []
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def around(requests: list[Request]) -> Prepare:
    """Goes round in a list, each client from another place."""
    return lambda client, turn: requests[(client * 31 + turn) % len(requests)]


class Connection:
    """One kept-alive HTTP/1.1 connection that reads whole replies."""

    def __init__(self, port: int) -> None:
        self.link = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""

    def ask(self, raw: bytes) -> tuple[bytes, bytes, bytes]:
        """Status, head and body of the reply."""
        self.link.sendall(raw)
        data = self.rest
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        while len(body) < length:
            body += self._more()
        self.rest = body[length:]
        return head[9:12], head, body[:length]

    def _more(self) -> bytes:
        got = self.link.recv(65536)
        if not got:
            raise ConnectionError("The server closed the connection.")
        return got

    def close(self) -> None:
        self.link.close()


class _Round:
    """Eight threads that ask until the time is up, there is nothing more to ask, or one of them fails."""

    def __init__(self, port: int, prepare: Prepare) -> None:
        self.port, self.prepare = port, prepare
        self.counts = [0] * CLIENTS
        self.over = threading.Event()
        self.failure: BaseException | None = None

    def client(self, number: int) -> None:
        try:
            with contextlib.closing(Connection(self.port)) as connection:
                self._ask(connection, number)
        except BaseException as error:  # noqa: BLE001 (raised again by the thread that waits)
            self.failure = self.failure or error
        finally:
            self.over.set()

    def _ask(self, connection: Connection, number: int) -> None:
        while not self.over.is_set() and (asked := self.prepare(number, self.counts[number])):
            status, head, _ = connection.ask(asked[0])
            assert status == asked[1], f"Expected {asked[1].decode()}, got {head[:200].decode(errors='replace')}"
            self.counts[number] += 1

    def run(self, seconds: float) -> float:
        threads = [threading.Thread(target=self.client, args=[number]) for number in range(CLIENTS)]
        started = time.perf_counter()
        try:
            for thread in threads:
                thread.start()
            self.over.wait(seconds)
        finally:
            self.over.set()
            for thread in threads:
                thread.join()
        if self.failure is not None:
            raise self.failure
        return sum(self.counts) / (time.perf_counter() - started)


def per_second(port: int, prepare: Prepare, *, seconds: float = SECONDS) -> float:
    """Replies a second of CLIENTS clients together.

    Raises what went wrong in any of them, AssertionError when a reply had another status: a fast error is no result.
    """
    return _Round(port, prepare).run(seconds)
