"""The order of things: lock, leftovers, servers, migrations, children; and back."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

from config import embedded
from config.embedded import Postgres, Server, Valkey
from config.supervisor.children import MARK, ROOT, Child, children, end_leftovers
from config.supervisor.settings_file import write_settings
from config.supervisor.terminal import say, tail, welcome

STOP_SECONDS = 20.0
#: A child that ends this often within a minute is not started again.
MAX_RESTARTS = 5


class CannotStart(Exception):
    """One line that says what is in the way."""


class Supervisor:
    def __init__(self) -> None:
        self.where = embedded.places(ROOT / os.environ.get("DATA_DIR", ".data"))
        self.port = _port("PORT", 8000)
        self.stream_port = _stream_port(self.port)
        self.with_demo = os.environ.get("DEMO", "true").lower() in ("1", "true", "yes", "on")
        self.servers: list[Server] = []
        self.children: list[Child] = []
        self.stopping = False

    def run(self) -> None:
        """Runs until a signal; returns when everything has stopped."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop_soon)
        with embedded.data_dir_lock(self.where):
            end_leftovers(self.where)
            _require_free_port(self.port)
            try:
                self._start()
                self._watch()
            finally:
                self._stop()

    def _stop_soon(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    @property
    def logs(self) -> Path:
        return self.where.data_dir / "logs"

    def _environment(self) -> dict[str, str]:
        return os.environ | {
            MARK: str(self.where.data_dir),
            "DATA_DIR": str(self.where.data_dir),
            "PORT": str(self.port),
            "STREAM_PORT": str(self.stream_port),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "PYTHONUNBUFFERED": "1",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }

    def _start(self) -> None:
        self.logs.mkdir(parents=True, exist_ok=True)
        for log in self.logs.glob("*.log"):
            log.unlink()
        write_settings(self.where, port=self.port, stream_port=self.stream_port, with_demo=self.with_demo)
        self._start_servers()
        if self.stopping:
            return
        self._manage("migrate", "--verbosity", "0")
        if self.with_demo:
            self._manage("seed_demo")
        self._start_children()
        if not self.stopping:
            say(welcome(self.port, self.where, with_demo=self.with_demo))

    def _start_children(self) -> None:
        """The web server first, as the demo's traffic calls it; the stream comes up beside the others."""
        self.children = children(with_demo=self.with_demo)
        named = {child.name: child for child in self.children}
        for child in self.children:
            if not self.stopping:
                child.start(self._environment(), self.logs)
            if child.name == "web":
                self._wait_for(child, self.port)
        self._wait_for(named["stream"], self.stream_port)

    def _start_servers(self) -> None:
        if not os.environ.get("DATABASE_URL"):
            postgres = Postgres(self.where)
            self.servers.append(postgres)
            say("Starting Postgres ...")
            postgres.start()
            postgres.make_roles()
        if not os.environ.get("REDIS_URL"):
            valkey = Valkey(self.where)
            self.servers.append(valkey)
            valkey.start()
        private = [folder for folder in (self.where.sockets, self.where.private_cluster) if folder.is_dir()]
        if private:
            named = " and ".join(map(str, private))
            say(f"Private folder outside {self.where.data_dir}: {named} (make clean removes it)")

    def _manage(self, *words: str) -> None:
        say(f"manage.py {words[0]} ...")
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
        )
        if done.returncode and not self.stopping:
            last = "\n".join(done.stderr.strip().splitlines()[-3:])
            raise CannotStart(f"manage.py {words[0]} failed:\n{last}")

    def _wait_for(self, child: Child, port: int) -> None:
        deadline = time.monotonic() + 30
        # Where it listens at every address, this machine is one of them.
        host = os.environ.get("HOST", "127.0.0.1").replace("0.0.0.0", "127.0.0.1")  # noqa: S104
        while not self.stopping and not embedded.web_answers(port, host=host):
            if child.ended() or time.monotonic() > deadline:
                raise CannotStart(f"{child.name} did not start:\n{tail(self.logs / f'{child.name}.log')}")
            time.sleep(0.1)

    def _watch(self) -> None:
        while not self.stopping:
            for server in self.servers:
                if server.process is not None and server.process.poll() is not None:
                    say(f"{server.name} ended by itself; starting it again.")
                    server.start()
            for child in self.children:
                if child.ended() and not self.stopping:
                    self._start_again(child)
            time.sleep(0.25)

    def _start_again(self, child: Child) -> None:
        child.kill_session()
        if len(child.started) >= MAX_RESTARTS:
            raise CannotStart(
                f"{child.name} keeps ending. The end of its log:\n{tail(self.logs / f'{child.name}.log')}"
            )
        say(f"{child.name} ended by itself; starting it again.")
        child.start(self._environment(), self.logs)

    def _stop(self) -> None:
        running = [child for child in self.children if child.process is not None]
        if running:
            say("\nStopping ...")
        # Who makes work stops before who does it, and the web server, which both need, last.
        for child in reversed(running):
            child.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for child in running:
            child.wait(max(0.0, deadline - time.monotonic()))
            child.kill_session()
        for server in reversed(self.servers):
            server.stop()
        if running:
            say(f"Stopped. The data stays in {self.where.data_dir}.")


def _port(name: str, default: int) -> int:
    text = os.environ.get(name, str(default))
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise CannotStart(f"{name} must be a number from 1 to 65535, not {text!r}.")
    return int(text)


def _stream_port(port: int) -> int:
    """STREAM_PORT, else the one after the web server's, else any: the web server sends on to it, whichever it is."""
    if "STREAM_PORT" in os.environ:
        return _port("STREAM_PORT", port)
    return port + 1 if port < 65535 and _is_free(port + 1) else embedded.free_port()


def _require_free_port(port: int) -> None:
    try:
        _bind(port)
    except OSError as error:
        other = next(filter(_is_free, range(port + 1, 65536)), None) or embedded.free_port()
        raise CannotStart(f"Port {port} is not free ({error.strerror}). Try: make up PORT={other}") from None


def _is_free(port: int) -> bool:
    with contextlib.suppress(OSError):
        _bind(port)
        return True
    return False


def _bind(port: int) -> None:
    # A plain bind: the web server's own SO_REUSEPORT would share the port with whoever has it already.
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((os.environ.get("HOST", "127.0.0.1"), port))
