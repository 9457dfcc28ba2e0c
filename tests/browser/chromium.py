"""Where the system's Chromium is, and how it is started."""

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")
#: As root it runs without its own sandbox; the rest keeps it from calling home.
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


class NoChromium(RuntimeError):
    def __init__(self) -> None:
        super().__init__("There is no Chromium: install the package chromium, or set CHROMIUM to one.")


def find() -> str:
    """CHROMIUM, else the first found on PATH. Raises NoChromium."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        raise NoChromium
    return found
