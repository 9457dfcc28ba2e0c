"""`GET recent/` for all those tabs: one Redis round trip where nothing changed, one SQL statement where something did.

One function, `compute`, makes body and ETag; the serializer makes the same body, and a test holds the two together.
"""

import contextlib
import datetime
import functools
import hashlib
import itertools
import math
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from redis import RedisError
from rest_framework_simplejwt.exceptions import TokenBackendError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.state import token_backend

from accounts.models import User
from accounts.reconnecting import trusting
from accounts.tokens import SESSION_CLAIM
from notifications import poll_store, wording

DEFAULT_LIMIT, MAX_LIMIT = 10, 50
#: Whoever polls may watch instead.
STREAM_LINK = '</api/notifications/stream/>; rel="stream"'
#: What fast_answer leaves on the request for slow_answer and the viewset.
MARKS, SESSION, THROTTLED = "poll.marks", "poll.session", "poll.throttled"

# Everything but `time_ago`, which moves with the clock and is put in below. `row_to_json` writes the keys as they are
# named, and times as the API's renderer does: UTC, milliseconds cut off, Z. Items are kept apart by a control
# character, which JSON never holds unescaped. $1 user, $2 tenant, $3 limit, $4 now, $5 cap.
_FORM = """'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'"""
# As in NotificationQuerySet.addressed_to: a tenant counts only where there is a membership.
_TENANT = "(SELECT tenant_id FROM tenants_membership WHERE user_id = $1 AND tenant_id = $2)"
_ITEMS = f"""
WITH visible AS (
    SELECT * FROM notifications_notification
    WHERE recipient_id = $1 AND (tenant_id IS NULL OR tenant_id = {_TENANT})
      AND NOT (status = 'archived') AND (expires_at IS NULL OR expires_at > $4)
    ORDER BY id DESC LIMIT $3
), unread AS (
    SELECT 1 FROM notifications_notification
    WHERE recipient_id = $1 AND (tenant_id IS NULL OR tenant_id = {_TENANT})
      AND status = 'unread' AND (expires_at IS NULL OR expires_at > $4)
    LIMIT $5
)
SELECT
    (SELECT string_agg(row_to_json(item)::text, E'\\x1e' ORDER BY item.id DESC) FROM (
        SELECT id, title, message, notification_type, priority, status, status = 'unread' AS is_unread, is_system,
               is_auto_generated, action_text, action_url, data,
               to_char(created_at AT TIME ZONE 'UTC', {_FORM}) AS created_at,
               to_char(updated_at AT TIME ZONE 'UTC', {_FORM}) AS updated_at,
               to_char(read_at AT TIME ZONE 'UTC', {_FORM}) AS read_at,
               to_char(expires_at AT TIME ZONE 'UTC', {_FORM}) AS expires_at,
               incident_id AS incident
        FROM visible
    ) AS item),
    (SELECT string_agg(extract(epoch FROM created_at)::text, ',' ORDER BY id DESC) FROM visible),
    (SELECT count(*) FROM unread),
    (SELECT extract(epoch FROM min(expires_at)) FROM notifications_notification
     WHERE recipient_id = $1 AND expires_at > $4)
"""  # noqa: S608 (a constant of ours is all that is put in)
# Planning costs more than running, and the plan is the same for everybody: prepared once a connection, in the same
# round trip as its first use. A name is never used twice, as an attempt that failed may have left one behind.
EXECUTE = "EXECUTE {name} (%(user)s, %(tenant)s, %(limit)s, %(now)s, %(cap)s)"
PREPARE = (
    "SET plan_cache_mode = force_generic_plan; "
    f"PREPARE {{name}} (uuid, uuid, int, timestamptz, int) AS {_ITEMS}; {EXECUTE}; "
)
_numbers = itertools.count()
_NAMES = {"$1": "%(user)s::uuid", "$2": "%(tenant)s::uuid", "$3": "%(limit)s", "$4": "%(now)s", "$5": "%(cap)s"}
UNPREPARED = functools.reduce(lambda text, name: text.replace(name, _NAMES[name]), _NAMES, _ITEMS)


@dataclass(frozen=True)
class Body:
    etag: str
    content: bytes
    until: float
    """When it would read differently, in seconds since 1970: a `time_ago` moves on, or something expires."""


