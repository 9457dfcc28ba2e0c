"""The one bump: whoever changes what a person sees in the inbox says so here. Stored poll bodies end, and whoever
watches an event stream is told, in one message to Redis."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from notifications import poll_store


def inbox_changed(*, user_ids: Iterable[UUID]) -> None:
    """After the present transaction commits (at once where there is none), ends what is stored for these people.

    After, because a poll in between would store the old body again under the new version.
    """
    people = set(user_ids)
    if people:
        transaction.on_commit(lambda: poll_store.forget(user_ids=people))
