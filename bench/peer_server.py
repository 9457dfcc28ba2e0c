"""The peer: the most used Django package for the same job, on the same Postgres, the same server and the same rows.

It lives in a virtualenv of its own (bench/peer/.venv, made once), as it needs an older Django. What lies in bench/peer
is read there, with that folder as the working directory and without our own: its app is called as one of ours is.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench import house, inbox, load
from bench.stage import Stage

NAME = "django-notifications-hq 1.8.3"
HERE = Path(__file__).resolve().parent / "peer"
REQUIREMENTS = HERE / "requirements.txt"
PATH = "/inbox/notifications/api/unread_list/?max=10"


class Unavailable(Exception):
    """The peer cannot be had here; the message says why."""


@dataclass(frozen=True)
class Peer:
    port: int
    sessions: Sequence[str]

    def _requests(self) -> list[load.Request]:
        cookies = ({"Cookie": f"sessionid={key}"} for key in self.sessions)
        return [(load.request(PATH, headers=cookie), b"200") for cookie in cookies]

    def unread_list(self) -> float:
        """Unread lists a second."""
        return load.per_second(self.port, load.around(self._requests()))

    def sample(self) -> dict[str, Any]:
        connection = load.Connection(self.port)
        _, _, body = connection.ask(self._requests()[0][0])
        connection.close()
        return dict(json.loads(body))


def check_alike(ours: dict[str, Any], other: Peer) -> None:
    """Both tell of as many notifications, of as many unread ones, and with the same text. Raises AssertionError."""
    theirs = other.sample()
    told = (len(ours["notifications"]), ours["unread_count"], ours["notifications"][0]["message"])
    theirs_told = (len(theirs["unread_list"]), theirs["unread_count"], theirs["unread_list"][0]["description"])
    assert told == theirs_told, f"We say {told}, the peer says {theirs_told}."


@contextlib.contextmanager
def running(stage: Stage, *, users: int, rows: int) -> Iterator[Peer]:
    """Makes, fills and serves it. Raises Unavailable where it cannot be had: no network, or it does not start."""
    python = interpreter(stage)
    with contextlib.ExitStack() as serving:
        try:
            environment = _environment()
            stage.say(f"filling the peer's table with {rows:,}")
            sessions = _fill(python, environment, users=users, rows=rows)
            port = house.free_port()
            command = house.granian(str(python), port, "wsgi:application")
            ready = partial(house.answers, port, PATH)
            serving.enter_context(house.process("peer", command, ready=ready, cwd=HERE, env=environment))
        except (RuntimeError, subprocess.SubprocessError) as error:
            raise Unavailable(f"{NAME} does not run here: {error}") from error
        yield Peer(port, sessions)


def _fill(python: Path, environment: dict[str, str], *, users: int, rows: int) -> list[str]:
    values = {"users": users, "rows": rows, "unread_every": inbox.UNREAD_EVERY}
    done = subprocess.run(
        [str(python), "fill.py"],
        cwd=HERE,
        env=environment,
        input=json.dumps(values | {"title": inbox.TITLE, "text": inbox.TEXT}),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        start_new_session=True,
    )
    return list(json.loads(done.stdout))


def interpreter(stage: Stage, folder: Path = HERE / ".venv") -> Path:
    """The Python of its virtualenv, which is made when it is missing or its requirements have changed."""
    python, stamp = folder / "bin" / "python", folder / "made-from.txt"
    wanted = f"# Python {sys.version}\n{REQUIREMENTS.read_text()}"
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    stage.say(f"making a virtualenv for {NAME} in {folder} (once)")
    pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1", "--timeout", "10"]
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [str(python), *pip, "-r", str(REQUIREMENTS)],
    ):
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False, start_new_session=True)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise Unavailable(f"no virtualenv for {NAME}: {last}")
    stamp.write_text(wanted)
    return python


def _environment() -> dict[str, str]:
    """An own database on the bench's Postgres, made anew."""
    from django.conf import settings
    from django.db import connection

    from config.database import as_owner

    owner = settings.DATABASE_OWNER
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("DROP DATABASE IF EXISTS peer")
        cursor.execute("CREATE DATABASE peer")
    assert owner is not None  # it never is on an embedded Postgres
    ours = {"DJANGO_SETTINGS_MODULE", "PYTHONPATH", "VIRTUAL_ENV"}
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "settings",
        "PEER_DATABASE": "peer",
        "PEER_USER": owner["USER"],
        "PEER_HOST": owner["HOST"],
        "PEER_CONN_MAX_AGE": str(settings.DATABASES["default"]["CONN_MAX_AGE"]),
    }
