"""Listens to what notifications.poll_store publishes, through every outage of Redis."""

import asyncio
import random
import time

import redis.asyncio as aredis
import structlog
from redis import ConnectionError as RedisConnectionError
from redis import RedisError

from notifications import poll_store
from notifications.stream.hub import Hub

log = structlog.get_logger(__name__)
#: A subscription that is silent is asked whether it lives; a second silence ends it.
QUIET_SECONDS = 4.0


class Feed:
    def __init__(self, url: str, hub: Hub) -> None:
        self.hub = hub
        self.client = aredis.Redis.from_url(url, socket_connect_timeout=1)
        self.is_heard = False

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                async with self.client.pubsub() as subscription:
                    await subscription.subscribe(poll_store.CHANNEL)
                    await self._listen(subscription)
            except (RedisError, OSError) as error:
                log.warning("no changes are heard of", error=type(error).__name__)
            except Exception:  # such as a message of somebody else's on our channel: what it hid is not known
                log.exception("a change could not be understood")
            if self.is_heard:
                self.is_heard = False
                await self.hub.lost()
            await asyncio.sleep(random.uniform(0.2, 1))  # noqa: S311 (no secret)

    async def _listen(self, subscription: aredis.client.PubSub) -> None:
        asked_at = 0.0
        while True:
            message = await subscription.get_message(timeout=QUIET_SECONDS)
            if message is None:
                if asked_at:
                    raise RedisConnectionError(f"It has been silent since {time.monotonic() - asked_at:.0f} s.")
                asked_at = time.monotonic()
                await subscription.ping()
                continue
            asked_at = 0.0
            if message["type"] == "subscribe":
                self.is_heard = True
                await self.hub.found()
            elif message["type"] == "message":
                version, what, *users = message["data"].decode().split(" ")
                await self.hub.moved(users=users, version=version, access=what == "access")
