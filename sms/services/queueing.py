"""From an accepted batch to waiting messages, and back where it is called off."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.models import User
from sms.models import Batch, Contact, Message, Status, Traffic
from sms.models.message import MessageQuerySet
from sms.segments import segment
from sms.services import routing
from sms.services.credits import close_reservations, reserve
from sms.services.hints import hint

# One statement for ten thousand rows: what differs comes in arrays, what they share once.
INSERT = """
INSERT INTO sms_message (id, tenant_id, batch_id, recipient, sender_id, text, segments, traffic, status,
                         status_changed_at, failure_reason, error_code, credits, provider, provider_message_id,
                         attempts, next_attempt_at, valid_until, created_at)
SELECT given.id, %(tenant)s, %(batch)s, given.recipient, %(sender)s, given.text, given.segments, %(traffic)s, 'queued',
       %(now)s, '', '', CASE WHEN %(counted)s THEN given.segments ELSE 0 END, given.provider, '',
       0, %(send_at)s, %(valid_until)s, %(now)s
FROM unnest(%(ids)s::uuid[], %(recipients)s::text[], %(texts)s::text[], %(segments)s::int[], %(providers)s::text[])
     AS given (id, recipient, text, segments, provider)
"""


class NobodyLeft(Exception):
    """Everybody who was named has opted out."""

    def __init__(self) -> None:
        super().__init__("Everybody you named has opted out.")


@dataclass(frozen=True)
class Addressee:
    """One recipient (E.164) and what they are sent."""

    number: str
    text: str


@dataclass(frozen=True)
class Queued:
    batch: Batch
    ids: list[UUID]
    """Of its messages, in the order of the addressees that were not left out."""


def queue_messages(  # noqa: PLR0913 (one call of the API, field by field)
    *,
    tenant_id: UUID,
    addressees: Sequence[Addressee],
    sender_id: str,
    text: str = "",
    traffic: Traffic = Traffic.TRANSACTIONAL,
    author: User | None = None,
    send_at: datetime.datetime | None = None,
    valid_until: datetime.datetime | None = None,
    group_name: str = "",
    template_name: str = "",
    duplicates: int = 0,
    avoid: str = "",
) -> Queued:
    """Reserves the credits of a batch and stores it, all or nothing; the sending begins after the commit.

    `addressees` have distinct numbers; whoever opted out is left out. `text` is what the batch is remembered by.
    None goes through the provider `avoid`. Raises NobodyLeft, NotEnoughCredits and NoOtherRoute.
    """
    now = timezone.now()
    with transaction.atomic():
        left_out = opted_out((one.number for one in addressees), tenant_id=tenant_id)
        chosen = [one for one in addressees if one.number not in left_out]
        if not chosen:
            raise NobodyLeft
        lengths = {text: segment(text).segments for text in {one.text for one in chosen}}
        segments = [lengths[one.text] for one in chosen]
        batch = Batch(
            id=uuid7(),
            tenant_id=tenant_id,
            author=author,
            text=text or chosen[0].text,
            sender_id=sender_id,
            traffic=traffic,
            group_name=group_name,
            template_name=template_name,
            send_at=send_at,
            valid_until=valid_until,
            accepted=len(chosen),
            duplicates=duplicates,
            opted_out=len(left_out),
            segments=sum(segments),
            credits=sum(segments),
            avoid=avoid,
            created_at=now,
        )
        if not reserve(tenant_id=tenant_id, credits=batch.credits, reference=str(batch.pk)):
            batch.credits = 0
        batch.save(force_insert=True)
        providers = routing.choose(tenant_id=tenant_id, count=len(chosen), avoid=avoid)
        ids = _insert(batch, chosen, segments, providers)
        if send_at is None:
            transaction.on_commit(lambda: hint(providers=set(providers)))
    return Queued(batch, ids)


def _insert(batch: Batch, chosen: Sequence[Addressee], segments: list[int], providers: list[str]) -> list[UUID]:
    """Stores the messages of a batch, which is stored already."""
    ids = [uuid7() for _ in chosen]
    values: dict[str, Any] = {
        "tenant": batch.tenant_id,
        "batch": batch.pk,
        "sender": batch.sender_id,
        "traffic": batch.traffic,
        "now": batch.created_at,
        "counted": batch.credits > 0,
        "send_at": batch.send_at,
        "valid_until": batch.valid_until,
        "ids": [str(key) for key in ids],
        "recipients": [one.number for one in chosen],
        "texts": [one.text for one in chosen],
        "segments": segments,
        "providers": providers,
    }
    with connection.cursor() as cursor:
        cursor.execute(INSERT, values)
    return ids


def opted_out(numbers: Iterable[str], *, tenant_id: UUID) -> set[str]:
    """Those of these numbers whose people asked the tenant to leave them alone."""
    found = Contact.objects.filter(tenant_id=tenant_id).opted_out().numbered(numbers)
    return set(found.values_list("phone_number", flat=True))


def cancel_batch(*, batch_id: UUID) -> int | None:
    """Calls off what of a batch has not been claimed yet and gives its credits back; returns how many messages.

    None when there is no such batch. Repeating it is fine.
    """
    now = timezone.now()
    with transaction.atomic():
        batch = Batch.objects.select_for_update().filter(pk=batch_id).first()
        if batch is None:
            return None
        count = _cancel(Message.objects.filter(batch=batch), now=now, reason="cancelled_by_sender")
        if batch.cancelled_at is None:
            Batch.objects.filter(pk=batch_id).update(cancelled_at=now)
    return count


def cancel_message(*, message_id: UUID) -> bool:
    """Calls one message off; False when a worker or the carrier has it already, or it is not there."""
    mine = Message.objects.filter(pk=message_id)
    with transaction.atomic():
        return bool(_cancel(mine, now=timezone.now(), reason="cancelled_by_sender"))


def cancel_queued_for(*, number: str, now: datetime.datetime) -> int:
    """Calls off what waits for somebody who opts out in the caller's transaction; returns how many messages."""
    return _cancel(Message.objects.filter(recipient=number), now=now, reason="opted_out")


