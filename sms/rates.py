"""How fast each provider may be used by all workers together, and whose turn it is: small facts kept in Redis.

All of it may be lost: a lost bucket is a full one, and a lost turn begins with the first tenant.
"""

import functools
from uuid import UUID

import redis
from django.conf import settings

#: A bucket holds this many seconds' worth, and at least one message: bursts are what carriers throttle.
BURST_SECONDS = 1.0
#: A worker that was asked for and has not begun after this long is asked for again.
ASKED_SECONDS = 5

# A token bucket, by the server's clock. Returns how many may go now, and in how many milliseconds the next may.
TAKE = """
local rate, most, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local paused = redis.call('PTTL', KEYS[2])
if paused > 0 then return {0, paused} end
local held = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = tonumber(held[1]) or most
tokens = math.min(most, tokens + math.max(0, now - (tonumber(held[2]) or now)) * rate)
local taken = math.min(wanted, math.floor(tokens))
tokens = tokens - taken
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', string.format('%.6f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(most / rate * 1000) + 1000)
return {taken, math.max(0, math.ceil((1 - tokens) / rate * 1000))}
"""


@functools.cache
def client() -> "redis.Redis":
    return redis.Redis.from_url(settings.REDIS_URL, decode_responses=True, socket_timeout=2, socket_connect_timeout=2)


@functools.cache
def _take_script() -> "redis.commands.core.Script":
    return client().register_script(TAKE)


def take(provider: str, *, rate: float | None, wanted: int) -> tuple[int, float]:
    """How many of `wanted` messages may be handed over now, and in how many seconds the next one may.

    `rate` is in messages a second; None is without limit. What is not used is given back. Raises RedisError.
    """
    most = max(rate * BURST_SECONDS, 1.0) if rate else 10.0**9
    keys = [f"rate:{provider}", f"rate:{provider}:paused"]
    taken, milliseconds = _take_script()(keys=keys, args=[rate or 10.0**9, most, wanted])
    return int(taken), int(milliseconds) / 1000


def give_back(provider: str, *, rate: float | None, unused: int) -> None:
    """Raises RedisError."""
    if rate and unused:
        client().hincrbyfloat(f"rate:{provider}", "tokens", unused)


def pause(provider: str, *, seconds: float) -> None:
    """Nobody uses the provider for so long: it said that we are too fast. Raises RedisError."""
    client().set(f"rate:{provider}:paused", 1, px=max(int(seconds * 1000), 1))


def first_to_ask(provider: str) -> bool:
    """Whether nobody asked for a worker for this provider that has not begun yet. Raises RedisError."""
    return bool(client().set(f"dispatch:{provider}:asked", 1, nx=True, ex=ASKED_SECONDS))


def has_begun(provider: str) -> None:
    """From here on what is queued needs to ask again. Raises RedisError."""
    client().delete(f"dispatch:{provider}:asked")


def turn(provider: str, traffic: str) -> UUID:
    """The tenant that was served last. Raises RedisError."""
    return UUID(str(client().get(f"dispatch:{provider}:{traffic}:turn") or "0" * 32))


def pass_turn(provider: str, traffic: str, *, after: UUID) -> None:
    """Raises RedisError."""
    client().set(f"dispatch:{provider}:{traffic}:turn", str(after), ex=3600)
