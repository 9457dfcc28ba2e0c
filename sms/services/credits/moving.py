"""One movement of credits: the account, its line in the ledger, and how far the balance fell, in one statement."""

import datetime
import enum
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.models import User
from sms.models import CreditAccount, CreditEntry
from sms.prepared import Prepared
from sms.services.credits.falling import announce_falls

# `before` holds the account's lock, so what follows sees the newest balance however long the lock was waited for. The
# entry is the gate: where the same movement is in the ledger already, nothing else happens. Percentages are of the
# balance after the last top-up, rounded up, so that `percent <= threshold` says exactly whether it is reached. A fall
# counts from the least that was left since that top-up; so credits that come back and go again fall nowhere. Where a
# band is crossed a second time, because somebody moved it, its row tells of the second time.
MOVE = Prepared(
    """
WITH before AS MATERIALIZED (
    SELECT tenant_id, available, reserved, top_ups, balance_after_last_top_up AS balance, lowest_available AS lowest,
           is_unlimited, coalesce(next_expiry_at <= %(expiry_until)s, false) AS is_due
    FROM sms_creditaccount WHERE tenant_id = %(tenant)s FOR NO KEY UPDATE
), entry AS (
    INSERT INTO sms_creditentry (id, tenant_id, kind, reference, available_delta, reserved_delta, actor_id, note,
                                 created_at)
    SELECT sms_ordered_id(), tenant_id, %(kind)s, %(reference)s, %(available)s, %(reserved)s, %(actor)s, %(note)s,
           clock_timestamp()
    FROM before
    WHERE available + %(available)s >= 0 AND NOT is_due AND NOT (is_unlimited AND %(unless_unlimited)s)
    ON CONFLICT (tenant_id, kind, reference) DO NOTHING
    RETURNING id
), after AS (
    UPDATE sms_creditaccount AS account
    SET available = before.available + %(available)s, reserved = before.reserved + %(reserved)s,
        lowest_available = least(before.lowest, before.available + %(available)s)
    FROM before, entry WHERE account.tenant_id = before.tenant_id
    RETURNING account.tenant_id, account.available, before.lowest, before.balance, before.top_ups, before.is_unlimited
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
SELECT CASE WHEN EXISTS (SELECT FROM entry) THEN 'moved'
            WHEN is_unlimited AND %(unless_unlimited)s THEN 'unlimited'
            WHEN is_due THEN 'expiry_due'
            WHEN available + %(available)s < 0 THEN 'not_enough'
            ELSE 'repeated' END,
       EXISTS (SELECT FROM fall)
FROM before
""",
    {
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
    MOVED = "moved"
    REPEATED = "repeated"
    """This movement is in the ledger already."""
    NOT_ENOUGH = "not_enough"
    UNLIMITED = "unlimited"
    EXPIRY_DUE = "expiry_due"
    """Some of the credits have expired and are still to be taken off."""


class NotEnoughCredits(Exception):
    """The account holds less than is needed."""

    def __init__(self, *, needed: int) -> None:
        super().__init__(f"This needs {needed} credits, more than the account holds. Top up first.")
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

    Given `expiry_until`, nothing is moved while something that expired until then is still to be taken off.
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
    found = MOVE.fetch_one(values)
    if found is None:
        return Outcome.NOT_ENOUGH
    word, has_fallen = found
    if has_fallen:
        # Robust: whatever fails there, what was moved is moved, and the sweeper announces it.
        transaction.on_commit(lambda: announce_falls(tenant_id=tenant_id), robust=True)
    return Outcome(word)


def lock_account(tenant_id: UUID) -> CreditAccount | None:
    """In the caller's transaction, before anything is read that depends on it."""
    mine = CreditAccount.objects.select_for_update(no_key=True, of=("self",))
    account: CreditAccount | None = mine.filter(tenant_id=tenant_id).first()
    return account
