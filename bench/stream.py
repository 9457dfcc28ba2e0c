"""Ten thousand open event streams in one process: what each of them costs, and how fast all of them are told."""

import contextlib
import json
import resource
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from statistics import median
from typing import Any

import psutil

from bench import house, load
from bench.measure import Bound, Found, Measure
from bench.people import PEOPLE
from bench.stage import Stage
from bench.turns import in_turns, ratios

STREAMS = 10_000
#: Files of a process besides its streams.
OTHER_FILES = 200
#: Tickets are issued, and streams opened with them, so many at once.
TOGETHER = 500
PATIENCE = 60
BROADCASTS = 10
PATH = "/api/notifications/stream/"
#: As a browser sends them.
HEADERS = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0",
    "Accept": "text/event-stream",
    "Accept-Language": "en-GB,en;q=0.9",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Origin": "https://front.example.com",
    "Referer": "https://front.example.com/",
    "Cache-Control": "no-cache",
    "Sec-Fetch-Mode": "cors",
}


@contextlib.contextmanager
def stream() -> Iterator[tuple[int, psutil.Process]]:
    """The product's own stream process; yields its port and itself."""
    port = house.free_port()
    command = [sys.executable, "manage.py", "stream", "--port", str(port)]
    with house.process("stream", command, ready=lambda: house.answers(port, "/healthz")):
        (process,) = [one for one in psutil.Process().children() if str(port) in one.cmdline()]
        yield port, process


class Watchers:
    """The other ends of all streams of one server, in a process of their own (bench/watchers.py)."""

    def __init__(self, port: int) -> None:
        command = [sys.executable, "-m", "bench.watchers", str(port)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        self.told = 0

    def open(self, requests: Sequence[bytes]) -> None:
        """Returns when each has had its first event."""
        self._ask({"open": [one.decode() for one in requests]})
        self._answer()

    def time(self, tell: Callable[[], None]) -> float:
        """Seconds from `tell()` until each has the event. Raises AssertionError when one does not get it."""
        self.told += 1
        self._ask({"expect": self.told})
        started = time.monotonic()
        tell()
        answer = self._answer()
        assert answer["lost"] == 0, f"{answer['lost']} events were lost"
        return float(answer["at"]) - started

    def close(self) -> None:
        self.process.terminate()
        self.process.communicate()

    def _ask(self, what: Mapping[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "The watchers ended."
        return dict(json.loads(line))


class Stream(Measure):
    name = "stream"
    bounds = (
        Bound("stream_connections", "<=", 25, f"resident KB per connection, {STREAMS:,} streams open in one process"),
        Bound("stream_fanout", ">=", 0.3, "events a second to all of them / the same bytes by a bare asyncio server"),
    )
    needs = (stream,)

    def run(self, stage: Stage, keys: Collection[str]) -> Mapping[str, Found]:
        if why := _too_few_files():
            return dict.fromkeys(keys, Found(note=why))
        port, process = stage.use(stream)
        sessions = _sign_in(STREAMS)
        everybody = [user for user, _ in sessions]
        with contextlib.closing(Watchers(port)) as warm:
            warm.open(_requests(sessions[:TOGETHER]))
        time.sleep(1)
        before = process.memory_info().rss
        stage.say(f"opening {STREAMS:,} streams")
        with contextlib.closing(Watchers(port)) as watchers:
            for start in range(0, STREAMS, TOGETHER):
                watchers.open(_requests(sessions[start : start + TOGETHER]))

            def broadcast() -> None:
                from notifications.changes import inbox_changed

                inbox_changed(user_ids=everybody)

            found: dict[str, Found] = {}
            if "stream_connections" in keys:
                for _ in range(BROADCASTS):
                    watchers.time(broadcast)
                each = (process.memory_info().rss - before) / 1024 / STREAMS
                found["stream_connections"] = Found([each], f"0 of {BROADCASTS * STREAMS:,} events lost")
            if "stream_fanout" in keys:
                stage.say("telling all of them, in turns with a bare server")
                found["stream_fanout"] = _fan_out(watchers, broadcast)
        return found


def _fan_out(watchers: Watchers, broadcast: Callable[[], None]) -> Found:
    port = house.free_port()
    command = [sys.executable, "-m", "bench.bare_server", str(port)]
    say = b"SAY " + _written().hex().encode() + b"\n"
    with contextlib.ExitStack() as beside:
        beside.enter_context(house.process("bare", command, ready=lambda: house.answers(port, "/healthz")))
        others = beside.enter_context(contextlib.closing(Watchers(port)))
        control = beside.enter_context(socket.create_connection(("127.0.0.1", port)))
        raw = load.request(PATH, headers=HEADERS)
        for _ in range(0, STREAMS, TOGETHER):
            others.open([raw] * TOGETHER)
        speeds = in_turns(
            {
                "ours": lambda: STREAMS / watchers.time(broadcast),
                "bare": lambda: STREAMS / others.time(lambda: control.sendall(say)),
            }
        )
    each = f"{median(speeds['ours']):,.0f} / {median(speeds['bare']):,.0f} events a second"
    return Found(ratios(speeds["ours"], speeds["bare"]), f"{STREAMS:,} streams, {each}")


def _written() -> bytes:
    """What the product writes for one event: the event in a chunk of HTTP."""
    from notifications.stream import events

    event = events.inbox(secrets.token_hex(8), within=0)
    return b"%x\r\n%b\r\n" % (len(event), event)


def _too_few_files() -> str:
    """Allows this process, and those it starts, as many files as it may; why that is not enough."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    needed = STREAMS + OTHER_FILES
    return f"a process may open {most:,} files here, and {needed:,} are needed" if 0 <= most < needed else ""


def _sign_in(count: int) -> list[tuple[Any, str]]:
    """That many people with a session each, by their ids."""
    from django.db import connection

    from accounts.models import SignIn, User

    with connection.cursor() as cursor:
        cursor.execute(PEOPLE, [count])
    done = {"method": SignIn.Method.TOKEN, "outcome": SignIn.Outcome.SUCCESS}
    people = User.objects.order_by("pk")
    sessions = SignIn.objects.bulk_create(SignIn(user=user, email=user.email, **done) for user in people)
    return [(one.user_id, str(one.pk)) for one in sessions]


def _requests(sessions: Sequence[tuple[Any, str]]) -> list[bytes]:
    """Each with a ticket as the API issues it."""
    from accounts.models import User
    from accounts.standing import TOKEN, Credential
    from notifications.stream.notes import issue_ticket

    tickets = [issue_ticket(user=User(pk=user), credential=Credential(TOKEN, key)) for user, key in sessions]
    return [load.request(f"{PATH}?ticket={one}", headers=HEADERS) for one in tickets]
