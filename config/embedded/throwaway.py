"""Servers for a while: of a test session, of a benchmark."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from config.embedded.places import Places, places, remove_private_folders
from config.embedded.postgres import Postgres
from config.embedded.valkey import Valkey

#: Would lead to somebody's own servers, or to people with a published password.
NOT_INHERITED = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "DEMO")


@contextlib.contextmanager
def running(where: Places, *, fast: bool = False) -> Iterator[None]:
    """Both servers in this data directory, with their roles; stopped at the end, and nothing left outside of it.

    `fast` trades durability for speed. Raises EmbeddedError.
    """
    postgres, valkey = Postgres(where, fast=fast), Valkey(where)
    try:
        postgres.start()
        postgres.make_roles()
        valkey.start()
        yield
    finally:
        valkey.stop()
        postgres.stop()
        remove_private_folders(where)


@contextlib.contextmanager
def throw_away_servers(name: str, *, fast: bool = False) -> Iterator[Places]:
    """Both servers in a new folder that is deleted at the end, and the environment set so that Django finds them."""
    data_dir = Path(tempfile.mkdtemp(prefix=f"bellwether-{name}-"))
    for variable in NOT_INHERITED:
        os.environ.pop(variable, None)
    os.environ |= {"DATA_DIR": str(data_dir), "SECRET_KEY": "a" * 50, "SIMULATOR_SECRET": "b" * 50}
    where = places(data_dir)
    try:
        with running(where, fast=fast):
            yield where
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)
