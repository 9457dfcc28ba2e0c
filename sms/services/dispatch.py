"""Handing waiting messages to their carrier, and writing down what it said.

The claim is committed before anything else, the handing over before the network is touched, and an outcome is written
only under the same claim. So whatever dies where, it is known afterwards whether the carrier may have the message.
"""

import contextlib
import datetime
import random
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from sms import rates
from sms.models import Attempt, Batch, Message, Status
from sms.providers import UnknownProvider, get_provider
from sms.providers.base import (
    Outbound,
    Permanent,
    Provider,
    ProviderError,
    RateLimited,
    Temporary,
    Uncertain,
)
from sms.services import routing
from sms.services.claiming import claim, release_due
from sms.services.credits import close_reservations
from sms.services.hints import hint
from sms.services.receipts import apply_waiting

log = structlog.get_logger(__name__)
Outcome = Attempt.Outcome

#: Messages that one worker claims at a time: an urgent one waits for no more than these.
CLAIM = 64
#: After this long a worker makes room for other jobs and asks for another one.
STINT_SECONDS = 2.0
#: Seconds until the next attempt after the 1st, 2nd, ... refusal, and after how many attempts we give up.
BACKOFF_SECONDS = {Outcome.TEMPORARY: (5, 15, 60, 300), Outcome.THROTTLED: (1, 2, 5, 15)}
#: Being told that we are too fast says nothing against the message.
THROTTLED_ATTEMPTS = 100
#: The backoff is moved by up to this share, so that what failed together does not come back together.
JITTER = 0.2


@dataclass(frozen=True)
class Tried:
    """What came of handing one message over."""

    message: Message
    outcome: Outcome
    started_at: datetime.datetime
    finished_at: datetime.datetime
    provider_message_id: str = ""
    reason: str = ""
    code: str = ""
    wait: float | None = None


def dispatch(*, provider: str, seconds: float = STINT_SECONDS) -> dict[str, int]:
    """Hands over what waits for a provider, as fast as its rate allows and for about `seconds`; returns how many
    ended how. What is left then is asked for again. Raises RedisError."""
    rates.has_begun(provider)
    release_due(now=timezone.now())
    try:
        adapter = get_provider(provider)
    except UnknownProvider:
        return {"rejected": _reject_all(provider)}
    counted: dict[str, int] = {}
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        room, wait = rates.take(provider, rate=adapter.rate, wanted=CLAIM)
        if not room:
            if _anything_waits(provider):
                hint(providers=[provider], after=wait)
            return counted
        messages = claim(provider=provider, most=room)
        rates.give_back(provider, rate=adapter.rate, unused=room - len(messages))
        if not messages:
            return counted
        for outcome in hand_over(adapter, messages):
            counted[outcome] = counted.get(outcome, 0) + 1
    hint(providers=[provider])
    return counted


def hand_over(adapter: Provider, messages: Sequence[Message]) -> list[str]:
    """Hands claimed messages over, some at a time; returns how each attempt ended."""
    outcomes: list[str] = []
    with contextlib.ExitStack() as stack:
        each: Callable[..., Iterable[Tried]] = map
        if adapter.concurrency > 1:
            each = stack.enter_context(ThreadPoolExecutor(adapter.concurrency)).map
        for start in range(0, len(messages), adapter.concurrency):
            ours = _begin(adapter, messages[start : start + adapter.concurrency])
            tried = list(each(lambda message: _try(adapter, message), ours))
            record(adapter, tried)
            outcomes += [one.outcome for one in tried]
    return outcomes


def _begin(adapter: Provider, messages: Sequence[Message]) -> list[Message]:
    """Notes that the carrier may have these from now on, and until when it may try; leaves out what the sweeper has
    taken back meanwhile."""
    now = timezone.now()
    mine = Message.objects.filter(
        pk__in=[message.pk for message in messages], status=Status.CLAIMED, claim_token=messages[0].claim_token
    )
    count = mine.update(handover_at=now, deliver_before=now + adapter.delivery_deadline)
    if count == len(messages):
        return list(messages)
    still = set(mine.filter(handover_at=now).values_list("pk", flat=True))
    return [message for message in messages if message.pk in still]


def outbound(message: Message) -> Outbound:
    """What of a message its provider needs."""
    return Outbound(message.pk, message.recipient, message.sender_id, message.text, message.valid_until)


def _try(adapter: Provider, message: Message) -> Tried:
    """Runs in a thread of its own, without a database."""
    started_at = timezone.now()

    def ended(outcome: Outcome, error: ProviderError | None = None, **more: Any) -> Tried:
        reason, code = (error.reason, error.code) if error else ("", "")
        return Tried(message, outcome, started_at, timezone.now(), reason=reason, code=code, **more)

    try:
        return ended(Outcome.ACCEPTED, provider_message_id=adapter.submit(outbound(message)))
    except RateLimited as error:
        return ended(Outcome.THROTTLED, error, wait=error.wait)
    except Temporary as error:
        return ended(Outcome.TEMPORARY, error)
    except Permanent as error:
        return ended(Outcome.PERMANENT, error)
    except Uncertain as error:
        return ended(Outcome.UNCERTAIN, error)
    except Exception as error:
        # Whatever an adapter trips over, it may have been after the carrier took the message.
        log.exception("submitting failed", provider=adapter.slug, error=type(error).__name__)
        return ended(Outcome.UNCERTAIN)