def cancel_for_opted_out(*, since: datetime.datetime) -> int:
    """Calls off what is queued for people who opted out after `since`: it was being queued in that very moment."""
    gone = Contact.objects.opted_out().filter(opted_out_at__gte=since).values("tenant_id", "phone_number")
    count = 0
    for contact in gone:
        mine = Message.objects.filter(tenant_id=contact["tenant_id"], recipient=contact["phone_number"])
        with transaction.atomic():
            count += _cancel(mine, now=timezone.now(), reason="opted_out")
    return count


# Whose number was written in another way while they asked not to be written to.
FOR_OPTED_OUT = """
SELECT waiting.id
FROM unnest(%(tenants)s::uuid[], %(numbers)s::text[]) AS given (tenant_id, number)
CROSS JOIN LATERAL (
    SELECT FROM sms_contact AS contact
    WHERE contact.tenant_id = given.tenant_id AND contact.phone_number = given.number
      AND contact.opted_out_at IS NOT NULL LIMIT 1
) AS opted_out
CROSS JOIN LATERAL (
    SELECT id FROM sms_message AS message
    WHERE message.tenant_id = given.tenant_id AND message.recipient = given.number AND message.status = 'queued'
    OFFSET 0
) AS waiting
"""


def cancel_for_opted_out_numbers(*, numbers: Sequence[tuple[UUID | str, str]]) -> int:
    """Calls off what is queued for those of these numbers, with their tenants, whose contact opted out.

    In the caller's transaction: for whoever finds out that a message and an opt-out are about one number.
    """
    if not numbers:
        return 0
    tenants, texts = zip(*numbers, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(FOR_OPTED_OUT, {"tenants": [str(one) for one in tenants], "numbers": list(texts)})
        ids = [key for (key,) in cursor.fetchall()]
    mine = Message.objects.filter(pk__in=ids)
    return _cancel(mine, now=timezone.now(), reason="opted_out") if ids else 0


def _cancel(messages: MessageQuerySet, *, now: datetime.datetime, reason: str) -> int:
    """In the caller's transaction, locked in the order of ids as every writer of many messages does."""
    queued = messages.filter(status=Status.QUEUED).order_by("id").select_for_update(of=("self",))
    ids = list(queued.values_list("pk", flat=True))
    mine = Message.objects.filter(pk__in=ids)
    over = {"failure_reason": reason, "next_attempt_at": None}
    count: int = mine.move(Status.CANCELLED, froms=[Status.QUEUED], at=now, **over)
    close_reservations(ids=ids, now=now)
    return count
