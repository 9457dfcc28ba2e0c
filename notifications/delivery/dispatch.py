"""Handing deliveries over, and writing down what came of it.

The claim is committed before a channel is called, and an outcome is written only under the same claim. So whatever
dies where, a delivery is either settled or found by the sweeper, and told again under the same id.
"""

import contextlib
import datetime
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog
from django.conf import settings
from django.db import connection
from django.utils import timezone
from uuid_utils.compat import uuid7

from notifications.channels import get_channel
from notifications.channels.base import Channel, Parcel, Refused, TryAgain, Uncertain, require_no_transaction
from notifications.delivery.claiming import Claimed, claim, give_back
from notifications.delivery.hints import has_begun, hint
from notifications.models import Delivery, DeliveryAttempt

log = structlog.get_logger(__name__)
Outcome = DeliveryAttempt.Outcome
State = Delivery.State
#: After about this long a worker makes room for other jobs and asks for another one.
STINT_SECONDS = 5.0
#: The backoff is moved by up to this share, so that what failed together does not come back together.
JITTER = 0.2
#: A receiver that asks for more patience than this is asked again earlier.
LONGEST_WAIT = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Tried:
    """What came of handing one over."""

    delivery: Claimed
    outcome: Outcome
    reason: str = ""
    reference: str = ""
    after: datetime.timedelta | None = None
    """What the receiver asked for."""
    seconds: float = 0.0


def hand_over(*, slug: str, seconds: float = STINT_SECONDS) -> dict[str, int]:
    """Hands over what is due on a channel for about `seconds`; returns how many attempts ended how.

    What is left then is asked for again. Two workers at once share it. Raises InTransaction.
    """
    require_no_transaction()
    has_begun(slug)
    channel = get_channel(slug)
    counted: Counter[str] = Counter()
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        mine = claim(channel=slug, most=channel.batch)
        if not mine:
            return dict(counted)
        tried, is_open = _hand_over(channel, mine, until=ends)
        record(channel, tried)
        counted.update(one.outcome.value for one in tried)
        if not is_open:
            return dict(counted)  # no use in trying the others at once; the sweeper asks again
    hint(channels=[slug])
    return dict(counted)


def _hand_over(channel: Channel, deliveries: Sequence[Claimed], *, until: float) -> tuple[list[Tried], bool]:
    """How each attempt ended, and whether the channel could be opened at all. What there is no time for is given
    back: a lease must not run out while its holder is still at it, and a receiver that is slow with each must not keep
    the workers from what others wait for."""
    ends = min(until, time.monotonic() + settings.DELIVERY_LEASE.total_seconds() / 2)
    besides = channel.besides(deliveries)
    tried: list[Tried] = []
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(channel.opened())
        except TryAgain as error:
            return [Tried(one, Outcome.TRY_AGAIN, str(error), after=error.after) for one in deliveries], False
        for delivery in deliveries:
            if tried and time.monotonic() > ends:
                break
            tried.append(_try(channel, _parcel(delivery, besides.get(delivery.id, {})), delivery))
    give_back(deliveries[len(tried) :])
    return tried, True


def _parcel(delivery: Claimed, besides: dict[str, object]) -> Parcel:
    extra = {"rule": delivery.rule, "reference": delivery.reference, "recipient": delivery.recipient_id, **besides}
    return Parcel(
        id=delivery.id,
        content=delivery.content,
        address=delivery.address,
        endpoint=delivery.endpoint_id,
        attempt=delivery.attempts,
        extra=extra,
    )


def _try(channel: Channel, parcel: Parcel, delivery: Claimed) -> Tried:
    require_no_transaction()
    started = time.monotonic()
    try:
        tried = Tried(delivery, Outcome.ACCEPTED, reference=channel.send(parcel))
    except TryAgain as error:
        tried = Tried(delivery, Outcome.TRY_AGAIN, str(error), after=error.after)
    except Refused as error:
        tried = Tried(delivery, Outcome.REFUSED, str(error))
    except Uncertain as error:
        tried = Tried(delivery, Outcome.UNKNOWN, str(error))
    except Exception as error:
        # Whatever a channel trips over, it may have been after the receiver took it.
        log.exception("handing over failed", channel=channel.slug, error=type(error).__name__)
        tried = Tried(delivery, Outcome.UNKNOWN, f"It failed here ({type(error).__name__}); the log says where.")
    return replace(tried, seconds=time.monotonic() - started)


# Settled and noted in one statement, under the claim: a worker whose lease ran out writes nothing.
RECORD = """
WITH given AS (
    SELECT * FROM unnest(%(ids)s::uuid[], %(tries)s::uuid[], %(states)s::text[], %(outcomes)s::text[],
                         %(reasons)s::text[], %(references)s::text[], %(seconds)s::float8[], %(due)s::timestamptz[],
                         %(finished)s::timestamptz[])
             AS given (id, try, state, outcome, reason, reference, seconds, due_at, finished_at)
), settled AS (
    UPDATE notifications_delivery AS delivery
    SET state = given.state, reason = given.reason, due_at = coalesce(given.due_at, delivery.due_at),
        reference = CASE WHEN given.reference = '' THEN delivery.reference ELSE given.reference END,
        finished_at = given.finished_at, claim_token = NULL, lease_expires_at = NULL
    FROM given
    WHERE delivery.id = given.id AND delivery.state = 'claimed' AND delivery.claim_token = %(token)s
    RETURNING delivery.id, delivery.attempts
)
INSERT INTO notifications_deliveryattempt (id, delivery_id, number, at, seconds, outcome, reason)
SELECT given.try, given.id, settled.attempts, %(now)s, given.seconds, given.outcome, given.reason
FROM settled JOIN given ON given.id = settled.id
"""


def record(channel: Channel, tried: Sequence[Tried]) -> int:
    """Writes down how attempts ended, all in one statement; returns how many of them were still ours to settle."""
    now = timezone.now()
    states = [_state(channel, one) for one in tried]
    is_waiting = [state == State.WAITING for state in states]
    settled = {State.DEAD} if channel.is_settled_later else {State.DEAD, State.SENT}
    values: dict[str, Any] = {
        "ids": [str(one.delivery.id) for one in tried],
        "tries": [str(uuid7()) for _ in tried],
        "states": [state.value for state in states],
        "outcomes": [one.outcome.value for one in tried],
        "reasons": [one.reason.replace("\0", "")[:300] for one in tried],
        "references": [one.reference.replace("\0", "")[:200] for one in tried],
        "seconds": [one.seconds for one in tried],
        "due": [_due(channel, one, now) if waits else None for one, waits in zip(tried, is_waiting, strict=True)],
        "finished": [now if state in settled else None for state in states],
        "token": tried[0].delivery.token,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(RECORD, values)
        ours: int = cursor.rowcount
    if ours < len(tried):
        log.warning("a lease ran out while its holder was at it", channel=channel.slug, deliveries=len(tried) - ours)
    return ours


def _state(channel: Channel, one: Tried) -> State:
    if one.outcome == Outcome.ACCEPTED:
        return State.SENT
    if one.outcome == Outcome.REFUSED or one.delivery.attempts >= channel.attempts:
        return State.DEAD
    return State.WAITING


def _due(channel: Channel, one: Tried, now: datetime.datetime) -> datetime.datetime:
    """What the receiver asked for, else the channel's backoff; a little later for each, and another little."""
    wait = channel.pause_after(one.delivery.attempts) if one.after is None else min(one.after, LONGEST_WAIT)
    return now + wait * random.uniform(1.0, 1.0 + JITTER)  # noqa: S311
