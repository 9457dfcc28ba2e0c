"""The stream's process for tests, and readers of it that speak HTTP by hand, as slow or as rude as a test wants."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from django.conf import settings
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from config import embedded
from conftest import PASSWORD

ROOT = Path(__file__).resolve().parents[2]
PATH = "/api/notifications/stream/"
TICKET = f"{PATH}ticket/"
#: Long for what takes milliseconds: a test fails by it, and never passes by it.
PATIENCE = 30.0


@dataclass(frozen=True)
class Event:
    name: str
    data: Any
    id: str = ""


@dataclass
class Watcher:
    """One open stream."""

    link: socket.socket
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    buffer: bytes = b""
    comments: int = 0
    retry: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *of: object) -> None:
        self.link.close()

    def _more(self) -> None:
        got = self.link.recv(65536)
        if not got:
            raise EOFError
        self.buffer += got

    def _until(self, mark: bytes) -> bytes:
        while mark not in self.buffer:
            self._more()
        before, _, self.buffer = self.buffer.partition(mark)
        return before

    def read_head(self) -> Self:
        first, *lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        self.status = int(first.split(" ")[1])
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        return self

    def body(self) -> Any:
        """Of a refusal."""
        length = int(self.headers["content-length"])
        while len(self.buffer) < length:
            self._more()
        return json.loads(self.buffer)

    def next(self) -> Event:
        """The next event; comments before it are counted. Raises EOFError where the stream ended, and AssertionError
        where heartbeats are all that comes."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if event := self._parsed(self._chunk()):
                return event
        raise AssertionError("no event")

    def _chunk(self) -> bytes:
        """One block of the stream. The server writes each in chunks of HTTP of its own, which may hold several."""
        while b"\n\n" not in self._text:
            size = int(self._until(b"\r\n"), 16)
            if size == 0:
                raise EOFError
            while len(self.buffer) < size + 2:
                self._more()
            self._text += self.buffer[:size]
            self.buffer = self.buffer[size + 2 :]
        block, _, self._text = self._text.partition(b"\n\n")
        return block

    _text: bytes = b""

    def _parsed(self, block: bytes) -> Event | None:
        fields: dict[str, str] = {}
        for line in block.decode().split("\n"):
            if line.startswith(":"):
                self.comments += 1
            elif line:
                name, _, value = line.partition(": ")
                fields[name] = value
        self.retry = int(fields["retry"]) if "retry" in fields else self.retry
        if "event" not in fields:
            return None
        return Event(fields["event"], json.loads(fields["data"]), fields.get("id", ""))

    def rest(self) -> list[Event]:
        """All that comes until the stream ends."""
        found = []
        with contextlib.suppress(EOFError, ConnectionError):
            while True:
                found.append(self.next())
        return found

    def beats(self, count: int) -> None:
        """Waits for so many heartbeats, and for no event."""
        wanted = self.comments + count
        while self.comments < wanted:
            assert self._parsed(self._chunk()) is None


class StreamProcess:
    """`manage.py stream` on the test's own Postgres and Redis."""

    def __init__(self, *, files: int = 0, **environment: str) -> None:
        self.files = files
        self.port = embedded.free_port()
        self.environment = environment
        self.opened: list[socket.socket] = []
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        base = connection.settings_dict
        database = f"postgres://{base['USER']}@/{base['NAME']}?host={base['HOST']}"
        known = {"DATABASE_URL": database, "REDIS_URL": settings.REDIS_URL, "ALLOWED_HOSTS": "localhost,testserver"}
        known |= {"CORS_ALLOWED_ORIGINS": "https://front.example.com", "STREAM_HEARTBEAT_SECONDS": "1"}
        command = [sys.executable, "manage.py", "stream", "--port", str(self.port)]
        command = [*embedded.dies_with_parent("TERM"), *command]
        self.process = subprocess.Popen(
            ["sh", "-c", f'ulimit -n {self.files}; exec "$@"', "sh", *command] if self.files else command,
            cwd=ROOT,
            env=os.environ | known | self.environment,
            start_new_session=True,
        )
        deadline = time.monotonic() + PATIENCE
        while not embedded.web_answers(self.port):
            assert self.process.poll() is None, "it ended"
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return self

    def send(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def hang_up(self) -> None:
        """For every reader that was asked for."""
        while self.opened:
            self.opened.pop().close()

    def stop(self) -> None:
        self.hang_up()
        if self.process is not None and self.process.poll() is None:
            self.send(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def ask(
        self,
        path: str = PATH,
        *,
        method: str = "GET",
        receive_buffer: int = 0,
        headers: Mapping[str, str] | None = None,
    ) -> Watcher:
        """A request, and the head of its reply."""
        link = socket.socket()
        self.opened.append(link)
        if receive_buffer:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        link.settimeout(PATIENCE)
        link.connect(("127.0.0.1", self.port))
        lines = [f"{method} {path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in ({"Host": "localhost"} | dict(headers or {})).items()]
        link.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        return Watcher(link).read_head()

    def watch(
        self, client: APIClient, *, since: str = "", headers: Mapping[str, str] | None = None, receive_buffer: int = 0
    ) -> Watcher:
        """By a ticket of this client's."""
        sent = dict(headers or {}) | ({"Last-Event-ID": since} if since else {})
        watcher = self.ask(f"{PATH}?ticket={ticket(client)}", headers=sent, receive_buffer=receive_buffer)
        assert watcher.status == 200, watcher.body()
        return watcher


def ticket(client: APIClient) -> str:
    reply = client.post(TICKET)
    assert reply.status_code == 200, reply.content
    return str(reply.json()["ticket"])


def begin(stream: StreamProcess, client: APIClient, *, receive_buffer: int = 0) -> tuple[Watcher, str]:
    """A stream that has said where it begins, and the id that it gave that."""
    watcher = stream.watch(client, receive_buffer=receive_buffer)
    first = watcher.next()
    assert (first.name, first.data["reason"]) == ("poll", "opened")
    return watcher, first.id


def page_of(user: User) -> Client:
    """A browser in which this person signed in."""
    client = Client()
    reply = client.post("/sign-in/", {"username": user.email, "password": PASSWORD})
    assert reply.status_code == 302
    return client


def cookie(client: Client) -> str:
    return f"sessionid={client.cookies['sessionid'].value}"


@contextlib.contextmanager
def running(*, files: int = 0, **environment: str) -> Iterator[StreamProcess]:
    """`files`: how many it may open."""
    process = StreamProcess(files=files, **environment)
    try:
        yield process.start()
    finally:
        process.stop()
