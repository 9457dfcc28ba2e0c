"""The only writers of messages, receipts and credits."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone
from uuid_utils.compat import uuid7

from sms.models import CreditAccount, Message, Receipt, Status
from sms.models.message import SENDING, below
from sms.providers import UnknownProvider, get_provider
from sms.providers.base import DeliveryReceipt, Outbound, Permanent, Temporary, Uncertain
from sms.segments import segment

log = structlog.get_logger(__name__)
#: Ids per Celery message: small enough that a killed worker leaves little, large enough that the broker idles.
CHUNK = 50
#: Seconds until the next attempt after the 1st, 2nd, ... refusal.
BACKOFF_SECONDS = (5, 15, 60, 300)


class NotEnoughCredits(Exception):
    """The account holds less than the batch costs."""

    def __init__(self, *, needed: int) -> None:
        super().__init__(f"This needs {needed} credits, more than the account holds. Top up first.")
        self.needed = needed


@dataclass(frozen=True)
class Batch:
    id: UUID
    messages: list[Message]
    credits: int
    """What the batch cost, in credits."""


def top_up(*, tenant_id: UUID, credits: int) -> None:
    """Adds credits, opening the account at the first time, and notes the balance that percentages are taken of."""
    now = timezone.now()
    CreditAccount.objects.bulk_create([CreditAccount(tenant_id=tenant_id)], ignore_conflicts=True)
    CreditAccount.objects.filter(tenant_id=tenant_id).update(
        available=F("available") + credits,
        balance_after_last_top_up=F("available") + credits,
        last_top_up_at=now,
    )


def _spend(*, tenant_id: UUID, credits: int) -> None:
    account = CreditAccount.objects.filter(tenant_id=tenant_id)
    if account.filter(is_unlimited=False, available__gte=credits).update(available=F("available") - credits):
        return
    if not account.filter(is_unlimited=True).exists():
        raise NotEnoughCredits(needed=credits)


def queue_messages(*, tenant_id: UUID, recipients: Sequence[str], text: str, sender_id: str) -> Batch:
    """Pays for a batch and stores it, all or nothing; the sending begins after the commit.

    `recipients` are E.164 and distinct. Raises NotEnoughCredits.
    """
    parts = segment(text).segments
    batch = Batch(id=uuid7(), messages=[], credits=parts * len(recipients))
    with transaction.atomic():
        _spend(tenant_id=tenant_id, credits=batch.credits)
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
    return _submitted(message, provider_message_id, provider.delivery_deadline)


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


def _submitted(message: Message, provider_message_id: str, deadline: datetime.timedelta) -> Status | None:
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
        _apply(message.provider, [provider_message_id])
    return Status.SUBMITTED


def apply_receipts(*, provider: str, receipts: Sequence[DeliveryReceipt]) -> int:
    """Stores receipts once each and applies them by rank; returns how many were new.

    One that comes before the carrier's id was stored with the message waits in its row and is applied then.
    """
    rows = [
        Receipt(
            provider=provider,
            provider_message_id=receipt.provider_message_id,
            status=receipt.status,
            reason=receipt.reason,
            occurred_at=receipt.occurred_at,
        )
        for receipt in receipts
    ]
    # Sorted, so that two calls with the same receipts in another order cannot wait for each other.
    rows.sort(key=lambda row: (row.provider_message_id, row.status))
    with transaction.atomic():
        Receipt.objects.bulk_create(rows, ignore_conflicts=True)
        new = Receipt.objects.filter(pk__in=[row.pk for row in rows]).count()
        _apply(provider, {row.provider_message_id for row in rows})
    return new


def _apply(provider: str, provider_message_ids: Iterable[str]) -> None:
    """Moves the messages of these ids to the highest rank that their waiting receipts report."""
    keys = sorted(filter(None, provider_message_ids))  # an empty id would match every message that has none yet
    # The lock on the messages orders us against _submitted, which makes an id known and then looks for receipts.
    messages = {
        message.provider_message_id: message
        for message in Message.objects.select_for_update()
        .filter(provider=provider, provider_message_id__in=keys)
        .order_by("provider_message_id")
    }
    waiting = Receipt.objects.filter(provider=provider, provider_message_id__in=list(messages), applied_at=None)
    # Read once: one that commits from here on (it took no lock, as the id was not known yet) waits for the sweeper.
    read = list(waiting.order_by("occurred_at", "id"))
    now = timezone.now()
    for receipt in read:
        status = Status(receipt.status)
        message = Message.objects.filter(pk=messages[receipt.provider_message_id].pk, status__in=below(status))
        message.update(status=status, status_changed_at=now, failure_reason=receipt.reason)
    Receipt.objects.filter(pk__in=[receipt.pk for receipt in read]).update(applied_at=now)


# --- Finding what a crash or a lost hint left behind -------------------------------------------------------------


def sweep() -> dict[str, int]:
    """Finds messages that nobody is working on any more; safe to run twice and at the same time as anything."""
    now = timezone.now()
    lost = Message.objects.filter(status=Status.CLAIMED, claim_expires_at__lt=now).update(
        status=Status.UNKNOWN, status_changed_at=now, claim_token=None, claim_expires_at=None
    )
    asked = [_ask(message) for message in Message.objects.filter(status=Status.UNKNOWN).order_by("id")[:500]]
    now = timezone.now()  # asking takes a while, and what it requeued is due as well
    expired = Message.objects.filter(status__in=SENDING, deliver_before__lt=now).update(
        status=Status.EXPIRED, status_changed_at=now, failure_reason="no_receipt_in_time"
    )
    forgotten = Message.objects.to_hand_out(now=now).filter(
        Q(next_attempt_at__lte=now) | Q(status_changed_at__lt=now - settings.SMS_REQUEUE_AFTER)
    )
    ids = list(forgotten.order_by("id").values_list("id", flat=True)[:5000])
    hand_out(ids=ids)
    parked = _apply_parked(now=now)
    return {"lost_claims": lost, "asked": len(asked), "expired": expired, "handed_out": len(ids), "parked": parked}


def _apply_parked(*, now: datetime.datetime) -> int:
    """Applies receipts that committed in the same moment as the submission they belong to, so that neither saw the
    other. Those about messages we never had are left alone after a day."""
    parked = Receipt.objects.filter(applied_at=None, received_at__gt=now - datetime.timedelta(days=1))
    keys: dict[str, set[str]] = {}
    for provider, key in parked.values_list("provider", "provider_message_id")[:5000]:
        keys.setdefault(provider, set()).add(key)
    with transaction.atomic():
        for provider in sorted(keys):
            _apply(provider, keys[provider])
    return sum(map(len, keys.values()))


def _ask(message: Message) -> Status | None:
    """Asks the carrier whether it took a message of unknown state; only a clear no sends it again."""
    try:
        provider = get_provider(message.provider)
        provider_message_id = provider.lookup(message.reference)
    except (Temporary, UnknownProvider):
        return None
    if provider_message_id is not None:
        return _submitted(message, provider_message_id, provider.delivery_deadline)
    # The same attempt: since the carrier said no, another sweeper may have requeued it and a worker handed it over.
    asked_about = Message.objects.filter(pk=message.pk, status=Status.UNKNOWN, attempts=message.attempts)
    now = timezone.now()
    if message.attempts >= settings.SMS_MAX_ATTEMPTS:
        asked_about.update(status=Status.REJECTED, status_changed_at=now, failure_reason="gateway_not_answering")
        return Status.REJECTED
    asked_about.update(status=Status.QUEUED, status_changed_at=now, next_attempt_at=now)
    return Status.QUEUED


def squash_counts() -> int:
    """Merges the rows of finished minutes into one a key; returns how many fewer rows there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH gone AS (
                DELETE FROM sms_messagecount WHERE minute < date_trunc('minute', now()) RETURNING *
            ), kept AS (
                INSERT INTO sms_messagecount (minute, tenant_id, provider, status, failure_reason, delta)
                SELECT minute, tenant_id, provider, status, failure_reason, sum(delta)
                FROM gone GROUP BY 1, 2, 3, 4, 5 HAVING sum(delta) <> 0
                RETURNING 1
            )
            SELECT (SELECT count(*) FROM gone) - (SELECT count(*) FROM kept)
            """
        )
        (fewer,) = cursor.fetchone()
    return int(fewer)
