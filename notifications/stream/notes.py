"""What lets somebody into a stream without asking Postgres: a ticket, or a note that Postgres vouched for a session.

    ticket:{digest}     used up by the GETDEL that reads it
    vouched:{digest}    of a page's session

Both hold who it is under which epoch (see notifications.poll_store). An epoch that has moved since makes the note
worth nothing, and Postgres is asked.
"""

import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Self

from django.conf import settings

from accounts.models import User
from accounts.redis_link import link
from accounts.standing import Credential, Standing, judge
from notifications import poll_store


@dataclass(frozen=True, slots=True)
class Note:
    credential: Credential
    standing: Standing
    epoch: str

    def packed(self) -> str:
        one, who = self.credential, self.standing
        return json.dumps([one.way, one.key, who.user, who.tenant, who.is_admin, self.epoch])

    @classmethod
    def unpacked(cls, text: bytes) -> Self:
        way, key, user, tenant, is_admin, epoch = json.loads(text)
        return cls(Credential(way, key), Standing(user, tenant, is_admin), epoch)


def issue_ticket(*, user: User, credential: Credential) -> str | None:
    """A ticket for one stream, good for STREAM_TICKET_SECONDS; None when the session ended just now.

    The epoch is read before Postgres is asked, so that a change in between makes the ticket worth nothing.
    Raises RedisError.
    """
    epoch = poll_store.marks(user=str(user.pk)).epoch
    standing = judge(credential)
    if standing is None:
        return None
    ticket = secrets.token_urlsafe(24)
    packed = Note(credential, standing, epoch).packed()
    link().ask(lambda client: client.set(ticket_key(ticket), packed, ex=settings.STREAM_TICKET_SECONDS))
    return ticket


def ticket_key(ticket: str) -> str:
    """Only a digest is stored: what is read in Redis opens nothing."""
    return f"ticket:{hashlib.sha256(ticket.encode(errors='replace')).hexdigest()}"


def vouched_key(credential: Credential) -> str:
    return f"vouched:{credential.digest}"
