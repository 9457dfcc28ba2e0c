"""What `make clean` runs: removes what `make up` made, by name, and nothing that lies beside it."""

import os
import shutil
import sys

from config import embedded
from config.supervisor.children import ROOT
from config.supervisor.terminal import say

#: Patterns, because beat's schedule is one file or three, as the platform's dbm likes it.
MADE = ("postgres", "logs", "settings.env", "settings.new", "celerybeat-schedule*", "lock")


def main() -> int:
    where = embedded.places(ROOT / os.environ.get("DATA_DIR", ".data"))
    if where.data_dir.is_dir():
        try:
            with embedded.data_dir_lock(where):
                _remove_data(where)
        except embedded.AlreadyRunning as running:
            print(running, file=sys.stderr)  # noqa: T201
            return 1
    for folder in embedded.remove_private_folders(where):
        say(f"Removed {folder}")
    return 0


def _remove_data(where: embedded.Places) -> None:
    for path in [path for pattern in MADE for path in where.data_dir.glob(pattern)]:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    if any(where.data_dir.iterdir()):
        say(f"Removed Bellwether's data from {where.data_dir}; what else lies there stays.")
    else:
        where.data_dir.rmdir()
        say(f"Removed {where.data_dir}")


if __name__ == "__main__":
    sys.exit(main())
