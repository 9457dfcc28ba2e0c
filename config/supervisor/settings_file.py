"""What every process of a data directory must agree on."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from config import demo
from config.embedded import Places


def write_settings(where: Places, *, port: int, stream_port: int, with_demo: bool) -> None:
    """Writes what every process of this data directory must agree on: secrets (kept), address and the demo's rules."""
    kept = dict(_read_settings(where.settings_file))
    made = {name: secrets.token_urlsafe(48) for name in ("SECRET_KEY", "SIMULATOR_SECRET")}
    lines = {name: kept.get(name, value) for name, value in made.items()}
    lines |= {"DEMO": str(with_demo).lower(), "PUBLIC_URL": f"http://127.0.0.1:{port}"}
    lines["STREAM_PORT"] = str(stream_port)
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        if value := os.environ.get(name):
            lines[name] = value
    if with_demo:
        lines |= {name: os.environ.get(name, value) for name, value in demo.RULES.items()}
    text = "# Written by `make up` at every start; the environment wins over it. See docs/configuration.md.\n"
    text += "".join(f"{name}={value}\n" for name, value in lines.items())
    new = where.settings_file.with_suffix(".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        handle.write(text)
    new.replace(where.settings_file)


def _read_settings(path: Path) -> Iterator[tuple[str, str]]:
    if path.exists():
        for line in path.read_text().splitlines():
            name, found, value = line.partition("=")
            if found and not line.startswith("#"):
                yield name, value