def record(adapter: Provider, tried: Sequence[Tried]) -> None:
    """Writes down how attempts ended, all in one transaction."""
    by_outcome: dict[Outcome, list[Tried]] = {}
    for one in sorted(tried, key=lambda one: one.message.pk):
        by_outcome.setdefault(one.outcome, []).append(one)
    with transaction.atomic():
        _lock(one.message.pk for one in tried)
        Attempt.objects.bulk_create(_attempt(one) for one in tried)
        ended = [key for outcome, group in by_outcome.items() for key in RECORDERS[outcome](adapter, group)]
        close_reservations(ids=ended, now=timezone.now())
    if throttled := by_outcome.get(Outcome.THROTTLED):
        longest = max(one.wait or 1.0 for one in throttled)
        rates.pause(adapter.slug, seconds=min(longest, 60.0))


def _lock(ids: Iterable[UUID]) -> None:
    """In the order of ids, as every writer of many messages does: no two can wait for each other."""
    list(Message.objects.filter(pk__in=list(ids)).order_by("pk").select_for_update().values_list("pk"))


def _attempt(one: Tried) -> Attempt:
    return Attempt(
        tenant_id=one.message.tenant_id,
        message=one.message,
        number=one.message.attempts,
        provider=one.message.provider,
        outcome=one.outcome,
        reason=one.reason,
        error_code=one.code,
        provider_message_id=one.provider_message_id,
        started_at=one.started_at,
        finished_at=one.finished_at,
    )


# The sweeper may have called it unknown meanwhile; the carrier's answer is worth more.
ACCEPTED = """
UPDATE sms_message AS message
SET status = 'submitted', status_changed_at = given.at, submitted_at = given.at,
    provider_message_id = given.provider_message_id, deliver_before = %(deadline)s, failure_reason = '',
    error_code = '', claim_token = NULL, claim_expires_at = NULL
FROM unnest(%(ids)s::uuid[], %(names)s::text[], %(tokens)s::uuid[], %(times)s::timestamptz[])
     AS given (id, provider_message_id, token, at)
WHERE message.id = given.id
  AND (message.status = 'unknown' OR (message.status = 'claimed' AND message.claim_token = given.token))
"""


def _accepted(adapter: Provider, group: Sequence[Tried]) -> list[UUID]:
    values: dict[str, Any] = {
        "ids": [str(one.message.pk) for one in group],
        "names": [one.provider_message_id for one in group],
        "tokens": [str(one.message.claim_token) for one in group],
        "times": [one.finished_at for one in group],
        "deadline": group[0].finished_at + adapter.delivery_deadline,
    }
    with connection.cursor() as cursor:
        cursor.execute(ACCEPTED, values)
    return apply_waiting(adapter.slug, values["names"])


def _uncertain(adapter: Provider, group: Sequence[Tried]) -> list[UUID]:
    for one in group:
        _settle(one, Status.UNKNOWN, failure_reason=one.reason, asked_at=None)
    return []


def _permanent(adapter: Provider, group: Sequence[Tried]) -> list[UUID]:
    for one in group:
        _settle(one, Status.REJECTED, failure_reason=one.reason, error_code=one.code)
    return [one.message.pk for one in group]


def _refused_for_now(adapter: Provider, group: Sequence[Tried]) -> list[UUID]:
    given_up = [one for one in group if _is_enough(one)]
    choosy = Batch.objects.filter(pk__in={one.message.batch_id for one in group}).exclude(avoid="")
    avoided = dict(choosy.values_list("pk", "avoid"))
    for one in group:
        if one in given_up:
            continue
        steps = BACKOFF_SECONDS[one.outcome]
        wait = one.wait or steps[min(one.message.attempts, len(steps)) - 1]
        wait *= random.uniform(1.0, 1.0 + JITTER)  # noqa: S311
        _settle(
            one,
            Status.QUEUED,
            failure_reason=one.reason,
            error_code=one.code,
            deliver_before=None,
            next_attempt_at=timezone.now() + datetime.timedelta(seconds=wait),
            provider=routing.other_than(
                adapter.slug, tenant_id=one.message.tenant_id, avoid=avoided.get(one.message.batch_id, "")
            ),
        )
    return _permanent(adapter, given_up)


def _is_enough(one: Tried) -> bool:
    most = THROTTLED_ATTEMPTS if one.outcome is Outcome.THROTTLED else settings.SMS_MAX_ATTEMPTS
    return bool(one.message.attempts >= most)


def _settle(one: Tried, to: Status, **changes: Any) -> None:
    """Ends our claim with an outcome, unless the lease was lost meanwhile."""
    ours = Message.objects.filter(pk=one.message.pk, claim_token=one.message.claim_token)
    changes |= {"claim_token": None, "claim_expires_at": None}
    ours.move(to, froms=[Status.CLAIMED], at=one.finished_at, **changes)


#: Each returns the messages that ended, whose credits `record` closes together.
RECORDERS: dict[Outcome, Callable[[Provider, Sequence[Tried]], list[UUID]]] = {
    Outcome.ACCEPTED: _accepted,
    Outcome.UNCERTAIN: _uncertain,
    Outcome.PERMANENT: _permanent,
    Outcome.TEMPORARY: _refused_for_now,
    Outcome.THROTTLED: _refused_for_now,
}


def _anything_waits(provider: str) -> bool:
    return bool(Message.objects.waiting().filter(provider=provider).exists())


def _reject_all(provider: str) -> int:
    """Its adapter was taken away: nobody will ever send these."""
    count = 0
    while True:
        now = timezone.now()
        with transaction.atomic():
            waiting = Message.objects.waiting().filter(provider=provider).order_by("pk")
            ids = list(waiting.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)[:1000])
            if not ids:
                return count
            gone = Message.objects.filter(pk__in=ids)
            count += gone.move(Status.REJECTED, froms=[Status.QUEUED], at=now, failure_reason="unknown_provider")
            close_reservations(ids=ids, now=now)
