"""Ports of this machine."""

import contextlib
import socket


def free_port() -> int:
    """One that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def web_answers(port: int, *, host: str = "127.0.0.1") -> bool:
    """Whether a web process of ours is alive there."""
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1) as link:
        link.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
        return b" 200 " in link.recv(64)
    return False