def compute(*, user_id: str, tenant_id: str, limit: int, now: datetime.datetime | None = None) -> Body:
    """Reads the inbox in one statement. `tenant_id` is "" for nobody's."""
    now = now or timezone.now()
    items, created, unread, expires = _read(user=user_id, tenant=tenant_id or None, limit=limit, now=now)
    clock = now.timestamp()
    ages = [datetime.timedelta(seconds=clock - float(moment)) for moment in created.split(",")] if created else []
    parts = [
        f'{item[:-1]},"time_ago":"{wording.age(age)}"}}'
        for item, age in zip(items.split("\x1e") if items else [], ages, strict=True)
    ]
    content = f'{{"success":true,"notifications":[{",".join(parts)}],"unread_count":{unread}}}'.encode()
    changes = [clock + wording.changes_in(age).total_seconds() for age in ages]
    changes += [float(expires)] if expires else []
    whose = f"{user_id}:{tenant_id}:{limit}:".encode()
    # Browsers send an ETag for the address alone, whoever is signed in: one that another person got must never match.
    digest = hashlib.blake2b(whose + content, digest_size=16, key=_key()).hexdigest()
    return Body(f'"{digest}"', content, min(changes, default=clock + 86400))


def _read(**values: Any) -> Any:
    """The statement's one row."""
    values["cap"] = settings.UNREAD_COUNT_CAP
    return trusting(lambda: _execute(values))


def _execute(values: dict[str, Any]) -> Any:
    with connection.cursor() as cursor:
        if not settings.PREPARED_STATEMENTS:
            cursor.execute(UNPREPARED, values)
            return cursor.fetchone()
        # Kept with the connection it was prepared on; a new one has a new object here.
        server, name = getattr(connection, "prepared_poll", (None, ""))
        if server is connection.connection:
            cursor.execute(EXECUTE.format(name=name), values)
            return cursor.fetchone()
        name = f"poll_{next(_numbers)}"
        cursor.execute(PREPARE.format(name=name), values)
        connection.prepared_poll = (connection.connection, name)  # type: ignore[attr-defined]
        return cursor.fetchone()


def _key() -> bytes:
    return str(settings.SECRET_KEY).encode()[:64]


def fast_answer(request: HttpRequest) -> HttpResponse | None:
    """The reply for a caller whom Redis can vouch for; None sends the request the long way."""
    who = claims(request)
    limit = _limit(request)
    if who is None or limit is None or not _takes_json(request):
        return None
    session, user = who
    etag = offered_etag(request)
    try:
        answer = poll_store.ask(session=session, user=user, limit=limit, etag=etag)
    except RedisError:
        request.META[MARKS] = None  # the long way need not wait for it a second time
        return None
    match answer.verdict:
        case "same":
            return _respond(HttpResponse(status=304), etag, whose=whose(user, answer.tenant), load=answer.load)
        case "stored":
            return _respond(_json(answer.body), answer.etag, whose=whose(user, answer.tenant), load=answer.load)
        case "compute":
            body = compute(user_id=user, tenant_id=answer.tenant, limit=limit)
            _keep(body, user=user, version=answer.version, limit=limit)
            return _respond_with(body, etag, whose=whose(user, answer.tenant), load=answer.load)
        case "throttled":
            request.META[THROTTLED] = True
        case _:
            request.META[MARKS], request.META[SESSION] = _marks(user), session
    return None


def slow_answer(request: HttpRequest, *, user: User, limit: int) -> HttpResponse:
    """The reply for a caller whom Postgres has just vouched for, noted so that the next poll is a fast one.

    What it is noted under was read before Postgres was asked, so a change in between leaves the note useless.
    """
    user_id, tenant_id = str(user.pk), str(user.current_tenant_id or "")
    marks = request.META[MARKS] if MARKS in request.META else _marks(user_id)
    body = compute(user_id=user_id, tenant_id=tenant_id, limit=limit)
    if marks is not None:
        _keep(body, user=user_id, version=marks.version, limit=limit)
        if session := request.META.get(SESSION):
            _vouch(session, tenant_id, marks)
    return _respond_with(body, offered_etag(request), whose=whose(user_id, tenant_id), load=0)


