"""The bytes of each event. The id is always the version of the inbox that the client knows of when it has read it."""

import json
from typing import Any

HEARTBEAT = b":\n\n"


def inbox(version: str, *, within: int) -> bytes:
    """The inbox changed: poll at a random moment within so many seconds (0: now)."""
    return _event("inbox", {"version": version, "within": within}, version=version)


def poll(reason: str, *, within: int, version: str = "") -> bytes:
    """Something may have been missed: poll once, likewise."""
    return _event("poll", {"reason": reason, "within": within}, version=version)


def bye(reason: str, *, retry: int) -> bytes:
    """The stream ends here; come back after so many milliseconds."""
    return _event("bye", {"reason": reason, "retry": retry}, retry=retry)


def greeting(*, retry: int) -> bytes:
    return b"retry: %d\n: welcome\n\n" % retry


def _event(name: str, data: dict[str, Any], *, version: str = "", retry: int | None = None) -> bytes:
    lines = [f"id: {version}"] if version else []
    lines += [f"retry: {retry}"] if retry is not None else []
    lines += [f"event: {name}", f"data: {json.dumps(data)}"]
    return ("\n".join(lines) + "\n\n").encode()
