"""What Redis keeps for the poll, all of it replaceable from Postgres.

    access:{user}                    a random epoch; moved by whatever changes what this person may do
    session:{sid}                    "{epoch}|{tenant}": Postgres vouched for this session under that epoch
    inbox:{user}                     a random version; moved by whatever changes what this person sees
    poll:{user}:{version}:{limit}    "{etag}{until}{body}"; holds until something in it would read differently
    polls:{user}:{minute}            how often this person polled
    load:{ten seconds}               how often everybody did
    events:{user}                    a Redis stream of the last versions, for event streams that were interrupted;
                                     only of people who watch, or did so a while ago (notifications.stream.store)

A version that moves is published too, on CHANNEL: "{version} {inbox or access} {user} {user} ...". The process behind
notifications.stream listens.

Epochs and versions are random, never counters: a Redis that lost everything gives new ones, so an old ETag is a 200
and never a stale 304. A body is stored under the version that was read before it was computed, so one that was
overtaken by a change is never found again.
"""

import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import redis
import structlog
from django.conf import settings
from django.db import DatabaseError

from accounts.redis_link import link
from notifications.models import MissedChange

log = structlog.get_logger(__name__)

ETAG_LENGTH = 34  # a quoted 128-bit digest in hex
UNTIL_LENGTH = 13  # milliseconds since 1970, until the year 2286
KEPT_SECONDS = 7 * 24 * 3600
#: Postgres is asked again whether a session stands at least this often, should a change have gone past the services.
VOUCHED_SECONDS = 600
LOAD_WINDOW_SECONDS = 10
CHANNEL = "bellwether.changes"
#: How many versions of one person an interrupted event stream finds again.
EVENTS_KEPT = 32
#: People of one call of MOVE: Redis does nothing else meanwhile.
MOVED_AT_ONCE = 1000

ASK = """
local vouched = redis.call('GET', 'session:' .. ARGV[1])
local epoch = redis.call('GET', 'access:' .. ARGV[2])
if not vouched or not epoch or string.sub(vouched, 1, 16) ~= epoch then return {'stranger'} end
local mine = 'polls:' .. ARGV[2] .. ':' .. ARGV[5]
local count = redis.call('INCR', mine)
if count == 1 then redis.call('EXPIRE', mine, 120) end
if count > tonumber(ARGV[6]) then return {'throttled'} end
local load = 'load:' .. ARGV[7]
if redis.call('INCR', load) == 1 then redis.call('EXPIRE', load, 60) end
local before = redis.call('GET', 'load:' .. (ARGV[7] - 1)) or '0'
local tenant = string.sub(vouched, 18)
local version = redis.call('GET', 'inbox:' .. ARGV[2])
if not version then
    redis.call('SET', 'inbox:' .. ARGV[2], ARGV[8], 'EX', ARGV[9])
    return {'compute', before, tenant, ARGV[8]}
end
local stored = redis.call('GET', 'poll:' .. ARGV[2] .. ':' .. version .. ':' .. ARGV[3])
-- By the caller's clock, which is the one that "2 hours ago" was worded by.
if not stored or string.sub(stored, 35, 47) <= ARGV[10] then return {'compute', before, tenant, version} end
if string.sub(stored, 1, 34) == ARGV[4] then return {'same', before, tenant} end
return {'stored', before, tenant, stored}
"""


# All in one, so that whoever hears of a version finds it, and `events` has them in the order in which they were set.
MOVE = """
local version, kept, epoch = ARGV[1], ARGV[2], ARGV[3]
for i = 6, #ARGV do
    local user = ARGV[i]
    if epoch ~= '' then redis.call('SET', 'access:' .. user, epoch, 'EX', kept) end
    redis.call('SET', 'inbox:' .. user, version, 'EX', kept)
    redis.call('XADD', 'events:' .. user, 'NOMKSTREAM', 'MAXLEN', ARGV[4], '*', 'version', version)
end
local what = epoch ~= '' and ' access ' or ' inbox '
redis.call('PUBLISH', ARGV[5], version .. what .. table.concat(ARGV, ' ', 6))
"""


@dataclass(frozen=True)
class Answer:
    """What one round trip says of a poll.

    `verdict`: "stranger" (ask Postgres who this is), "throttled", "compute" (under `version`), "same" (the caller has
    it) or "stored" (`etag` and `body`). The last three are for `tenant`.
    """

    verdict: str
    load: int = 0
    version: str = ""
    tenant: str = ""
    etag: str = ""
    body: bytes = b""


