"""The test session's own Postgres and Valkey, thrown away at its end.

A pytest plugin (`-p tests.servers` in pytest.ini), because the servers' address must be in the environment before
pytest-django reads the settings. Workers of pytest-xdist share the servers; each has a database of its own in both.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import embedded

IS_WORKER = "PYTEST_XDIST_WORKER" in os.environ
_running: list[embedded.Server] = []


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Iterator[None]:
    if not IS_WORKER:
        _start()
    where = embedded.places(Path(os.environ["DATA_DIR"]))
    number = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    os.environ["REDIS_URL"] = f"{where.redis_url}?db={int(number) + 1}"
    try:
        return (yield)
    except BaseException:
        pytest_unconfigure()
        raise


def pytest_unconfigure() -> None:
    while _running:
        server = _running.pop()
        server.stop()
        if not _running:
            embedded.remove_private_folders(server.where)
            shutil.rmtree(server.where.data_dir, ignore_errors=True)


def _start() -> None:
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "DEMO"):
        os.environ.pop(name, None)
    data_dir = Path(tempfile.mkdtemp(prefix="bellwether-test-"))
    os.environ |= {"DATA_DIR": str(data_dir), "SECRET_KEY": "a" * 50, "SIMULATOR_SECRET": "b" * 50}
    os.environ["LOG_LEVEL"] = "WARNING"
    where = embedded.places(data_dir)
    postgres = embedded.Postgres(where, fast=True)
    for server in (postgres, embedded.Valkey(where)):
        _running.append(server)
        server.start()
    postgres.make_roles()
