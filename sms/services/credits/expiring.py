"""Credits that are worth nothing after some day.

What is reserved is held to be reserved from the oldest grants, and those are spent first. So of an expired grant that
part is left alone which reservations reach up to; it expires when they are given back.
"""

import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from sms.models import CreditAccount, CreditEntry, CreditGrant
from sms.services.credits.moving import lock_account, move


def expire_grants(*, now: datetime.datetime | None = None) -> int:
    """Takes off what has expired and is not reserved, account by account; returns how many credits it was.

    Safe to run twice, at the same time as anything, and to kill.
    """
    now = now or timezone.now()
    due = CreditAccount.objects.filter(next_expiry_at__lte=now).order_by("tenant_id")
    tenants = list(due.values_list("tenant_id", flat=True))
    return sum(expire_account(tenant_id=tenant_id, now=now) for tenant_id in tenants)


def expire_account(*, tenant_id: UUID, now: datetime.datetime) -> int:
    """The same for one tenant."""
    with transaction.atomic():
        account = lock_account(tenant_id)
        return expire_due(account=account, now=now) if account else 0


def expire_due(*, account: CreditAccount, now: datetime.datetime) -> int:
    """In the caller's transaction, which holds the account's lock and has moved nothing since it read `account`."""
    reserved, total = account.reserved, 0
    open_ones = CreditGrant.objects.filter(tenant_id=account.tenant_id, remaining__gt=0)
    for grant in open_ones.order_by("id"):
        held = min(grant.remaining, reserved)
        reserved -= held
        if grant.expires_at is not None and grant.expires_at <= now and held < grant.remaining:
            _take_off(grant, keep=held)
            total += grant.remaining - held
    following = open_ones.filter(expires_at__gt=now).aggregate(at=Min("expires_at"))["at"]
    CreditAccount.objects.filter(tenant_id=account.tenant_id).update(next_expiry_at=following)
    return total


def _take_off(grant: CreditGrant, *, keep: int) -> None:
    # What a grant holds only ever falls, so this names each part that expires of it, once.
    reference = f"{grant.pk}:{grant.remaining}"
    gone = grant.remaining - keep
    move(tenant_id=grant.tenant_id, kind=CreditEntry.Kind.EXPIRE, reference=reference, available=-gone)
    CreditGrant.objects.filter(pk=grant.pk).update(remaining=keep)
