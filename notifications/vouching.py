"""Whether Redis still vouches that a session is an admin's, while Postgres cannot be asked.

    admin:{sid}    the epoch under which Postgres said so; ends with the access token, and at once when the epoch moves

Noted whenever an admin's poll or health check was let in by Postgres. The epoch is read before Postgres is asked, so
what changes in between leaves a note that holds for nothing.
"""

import contextlib
from dataclasses import dataclass

from django.http import HttpRequest
from redis import RedisError
from rest_framework_simplejwt.settings import api_settings

from accounts.models import User
from accounts.redis_link import link
from notifications import poll, poll_store


@dataclass(frozen=True)
class Note:
    """What may be written down once Postgres has said yes."""

    session: str
    epoch: str


def begin(request: HttpRequest) -> Note | None:
    """To be called before Postgres is asked who this is; None for who brings no access token, and without Redis."""
    who = poll.claims(request)
    if who is None:
        return None
    session, user = who
    try:
        return Note(session, poll_store.marks(user=user).epoch)
    except RedisError:
        return None


def keep(note: Note | None, *, user: User) -> None:
    """Postgres let this person in."""
    if note is not None and user.is_platform_admin:
        seconds = int(api_settings.ACCESS_TOKEN_LIFETIME.total_seconds())
        with contextlib.suppress(RedisError):  # not noted is only a plain refusal during an outage
            link().ask(lambda client: client.set(f"admin:{note.session}", note.epoch, ex=seconds))


def holds(request: HttpRequest) -> bool:
    """Whether this is a session that was an admin's when Postgres was last asked, and nothing changed since."""
    who = poll.claims(request)
    if who is None:
        return False
    session, user = who
    try:
        noted, epoch = link().ask(lambda client: client.mget(f"admin:{session}", f"access:{user}"))
    except RedisError:
        return False
    return noted is not None and noted == epoch
