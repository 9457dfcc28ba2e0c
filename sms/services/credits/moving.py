"""One movement of credits: the account, its line in the ledger, and how far the balance fell, in one statement."""

import datetime
import enum
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.models import User
from sms.models import CreditAccount, CreditEntry
from sms.prepared import Prepared
from sms.services.credits.falling import announce_falls

# The account's row is locked by its UPDATE, and the entry's id is made after it: so entries sort as they happened.
# Where the same movement is in the ledger already, nothing moves. Percentages are of the balance after the last
# top-up, rounded up, so that `percent <= threshold` says exactly whether it is reached. A fall counts from the least
# that was left since that top-up; so credits that come back and go again fall nowhere. Where a band is crossed a
# second time, because somebody moved it, its row tells of the second time.
MOVE = Prepared(
    """
WITH after AS (
    UPDATE sms_creditaccount
    SET available = available + %(available)s, reserved = reserved + %(reserved)s, lowest_before = lowest_available,
        lowest_available = least(lowest_available, available + %(available)s)
    WHERE tenant_id = %(tenant)s AND available + %(available)s >= 0 AND NOT (is_unlimited AND %(unless_unlimited)s)
      AND coalesce(next_expiry_at > %(expiry_until)s, true)
      AND NOT EXISTS (
          SELECT FROM sms_creditentry WHERE tenant_id = %(tenant)s AND kind = %(kind)s AND reference = %(reference)s
      )
    RETURNING tenant_id, available, lowest_before AS lowest, balance_after_last_top_up AS balance, top_ups,
              is_unlimited
), entry AS (
    INSERT INTO sms_creditentry (id, tenant_id, kind, reference, available_delta, reserved_delta, actor_id, note,
                                 created_at)
    SELECT sms_ordered_id(), tenant_id, %(kind)s, %(reference)s, %(available)s, %(reserved)s, %(actor)s, %(note)s,
           clock_timestamp()
    FROM after
), fallen AS (
    SELECT tenant_id, top_ups, available, lowest, balance, (available * 100 + balance - 1) / balance AS percent,
           (lowest * 100 + balance - 1) / balance AS percent_before
    FROM after WHERE available < lowest AND balance > 0 AND NOT is_unlimited
), banded AS (
    SELECT *, CASE
        WHEN available = 0 THEN 'empty'
        WHEN percent <= %(critical)s AND percent_before > %(critical)s THEN 'critical'
        WHEN percent <= %(warning)s AND percent_before > %(warning)s THEN 'warning'
        WHEN available < %(limit)s AND lowest >= %(limit)s THEN 'under_100'
        ELSE ''
    END AS band
    FROM fallen
), fall AS (
    INSERT INTO sms_creditfall AS known (id, tenant_id, top_up, percent_before, percent, available,
                                         balance_after_top_up, band, created_at)
    SELECT sms_ordered_id(), tenant_id, top_ups, percent_before, percent, available, balance, band, clock_timestamp()
    FROM banded WHERE percent < percent_before OR band <> ''
    ON CONFLICT (tenant_id, top_up, band) WHERE band <> '' DO UPDATE
    SET percent_before = greatest(known.percent_before, excluded.percent_before), percent = excluded.percent,
        available = excluded.available, announced_at = NULL
    RETURNING id
)
SELECT EXISTS (SELECT FROM fall) FROM after
""",
    types={
        "tenant": "uuid",
        "kind": "text",
        "reference": "text",
        "available": "bigint",
        "reserved": "bigint",
        "actor": "uuid",
        "note": "text",
        "expiry_until": "timestamptz",
        "unless_unlimited": "boolean",
        "limit": "bigint",
        "warning": "int",
        "critical": "int",
    },
)


class Outcome(enum.Enum):
    MOVED = enum.auto()
    REPEATED = enum.auto()
    """This movement is in the ledger already."""
    NOT_ENOUGH = enum.auto()
    UNLIMITED = enum.auto()
    EXPIRY_DUE = enum.auto()
    """Some of the credits have expired and are still to be taken off."""


class NotEnoughCredits(Exception):
    """The account holds less than is needed."""

    def __init__(self, *, needed: int, available: int) -> None:
        many = "1 credit" if needed == 1 else f"{needed} credits"
        super().__init__(f"This needs {many}, and the account has {available} left. Top up first.")
        self.needed = needed


class AlreadyMoved(Exception):
    """The ledger has a movement of this kind under this reference, and it is not this one."""

    def __init__(self, *, kind: CreditEntry.Kind, reference: str) -> None:
        super().__init__(f"{kind.label}: the reference {reference} is in the ledger already.")
        self.kind, self.reference = kind, reference


def move(
    *,
    tenant_id: UUID,
    kind: CreditEntry.Kind,
    reference: str,
    available: int,
    reserved: int = 0,
    actor: User | None = None,
    note: str = "",
    expiry_until: datetime.datetime | None = None,
    unless_unlimited: bool = False,
) -> Outcome:
    """Moves credits, unless that would leave fewer than none or was done before. It locks the account until the end
    of the transaction; how far the balance fell is announced after it.

    Given `expiry_until`, nothing is moved while something that expired until then is still to be taken off. Raises
    AlreadyMoved, with which the transaction is lost, when somebody else makes the same movement in this very moment.
    """
    values: dict[str, Any] = {
        "tenant": tenant_id,
        "kind": kind,
        "reference": reference,
        "available": available,
        "reserved": reserved,
        "actor": actor.pk if actor else None,
        "note": note,
        "expiry_until": expiry_until,
        "unless_unlimited": unless_unlimited,
        "limit": settings.LOW_CREDITS_LIMIT,
        "warning": settings.LOW_CREDITS_WARNING_PERCENT,
        "critical": settings.LOW_CREDITS_CRITICAL_PERCENT,
    }
    try:
        found = MOVE.fetch_one(values)
    except IntegrityError as error:
        if "credit_entry_once" not in str(error):
            raise
        raise AlreadyMoved(kind=kind, reference=reference) from error  # in this very moment, by somebody else
    if found is None:
        return _why_not(tenant_id, kind, reference, expiry_until, unless_unlimited)
    if found[0]:
        # Robust: whatever fails there, what was moved is moved, and the sweeper announces it.
        transaction.on_commit(lambda: announce_falls(tenant_id=tenant_id), robust=True)
    return Outcome.MOVED


def _why_not(
    tenant_id: UUID,
    kind: CreditEntry.Kind,
    reference: str,
    expiry_until: datetime.datetime | None,
    unless_unlimited: bool,
) -> Outcome:
    if CreditEntry.objects.filter(tenant_id=tenant_id, kind=kind, reference=reference).exists():
        return Outcome.REPEATED
    account = CreditAccount.objects.filter(tenant_id=tenant_id).first()
    if account is None:
        return Outcome.NOT_ENOUGH
    if account.is_unlimited and unless_unlimited:
        return Outcome.UNLIMITED
    if expiry_until is not None and account.next_expiry_at is not None and account.next_expiry_at <= expiry_until:
        return Outcome.EXPIRY_DUE
    return Outcome.NOT_ENOUGH


def not_enough(tenant_id: UUID, *, needed: int) -> NotEnoughCredits:
    account = CreditAccount.objects.filter(tenant_id=tenant_id).first()
    return NotEnoughCredits(needed=needed, available=account.available if account else 0)


def lock_account(tenant_id: UUID) -> CreditAccount | None:
    """In the caller's transaction, before anything is read that depends on it."""
    mine = CreditAccount.objects.select_for_update(no_key=True, of=("self",))
    account: CreditAccount | None = mine.filter(tenant_id=tenant_id).first()
    return account
