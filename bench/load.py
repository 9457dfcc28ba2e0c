"""Eight clients on kept-alive connections, asking as fast as they are answered."""

import socket
import threading
import time
from collections.abc import Callable

CLIENTS = 8
#: (raw request, status that must come back)
Request = tuple[bytes, bytes]


def request(path: str, token: str, etag: str = "") -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {token}"]
    if etag:
        lines.append(f"If-None-Match: {etag}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Connection:
    """One kept-alive HTTP/1.1 connection that reads whole replies."""

    def __init__(self, port: int) -> None:
        self.link = socket.create_connection(("127.0.0.1", port))
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


def per_second(port: int, *, seconds: float, prepare: Callable[[int, int], Request]) -> float:
    """Replies a second of CLIENTS clients. `prepare(client, turn)` gives each request and its expected status.

    Raises AssertionError when a reply had another status: a fast error is no result.
    """
    counts, wrong = [0] * CLIENTS, []
    stop_at = time.perf_counter() + seconds

    def run(client: int) -> None:
        connection = Connection(port)
        try:
            while time.perf_counter() < stop_at:
                raw, expected = prepare(client, counts[client])
                status, head, _ = connection.ask(raw)
                if status != expected:
                    wrong.append(head[:200])
                    return
                counts[client] += 1
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[client]) for client in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong[0]
    return sum(counts) / seconds
