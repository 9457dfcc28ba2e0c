"""Where everything of one data directory lies, and who may use it."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: A Unix socket's path may take 107 bytes (sys/un.h). The longest name below the folder is Postgres's own
#: ".s.PGSQL.5432.lock", 18 bytes; the rest is margin for the hash.
LONGEST_SOCKET_FOLDER = 80


class EmbeddedError(Exception):
    """An embedded server cannot be had; the message says what to do about it."""


class AlreadyRunning(EmbeddedError):
    """Another process holds this data directory."""


@dataclass(frozen=True)
class Places:
    """Where everything of one `DATA_DIR` lies. Derived from the path alone, so that any process can find it."""

    data_dir: Path
    sockets: Path
    """The short folder, mode 0700, outside `data_dir` because of the length limit of socket paths."""

    @property
    def cluster(self) -> Path:
        return self.data_dir / "postgres"

    @property
    def private_cluster(self) -> Path:
        """Where binaries and cluster go when root can neither run Postgres nor drop into a user namespace."""
        return self.sockets.with_name(self.sockets.name + "-pg")

    @property
    def postgres_sockets(self) -> Path:
        return self.private_cluster if self.private_cluster.is_dir() else self.sockets

    @property
    def valkey_socket(self) -> Path:
        return self.sockets / "valkey.sock"

    @property
    def redis_url(self) -> str:
        return f"unix://{self.valkey_socket}"

    @property
    def settings_file(self) -> Path:
        """Environment defaults that every process of this data directory shares (`KEY=value` lines)."""
        return self.data_dir / "settings.env"


def places(data_dir: Path) -> Places:
    """Finds the folders of a data directory without touching the disk."""
    data_dir = data_dir.resolve()
    name = f"bellwether-{os.getuid()}-{hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]}"
    base = Path(tempfile.gettempdir())
    if len(os.fsencode(base / name)) > LONGEST_SOCKET_FOLDER:
        base = Path("/tmp")  # noqa: S108 (a folder of our own inside, created 0700 and checked)
    return Places(data_dir=data_dir, sockets=base / name)


@contextlib.contextmanager
def data_dir_lock(where: Places) -> Iterator[None]:
    """Holds the data directory for one starter at a time; the kernel lets go of it however that process ends.

    Raises AlreadyRunning at once when somebody else holds it.
    """
    where.data_dir.mkdir(parents=True, exist_ok=True)
    with (where.data_dir / "lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(
                f"Bellwether is already running on {where.data_dir}. Stop that one first, or run a second one with "
                "a DATA_DIR and a PORT of its own."
            ) from None
        yield


def make_socket_folder(where: Places) -> None:
    """Creates the short folder, or takes over our own; refuses one that somebody else put there first."""
    with contextlib.suppress(FileExistsError):
        where.sockets.mkdir(mode=0o700)
    found = where.sockets.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) != 0o700:
        raise EmbeddedError(f"{where.sockets} is not a private folder of yours. Remove it, then try again.")


def remove_private_folders(where: Places) -> list[Path]:
    """Deletes what lies outside `DATA_DIR`; returns what was there."""
    found = [folder for folder in (where.sockets, where.private_cluster) if folder.is_dir()]
    for folder in found:
        shutil.rmtree(folder)
    return found