def ask(*, session: str, user: str, limit: int, etag: str) -> Answer:
    """Everything a poll asks, in one round trip. Raises RedisError."""
    now = time.time()
    minute, window = int(now // 60), int(now // LOAD_WINDOW_SECONDS)
    most, milliseconds = settings.POLLS_PER_MINUTE, f"{int(now * 1000):0{UNTIL_LENGTH}d}"
    args = (session, user, limit, etag, minute, most, window, _random(), KEPT_SECONDS, milliseconds)
    reply = link().run(ASK, args=args)
    verdict = reply[0].decode()
    load = int(reply[1]) if len(reply) > 1 else 0
    tenant = reply[2].decode() if len(reply) > 2 else ""
    if verdict == "stored":
        etag, body = reply[3][:ETAG_LENGTH].decode(), reply[3][ETAG_LENGTH + UNTIL_LENGTH :]
        return Answer(verdict, load, tenant=tenant, etag=etag, body=body)
    if verdict == "compute":
        return Answer(verdict, load, tenant=tenant, version=reply[3].decode())
    return Answer(verdict, load, tenant=tenant)


@dataclass(frozen=True)
class Marks:
    """A person's present epoch and version, read before Postgres is asked what holds under them."""

    epoch: str
    version: str


def marks(*, user: str) -> Marks:
    """Reads them, and makes what is missing. Raises RedisError."""

    def read(client: "redis.Redis") -> list[Any]:
        fresh = client.pipeline()
        for name in ("access", "inbox"):
            fresh.set(f"{name}:{user}", _random(), nx=True, ex=KEPT_SECONDS)
            fresh.get(f"{name}:{user}")
        return fresh.execute()

    _, epoch, _, version = link().ask(read)
    return Marks(epoch.decode(), version.decode())


def vouch(*, session: str, tenant: str, epoch: str) -> None:
    """Notes that Postgres let this session in under an epoch. Raises RedisError."""
    link().ask(lambda client: client.set(f"session:{session}", f"{epoch}|{tenant}", ex=VOUCHED_SECONDS))


def keep(*, user: str, version: str, limit: int, etag: str, body: bytes, until: float) -> None:
    """Stores a body that reads the same until a moment (seconds since 1970). Raises RedisError.

    Its caller does not wait until it is: what is not stored is computed again.
    """
    left = max(int((until - time.time()) * 1000), 0)
    record = f"{etag}{int(until * 1000):0{UNTIL_LENGTH}d}".encode() + body
    link().tell("SET", f"poll:{user}:{version}:{limit}", record, "PX", left + 1000)


def forget(*, user_ids: Iterable[UUID], access: bool = False) -> None:
    """Moves versions, so that nothing stored for these people is given again, and lets their event streams know.
    With `access`, their sessions are judged by Postgres again too.

    Without Redis the change is noted in Postgres, for the sweeper to make up for: a Redis that comes back with what it
    knew before would otherwise answer with what was.
    """
    people = [str(user_id) for user_id in user_ids]
    version, epoch = _random(), _random() if access else ""
    common = (version, KEPT_SECONDS, epoch, EVENTS_KEPT, CHANNEL)
    try:
        moved = link().client.pipeline(transaction=False)  # never left unasked: what is stored must end
        for start in range(0, len(people), MOVED_AT_ONCE):
            moved.eval(MOVE, 0, *common, *people[start : start + MOVED_AT_ONCE])
        moved.execute()
    except redis.RedisError as error:
        log.warning("poll store unreachable; the change is noted", people=len(people), error=type(error).__name__)
        _note(people)


def _note(people: list[str]) -> None:
    try:
        MissedChange.objects.bulk_create(MissedChange(user_id=user) for user in people)
    except DatabaseError as error:
        log.exception("a change of the inbox could not be noted", error=type(error).__name__)


def make_up_for_missed() -> int:
    """Moves the versions of people whose change Redis did not hear of; returns how many. Raises RedisError."""
    rows = list(MissedChange.objects.order_by("id")[:5000])
    if rows:
        link().client.ping()
        forget(user_ids={row.user_id for row in rows}, access=True)
        MissedChange.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)


def _random() -> str:
    return secrets.token_hex(8)
