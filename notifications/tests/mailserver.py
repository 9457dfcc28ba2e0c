"""A real mail server on loopback: it writes down what it takes, and can be slow, refuse, or hang up in mid-message."""

import contextlib
import socketserver
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast


@dataclass(frozen=True)
class Taken:
    """One message as it arrived."""

    sender: str
    recipient: str
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.default)

    @property
    def delivery_id(self) -> str:
        return str(self.message["X-Delivery-Id"])

    def part(self, kind: str) -> str:
        body = self.message.get_body((kind,))
        assert body is not None
        return str(body.get_content())


class MailServer:
    """What it is told to do holds from the next command on; every list grows in the order of what happened."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.taken: list[Taken] = []
        self.connections = 0
        self.most_connections = 10_000
        """Whoever comes later is turned away."""
        self.seconds = 0.0
        """Before each answer to a message."""
        self.refuse: dict[str, str] = {}
        """The answer to a recipient; "*" is everybody."""
        self.refuse_message = ""
        """The answer to what was sent with DATA."""
        self.refuse_sender = ""
        self.hang_up_in_data = 0
        """So many messages are cut off in their middle, and forgotten."""
        self.hang_up_after_data = 0
        """So many messages are taken, and the connection lost before the answer."""


class _Conversation(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    @property
    def house(self) -> MailServer:
        return cast("_Server", self.server).house

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self) -> None:
        self.house.connections += 1
        if self.house.connections > self.house.most_connections:
            self.say("421 too busy")
            return
        self.say("220 loopback ready")
        with contextlib.suppress(OSError):
            while line := self.rfile.readline():
                if not self.answer(line.decode(errors="replace").rstrip()):
                    return

    def answer(self, line: str) -> bool:
        word = line[:4].upper()
        if word == "DATA":
            return self.take()
        if word == "MAIL":
            self.sender = line.partition("<")[2].partition(">")[0]
            self.say(self.house.refuse_sender or "250 ok")
        elif word == "RCPT":
            self.recipient = line.partition("<")[2].partition(">")[0]
            self.say(self.house.refuse.get(self.recipient) or self.house.refuse.get("*") or "250 ok")
        elif word == "QUIT":
            self.say("221 bye")
            return False
        else:  # EHLO, RSET, NOOP
            self.say("250 loopback")
        return True

    def take(self) -> bool:
        self.say("354 go on")
        if self.house.hang_up_in_data:
            self.house.hang_up_in_data -= 1
            self.rfile.readline()
            return False
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return False
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        time.sleep(self.house.seconds)
        if self.house.refuse_message:
            self.say(self.house.refuse_message)
            return True
        self.house.taken.append(Taken(self.sender, self.recipient, b"".join(lines)))
        if self.house.hang_up_after_data:
            self.house.hang_up_after_data -= 1
            return False
        self.say("250 taken")
        return True


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    house: MailServer


@contextlib.contextmanager
def serving_mail() -> Iterator[MailServer]:
    with _Server(("127.0.0.1", 0), _Conversation) as server:
        server.house = MailServer(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server.house
        finally:
            server.shutdown()
