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
WAIT_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Present:
    """A person's epoch and version now, and the versions before it that are still known, oldest first."""

    epoch: str
    version: str
    versions: Sequence[str]

    def since(self, version: str) -> Sequence[str] | None:
        """The versions after this one; None when it is not known how many those were."""
        if version == self.version:
            return ()
        if version not in self.versions or self.versions[-1] != self.version:
            return None
        return self.versions[self.versions.index(version) + 1 :]


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
        """Makes what is missing, as the poll does."""
        ask = self.client.pipeline(transaction=True)
        for name in ("access", "inbox"):
            ask.set(f"{name}:{user}", secrets.token_hex(8), nx=True, ex=poll_store.KEPT_SECONDS)
            ask.get(f"{name}:{user}")
        ask.xrange(f"events:{user}")
        _, epoch, _, version, entries = await ask.execute()
        versions = [fields[b"version"].decode() for _, fields in entries]
        return Present(epoch.decode(), version.decode(), versions)

    async def epochs(self, users: Sequence[str]) -> list[str]:
        """ "" for whoever has none."""
        found = await self.client.mget([f"access:{user}" for user in users])
        return [epoch.decode() if epoch else "" for epoch in found]

    async def close(self) -> None:
        await self.client.aclose()
