"""What Postgres cannot be told, on this machine's disk: JSON lines, each with an id, each fsynced before it counts.

All processes of a machine share one file in SPOOL_DIR, under a file lock that the kernel takes back from whoever dies.
Nothing here needs Postgres or Redis.
"""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import structlog
from django.conf import settings

log = structlog.get_logger(__name__)
#: What is done under the lock takes milliseconds; who holds it for longer hangs.
LOCK_SECONDS = 1.0
Line = dict[str, Any]


class JournalBusy(OSError):
    """Somebody holds the lock and does not let go."""


class Journal:
    """The open journal; only `opened` makes one."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def lines(self) -> list[Line]:
        """Every whole line. One that a crash cut off is passed over, and the others count."""
        found: list[Line] = []
        with contextlib.suppress(FileNotFoundError):
            for text in self.path.read_text(errors="replace").splitlines():
                try:
                    line = json.loads(text)
                except ValueError:
                    line = None
                if isinstance(line, dict) and {"id", "kind"} <= line.keys():
                    found.append(line)
                elif text:
                    log.warning("a line of the spool is broken and was passed over", characters=len(text))
        return found

    def add(self, *, kind: str, **facts: Any) -> Line:
        """Writes a line with an id of its own; when this returns, a loss of power does not lose it."""
        line = {"id": str(uuid4()), "kind": kind, **facts}
        is_new = not self.path.exists()
        with _open(self.path, os.O_APPEND | os.O_RDWR) as handle:
            # After a line that was cut off this one would be part of it.
            if handle.seek(0, os.SEEK_END) and os.pread(handle.fileno(), 1, handle.tell() - 1) != b"\n":
                handle.write(b"\n")
            handle.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
            handle.flush()
            os.fsync(handle.fileno())
        if is_new:
            self._sync_folder()
        return line

    def keep(self, lines: Iterable[Line]) -> None:
        """Leaves only these, all at once: whoever is killed meanwhile leaves the old file or the new one."""
        rest = list(lines)
        if not rest:
            self.path.unlink(missing_ok=True)
        else:
            new = self.path.with_suffix(".new")
            with _open(new, os.O_WRONLY | os.O_TRUNC) as handle:
                handle.writelines(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in rest)
                handle.flush()
                os.fsync(handle.fileno())
            new.replace(self.path)
        self._sync_folder()

    def _sync_folder(self) -> None:
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def is_empty() -> bool:
    """Whether there is nothing to look at: one look at the disk, without the lock."""
    return not _path().exists()


@contextlib.contextmanager
def opened() -> Iterator[Journal]:
    """The journal, for one process at a time. Raises OSError when the disk does not have it, or JournalBusy."""
    path = _path()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _open(path.parent / "lock", os.O_RDWR) as lock:
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise JournalBusy(f"{path.parent / 'lock'} is held by another process.") from None
                time.sleep(0.02)
        yield Journal(path)


def _path() -> Path:
    return Path(settings.SPOOL_DIR) / "outages.jsonl"


def _open(path: Path, flags: int) -> IO[bytes]:
    """Made where it is missing, and nobody else's to read."""
    return os.fdopen(os.open(path, flags | os.O_CREAT, 0o600), "wb" if flags & os.O_TRUNC else "r+b")
