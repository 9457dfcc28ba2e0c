"""The processes of the house, each in a session of its own."""

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from config.embedded import Places, dies_with_parent
from config.supervisor.terminal import say

ROOT = Path(__file__).resolve().parent.parent.parent
#: In the environment of every child, so that the next `make up` finds what a kill -9 left behind.
MARK = "BELLWETHER_SUPERVISED"


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
                [*dies_with_parent("TERM"), *self.command],
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


def children(*, with_demo: bool) -> list[Child]:
    """The processes of the Procfile, which any process manager can run too, and the demo's."""
    lines = (ROOT / "Procfile").read_text().splitlines()
    named = [line.partition(":")[::2] for line in lines if line]
    if with_demo:
        named += [("simulator", "python manage.py simulator run"), ("traffic", "python manage.py demo_traffic")]
    return [Child(name, ["sh", "-c", f"exec {command.strip()}"], talks=name == "traffic") for name, command in named]


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
