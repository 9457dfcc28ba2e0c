"""People who poll: what they ask, in each of the ways in which it can be answered."""

import itertools
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bench import load
from bench.people import Person

PATH = "/api/notifications/recent/"
#: So many poll over and over. Computing takes a fresh one each time, as nothing is stored for whoever has not polled.
POLLING = 200


class Crowd:
    def __init__(self, port: int, people: Sequence[Person]) -> None:
        self.port, self.people = port, people
        self.plain = [load.request(PATH, person.token) for person in people]
        self.floor_requests = [(load.request(load.FLOOR, one.token), b"200") for one in people[:POLLING]]

    @property
    def ways(self) -> Mapping[str, Callable[[], float]]:
        """Replies a second, by what the reply is made from."""
        return {
            "floor": lambda: load.per_second(self.port, load.around(self.floor_requests)),
            "unchanged": self._unchanged,
            "stored": self._stored,
            "computed": self._computed,
        }

    def warm(self, count: int | None = None) -> list[str]:
        """The first so many poll once, so that their sessions are known and their bodies stored; returns the ETags."""
        connection = load.Connection(self.port)
        heads = [connection.ask(raw)[1].decode().split("\r\n") for raw in self.plain[:count]]
        connection.close()
        return [next(line[6:] for line in head if line.lower().startswith("etag: ")) for head in heads]

    def sample(self) -> dict[str, Any]:
        """What one of them gets."""
        connection = load.Connection(self.port)
        _, _, body = connection.ask(self.plain[0])
        connection.close()
        return dict(json.loads(body))

    def _unchanged(self) -> float:
        etags = self.warm(POLLING)
        same = [
            (load.request(PATH, person.token, headers={"If-None-Match": etag}), b"304")
            for person, etag in zip(self.people, etags, strict=False)
        ]
        return load.per_second(self.port, load.around(same))

    def _stored(self) -> float:
        self.warm(POLLING)
        return load.per_second(self.port, load.around([(raw, b"200") for raw in self.plain[:POLLING]]))

    def _computed(self) -> float:
        self.change_every_inbox()
        numbers = itertools.count()

        def prepare(client: int, turn: int) -> load.Request | None:
            number = next(numbers)  # nobody twice: what was computed once is stored
            return (self.plain[number], b"200") if number < len(self.plain) else None

        return load.per_second(self.port, prepare)

    def change_every_inbox(self) -> None:
        """What every change of an inbox does to Redis, for everybody."""
        import redis
        from django.conf import settings

        with redis.Redis.from_url(settings.REDIS_URL) as store, store.pipeline(transaction=False) as moved:
            for person in self.people:
                moved.set(f"inbox:{person.id}", secrets.token_hex(8))
            moved.execute()
