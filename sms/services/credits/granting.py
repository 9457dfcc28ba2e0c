"""Credits that are bought, given and taken back by people."""

import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Least
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.models import User
from sms.models import CreditAccount, CreditEntry, CreditGrant
from sms.services.credits.expiring import expire_due
from sms.services.credits.moving import AlreadyMoved, Outcome, lock_account, move, not_enough

Kind = CreditEntry.Kind


def top_up(
    *,
    tenant_id: UUID,
    credits: int,
    reference: str = "",
    expires_at: datetime.datetime | None = None,
    actor: User | None = None,
    note: str = "",
) -> bool:
    """Adds credits, opening the account at the first time, and notes the balance that percentages are taken of.

    `reference` is the payment's: the same one adds nothing the second time, which returns False. Without one, each
    call is a top-up of its own. Raises ValueError when there is nothing to add or it has expired already, and
    AlreadyMoved when the reference stands for another number of credits.
    """
    now = timezone.now()
    if credits <= 0:
        raise ValueError("A top-up adds at least one credit.")
    if expires_at is not None and expires_at <= now:
        raise ValueError("These credits would have expired already.")
    reference = reference or str(uuid7())
    with transaction.atomic():
        _open_account(tenant_id, now)
        if _is_repeated(tenant_id, Kind.TOP_UP, reference, credits):
            return False
        _grant(tenant_id, Kind.TOP_UP, credits, reference, actor, note, expires_at)
        CreditAccount.objects.filter(tenant_id=tenant_id).update(
            balance_after_last_top_up=F("available"),
            lowest_available=F("available"),
            last_top_up_at=now,
            top_ups=F("top_ups") + 1,
        )
    return True


def adjust(*, tenant_id: UUID, credits: int, reference: str, note: str, actor: User | None = None) -> bool:
    """A correction by staff, up or down, with its reason. It does not count as a top-up: percentages stay those of
    the balance after the last one.

    The same reference corrects nothing the second time, which returns False. Raises ValueError for 0 credits and
    without a note, NotEnoughCredits when fewer are available (reserved ones are not), and AlreadyMoved when the
    reference stands for another number of credits.
    """
    if not credits:
        raise ValueError("An adjustment adds or takes at least one credit.")
    if not note.strip():
        raise ValueError("An adjustment needs a note that says why.")
    with transaction.atomic():
        _open_account(tenant_id, timezone.now())
        if _is_repeated(tenant_id, Kind.ADJUST, reference, credits):
            return False
        if credits > 0:
            _grant(tenant_id, Kind.ADJUST, credits, reference, actor, note)
        else:
            _take_back(tenant_id, -credits, reference, actor, note)
    return True


def set_terms(
    *, tenant_id: UUID, is_unlimited: bool | None = None, refunds: CreditAccount.Refunds | None = None
) -> None:
    """What is agreed with a tenant; None leaves it as it is. What is reserved already is settled as before."""
    given = {"is_unlimited": is_unlimited, "refunds": refunds}
    with transaction.atomic():
        _open_account(tenant_id, timezone.now())
        terms = {name: value for name, value in given.items() if value is not None}
        if terms:
            CreditAccount.objects.filter(tenant_id=tenant_id).update(**terms)


def _open_account(tenant_id: UUID, now: datetime.datetime) -> None:
    """Locks the account, made where there was none, and takes off what has expired: the balance is what it says."""
    CreditAccount.objects.bulk_create([CreditAccount(tenant_id=tenant_id)], ignore_conflicts=True)
    account = lock_account(tenant_id)
    if account and account.next_expiry_at is not None and account.next_expiry_at <= now:
        expire_due(account=account, now=now)


def _is_repeated(tenant_id: UUID, kind: Kind, reference: str, credits: int) -> bool:
    """Under the account's lock, so whoever moved it before has committed."""
    same = CreditEntry.objects.filter(tenant_id=tenant_id, kind=kind, reference=reference)
    before = same.values_list("available_delta", flat=True).first()
    if before is not None and before != credits:
        raise AlreadyMoved(kind=kind, reference=reference)
    return before is not None


def _grant(
    tenant_id: UUID,
    kind: Kind,
    credits: int,
    reference: str,
    actor: User | None,
    note: str,
    expires_at: datetime.datetime | None = None,
) -> None:
    move(tenant_id=tenant_id, kind=kind, reference=reference, available=credits, actor=actor, note=note)
    CreditGrant.objects.create(tenant_id=tenant_id, amount=credits, remaining=credits, expires_at=expires_at)
    if expires_at is not None:
        # Postgres leaves NULL out of LEAST.
        CreditAccount.objects.filter(tenant_id=tenant_id).update(next_expiry_at=Least("next_expiry_at", expires_at))


def _take_back(tenant_id: UUID, credits: int, reference: str, actor: User | None, note: str) -> None:
    moved = move(
        tenant_id=tenant_id, kind=Kind.ADJUST, reference=reference, available=-credits, actor=actor, note=note
    )
    if moved is not Outcome.MOVED:
        raise not_enough(tenant_id, needed=credits)
    left = credits
    for grant in CreditGrant.objects.filter(tenant_id=tenant_id, remaining__gt=0).order_by("id"):
        taken = min(grant.remaining, left)
        CreditGrant.objects.filter(pk=grant.pk).update(remaining=F("remaining") - taken)
        left -= taken
        if not left:
            return
