"""What carriers say became of messages."""

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils import timezone

from sms.models import Message, Receipt, Status
from sms.models.message import below
from sms.providers.base import DeliveryReceipt


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
        apply_waiting(provider, {row.provider_message_id for row in rows})
    return new


def apply_waiting(provider: str, provider_message_ids: Iterable[str]) -> None:
    """Moves the messages of these ids to the highest rank that their waiting receipts report."""
    keys = sorted(filter(None, provider_message_ids))  # an empty id would match every message that has none yet
    # The lock on the messages orders us against record_submission, which makes an id known and then comes here.
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
