"""The storm brake: of more than STORM_LIMIT deliveries to one person on one channel within STORM_WINDOW the rest is
held and told in one summary, and then again when it is over: nothing came for STORM_WINDOW, or after STORM_LONGEST.

Critical ones pass, and count: what wakes somebody up must not wait for what does not. Counted by when each is due, so
that what a night of quiet hours held back is braked in the morning as well. `digests.make_due` writes the summaries.
"""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from notifications import wording
from notifications.delivery.rules import Decision
from notifications.models import Delivery
from notifications.models.priority import Priority

# used with the index delivery_of_person; LIMIT: whether there are enough, not how many there are
LATELY = """
SELECT wanted.number, count(lately.*)
FROM unnest(%s::int[], %s::uuid[], %s::text[], %s::timestamptz[]) AS wanted (number, recipient, channel, due),
LATERAL (
    SELECT 1 FROM notifications_delivery AS one
    WHERE one.recipient_id = wanted.recipient AND one.channel = wanted.channel
      AND one.due_at > wanted.due - %s::interval AND one.due_at <= wanted.due
      AND one.state <> 'skipped' AND one.together IN ('', 'storm')
    LIMIT %s
) AS lately
GROUP BY wanted.number
"""


@dataclass(frozen=True)
class Spot:
    """One delivery that may be one too many."""

    person: UUID
    index: int
    decision: Decision


def brake(
    *, decisions: Mapping[UUID, Sequence[Decision]], priority: Priority, now: datetime.datetime
) -> dict[UUID, list[Decision]]:
    """The same decisions, those that are one too many held for a summary; one query for all of them.

    It looks and does not lock: of writers at work at the same moment each may let one more through.
    """
    braked = {person: list(each) for person, each in decisions.items()}
    for spot, lately in _counted(list(_spots(decisions)), now):
        braked[spot.person][spot.index] = _judged(spot.decision, lately, priority, now)
    return braked


def _spots(decisions: Mapping[UUID, Sequence[Decision]]) -> Iterator[Spot]:
    for person, each in decisions.items():
        for index, decision in enumerate(each):
            if decision.is_sent and not decision.digest:
                yield Spot(person, index, decision)


def _counted(spots: list[Spot], now: datetime.datetime) -> Iterator[tuple[Spot, int]]:
    limit: int = settings.STORM_LIMIT
    if not spots or not limit:
        return
    people = [spot.person for spot in spots]
    channels = [spot.decision.channel.value for spot in spots]
    dues = [spot.decision.due_at or now for spot in spots]
    with connection.cursor() as cursor:
        numbers = list(range(len(spots)))
        values: list[Any] = [numbers, people, channels, dues, settings.STORM_WINDOW, limit]
        cursor.execute(LATELY, values)
        found: dict[int, int] = dict(cursor.fetchall())
    for number, spot in enumerate(spots):
        yield spot, found.get(number, 0)


def _judged(decision: Decision, lately: int, priority: Priority, now: datetime.datetime) -> Decision:
    limit, window = settings.STORM_LIMIT, wording.duration(settings.STORM_WINDOW)
    if lately < limit:
        return _with_step(decision, f"Storm brake: {lately} in {window}; above {limit} they are told together.")
    if priority == Priority.CRITICAL:
        return _with_step(decision, f"Storm brake: more than {limit} in {window}, but critical ones pass.")
    words = f"More than {limit} in {window}: told together in a summary."
    return replace(
        _with_step(decision, words),
        rule=f"{decision.rule} {words}",
        digest=Delivery.Together.STORM.value,
        due_at=decision.due_at or now,
    )


def _with_step(decision: Decision, words: str) -> Decision:
    return replace(decision, steps=(*decision.steps, words))
