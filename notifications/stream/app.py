"""The ASGI application: lets somebody in, says what was missed, and waits for the end."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog
from django.conf import settings
from django.db import close_old_connections

from accounts import standing
from accounts.standing import Credential, Standing
from notifications.stream import events, requests
from notifications.stream.feed import Feed
from notifications.stream.hub import UNAVAILABLE, Hub, Send, Stream, retry
from notifications.stream.notes import Note
from notifications.stream.requests import Asked
from notifications.stream.store import Present, Store

log = structlog.get_logger(__name__)
PATH = "/api/notifications/stream/"
#: Threads, and so connections to Postgres, for all streams together; and how long one of them is waited for.
JUDGES, JUDGE_SECONDS = 4, 10
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
#: Makes the body of an error: status_code, detail, code, request_id and, where it is about the input, errors.
Problem = Callable[..., dict[str, Any]]
STREAM_HEADERS: requests.Headers = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"private, no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would hold events back until a buffer is full
]


class Refused(Exception):
    """An error reply: its status, its code, its words, and what is said in headers besides."""

    def __init__(self, status: int, code: str, detail: str, *, field: str = "", **headers: str) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.field, self.headers = status, code, detail, field, headers


def not_authenticated(code: str, detail: str) -> Refused:
    return Refused(401, code, detail, www_authenticate='Bearer realm="api"')


def unavailable() -> Refused:
    return Refused(503, "unavailable", "The stream is not available right now. Poll, and try again.", retry_after="5")


class StreamApp:
    """Only its own path and `/healthz` are served; made once, its parts when the server starts."""

    hub: Hub
    store: Store

    def __init__(self, *, problem: Problem) -> None:
        self.problem = problem
        self.most = settings.STREAM_CONNECTIONS
        self.judges = ThreadPoolExecutor(JUDGES, thread_name_prefix="judge")

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(requests.read(scope), receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self.store = Store(settings.REDIS_URL)
        self.hub = Hub(store=self.store, judge=self._judge)
        work = [asyncio.create_task(Feed(settings.REDIS_URL, self.hub).run()), asyncio.create_task(self.hub.beat())]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for task in work:
            task.cancel()
        await self.store.close()
        self.judges.shutdown(wait=False, cancel_futures=True)
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, asked: Asked, receive: Receive, send: Send) -> None:
        started, status = time.monotonic(), 200
        try:
            await self._serve(asked, receive, send)
        except Refused as refused:
            status = refused.status
            await self._refuse(asked, refused, send)
        except Exception:
            status = 500
            log.exception("a stream failed", request_id=asked.request_id)
            detail = "Something went wrong on our side. It was logged; the request id finds it."
            await self._refuse(asked, Refused(500, "server_error", detail), send)
        if asked.path != "/healthz":
            words = {"method": asked.method, "path": asked.path, "status": status, "request_id": asked.request_id}
            log.info("stream", seconds=round(time.monotonic() - started, 1), **words)

    async def _serve(self, asked: Asked, receive: Receive, send: Send) -> None:
        if asked.path == "/healthz":
            await _reply(send, 200, [(b"content-type", b"application/json")], b'{"status": "ok"}')
        elif not asked.has_known_host:
            raise Refused(400, "bad_request", "The request cannot be read.")
        elif asked.path != PATH:
            raise Refused(404, "not_found", "There is nothing at this address.")
        elif asked.method == "OPTIONS":
            allowed = [(b"allow", b"GET, OPTIONS"), (b"access-control-allow-headers", b"last-event-id, cache-control")]
            await _reply(send, 204, [*asked.cors(), *allowed], b"")
        elif asked.method != "GET":
            raise Refused(405, "method_not_allowed", f'Method "{asked.method}" not allowed.', allow="GET, OPTIONS")
        else:
            await self._stream(asked, receive, send)

    async def _stream(self, asked: Asked, receive: Receive, send: Send) -> None:
        note = await self._who(asked)
        if self.hub.is_closing or self.hub.count >= self.most:
            raise unavailable()
        if len(self.hub.of(note.standing.user)) >= settings.STREAMS_PER_PERSON:
            raise Refused(429, "too_many_streams", "Too many streams of one person are open.", retry_after="60")
        stream = Stream(note.credential, note.standing, send)
        self.hub.add(stream)
        try:
            present = await self._let_in(stream, note, is_ticket=bool(asked.ticket))
            if stream.is_over:
                raise unavailable()
            await send({"type": "http.response.start", "status": 200, "headers": _headers(asked, STREAM_HEADERS)})
            await send({"type": "http.response.body", "body": _first(present, asked.last_event_id), "more_body": True})
            stream.open(knows=present.version)
            del note, present, asked  # it may wait for days
            while (await receive())["type"] != "http.disconnect":
                pass
        except asyncio.CancelledError:
            if not stream.is_over:
                raise
        finally:
            self.hub.remove(stream)

    async def _who(self, asked: Asked) -> Note:
        """Who asks, as far as it is known without looking twice. Raises Refused."""
        if asked.twice:
            raise Refused(400, "invalid", f"{asked.twice}: Give it once.", field=asked.twice)
        try:
            if asked.ticket:
                note = await self.store.redeem(asked.ticket)
                if note is None:
                    raise _bad_ticket()
                return note
            if not asked.session_key:
                raise not_authenticated("not_authenticated", "Authentication credentials were not provided.")
            if asked.origin and not asked.is_ours:
                raise Refused(403, "permission_denied", "From another site's page, bring a ticket.")
            credential = Credential(standing.PAGE, asked.session_key)
            if note := await self.store.noted(credential):
                return note
            found = await self._judge(credential)
        except UNAVAILABLE:
            raise unavailable() from None
        if found is None:
            raise _ended()
        return Note(credential, found, "")

    async def _let_in(self, stream: Stream, note: Note, *, is_ticket: bool) -> Present:
        """Whether what is noted still holds, now that every change of it is heard of. Raises Refused."""
        try:
            present = await self.store.present(note.standing.user)
            if note.epoch != present.epoch:
                found = await self._judge(note.credential)
                if found is None or found.user != note.standing.user:
                    raise _bad_ticket() if is_ticket else _ended()
                if is_ticket and found != note.standing:
                    raise _bad_ticket()
                stream.standing = found
                if not is_ticket:
                    await self.store.vouch(Note(note.credential, found, present.epoch))
        except UNAVAILABLE:
            raise unavailable() from None
        stream.epoch, stream.judged_at = present.epoch, time.monotonic()
        return present

    async def _judge(self, credential: Credential) -> Standing | None:
        loop = asyncio.get_running_loop()
        return await asyncio.wait_for(loop.run_in_executor(self.judges, _judge, credential), JUDGE_SECONDS)

    async def _refuse(self, asked: Asked, refused: Refused, send: Send) -> None:
        errors = {refused.field: [refused.detail.partition(": ")[2]]} if refused.field else None
        words = {"status_code": refused.status, "detail": refused.detail, "code": refused.code}
        body = json.dumps(self.problem(**words, request_id=asked.request_id, errors=errors)).encode()
        headers = [(b"content-type", b"application/problem+json")]
        headers += [(name.replace("_", "-").encode(), value.encode()) for name, value in refused.headers.items()]
        await _reply(send, refused.status, _headers(asked, headers), body)


def _judge(credential: Credential) -> Standing | None:
    close_old_connections()
    try:
        return standing.judge(credential)
    finally:
        close_old_connections()


def _first(present: Present, last_event_id: str) -> bytes:
    """What was missed since that event; where that is not known, that there may be something."""
    missed = present.since(last_event_id)
    first = events.greeting(retry=retry(1))
    if missed is None:
        return first + events.poll("opened", within=0, version=present.version)
    return first + b"".join(events.inbox(version, within=0) for version in missed)


def _bad_ticket() -> Refused:
    return not_authenticated("ticket_not_valid", "This ticket was used, is too old, or its session has ended.")


def _ended() -> Refused:
    return not_authenticated("session_ended", "This session has ended. Sign in again.")


def _headers(asked: Asked, headers: requests.Headers) -> requests.Headers:
    return [*headers, *asked.cors(), (b"x-request-id", asked.request_id.encode())]


async def _reply(send: Send, status: int, headers: requests.Headers, body: bytes) -> None:
    length = [] if status == 204 else [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *length]})
    await send({"type": "http.response.body", "body": body, "more_body": False})
