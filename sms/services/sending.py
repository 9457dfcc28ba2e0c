"""From an accepted batch to what the carrier answered."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from uuid_utils.compat import uuid7

from sms.models import Message, Status
from sms.providers import UnknownProvider, get_provider
from sms.providers.base import Outbound, Permanent, Temporary, Uncertain
from sms.segments import segment
from sms.services.credits import spend
from sms.services.receipts import apply_waiting

log = structlog.get_logger(__name__)
#: Ids per Celery message: small enough that a killed worker leaves little, large enough that the broker idles.
CHUNK = 50
#: Seconds until the next attempt after the 1st, 2nd, ... refusal.
BACKOFF_SECONDS = (5, 15, 60, 300)


@dataclass(frozen=True)
class Batch:
    id: UUID
    messages: list[Message]
    credits: int
    """What the batch cost, in credits."""


def queue_messages(*, tenant_id: UUID, recipients: Sequence[str], text: str, sender_id: str) -> Batch:
    """Pays for a batch and stores it, all or nothing; the sending begins after the commit.

    `recipients` are E.164 and distinct. Raises NotEnoughCredits.
    """
    parts = segment(text).segments
    batch = Batch(id=uuid7(), messages=[], credits=parts * len(recipients))
    with transaction.atomic():
        spend(tenant_id=tenant_id, credits=batch.credits)
        batch.messages.extend(
            Message(
                tenant_id=tenant_id,
                batch_id=batch.id,
                recipient=recipient,
                sender_id=sender_id,
                text=text,
                segments=parts,
                provider=settings.SMS_PROVIDER,
            )
            for recipient in recipients
        )
        Message.objects.bulk_create(batch.messages, batch_size=2000)
        ids = [message.pk for message in batch.messages]
        transaction.on_commit(lambda: hand_out(ids=ids))
    return batch


def hand_out(*, ids: Sequence[UUID]) -> None:
    """Hints the workers at messages. A lost hint costs SMS_REQUEUE_AFTER, never a message."""
    try:
        for start in range(0, len(ids), CHUNK):
            chunk = [str(key) for key in ids[start : start + CHUNK]]
            current_app.send_task("sms.tasks.deliver_messages", args=[chunk])  # by name: tasks import services
    except Exception as error:  # noqa: BLE001 (whatever the broker's client raises: the rows are stored)
        log.warning("broker unreachable; the sweeper will hand these out", messages=len(ids), error=str(error)[:200])


def deliver(*, message_id: UUID) -> Status | None:
    """Claims one queued message and hands it to its carrier; returns its new state, or None if it was not to be had.

    The claim is committed before the network is touched, and the outcome is written only under the same claim.
    """
    message = _claim(message_id)
    if message is None:
        return None
    try:
        provider = get_provider(message.provider)
        outbound = Outbound(message.reference, message.recipient, message.sender_id, message.text)
        provider_message_id = provider.submit(outbound)
    except Temporary as refused:
        return _retry_later(message, refused.reason)
    except Permanent as refused:
        return _settle_claim(message, Status.REJECTED, failure_reason=refused.reason)
    except UnknownProvider:
        return _settle_claim(message, Status.REJECTED, failure_reason="unknown_provider")
    except Uncertain:
        return _settle_claim(message, Status.UNKNOWN)
    return record_submission(message, provider_message_id, provider.delivery_deadline)


def _claim(message_id: UUID) -> Message | None:
    now = timezone.now()
    token = uuid7()
    claimed = (
        Message.objects.to_hand_out(now=now)
        .filter(pk=message_id)
        .update(
            status=Status.CLAIMED,
            status_changed_at=now,
            claim_token=token,
            claim_expires_at=now + settings.SMS_CLAIM_LEASE,
            attempts=F("attempts") + 1,
        )
    )
    return Message.objects.get(pk=message_id) if claimed else None


def _settle_claim(message: Message, status: Status, **changes: Any) -> Status | None:
    """Ends our claim with an outcome, unless the lease was lost meanwhile."""
    ours = Message.objects.filter(pk=message.pk, status=Status.CLAIMED, claim_token=message.claim_token)
    changes |= {"claim_token": None, "claim_expires_at": None}
    return status if ours.update(status=status, status_changed_at=timezone.now(), **changes) else None


def _retry_later(message: Message, reason: str) -> Status | None:
    if message.attempts >= settings.SMS_MAX_ATTEMPTS:
        return _settle_claim(message, Status.REJECTED, failure_reason=reason)
    wait = BACKOFF_SECONDS[min(message.attempts, len(BACKOFF_SECONDS)) - 1]
    later = timezone.now() + datetime.timedelta(seconds=wait)
    return _settle_claim(message, Status.QUEUED, next_attempt_at=later, failure_reason=reason)


def record_submission(message: Message, provider_message_id: str, deadline: datetime.timedelta) -> Status | None:
    with transaction.atomic():
        # The sweeper may have called it unknown meanwhile; the carrier's answer is worth more.
        open_ones = Q(status=Status.CLAIMED, claim_token=message.claim_token) | Q(status=Status.UNKNOWN)
        stored = Message.objects.filter(open_ones, pk=message.pk).update(
            status=Status.SUBMITTED,
            status_changed_at=timezone.now(),
            provider_message_id=provider_message_id,
            deliver_before=timezone.now() + deadline,
            failure_reason="",
            claim_token=None,
            claim_expires_at=None,
        )
        if not stored:
            return None
        apply_waiting(message.provider, [provider_message_id])
    return Status.SUBMITTED
