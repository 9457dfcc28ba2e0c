"""Finding what a crash or a lost hint left behind."""

import datetime
import time

import structlog
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from sms.models import Message, Receipt, Status
from sms.models.states import SENDING
from sms.providers.base import CannotAsk, Temporary
from sms.services.asking import ask
from sms.services.claiming import release_due
from sms.services.credits import close_reservations
from sms.services.hints import hint
from sms.services.queueing import cancel_for_opted_out
from sms.services.receipts import apply_waiting

log = structlog.get_logger(__name__)
#: How long one sweep may ask one carrier: one that answers slowly must not keep the others waiting.
ASKING_SECONDS = 5.0
#: A carrier is asked about the same message at most this often.
ASK_AGAIN = datetime.timedelta(seconds=30)
#: Receipts about messages that we do not have are looked at for so long.
PARKED = datetime.timedelta(days=1)
BATCH = 1000


def sweep() -> dict[str, int]:
    """Finds messages that nobody is working on any more; safe to run twice and at the same time as anything."""
    now = timezone.now()
    reclaimed, lost = _end_leases(now=now)
    asked = _ask_about_unknown(now=now)
    cancelled = cancel_for_opted_out(since=now - datetime.timedelta(minutes=10))
    expired = _expire(now=timezone.now())
    parked = _apply_parked(now=now)
    release_due(now=timezone.now())
    waiting = _providers_with_something_waiting()
    hint(providers=waiting)
    return {
        "reclaimed": reclaimed,
        "lost_claims": lost,
        "asked": asked,
        "cancelled": cancelled,
        "expired": expired,
        "parked": parked,
        "hinted": len(waiting),
    }


def _end_leases(*, now: datetime.datetime) -> tuple[int, int]:
    """Takes back what a worker claimed and never began to hand over, and calls the rest unknown."""
    overdue = Message.objects.filter(claim_expires_at__lt=now)
    ended = {"claim_token": None, "claim_expires_at": None}
    untouched = overdue.filter(handover_at=None)
    froms = [Status.CLAIMED]
    reclaimed = untouched.move(Status.QUEUED, froms=froms, at=now, attempts=F("attempts") - 1, **ended)
    lost = overdue.filter(handover_at__isnull=False).move(Status.UNKNOWN, froms=froms, at=now, asked_at=None, **ended)
    return reclaimed, lost


def _ask_about_unknown(*, now: datetime.datetime) -> int:
    """Asks each carrier about the messages it may have, the longest unasked first; returns how many it answered."""
    due = Message.objects.filter(status=Status.UNKNOWN).filter(Q(asked_at=None) | Q(asked_at__lt=now - ASK_AGAIN))
    count = 0
    for slug in due.order_by("provider").values_list("provider", flat=True).distinct():
        ends = time.monotonic() + ASKING_SECONDS
        mine = due.filter(provider=slug).order_by(F("asked_at").asc(nulls_first=True), "id")
        for message in mine[:BATCH]:
            if time.monotonic() > ends or not _ask_safely(message):
                break
            count += 1
    return count


def _ask_safely(message: Message) -> bool:
    """False when there is no use in asking this carrier any more now."""
    Message.objects.filter(pk=message.pk).update(asked_at=timezone.now())
    try:
        ask(message)
    except Temporary:
        return False
    except CannotAsk:
        pass  # about this one; its receipt or its deadline will tell
    except Exception:
        # One message that breaks its adapter must not keep the sweeper from the others.
        log.exception("lookup failed", provider=message.provider)
    return True


def _expire(*, now: datetime.datetime) -> int:
    """Ends what nobody waits for any more: its carrier's deadline passed, or it is worth nothing to its reader."""
    no_receipt = Q(status__in=SENDING, deliver_before__lt=now)
    too_late = Q(status=Status.QUEUED, valid_until__lt=now)
    return _expire_where(no_receipt, "no_receipt_in_time", now) + _expire_where(too_late, "validity_passed", now)


def _expire_where(rule: Q, reason: str, now: datetime.datetime) -> int:
    count: int = 0
    while True:
        with transaction.atomic():
            # What a receipt is being applied to is left to it: waiting for each other's rows could be for ever.
            found = Message.objects.filter(rule).exclude(status=Status.CLAIMED).order_by("pk")
            locked = found.select_for_update(skip_locked=True, of=("self",))
            ids = list(locked.values_list("pk", flat=True)[:BATCH])
            froms = [Status.QUEUED, Status.UNKNOWN, Status.SUBMITTED, Status.SENT]
            mine = Message.objects.filter(pk__in=ids)
            count += mine.move(Status.EXPIRED, froms=froms, at=now, failure_reason=reason, next_attempt_at=None)
            close_reservations(ids=ids, now=now)
        if len(ids) < BATCH:
            return count


def _apply_parked(*, now: datetime.datetime) -> int:
    """Applies receipts that committed in the same moment as the submission they belong to, so that neither saw the
    other. Those about messages we never had are left alone after a day."""
    parked = Receipt.objects.filter(applied_at=None, received_at__gt=now - PARKED)
    keys: dict[str, set[str]] = {}
    for provider, key in parked.values_list("provider", "provider_message_id")[:5000]:
        keys.setdefault(provider, set()).add(key)
    for provider in sorted(keys):
        with transaction.atomic():
            close_reservations(ids=apply_waiting(provider, keys[provider]), now=now)
    return sum(map(len, keys.values()))


def _providers_with_something_waiting() -> list[str]:
    slugs = Message.objects.waiting().order_by("provider").values_list("provider", flat=True).distinct()
    return list(slugs)
