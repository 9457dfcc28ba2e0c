"""What `make up` runs: starts everything, stops everything, leaves nothing.

Each child lives in a session of its own, so Ctrl-C reaches this process alone and every child gets exactly one
SIGTERM; the kernel sends the same signal when this process is killed. Postgres stops last.
"""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import psutil

from config import demo, embedded
from config.embedded import EmbeddedError, Places, Postgres, Server, Valkey

ROOT = Path(__file__).resolve().parent.parent
#: In the environment of every child, so that the next `make up` finds what a kill -9 left behind.
MARK = "BELLWETHER_SUPERVISED"
STOP_SECONDS = 20.0
#: A child that ends this often within a minute is not started again.
MAX_RESTARTS = 5


class CannotStart(Exception):
    """One line that says what is in the way."""


@dataclass
class Child:
    """One process of the house, started again when it ends by itself."""

    name: str
    command: list[str]
    talks: bool = False
    """Its output is for the person at the terminal; the others' goes to a log."""
    process: subprocess.Popen[bytes] | None = None
    started: list[float] = field(default_factory=list)

    def start(self, environment: dict[str, str], logs: Path) -> None:
        self.started = [moment for moment in self.started if moment > time.monotonic() - 60] + [time.monotonic()]
        with (logs / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*embedded.dies_with_parent("TERM"), *self.command],
                stdin=subprocess.DEVNULL,
                stdout=None if self.talks else log,
                stderr=log,
                env=environment,
                cwd=ROOT,
                start_new_session=True,
            )

    def ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def terminate(self) -> None:
        if self.process is not None:
            self.process.terminate()

    def wait(self, seconds: float) -> None:
        """Waits for its end, and no longer than this."""
        if self.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)

    def kill_session(self) -> None:
        """Ends what is left of it: workers outlive a main process that was killed."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def children(port: int, *, with_demo: bool) -> list[Child]:
    python = sys.executable
    granian = ["granian", "--interface", "wsgi", "--host", os.environ.get("HOST", "127.0.0.1"), "--port", str(port)]
    granian += ["--workers", os.environ.get("WEB_WORKERS", "2"), "--blocking-threads", "8", "--backpressure", "64"]
    granian += ["--respawn-failed-workers", "--workers-kill-timeout", "10", "--no-ws", "config.wsgi:application"]
    celery = [python, "-m", "celery", "-A", "config"]
    found = [
        Child("web", [python, "-m", *granian]),
        Child("worker", [*celery, "worker", "--concurrency", "2", "--without-mingle", "--without-gossip"]),
        Child("beat", [*celery, "beat", "--pidfile="]),
    ]
    if with_demo:
        found += [
            Child("simulator", [python, "manage.py", "simulator", "run"]),
            Child("traffic", [python, "manage.py", "demo_traffic"], talks=True),
        ]
    return found


class Supervisor:
    def __init__(self) -> None:
        self.where = embedded.places(ROOT / os.environ.get("DATA_DIR", ".data"))
        self.port = _port()
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
            "PYTHONUNBUFFERED": "1",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }

    def _start(self) -> None:
        self.logs.mkdir(parents=True, exist_ok=True)
        for log in self.logs.glob("*.log"):
            log.unlink()
        write_settings(self.where, port=self.port, with_demo=self.with_demo)
        self._start_servers()
        if self.stopping:
            return
        self._manage("migrate", "--verbosity", "0")
        if self.with_demo:
            self._manage("seed_demo")
        self.children = children(self.port, with_demo=self.with_demo)
        for child in self.children:
            if not self.stopping:
                child.start(self._environment(), self.logs)
            if child.name == "web":
                self._wait_for_web(child)
        if not self.stopping:
            say(welcome(self.port, self.where, with_demo=self.with_demo))

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
            raise CannotStart(f"manage.py {words[0]} failed:\n{done.stderr.strip()[-2000:]}")

    def _wait_for_web(self, web: Child) -> None:
        deadline = time.monotonic() + 30
        while not self.stopping and not _answers(self.port):
            if web.ended() or time.monotonic() > deadline:
                raise CannotStart(f"The web server did not start:\n{_tail(self.logs / 'web.log')}")
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
                f"{child.name} keeps ending. The end of its log:\n{_tail(self.logs / f'{child.name}.log')}"
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


def _port() -> int:
    text = os.environ.get("PORT", "8000")
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise CannotStart(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)


def _require_free_port(port: int) -> None:
    # A plain bind: the web server's own SO_REUSEPORT would share the port with whoever has it already.
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((os.environ.get("HOST", "127.0.0.1"), port))
        except OSError as error:
            raise CannotStart(f"Port {port} is not free ({error.strerror}). Try: make up PORT={port + 1}") from None


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as link:
        link.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
        return b" 200 " in link.recv(64)
    return False


def end_leftovers(where: Places) -> None:
    """Ends what a killed supervisor of this data directory left; its children carry our mark."""
    left = [process for process in psutil.process_iter() if _is_marked(process, str(where.data_dir))]
    if left:
        say(f"Ending {len(left)} processes that an earlier run left behind ...")
    for process in left:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    _, stubborn = psutil.wait_procs(left, timeout=10)
    for process in stubborn:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(stubborn, timeout=5)


def _is_marked(process: psutil.Process, data_dir: str) -> bool:
    if process.pid == os.getpid():
        return False
    try:
        return bool(process.environ().get(MARK) == data_dir)
    except (psutil.Error, OSError):
        return False


def write_settings(where: Places, *, port: int, with_demo: bool) -> None:
    """Writes what every process of this data directory must agree on: secrets (kept), address and the demo's rules."""
    kept = dict(_read_settings(where.settings_file))
    made = {name: secrets.token_urlsafe(48) for name in ("SECRET_KEY", "SIMULATOR_SECRET")}
    lines = {name: kept.get(name, value) for name, value in made.items()}
    lines |= {"DEMO": str(with_demo).lower(), "PUBLIC_URL": f"http://127.0.0.1:{port}"}
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        if value := os.environ.get(name):
            lines[name] = value
    if with_demo:
        lines |= {name: os.environ.get(name, value) for name, value in demo.RULES.items()}
    text = "# Written by `make up` at every start; the environment wins over it. See docs/configuration.md.\n"
    text += "".join(f"{name}={value}\n" for name, value in lines.items())
    new = where.settings_file.with_suffix(".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        handle.write(text)
    new.replace(where.settings_file)


def _read_settings(path: Path) -> Iterator[tuple[str, str]]:
    if path.exists():
        for line in path.read_text().splitlines():
            name, found, value = line.partition("=")
            if found and not line.startswith("#"):
                yield name, value


def _tail(path: Path) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-15:])


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 (this is what the person at the terminal reads)


def welcome(port: int, where: Places, *, with_demo: bool) -> str:
    url = f"http://127.0.0.1:{port}"
    lines = ["", f"Bellwether is up: {url}   (logs in {where.data_dir / 'logs'}, Ctrl-C stops it)", ""]
    if with_demo:
        lines.append("Demo sign-ins, all with the password bellwether-demo:")
        lines += [f"  {email:<22} {role}" for email, role in demo.SIGN_INS.items()]
        lines += [
            "",
            "In the next minute: messages go out through a simulated carrier. After some seconds it degrades, the",
            "success rate falls below 80 %, and the admins are told. A minute later it recovers, and the problem",
            "closes by itself about a minute after that. Watch it here, or:",
        ]
    lines += [
        f"  {url}/admin/            the admin",
        f"  curl -s {url}/readyz    is it ready?",
        "  .venv/bin/python manage.py check_system_health --verbose",
        "",
    ]
    return "\n".join(lines)


def main() -> int:
    try:
        Supervisor().run()
    except (CannotStart, EmbeddedError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
