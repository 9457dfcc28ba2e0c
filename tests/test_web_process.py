"""The web process of the Procfile, with callers that only hold their connections open."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from config.supervisor.children import children
from tests.house import PATIENCE, ROOT, free_port

#: Browsers keep one for each tab that polls, and proxies a pool of them.
KEPT_OPEN = 300
ASKED = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def port() -> Iterator[int]:
    free = free_port()
    web = next(child for child in children(with_demo=False) if child.name == "web")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "PORT": str(free), "SECRET_KEY": "s" * 50, "SIMULATOR_SECRET": "s" * 50}
    process = subprocess.Popen(web.command, cwd=ROOT, env=environment, start_new_session=True)
    try:
        _wait_for(free, process)
        yield free
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends and process.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        time.sleep(0.1)
    pytest.fail("The web process does not listen.")


def test_connections_that_are_only_held_open_keep_nobody_out(port: int) -> None:
    with contextlib.ExitStack() as held:
        for number in range(KEPT_OPEN):
            line = held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
            line.sendall(ASKED)
            assert line.recv(4096).startswith(b"HTTP/1.1 200"), number
        assert requests.get(f"http://127.0.0.1:{port}/healthz", timeout=PATIENCE).status_code == 200
