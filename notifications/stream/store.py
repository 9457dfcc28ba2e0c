"""What a stream asks of Redis, without blocking the others."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import redis.asyncio as aredis

from accounts.standing import Credential
from notifications import poll_store
from notifications.stream.notes import Note, ticket_key, vouched_key

CONNECTIONS = 8
#: For one of them to be free, when thousands come at once.
WAIT_SECONDS = 10
#: A stream asks again every VOUCHED_SECONDS, so versions are kept while it is open and some minutes longer.
EVENTS_KEPT_SECONDS = poll_store.VOUCHED_SECONDS + 300

# Versions that do not lead up to the present one have a gap behind them, from before somebody watched: they go.
PRESENT = """
local access, inbox, events = 'access:' .. ARGV[1], 'inbox:' .. ARGV[1], 'events:' .. ARGV[1]
redis.call('SET', access, ARGV[2], 'NX', 'EX', ARGV[4])
redis.call('SET', inbox, ARGV[3], 'NX', 'EX', ARGV[4])
local version = redis.call('GET', inbox)
local last = redis.call('XREVRANGE', events, '+', '-', 'COUNT', 1)[1]
if not last or last[2][2] ~= version then
    redis.call('DEL', events)
    redis.call('XADD', events, '*', 'version', version)
end
redis.call('EXPIRE', events, ARGV[5])
local found = {redis.call('GET', access)}
for _, entry in ipairs(redis.call('XRANGE', events, '-', '+')) do table.insert(found, entry[2][2]) end
return found
"""


@dataclass(frozen=True, slots=True)
class Present:
    """A person's epoch now, and the versions that are still known, the present one last."""

    epoch: str
    versions: Sequence[str]

    @property
    def version(self) -> str:
        return self.versions[-1]

    def since(self, version: str) -> Sequence[str] | None:
        """The versions after this one; None when it is not known which those were."""
        return self.versions[self.versions.index(version) + 1 :] if version in self.versions else None


class Store:
    """Every method raises RedisError."""

    client: Any  # its stubs say text or bytes; without `decode_responses` it is bytes

    def __init__(self, url: str) -> None:
        pool = aredis.BlockingConnectionPool.from_url(
            url, max_connections=CONNECTIONS, timeout=WAIT_SECONDS, socket_timeout=1, socket_connect_timeout=1
        )
        self.client = aredis.Redis(connection_pool=pool)

    async def redeem(self, ticket: str) -> Note | None:
        """Uses a ticket up: of several at once, exactly one gets the note."""
        packed = await self.client.getdel(ticket_key(ticket))
        return Note.unpacked(packed) if packed else None

    async def noted(self, credential: Credential) -> Note | None:
        packed = await self.client.get(vouched_key(credential))
        return Note.unpacked(packed) if packed else None

    async def vouch(self, note: Note) -> None:
        await self.client.set(vouched_key(note.credential), note.packed(), ex=poll_store.VOUCHED_SECONDS)

    async def present(self, user: str) -> Present:
        """Makes what is missing, as the poll does, and has versions kept from here on."""
        fresh = secrets.token_hex(8), secrets.token_hex(8)
        args = (user, *fresh, poll_store.KEPT_SECONDS, EVENTS_KEPT_SECONDS)
        epoch, *versions = [part.decode() for part in await self.client.eval(PRESENT, 0, *args)]
        return Present(epoch, versions)

    async def epochs(self, users: Sequence[str]) -> list[str]:
        """ "" for whoever has none."""
        found = await self.client.mget([f"access:{user}" for user in users])
        return [epoch.decode() if epoch else "" for epoch in found]

    async def close(self) -> None:
        await self.client.aclose()