def claims(request: HttpRequest) -> tuple[str, str] | None:
    """Session and user of a well-signed access token that has not expired; None for everybody else."""
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme != "Bearer" or not token:
        return None
    try:
        session, user, expires = _verified(token, token_backend.signing_key)
    except (TokenBackendError, KeyError, ValueError, TypeError, AttributeError):
        return None
    return (session, user) if time.time() < expires else None


@functools.lru_cache(maxsize=10_000)
def _verified(token: str, signing_key: str) -> tuple[str, str, float]:
    """Session, user and expiry of an access token. A tab polls with the same one until it expires, and of what was
    checked only the time changes. Raises what `_claims` catches, which is not remembered."""
    claims = token_backend.decode(token)  # type: ignore[arg-type] # a str, whatever its stub says
    if claims["token_type"] != "access":  # noqa: S105
        raise ValueError
    expires = claims["exp"] + token_backend.get_leeway().total_seconds()
    return str(UUID(claims[SESSION_CLAIM])), str(UUID(claims[api_settings.USER_ID_CLAIM])), expires


def _limit(request: HttpRequest) -> int | None:
    """The limit where it is a plain one; None leaves every other query string to the serializer."""
    query = request.META.get("QUERY_STRING", "")
    if not query:
        return DEFAULT_LIMIT
    name, _, text = query.partition("=")
    plain = name == "limit" and text.isascii() and text.isdecimal() and len(text) < 3
    return int(text) if plain and 1 <= int(text) <= MAX_LIMIT else None


def _takes_json(request: HttpRequest) -> bool:
    """Where this is not plain, the long way negotiates."""
    accepted = request.META.get("HTTP_ACCEPT", "*/*")
    return "*/*" in accepted or "application/json" in accepted


def offered_etag(request: HttpRequest) -> str:
    """The one ETag that the caller offers, if it is one of ours; a proxy may have made it a weak one."""
    offered = request.META.get("HTTP_IF_NONE_MATCH", "").strip().removeprefix("W/")
    return offered if len(offered) == poll_store.ETAG_LENGTH else ""


def _marks(user_id: str) -> poll_store.Marks | None:
    try:
        return poll_store.marks(user=user_id)
    except RedisError:
        return None


def _keep(body: Body, *, user: str, version: str, limit: int) -> None:
    with contextlib.suppress(RedisError):  # not kept is only slower
        poll_store.keep(user=user, version=version, limit=limit, etag=body.etag, body=body.content, until=body.until)


def _vouch(session: str, tenant_id: str, marks: poll_store.Marks) -> None:
    with contextlib.suppress(RedisError):
        poll_store.vouch(session=session, tenant=tenant_id, epoch=marks.epoch)


@functools.lru_cache(maxsize=10_000)
def whose(user_id: str, tenant_id: str) -> str:
    """A word for this person's inbox in this tenant, by which tabs of one browser know whether they show the same one.

    It says nothing about who that is, and is another one in every installation.
    """
    digest = hashlib.blake2b(f"{user_id}:{tenant_id}".encode(), digest_size=16, key=_key(), person=b"whose inbox")
    return digest.hexdigest()


def _respond_with(body: Body, offered: str, *, whose: str, load: int) -> HttpResponse:
    response = HttpResponse(status=304) if offered == body.etag else _json(body.content)
    return _respond(response, body.etag, whose=whose, load=load)


def _json(content: bytes) -> HttpResponse:
    return HttpResponse(content, content_type="application/json")


def _respond(response: HttpResponse, etag: str, *, whose: str, load: int) -> HttpResponse:
    headers = response.headers
    if response.status_code == HTTPStatus.NOT_MODIFIED:
        del headers["Content-Type"]
    headers["ETag"] = etag
    headers["Cache-Control"] = "private, no-cache"
    headers["Vary"] = "Authorization, Cookie, Origin"
    headers["X-Poll-Interval"] = str(interval(load))
    headers["X-Inbox"] = whose
    headers["Link"] = STREAM_LINK
    return response


def interval(load: int) -> int:
    """Seconds until the next poll is welcome: more, the further the last window's polls went over what is planned for.

    At most ten times POLL_INTERVAL_SECONDS.
    """
    planned = settings.POLLS_PER_SECOND * poll_store.LOAD_WINDOW_SECONDS
    return int(settings.POLL_INTERVAL_SECONDS * min(max(math.ceil(load / planned), 1), 10))
