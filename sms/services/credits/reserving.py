import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from sms.models import CreditEntry
from sms.services.credits.expiring import expire_due
from sms.services.credits.moving import AlreadyMoved, Outcome, lock_account, move, not_enough


def reserve(*, tenant_id: UUID, credits: int, reference: str) -> bool:
    """Sets credits aside for a batch, in the caller's transaction; False for an unlimited account, which keeps none.

    Raises NotEnoughCredits, and AlreadyMoved where credits were set aside under this reference before: whoever goes on
    then would spend them twice.
    """
    now = timezone.now()
    outcome = _reserve(tenant_id, credits, reference, now)
    if outcome is Outcome.EXPIRY_DUE:
        with transaction.atomic():
            if account := lock_account(tenant_id):
                expire_due(account=account, now=now)
            outcome = _reserve(tenant_id, credits, reference, now)
    if outcome is Outcome.REPEATED:
        raise AlreadyMoved(kind=CreditEntry.Kind.RESERVE, reference=reference)
    if outcome is Outcome.NOT_ENOUGH:
        raise not_enough(tenant_id, needed=credits)
    return outcome is Outcome.MOVED


def _reserve(tenant_id: UUID, credits: int, reference: str, now: datetime.datetime) -> Outcome:
    return move(
        tenant_id=tenant_id,
        kind=CreditEntry.Kind.RESERVE,
        reference=reference,
        available=-credits,
        reserved=credits,
        expiry_until=now,
        unless_unlimited=True,
    )
