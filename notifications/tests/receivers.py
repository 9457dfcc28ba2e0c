"""A real HTTP server that writes down what it is told: operators' webhooks and heartbeat services."""

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """`calls` has the path and the JSON body of each, in order."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.calls: list[tuple[str, Any]] = []
        self.status = 200
        self.seconds = 0.0

    @property
    def alert_url(self) -> str:
        """As ALERT_URLS takes it: Apprise's plain JSON webhook, with our id in a field of its own."""
        return f"json://127.0.0.1:{self.port}/alerts?:alert={{id}}"

    @property
    def heartbeat_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/beat"

    @property
    def alerts(self) -> list[tuple[str, str]]:
        """Id and kind of each alert."""
        return [(body["alert"], body["type"]) for path, body in self.calls if path.startswith("/alerts")]

    @property
    def beats(self) -> int:
        return sum(path == "/beat" for path, _ in self.calls)


@contextlib.contextmanager
def receiving() -> Iterator[Receiver]:
    released = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            receiver.calls.append((self.path, body))
            released.wait(receiver.seconds)
            self.send_response(receiver.status)
            self.end_headers()

        do_GET = do_POST  # noqa: N815 (the names are those of http.server)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    receiver = Receiver(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        released.set()
        server.shutdown()
        server.server_close()
