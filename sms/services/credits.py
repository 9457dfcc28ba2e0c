"""What a tenant may still send."""

import datetime
from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from sms.models import CreditAccount, CreditEntry, CreditGrant, Message


class NotEnoughCredits(Exception):
    """The account holds less than the batch costs."""

    def __init__(self, *, needed: int) -> None:
        super().__init__(f"This needs {needed} credits, more than the account holds. Top up first.")
        self.needed = needed


def top_up(*, tenant_id: UUID, credits: int) -> None:
    """Adds credits, opening the account at the first time, and notes the balance that percentages are taken of.

    Raises ValueError when there is nothing to add.
    """
    if credits <= 0:
        raise ValueError("A top-up adds at least one credit.")
    with transaction.atomic():
        CreditAccount.objects.bulk_create([CreditAccount(tenant_id=tenant_id)], ignore_conflicts=True)
        grant = CreditGrant.objects.create(tenant_id=tenant_id, amount=credits, remaining=credits)
        CreditEntry.objects.create(
            tenant_id=tenant_id, kind=CreditEntry.Kind.TOP_UP, reference=str(grant.pk), available_delta=credits
        )
        CreditAccount.objects.filter(tenant_id=tenant_id).update(
            available=F("available") + credits,
            balance_after_last_top_up=F("available") + credits,
            last_top_up_at=timezone.now(),
            top_ups=F("top_ups") + 1,
            lowest_percent=100,
        )


def reserve(*, tenant_id: UUID, credits: int, reference: str) -> bool:
    """Sets credits aside for a batch, in the caller's transaction; False for an unlimited account, which keeps none.

    Raises NotEnoughCredits.
    """
    account = CreditAccount.objects.filter(tenant_id=tenant_id)
    enough = account.filter(is_unlimited=False, available__gte=credits)
    if enough.update(available=F("available") - credits, reserved=F("reserved") + credits):
        CreditEntry.objects.create(
            tenant_id=tenant_id,
            kind=CreditEntry.Kind.RESERVE,
            reference=reference,
            available_delta=-credits,
            reserved_delta=credits,
        )
        return True
    if not account.filter(is_unlimited=True).exists():
        raise NotEnoughCredits(needed=credits)
    return False


def close_reservations(*, ids: Sequence[UUID], now: datetime.datetime) -> None:
    """Spends or gives back what is reserved for messages that have just reached a final state, once each.

    In the transaction that moved them, whose locks on the messages it holds.
    """
    if not ids:
        return
    open_ones = Message.objects.filter(pk__in=ids, credits__gt=0, credits_settled_at=None).order_by("tenant_id", "pk")
    for message in open_ones:
        is_spent = message.status == "delivered"
        account = CreditAccount.objects.filter(tenant_id=message.tenant_id)
        back = 0 if is_spent else message.credits
        account.update(available=F("available") + back, reserved=F("reserved") - message.credits)
        CreditEntry.objects.create(
            tenant_id=message.tenant_id,
            kind=CreditEntry.Kind.SETTLE if is_spent else CreditEntry.Kind.RELEASE,
            reference=str(message.pk),
            available_delta=back,
            reserved_delta=-message.credits,
        )
    open_ones.update(credits_settled_at=now)
