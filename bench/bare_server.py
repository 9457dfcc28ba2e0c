"""`python -m bench.bare_server PORT`: the least that writes to many connections. `SAY {hex}` writes those bytes to all
that asked for a stream."""

import asyncio
import resource
import sys

OPENED = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nevent: poll\n\n"
HEALTHY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
streams: set[asyncio.WriteTransport] = set()


class Bare(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if data.startswith(b"SAY "):
            event = bytes.fromhex(data[4:].decode())
            for stream in streams:
                stream.write(event)
        elif data.startswith(b"GET /healthz"):
            self.transport.write(HEALTHY)
        else:
            self.transport.write(OPENED)
            streams.add(self.transport)

    def connection_lost(self, error: Exception | None) -> None:
        streams.discard(self.transport)


async def main(port: int) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    server = await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
