"""The open streams of this process."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from redis import RedisError

from accounts.standing import Credential, Standing
from notifications import poll_store
from notifications.stream import events
from notifications.stream.store import Store

log = structlog.get_logger(__name__)
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Judge = Callable[[Credential], Awaitable[Standing | None]]
#: So many are written to before others get their turn.
SLICE = 500
#: Others wait their turn, so that the limits on how long Redis and Postgres may take are not used up in a queue.
JUDGED_AT_ONCE = 8
#: Postgres is asked again whether a session stands at least this often, should a change have gone past the services.
JUDGED_SECONDS = poll_store.VOUCHED_SECONDS
#: Streams that are told to come back do so spread out at this rate.
RETURNS_PER_SECOND = 200
UNAVAILABLE = (RedisError, DatabaseError, OSError, TimeoutError)


class Stream:
    """One open connection of one person."""

    __slots__ = (
        "_send",
        "_task",
        "credential",
        "epoch",
        "held",
        "is_open",
        "is_over",
        "judged_at",
        "pending",
        "standing",
        "turn",
    )

    def __init__(self, credential: Credential, standing: Standing, send: Send) -> None:
        self.credential, self.standing, self.epoch = credential, standing, ""
        self.held = 1
        """How many judgements it waits for. Until then nothing is written, and of what comes the last is kept: it says
        all that those before it said."""
        self.pending = b""
        self.judged_at = 0.0
        self.turn = 0
        self.is_open = self.is_over = False
        self._send = send
        self._task = asyncio.current_task()

    def write(self, event: bytes) -> None:
        if self.held:
            self.pending = event
        elif not self.is_over:
            self._write({"type": "http.response.body", "body": event, "more_body": True})

    def open(self, *, knows: str) -> None:
        """The reply has begun, and told of the inbox up to this version."""
        self.is_open = True
        if knows.encode() in self.pending:
            self.pending = b""
        self.release()

    def release(self) -> None:
        self.held -= 1
        if not self.held and self.pending:
            event, self.pending = self.pending, b""
            self.write(event)

    def end(self, event: bytes) -> None:
        """Says so and closes; the server then tells its task that the client is gone. One that is not let in yet is
        not let in any more."""
        if self.is_over:
            return
        self.is_over = True
        if self.is_open:
            self._write({"type": "http.response.body", "body": event, "more_body": False})

    def drop(self) -> None:
        """Closes without a word, as nobody reads it."""
        self.is_over = True
        if self._task is not None:
            self._task.cancel()

    def _write(self, message: Mapping[str, Any]) -> None:
        """At once or not at all: `send` waits only where the client has not read what was sent before, and who does
        not read is dropped, as waiting for them would be a queue that grows."""
        step = iter(self._send(message).__await__())
        try:
            next(step)
        except StopIteration:
            return
        except Exception as error:  # noqa: BLE001 (whatever becomes of one connection is nothing to the others)
            log.debug("a stream broke", error=type(error).__name__)
        else:
            step.close()
            log.info("a slow reader was dropped", user=self.standing.user)
        self.drop()


class Hub:
    def __init__(self, *, store: Store, judge: Judge) -> None:
        self.store, self.judge = store, judge
        self.is_closing = False
        self.count = 0
        self._of: dict[str, tuple[Stream, ...]] = {}
        self._turns: list[set[Stream]] = [set() for _ in range(settings.STREAM_HEARTBEAT_SECONDS)]
        self._work: set[asyncio.Task[None]] = set()
        self._gate = asyncio.Semaphore(JUDGED_AT_ONCE)

    def of(self, user: str) -> tuple[Stream, ...]:
        return self._of.get(user, ())

    def add(self, stream: Stream) -> None:
        self.count += 1
        stream.turn = self.count % len(self._turns)
        self._turns[stream.turn].add(stream)
        self._of[stream.standing.user] = (*self.of(stream.standing.user), stream)

    def remove(self, stream: Stream) -> None:
        self.count -= 1
        self._turns[stream.turn].discard(stream)
        if left := tuple(one for one in self.of(stream.standing.user) if one is not stream):
            self._of[stream.standing.user] = left
        else:
            del self._of[stream.standing.user]

    async def moved(self, *, users: Sequence[str], version: str, access: bool) -> None:
        """Tells these people's streams of a new version; with `access`, only those that are still let in."""
        reached = [stream for user in users for stream in self.of(user)]
        if access:
            for stream in reached:
                self._judge_again(stream)
        await self._write(reached, events.inbox(version, within=_spread(len(reached))))

    async def lost(self) -> None:
        """Nothing is heard from Redis any more: everybody is told to poll as if there were no stream."""
        await self._write(list(self._all()), events.poll("unavailable", within=_spread(self.count)))

    async def found(self) -> None:
        """It is heard from again. What happened meanwhile is not known: neither to inboxes nor to sessions."""
        streams = list(self._all())
        for stream in streams:
            stream.held += 1
        for start in range(0, len(streams), SLICE):
            part = streams[start : start + SLICE]
            for stream, epoch in zip(part, await self._epochs(part), strict=True):
                if epoch != stream.epoch:
                    self._judge_again(stream)
                stream.release()
        await self._write(streams, events.poll("resumed", within=_spread(len(streams))))

    async def beat(self) -> None:
        """Heartbeats, for ever: each second those whose turn it is."""
        while True:
            for turn in self._turns:
                await asyncio.sleep(1)
                due = time.monotonic() - JUDGED_SECONDS
                for stream in list(turn):
                    if not stream.held:
                        stream.write(events.HEARTBEAT)
                        if stream.judged_at < due:
                            self._judge_again(stream)

    async def say_goodbye(self) -> None:
        """Ends every stream; they come back one after the other."""
        self.is_closing = True
        streams = list(self._all())
        for number, stream in enumerate(streams, 1):
            stream.end(events.bye("shutdown", retry=retry(len(streams))))
            if number % SLICE == 0:
                await asyncio.sleep(0)

    def _all(self) -> Iterator[Stream]:
        return (stream for streams in self._of.values() for stream in streams)

    @staticmethod
    async def _write(streams: Sequence[Stream], event: bytes) -> None:
        for number, stream in enumerate(streams, 1):
            stream.write(event)
            if number % SLICE == 0:
                await asyncio.sleep(0)

    async def _epochs(self, streams: Sequence[Stream]) -> Sequence[str]:
        try:
            return await self.store.epochs([stream.standing.user for stream in streams])
        except RedisError:
            return [""] * len(streams)

    def _judge_again(self, stream: Stream) -> None:
        stream.held += 1
        task = asyncio.create_task(self._judged(stream))
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def _judged(self, stream: Stream) -> None:
        try:
            async with self._gate:
                epoch = (await self.store.present(stream.standing.user)).epoch  # before Postgres is asked
                standing = await self.judge(stream.credential)
        except UNAVAILABLE as error:
            log.warning("a session could not be judged", error=type(error).__name__)
            stream.end(events.bye("unavailable", retry=retry(self.count)))
            return
        if standing != stream.standing:
            stream.end(events.bye("access", retry=retry(1)))
            return
        stream.epoch, stream.judged_at = epoch, time.monotonic()
        stream.release()


def _spread(streams: int) -> int:
    """Seconds over which so many polls are welcome."""
    return int(streams // max(settings.POLLS_PER_SECOND, 1))


def retry(streams: int) -> int:
    """Milliseconds after which one of so many comes back: another number each time, so that not all come at once."""
    return random.randint(1000, 3000 + 1000 * streams // RETURNS_PER_SECOND)  # noqa: S311 (no secret)
