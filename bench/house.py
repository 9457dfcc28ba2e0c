"""A Postgres, a Valkey and a web server of the benchmark's own, thrown away at its end."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from config import embedded

ROOT = Path(__file__).resolve().parent.parent
WORKERS = 2


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def servers() -> Iterator[None]:
    """Starts both servers and sets the environment so that Django finds them; migrated when it yields."""
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
        subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, check=True)
        yield
    finally:
        for server in (valkey, postgres):
            server.stop()
        embedded.remove_private_folders(where)
        shutil.rmtree(data_dir, ignore_errors=True)


@contextlib.contextmanager
def web() -> Iterator[int]:
    """The product's own web server; yields its port."""
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--no-ws"]
    command += [
        "--workers",
        str(WORKERS),
        "--blocking-threads",
        "4",
        "--log-level",
        "error",
        "config.wsgi:application",
    ]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("The web server did not start.")
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as link:
        link.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
        return b" 200 " in link.recv(64)
    return False
