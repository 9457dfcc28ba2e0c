"""A whole house for tests: `make up` in a data directory and on a port of its own."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from config import embedded
from config.supervisor.children import MARK

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "bellwether-demo"
#: Seconds. Who has not answered by then hangs; a busy machine is no reason.
PATIENCE = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class House:
    """One data directory and the supervisor that runs in it."""

    def __init__(self, data_dir: Path, **environment: str) -> None:
        self.data_dir = data_dir
        self.port, self.stream_port = free_port(), free_port()
        self.environment = environment
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def where(self) -> embedded.Places:
        return embedded.places(self.data_dir)

    def environment_of_processes(self) -> dict[str, str]:
        """What another terminal has that was set up for this data directory."""
        ports = {"PORT": str(self.port), "STREAM_PORT": str(self.stream_port)}
        inherited = {"DATA_DIR", "SECRET_KEY", "SIMULATOR_SECRET", "REDIS_URL", "LOG_LEVEL", "DJANGO_SETTINGS_MODULE"}
        clean = {name: value for name, value in os.environ.items() if name not in inherited}
        return clean | {"DATA_DIR": str(self.data_dir)} | ports | self.environment

    def start(self) -> None:
        self.process = self.run_supervisor()
        self.wait_until(lambda: self.get("/readyz").status_code == 200, seconds=60)

    def run_supervisor(self, *, output: Path | None = None) -> "subprocess.Popen[bytes]":
        with (output or self.output).open("wb") as said:
            return subprocess.Popen(
                [sys.executable, "-m", "config.supervisor"],
                cwd=ROOT,
                env=self.environment_of_processes(),
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> Path:
        return self.data_dir.with_name(f"{self.data_dir.name}.out")

    def run(self, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Another process of the same data directory, as from a second terminal."""
        env = self.environment_of_processes() | environment
        command = [sys.executable, *words]
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)

    def get(self, path: str, **options: Any) -> requests.Response:
        return requests.get(self.url + path, timeout=PATIENCE, **options)

    def sign_in(self, email: str = "admin@example.com") -> dict[str, str]:
        body = {"email": email, "password": PASSWORD}
        answer = requests.post(f"{self.url}/api/auth/login/", json=body, timeout=PATIENCE)
        return {"Authorization": f"Bearer {answer.json()['tokens']['access']}"}

    def wait_until(self, holds: Any, *, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(requests.RequestException, KeyError):
                if holds():
                    return
            if self.process is not None and self.process.poll() is not None:
                pytest.fail(f"The supervisor ended: {self.output.read_text()}")
            assert time.monotonic() < deadline, f"not within {seconds} s; logs in {self.data_dir / 'logs'}"
            time.sleep(0.2)

    def family(self) -> list[psutil.Process]:
        """Every process of this data directory that is alive."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            # Postgres overwrites its environment with its title, so it is known by where it stands and listens.
            words = " ".join(process.cmdline())
            return (
                process.environ().get(MARK) == str(self.where.data_dir)
                or str(self.where.sockets) in words
                or str(self.where.data_dir) in process.cwd()
            )
        except (psutil.Error, OSError):
            return False

    def stop(self) -> str:
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        return self.output.read_text()

    def end(self) -> None:
        """Whatever a test left: only processes of its own data directory."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(40)
        for process in self.family():
            with contextlib.suppress(psutil.Error):
                process.kill()
        embedded.remove_private_folders(self.where)
