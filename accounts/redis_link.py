"""Redis, as requests ask it: one pool of connections a process, and no queue of callers at one that is gone."""

import functools
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import redis
from django.conf import settings

#: An unreachable Redis is found out by waiting for it, up to a second. After that, nobody waits again for so long.
PAUSE_SECONDS = 5.0
T = TypeVar("T")


class Resting(redis.RedisError):
    """It did not answer a moment ago, so it was not asked."""


class Link:
    def __init__(self, url: str) -> None:
        self.client = redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)
        self._scripts: dict[str, redis.commands.core.Script] = {}
        self._resting_until = 0.0

    def ask(self, work: Callable[["redis.Redis"], T]) -> T:
        """What `work(client)` returns. Raises RedisError; Resting, at once, for a while after a failure."""
        now = time.monotonic()
        if now < self._resting_until:
            raise Resting
        if self._resting_until:  # the one who finds out whether it is back; the others need not wait along
            self._resting_until = now + PAUSE_SECONDS
        try:
            answer = work(self.client)
        except (redis.ConnectionError, redis.TimeoutError):
            self._resting_until = time.monotonic() + PAUSE_SECONDS
            raise
        self._resting_until = 0.0
        return answer

    def run(self, text: str, *, keys: Sequence[str] = (), args: Sequence[Any] = ()) -> Any:
        """What a Lua script returns, in one round trip. Raises RedisError."""
        script = self._scripts.get(text)
        if script is None:
            script = self._scripts[text] = self.client.register_script(text)
        return self.ask(lambda client: script(keys=keys, args=args, client=client))

    def tell(self, *command: Any) -> None:
        """Sends a command and waits for no answer: nobody hears whether Redis took it. Raises RedisError."""
        self.ask(lambda client: _send(client, ("CLIENT", "REPLY", "SKIP"), command))


def _send(client: "redis.Redis", *commands: Sequence[Any]) -> None:
    connection = client.connection_pool.get_connection()
    try:
        connection.send_packed_command(connection.pack_commands(commands))  # type: ignore[no-untyped-call]
    finally:
        client.connection_pool.release(connection)


def link() -> Link:
    return _link(settings.REDIS_URL)


@functools.cache
def _link(url: str) -> Link:
    return Link(url)
