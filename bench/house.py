"""A Postgres, a Valkey and web servers of the benchmark's own, thrown away at its end."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from config import embedded

ROOT = Path(__file__).resolve().parent.parent
WORKERS = 2
START_SECONDS, STOP_SECONDS = 30, 20


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def servers() -> Iterator[None]:
    """Starts both servers and sets Django up on them; migrated when it yields."""
    data_dir = Path(tempfile.mkdtemp(prefix="bellwether-bench-"))
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    os.environ |= {"DATA_DIR": str(data_dir), "SECRET_KEY": "s" * 50, "SIMULATOR_SECRET": "s" * 50}
    os.environ |= {"DJANGO_SETTINGS_MODULE": "bench.settings", "LOG_LEVEL": "ERROR", "DEMO": "false"}
    where = embedded.places(data_dir)
    postgres, valkey = embedded.Postgres(where), embedded.Valkey(where)
    try:
        for server in (postgres, valkey):
            server.start()
        postgres.make_roles()
        command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        # In a session of its own, as Ctrl-C goes to whatever is in ours.
        subprocess.run(command, cwd=ROOT, check=True, start_new_session=True)
        import django

        django.setup()
        yield
    finally:
        for server in (valkey, postgres):
            server.stop()
        embedded.remove_private_folders(where)
        shutil.rmtree(data_dir, ignore_errors=True)


def empty() -> None:
    """Empties every table and Redis."""
    import redis
    from django.conf import settings
    from django.core.management import call_command

    call_command("flush", interactive=False, verbosity=0)
    with redis.Redis.from_url(settings.REDIS_URL) as store:
        store.flushdb()


@contextlib.contextmanager
def process(
    name: str,
    command: Sequence[str],
    *,
    ready: Callable[[], bool],
    cwd: Path = ROOT,
    env: dict[str, str] | None = None,
) -> Iterator[None]:
    """A process that is ready when this yields; its output is in DATA_DIR/logs/name.log.

    Told to end exactly once, which is what granian takes well; what is left of it after STOP_SECONDS is killed.
    Raises RuntimeError with the end of its output when it does not get ready.
    """
    log = Path(os.environ["DATA_DIR"]) / "logs" / f"{name}.log"
    words = [*embedded.dies_with_parent("TERM"), *command]
    with log.open("wb") as out:
        started = subprocess.Popen(
            words, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            if started.poll() is not None or time.monotonic() > deadline:
                tail = log.read_text(errors="replace").splitlines()[-5:]
                raise RuntimeError("\n".join([f"{name} did not start.", *tail]))
            time.sleep(0.1)
        yield
    finally:
        started.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            started.wait(STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        started.wait()


def granian(python: str, port: int, application: str) -> list[str]:
    """The words that serve a WSGI application, ours and others' alike."""
    options = {"--interface": "wsgi", "--port": str(port), "--workers": str(WORKERS)}
    options |= {"--blocking-threads": "8", "--log-level": "error"}
    return [python, "-m", "granian", *(word for pair in options.items() for word in pair), "--no-ws", application]


@contextlib.contextmanager
def web() -> Iterator[int]:
    """The product's own web server; yields its port."""
    port = free_port()
    command = granian(sys.executable, port, "config.wsgi:application")
    with process("web", command, ready=lambda: answers(port, "/healthz")):
        yield port


def answers(port: int, path: str) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as link:
        link.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        return b" 200 " in link.recv(64)
    return False
