"""What a tenant may still send."""

from uuid import UUID

from django.db.models import F
from django.utils import timezone

from sms.models import CreditAccount


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
    now = timezone.now()
    CreditAccount.objects.bulk_create([CreditAccount(tenant_id=tenant_id)], ignore_conflicts=True)
    CreditAccount.objects.filter(tenant_id=tenant_id).update(
        available=F("available") + credits,
        balance_after_last_top_up=F("available") + credits,
        last_top_up_at=now,
    )


def spend(*, tenant_id: UUID, credits: int) -> None:
    account = CreditAccount.objects.filter(tenant_id=tenant_id)
    if account.filter(is_unlimited=False, available__gte=credits).update(available=F("available") - credits):
        return
    if not account.filter(is_unlimited=True).exists():
        raise NotEnoughCredits(needed=credits)
