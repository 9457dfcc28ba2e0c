"""`python -m bench.watchers PORT`: opens streams and counts what comes, by one JSON object a line.

{"open": [request, ...]}    opens one for each, and waits until each has had an event; {"open": how many are open}
{"expect": n}               waits until each has had n events of an inbox; {"at": moment, "lost": how many are missing}
"""

import json
import resource
import selectors
import socket
import sys
import time
from collections.abc import Callable

PATIENCE = 30.0
FIRST, EVENT = b"event: poll\n", b"event: inbox\n"
LONGEST = max(len(FIRST), len(EVENT))


class Reader:
    """One connection. What may be the beginning of a mark is kept until the rest of it comes."""

    __slots__ = ("events", "has_begun", "link", "tail")

    def __init__(self, link: socket.socket) -> None:
        self.link, self.tail, self.events, self.has_begun = link, b"", 0, False

    def read(self) -> None:
        got = self.link.recv(65536)
        if not got:
            raise ConnectionError("The server closed a stream.")
        data = self.tail + got
        self.has_begun = self.has_begun or FIRST in data
        self.events += data.count(EVENT)
        end = max(data.rfind(EVENT) + len(EVENT) if EVENT in data else 0, len(data) - LONGEST + 1)
        self.tail = data[end:]


class Readers:
    def __init__(self, port: int) -> None:
        self.port = port
        self.all: list[Reader] = []
        self.selector = selectors.DefaultSelector()

    def open(self, requests: list[str]) -> None:
        new = []
        for one in requests:
            link = socket.create_connection(("127.0.0.1", self.port))
            link.sendall(one.encode())
            new.append(Reader(link))
            self.selector.register(link, selectors.EVENT_READ, new[-1])
        self.all += new
        self._until(lambda: all(reader.has_begun for reader in new))

    def expect(self, events: int) -> dict[str, float]:
        missing = [reader for reader in self.all if reader.events < events]
        deadline = time.monotonic() + PATIENCE
        while missing and time.monotonic() < deadline:
            self._read(1)
            missing = [reader for reader in missing if reader.events < events]
        return {"at": time.monotonic(), "lost": sum(events - reader.events for reader in missing)}

    def _until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not holds():
            if time.monotonic() > deadline:
                raise TimeoutError
            self._read(1)

    def _read(self, seconds: float) -> None:
        for key, _ in self.selector.select(seconds):
            key.data.read()


def main(port: int) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    readers = Readers(port)
    for line in sys.stdin:
        asked = json.loads(line)
        if "open" in asked:
            readers.open(asked["open"])
            answer: dict[str, float] = {"open": len(readers.all)}
        else:
            answer = readers.expect(asked["expect"])
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
