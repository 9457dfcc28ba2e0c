"""The socket, and the server around it."""

import gc
import logging
import resource
import socket
import sys

import uvicorn

from notifications.stream.app import StreamApp

#: Of one connection: the kernel keeps no more than about this much that was not read (it doubles it), and gives up on
#: whoever takes none of it for so long, or does not answer at all.
UNREAD_BYTES, UNREAD_MILLISECONDS = 16_384, 30_000
BACKLOG = 4096
#: What the process has open besides streams, and those who are being refused.
OTHER_FILES = 200
GOODBYE_SECONDS = 5


class StreamServer(uvicorn.Server):
    def __init__(self, app: StreamApp) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http="h11",
                ws="none",
                loop="asyncio",
                lifespan="on",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=GOODBYE_SECONDS,
            )
        )
        self.app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Nobody new is let in, everybody is told to come back, and then the server waits for what is left."""
        for listener in self.servers:
            listener.close()
        await self.app.hub.say_goodbye()
        await super().shutdown(sockets)


def serve(app: StreamApp, *, host: str, port: int) -> None:
    """Until SIGTERM or SIGINT. Raises OSError when the port is not free."""
    app.most = min(app.most, _allowed_files() - OTHER_FILES)
    # Streams that are dropped leave their reply unfinished, which it would call an error; ours are logged by the app.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    with listening(host, port) as link:
        gc.collect()
        gc.freeze()  # what is there for good is not looked through again for every few thousand streams
        StreamServer(app).run(sockets=[link])


def listening(host: str, port: int) -> socket.socket:
    """Its options go over to every connection."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    link = socket.socket(family, socket.SOCK_STREAM)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNREAD_BYTES)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MILLISECONDS)
    link.bind((host, port))
    link.listen(BACKLOG)
    return link


def _allowed_files() -> int:
    """As many as may be: a connection is a file, and shells allow 1,024 of them."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most if most != resource.RLIM_INFINITY else sys.maxsize
