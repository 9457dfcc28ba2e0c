"""What became of a message that a carrier may or may not have: ask, never resend blindly."""

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from sms.models import Message, Status
from sms.models.message import MessageQuerySet
from sms.providers import UnknownProvider, get_provider
from sms.services.credits import close_reservations
from sms.services.dispatch import outbound
from sms.services.receipts import apply_waiting


def ask(message: Message) -> Status:
    """Asks the carrier whether it took a message of unknown state; only a clear no sends it again.

    Returns what it is now. Raises Temporary and CannotAsk.
    """
    try:
        provider = get_provider(message.provider)
    except UnknownProvider:  # its adapter was taken away: nobody will ever answer
        return _end(message, Status.EXPIRED, "unknown_provider")
    provider_message_id = provider.lookup(outbound(message), since=message.handover_at or message.created_at)
    if provider_message_id is not None:
        return _taken(message, provider_message_id)
    if message.attempts >= settings.SMS_MAX_ATTEMPTS:
        return _end(message, Status.REJECTED, "gateway_not_answering")
    _asked_about(message).move(Status.QUEUED, froms=[Status.UNKNOWN], at=timezone.now(), deliver_before=None)
    return Status.QUEUED


def _asked_about(message: Message) -> MessageQuerySet:
    """The same attempt: since the carrier said no, another sweeper may have requeued it, and a worker handed it over
    again."""
    same: MessageQuerySet = Message.objects.filter(pk=message.pk, attempts=message.attempts)
    return same


def _taken(message: Message, provider_message_id: str) -> Status:
    now = timezone.now()
    with transaction.atomic():
        moved = Message.objects.filter(pk=message.pk).move(
            Status.SUBMITTED,
            froms=[Status.UNKNOWN],
            at=now,
            submitted_at=message.handover_at or now,
            provider_message_id=provider_message_id,
            failure_reason="",
        )
        if moved:
            ended = apply_waiting(message.provider, [provider_message_id])
            close_reservations(ids=ended, now=now)
    return Status.SUBMITTED


def _end(message: Message, status: Status, reason: str) -> Status:
    now = timezone.now()
    with transaction.atomic():
        if _asked_about(message).move(status, froms=[Status.UNKNOWN], at=now, failure_reason=reason):
            close_reservations(ids=[message.pk], now=now)
    return status
