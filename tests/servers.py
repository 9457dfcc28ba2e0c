"""The test session's own Postgres and Valkey, thrown away at its end.

A pytest plugin (`-p tests.servers` in pytest.ini), because the servers' address must be in the environment before
pytest-django reads the settings. Workers of pytest-xdist share the servers; each has a database of its own in both.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import embedded

IS_WORKER = "PYTEST_XDIST_WORKER" in os.environ
_running = contextlib.ExitStack()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Iterator[None]:
    if not IS_WORKER:
        _running.enter_context(embedded.throw_away_servers("test", fast=True))
        os.environ["LOG_LEVEL"] = "WARNING"
    where = embedded.places(Path(os.environ["DATA_DIR"]))
    number = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    os.environ["REDIS_URL"] = f"{where.redis_url}?db={int(number) + 1}"
    try:
        return (yield)
    except BaseException:
        pytest_unconfigure()
        raise


def pytest_unconfigure() -> None:
    _running.close()
