"""Finding what a crash or a lost hint left behind."""

import datetime

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from sms.models import Message, Receipt, Status
from sms.models.message import SENDING
from sms.providers import UnknownProvider, get_provider
from sms.providers.base import Temporary
from sms.services.receipts import apply_waiting
from sms.services.sending import hand_out, record_submission

log = structlog.get_logger(__name__)


def sweep() -> dict[str, int]:
    """Finds messages that nobody is working on any more; safe to run twice and at the same time as anything."""
    now = timezone.now()
    lost = Message.objects.filter(status=Status.CLAIMED, claim_expires_at__lt=now).update(
        status=Status.UNKNOWN, status_changed_at=now, claim_token=None, claim_expires_at=None
    )
    # Whoever is answered moves away; those of a carrier that cannot answer now stay in front while it cannot.
    unknown = Message.objects.filter(status=Status.UNKNOWN).order_by("status_changed_at", "id")
    asked = [_ask_safely(message) for message in unknown[:500]]
    now = timezone.now()  # asking takes a while, and what it requeued is due as well
    expired = _expire(now=now)
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
            apply_waiting(provider, keys[provider])
    return sum(map(len, keys.values()))


def _expire(*, now: datetime.datetime) -> int:
    overdue = Message.objects.filter(status__in=SENDING, deliver_before__lt=now)
    with transaction.atomic():
        # What a receipt is being applied to is left to it: waiting for each other's rows could be for ever.
        ids = list(overdue.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)[:5000])
        given_up = {"status": Status.EXPIRED, "status_changed_at": now, "failure_reason": "no_receipt_in_time"}
        return int(Message.objects.filter(pk__in=ids).update(**given_up))


def _ask_safely(message: Message) -> Status | None:
    """One message that breaks its adapter must not keep the sweeper from the others."""
    try:
        return _ask(message)
    except Exception:
        log.exception("lookup failed", provider=message.provider)
        return None


def _ask(message: Message) -> Status | None:
    """Asks the carrier whether it took a message of unknown state; only a clear no sends it again."""
    try:
        provider = get_provider(message.provider)
        provider_message_id = provider.lookup(message.reference)
    except Temporary:
        return None
    except UnknownProvider:  # its adapter was taken away: nobody will ever answer
        gone = Message.objects.filter(pk=message.pk, status=Status.UNKNOWN)
        gone.update(status=Status.EXPIRED, status_changed_at=timezone.now(), failure_reason="unknown_provider")
        return Status.EXPIRED
    if provider_message_id is not None:
        return record_submission(message, provider_message_id, provider.delivery_deadline)
    # The same attempt: since the carrier said no, another sweeper may have requeued it and a worker handed it over.
    asked_about = Message.objects.filter(pk=message.pk, status=Status.UNKNOWN, attempts=message.attempts)
    now = timezone.now()
    if message.attempts >= settings.SMS_MAX_ATTEMPTS:
        asked_about.update(status=Status.REJECTED, status_changed_at=now, failure_reason="gateway_not_answering")
        return Status.REJECTED
    asked_about.update(status=Status.QUEUED, status_changed_at=now, next_attempt_at=now)
    return Status.QUEUED
