"""What carriers say became of messages."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from sms.models import Message, Receipt, Status
from sms.models.states import FINAL, RECEIPT_RANK, require_transitions, sources
from sms.providers.base import DeliveryReceipt
from sms.services.credits import close_reservations


def apply_receipts(*, provider: str, receipts: Sequence[DeliveryReceipt]) -> int:
    """Stores receipts once each and applies them by rank; returns how many were new.

    One that comes before the carrier's id was stored with the message waits in its row and is applied then. One that
    echoes our own id tells us the carrier's, for a message of which we did not know whether it was taken.
    """
    rows = [
        Receipt(
            provider=provider,
            provider_message_id=receipt.provider_message_id,
            reference=receipt.reference,
            status=receipt.status,
            reason=receipt.reason,
            error_code=receipt.error_code,
            raw=receipt.raw,
            occurred_at=receipt.occurred_at,
        )
        for receipt in receipts
    ]
    # Sorted, so that two calls with the same receipts in another order cannot wait for each other.
    rows.sort(key=lambda row: (row.provider_message_id, row.status))
    with transaction.atomic():
        Receipt.objects.bulk_create(rows, ignore_conflicts=True)
        new = Receipt.objects.filter(pk__in=[row.pk for row in rows]).count()
        _introduce(provider, {row.reference: row.provider_message_id for row in rows if row.reference})
        ended = apply_waiting(provider, {row.provider_message_id for row in rows})
        close_reservations(ids=ended, now=timezone.now())
    return new


def _introduce(provider: str, names: dict[UUID, str]) -> None:
    """Stores the carrier's id with messages that are unknown to us but not to the carrier."""
    lost = Message.objects.filter(pk__in=names, provider=provider, status=Status.UNKNOWN, provider_message_id="")
    for message in lost.order_by("pk").select_for_update():
        now = timezone.now()
        known = {"provider_message_id": names[message.pk], "submitted_at": message.handover_at or now}
        Message.objects.filter(pk=message.pk).move(Status.SUBMITTED, froms=[Status.UNKNOWN], at=now, **known)


def _case(column: str) -> str:
    whens = " ".join(f"WHEN '{status}' THEN {rank}" for status, rank in RECEIPT_RANK.items())
    return f"CASE {column} {whens} ELSE 0 END"


for _status in RECEIPT_RANK:
    require_transitions([one for one in sources(_status) if one in (Status.SUBMITTED, *RECEIPT_RANK)], _status)

# Of several receipts for a message the one of the highest rank, and of those the first; and only upwards.
APPLY = f"""
WITH best AS (
    SELECT DISTINCT ON (provider_message_id) provider_message_id, status, reason, error_code
    FROM sms_receipt WHERE id = ANY(%(receipts)s::uuid[])
    ORDER BY provider_message_id, {_case("status")} DESC, occurred_at, id
)
UPDATE sms_message AS message
SET status = best.status, status_changed_at = %(now)s, failure_reason = best.reason, error_code = best.error_code
FROM best
WHERE message.provider = %(provider)s AND message.provider_message_id = best.provider_message_id
  AND message.status = ANY(%(open)s) AND {_case("message.status")} < {_case("best.status")}
RETURNING message.id, message.status
"""  # noqa: S608 (constants of ours are all that is put in)
#: What a receipt may move; `cancelled` has no carrier's id, and stands in no rank.
OPEN = [Status.SUBMITTED, *RECEIPT_RANK]


def apply_waiting(provider: str, provider_message_ids: Iterable[str]) -> list[UUID]:
    """Moves the messages of these ids to the highest rank that their waiting receipts report; returns those that
    ended. Their credits are the caller's to close, once and at its end: accounts are locked in one order only."""
    keys = sorted(filter(None, provider_message_ids))  # an empty id would match every message that has none yet
    # The lock on the messages orders us against whoever makes an id known and then comes here.
    known = Message.objects.filter(provider=provider, provider_message_id__in=keys).order_by("pk")
    names = list(known.select_for_update().values_list("provider_message_id", flat=True))
    waiting = Receipt.objects.filter(provider=provider, provider_message_id__in=names, applied_at=None)
    # Read once: one that commits from here on (it took no lock, as the id was not known yet) waits for the sweeper.
    read = list(waiting.values_list("pk", flat=True))
    if not read:
        return []
    now = timezone.now()
    values: dict[str, Any] = {"receipts": [str(key) for key in read], "provider": provider, "now": now, "open": OPEN}
    with connection.cursor() as cursor:
        cursor.execute(APPLY, values)
        moved = cursor.fetchall()
    Receipt.objects.filter(pk__in=read).update(applied_at=now)
    return [key for key, status in moved if status in FINAL]
