"""What the simulated carrier knows, kept in Redis; everything about one submission happens in one round trip."""

import dataclasses
import functools
import hashlib
import json
import time
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from sms.providers.base import Outbound
from sms.providers.simulator.numbers import Magic
from sms.providers.simulator.profiles import DEFAULT_PROFILE, FAILURES, PROFILES

MEMORY_SECONDS = 24 * 3600

# Takes a message or says why not. The dice of the n-th message are the digits of a hash over seed and n.
TAKE = """
local now, seed, rules = tonumber(ARGV[1]), ARGV[2], cjson.decode(ARGV[4])
local magic = cjson.decode(ARGV[5])
local profile = rules.profiles[redis.call('GET', KEYS[5]) or ''] or rules.profiles[rules.default]
if not profile.is_reachable or (profile.flaps_every > 0 and math.floor(now / profile.flaps_every) % 2 == 1) then
    return {'temporary', 'gateway_unreachable', '0'}
end
if magic.refused and magic.refused ~= '' then
    local tries = redis.call('INCR', KEYS[6])
    redis.call('EXPIRE', KEYS[6], ARGV[6])
    if magic.times == 0 or tries <= magic.times then return {magic.refused, magic.reason, '1'} end
end
if profile.most_a_second > 0 then
    local key = KEYS[7] .. math.floor(now)
    local taken = redis.call('INCR', key)
    redis.call('EXPIRE', key, 10)
    if taken > profile.most_a_second then return {'throttled', 'throttled', '1'} end
end

local number = redis.call('INCR', KEYS[1])
local id = 'sim-' .. seed .. '-' .. number .. '-' .. string.sub(ARGV[3], -8)
if not redis.call('SET', KEYS[3], id, 'NX', 'EX', ARGV[6]) then redis.call('INCR', KEYS[2]) end

local digits, thrown = redis.sha1hex(seed .. ':' .. number), 0
local function dice(from, to)
    thrown = thrown + 1
    return from + (to - from) * tonumber(string.sub(digits, thrown * 8 - 7, thrown * 8), 16) / 4294967296
end
local answer_after = dice(profile.answer_delay[1], profile.answer_delay[2])
local plan = magic.receipts
if plan then
    answer_after = magic.answer_after
else
    local after, last = dice(profile.delay[1], profile.delay[2]), {'DELIVRD', ''}
    if dice(0, 1) >= profile.delivered_share then last = rules.failures[1 + math.floor(dice(0, #rules.failures))] end
    plan = {{after / 3, 'ENROUTE', ''}, {after, last[1], last[2]}}
end
for place, item in ipairs(plan) do
    local receipt = {id = id, reference = ARGV[3], status = item[2], error = item[3], place = place}
    redis.call('ZADD', KEYS[4], string.format('%.6f', now + item[1]), cjson.encode(receipt))
end
return {magic.is_lost and 'lost' or 'taken', id, tostring(answer_after)}
"""
SHA = hashlib.sha1(TAKE.encode(), usedforsecurity=False).hexdigest()
RULES = json.dumps(
    {
        "profiles": {name: dataclasses.asdict(profile) for name, profile in PROFILES.items()},
        "default": DEFAULT_PROFILE,
        "failures": FAILURES,
    }
)
ORDINARY = "{}"


@functools.cache
def client() -> "redis.Redis":
    """Without retries: a call that is made again would hand a message over twice."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        decode_responses=True,
        socket_timeout=2,
        socket_connect_timeout=2,
        retry=Retry(NoBackoff(), 0),
    )


class NotConnected(Exception):
    """The memory cannot be reached, so that nothing was noted."""


def take(message: Outbound, *, magic: Magic | None) -> tuple[str, str, float]:
    """What the carrier does with a message: a word, then its id for it or the reason, then seconds.

    `taken` and `lost` (taken, but it does not say so) come with the id and the time until the answer, the words of
    Magic.refused with a reason and the time to wait. Raises NotConnected, and RedisError when it may have been noted.
    """
    keys = [
        *("simulator:accepted", "simulator:duplicates", f"simulator:reference:{message.reference}"),
        *("simulator:due", "simulator:profile", f"simulator:tries:{message.reference}", "simulator:second:"),
    ]
    plan = json.dumps(dataclasses.asdict(magic)) if magic else ORDINARY
    values = [time.time(), settings.SIMULATOR_SEED, str(message.reference), RULES, plan, MEMORY_SECONDS]
    word, text, seconds = _run([len(keys), *keys, *values])
    return word, text, float(seconds)


def _run(arguments: list[Any]) -> list[str]:
    pool: Any = client().connection_pool
    try:
        connection = pool.get_connection()  # stands when this returns, which tells refused from broken off
    except redis.RedisError:
        raise NotConnected from None
    try:
        try:
            connection.send_command("EVALSHA", SHA, *arguments)
            return connection.read_response()  # type: ignore[no-any-return]
        except redis.exceptions.NoScriptError:
            connection.send_command("EVAL", TAKE, *arguments)
            return connection.read_response()  # type: ignore[no-any-return]
    finally:
        pool.release(connection)


def known_as(message: Outbound) -> str | None:
    """The carrier's id for a message that it took. Raises RedisError."""
    found = client().get(f"simulator:reference:{message.reference}")
    return str(found) if found else None


def set_profile(name: str) -> None:
    """Changes the carrier's health from the next message on. Raises KeyError for an unknown name."""
    PROFILES[name]
    client().set("simulator:profile", name)


def profile_name() -> str:
    """Raises RedisError."""
    stored = client().get("simulator:profile")
    return str(stored) if stored in PROFILES else DEFAULT_PROFILE


def counters() -> dict[str, int]:
    """How many messages the carrier took, and how many it was handed twice."""
    names = ("accepted", "duplicates")
    found: Any = client().mget([f"simulator:{name}" for name in names])
    return {name: int(value or 0) for name, value in zip(names, found, strict=True)}


def waiting() -> int:
    """Receipts that will be posted."""
    return int(client().zcard("simulator:due"))
