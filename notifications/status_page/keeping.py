"""One reading for everybody: in this process, and in Redis for the others.

A crowd costs each process one look at Redis in STATUS_PAGE_SECONDS, and all together about one reading. Without Redis
each process reads for itself. Without Postgres what was last read is shown, and says so.
"""

import contextlib
import datetime
import threading
from dataclasses import dataclass

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import Error, connection
from django.utils import timezone
from redis import RedisError

from notifications.status_page import reading
from notifications.status_page.reading import Picture
from notifications.system_monitor import isolation

log = structlog.get_logger(__name__)
#: Moves with the fields of what is kept: a process of another version must not take it for its own.
KEY = "status-page:1"
#: For a time without Postgres.
KEPT = datetime.timedelta(days=1)
#: How long Postgres may take, and for how long nobody asks it again once it did not answer.
READING_SECONDS, AGAIN_AFTER = 2.5, datetime.timedelta(seconds=5)


@dataclass(frozen=True, eq=False)  # each is one of its own, by which pages are kept
class Told:
    picture: Picture
    good_until: datetime.datetime
    is_current: bool = True
    """Not, while Postgres does not answer."""

    @property
    def knows_anything(self) -> bool:
        return any(part.days for part in self.picture.parts)


class Keeper:
    """What one process keeps, and its turns at reading."""

    def __init__(self) -> None:
        self._told: Told | None = None
        self._turn = threading.Lock()

    def current(self) -> Told:
        """What the page says now. Never raises for a Postgres or a Redis that does not answer."""
        now = timezone.now()
        told = self._told
        if told is not None and told.good_until > now:
            return told
        # Whoever comes while another one reads takes what was good until a moment ago, if there is such a thing.
        if told is not None and told.good_until + settings.STATUS_PAGE_FRESH > now:
            if not self._turn.acquire(blocking=False):
                return told
        else:
            self._turn.acquire()
        try:
            self._told = self._renewed(now)
        finally:
            self._turn.release()
        return self._told

    def forget(self) -> None:
        """For tests, which have another platform each."""
        self._told = None

    def _renewed(self, now: datetime.datetime) -> Told:
        if self._told is not None and self._told.good_until > now:
            return self._told  # another one read it while this one waited
        shared = _shared()
        if shared is not None and shared.good_until > now:
            return shared
        try:
            picture = isolation.within(READING_SECONDS, lambda: reading.read(now=now), name="the status page")
        except (Error, isolation.OutOfTime) as error:
            log.warning("status page without Postgres", error=type(error).__name__)
            connection.close()
            known = [one.picture for one in (self._told, shared) if one is not None]
            newest = max(known, key=lambda one: one.read_at, default=reading.nothing(now=now))
            return Told(newest.without_postgres(), now + AGAIN_AFTER, is_current=False)
        told = Told(picture, now + settings.STATUS_PAGE_FRESH)
        _share(told)
        return told


def _shared() -> Told | None:
    try:
        found = cache.get(KEY)
    except RedisError:
        return None
    return found if isinstance(found, Told) else None


def _share(told: Told) -> None:
    with contextlib.suppress(RedisError):
        cache.set(KEY, told, timeout=KEPT.total_seconds())


_keeper = Keeper()
current, forget = _keeper.current, _keeper.forget
