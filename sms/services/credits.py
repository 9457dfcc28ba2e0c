"""What a tenant may still send."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.models import User
from sms.models import CreditAccount, CreditEntry, CreditGrant, Message
from tenants.scope import tenant_scope


class NotEnoughCredits(Exception):
    """The account holds less than the batch costs."""

    def __init__(self, *, needed: int) -> None:
        super().__init__(f"This needs {needed} credits, more than the account holds. Top up first.")
        self.needed = needed


class AlreadyMoved(Exception):
    """The ledger has a movement of this kind under this reference, and it is not this one."""

    def __init__(self, *, kind: CreditEntry.Kind, reference: str) -> None:
        super().__init__(f"{kind.label}: the reference {reference} is in the ledger already.")


@dataclass(frozen=True)
class Line:
    """An entry, and what the account held after it."""

    entry: CreditEntry
    available: int
    reserved: int


@dataclass(frozen=True)
class Statement:
    """What an account held at the beginning, and every line since."""

    tenant_id: UUID
    since: datetime.datetime | None
    until: datetime.datetime | None
    available: int
    reserved: int

    def lines(self) -> Iterator[Line]:
        available, reserved = self.available, self.reserved
        with tenant_scope(self.tenant_id):
            entries = list(_between(self.since, self.until).select_related("actor").order_by("id"))
        for entry in entries:
            available += entry.available_delta
            reserved += entry.reserved_delta
            yield Line(entry, available, reserved)


def statement(
    tenant_id: UUID, since: datetime.datetime | None = None, until: datetime.datetime | None = None
) -> Statement:
    """From `since` (included; None: the beginning) to `until` (not included; None: now), the oldest first."""
    totals = {"available": 0, "reserved": 0}
    if since is not None:
        with tenant_scope(tenant_id):
            totals = _between(None, since).aggregate(
                available=Coalesce(Sum("available_delta"), 0), reserved=Coalesce(Sum("reserved_delta"), 0)
            )
    return Statement(tenant_id, since, until, **{name: int(total) for name, total in totals.items()})


def _between(since: datetime.datetime | None, until: datetime.datetime | None) -> QuerySet[CreditEntry]:
    rows: QuerySet[CreditEntry] = CreditEntry.objects.all()
    rows = rows if since is None else rows.filter(created_at__gte=since)
    return rows if until is None else rows.filter(created_at__lt=until)


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

    `reference` is the payment's: the same one adds nothing the second time, which returns False. Raises ValueError
    when there is nothing to add or it has expired already, and AlreadyMoved when the reference stands for another
    number of credits.
    """
    now = timezone.now()
    if credits <= 0:
        raise ValueError("A top-up adds at least one credit.")
    if expires_at is not None and expires_at <= now:
        raise ValueError("These credits would have expired already.")
    kind, reference = CreditEntry.Kind.TOP_UP, reference or str(uuid7())
    with transaction.atomic():
        CreditAccount.objects.bulk_create([CreditAccount(tenant_id=tenant_id)], ignore_conflicts=True)
        CreditAccount.objects.select_for_update(of=("self",)).get(tenant_id=tenant_id)
        before = CreditEntry.objects.filter(tenant_id=tenant_id, kind=kind, reference=reference).first()
        if before is not None and before.available_delta != credits:
            raise AlreadyMoved(kind=kind, reference=reference)
        if before is not None:
            return False
        CreditGrant.objects.create(tenant_id=tenant_id, amount=credits, remaining=credits, expires_at=expires_at)
        CreditEntry.objects.create(
            tenant_id=tenant_id, kind=kind, reference=reference, available_delta=credits, actor=actor, note=note
        )
        CreditAccount.objects.filter(tenant_id=tenant_id).update(
            available=F("available") + credits,
            balance_after_last_top_up=F("available") + credits,
            last_top_up_at=now,
            top_ups=F("top_ups") + 1,
            lowest_percent=100,
        )
    return True


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
