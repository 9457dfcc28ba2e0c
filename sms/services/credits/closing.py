"""Spending or giving back what was set aside for messages, when it is known what became of them."""

import datetime
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sms.models.states import FINAL
from sms.prepared import Prepared
from sms.services.credits.expiring import expire_due
from sms.services.credits.moving import lock_account


def closing(which: str) -> tuple[str, str]:
    """The two statements that close what is reserved for the messages named so (`message` in SQL), once each.

    The first locks accounts, in the order of tenants as whoever locks several does; the second sees what was committed
    while that one waited. What a carrier never took goes back, as does what failed, by the tenant's terms. Spent is
    from the oldest grants. Takes `final` and `now`; gives the tenants that got credits back which have expired since.
    """
    open_ones = (
        f"{which} AND message.credits > 0 AND message.credits_settled_at IS NULL AND message.status = ANY(%(final)s)"
    )
    lock = f"""
SELECT FROM sms_creditaccount WHERE tenant_id IN (SELECT tenant_id FROM sms_message AS message WHERE {open_ones})
ORDER BY tenant_id FOR NO KEY UPDATE
"""  # noqa: S608 (constants of ours are all that is put in)
    close = f"""
WITH closing AS (
    UPDATE sms_message AS message SET credits_settled_at = %(now)s
    FROM sms_creditaccount AS account
    WHERE {open_ones} AND account.tenant_id = message.tenant_id
    RETURNING message.id, message.tenant_id, message.credits, message.status <> 'delivered' AND (
        message.submitted_at IS NULL OR account.refunds = 'failed'
        OR (account.refunds = 'rejected' AND message.status = 'rejected')
    ) AS goes_back
), entries AS (
    INSERT INTO sms_creditentry (id, tenant_id, kind, reference, available_delta, reserved_delta, note, created_at)
    SELECT sms_ordered_id(), tenant_id, CASE WHEN goes_back THEN 'release' ELSE 'settle' END, id::text,
           CASE WHEN goes_back THEN credits ELSE 0 END, -credits, '', clock_timestamp()
    FROM closing
), sums AS (
    SELECT tenant_id, sum(credits) AS closed, coalesce(sum(credits) FILTER (WHERE goes_back), 0) AS back,
           coalesce(sum(credits) FILTER (WHERE NOT goes_back), 0) AS spent
    FROM closing GROUP BY tenant_id
), accounts AS (
    UPDATE sms_creditaccount AS account
    SET available = available + sums.back, reserved = reserved - sums.closed
    FROM sums WHERE account.tenant_id = sums.tenant_id
), oldest_first AS (
    SELECT id, tenant_id, remaining,
           sum(remaining) OVER (PARTITION BY tenant_id ORDER BY id) - remaining AS older
    FROM sms_creditgrant WHERE remaining > 0 AND tenant_id IN (SELECT tenant_id FROM sums WHERE spent > 0)
), grants AS (
    UPDATE sms_creditgrant AS one
    SET remaining = one.remaining - least(one.remaining, sums.spent - older)
    FROM oldest_first JOIN sums USING (tenant_id)
    WHERE one.id = oldest_first.id AND older < sums.spent
)
SELECT tenant_id FROM sums
WHERE back > 0 AND EXISTS (
    SELECT FROM sms_creditgrant AS expired
    WHERE expired.tenant_id = sums.tenant_id AND remaining > 0 AND expires_at <= %(now)s
)
ORDER BY tenant_id
"""  # noqa: S608 (constants of ours are all that is put in)
    return lock, close


CLOSE = Prepared(
    *closing("message.id = ANY(%(ids)s)"), types={"ids": "uuid[]", "final": "text[]", "now": "timestamptz"}
)


def close_reservations(*, ids: Sequence[UUID], now: datetime.datetime) -> None:
    """Spends or gives back what is reserved for messages that have just reached a final state, once each.

    In the transaction that moved them, whose locks on the messages it holds. Those of `ids` that are not in a final
    state, or were closed before, are passed over: a message that is delivered after it was refunded is not charged.
    """
    if not ids:
        return
    values: dict[str, Any] = {"ids": [str(key) for key in ids], "now": now, "final": [str(status) for status in FINAL]}
    for (tenant_id,) in CLOSE.fetch_all(values):  # of something that has expired meanwhile
        if account := lock_account(tenant_id):
            expire_due(account=account, now=now)
