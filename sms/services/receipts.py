"""What carriers say became of messages.

Everything that a call of a carrier does is one message to Postgres: several statements, which are one transaction by
themselves (PostgreSQL manual, "Multiple Statements in a Simple Query"), each of which sees what was committed while
the one before it waited for a lock. Locks are taken in one order: receipts, messages, accounts.
"""

import datetime
import json
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.reconnecting import trusting
from sms import disk
from sms.models import Status
from sms.models.states import FINAL, RECEIPT_RANK, require_transitions, sources
from sms.prepared import Prepared
from sms.providers.base import DeliveryReceipt
from sms.services.credits import closing, expire_account


def _case(column: str) -> str:
    whens = " ".join(f"WHEN '{status}' THEN {rank}" for status, rank in RECEIPT_RANK.items())
    return f"CASE {column} {whens} ELSE 0 END"


for _status in RECEIPT_RANK:
    require_transitions([one for one in sources(_status) if one in (Status.SUBMITTED, *RECEIPT_RANK)], _status)
require_transitions([Status.UNKNOWN], Status.SUBMITTED)

# Sorted, as all that follows: two calls with the same things in another order cannot wait for each other.
STORE = """
INSERT INTO sms_receipt (id, provider, provider_message_id, reference, status, reason, error_code, raw, occurred_at,
                         received_at)
SELECT id, %(provider)s, name, reference, status, reason, error_code, raw, occurred_at, %(now)s
FROM unnest(%(ids)s, %(names)s, %(references)s, %(statuses)s, %(reasons)s, %(codes)s, %(raws)s, %(times)s)
     WITH ORDINALITY AS given (id, name, reference, status, reason, error_code, raw, occurred_at, place)
ORDER BY name, status, place
ON CONFLICT DO NOTHING
"""
# A receipt that echoes our own id tells us the carrier's, for a message of which we did not know whether it was taken.
INTRODUCE = """
WITH lost AS MATERIALIZED (
    SELECT message.id, name FROM sms_message AS message
    JOIN unnest(%(references)s, %(names)s) AS given (id, name) ON message.id = given.id
    WHERE message.id = ANY(%(references)s) AND provider = %(provider)s AND provider_message_id = ''
      AND status = 'unknown'
    ORDER BY message.id FOR NO KEY UPDATE OF message
)
UPDATE sms_message AS message
SET status = 'submitted', status_changed_at = %(now)s, provider_message_id = lost.name,
    submitted_at = coalesce(message.handover_at, %(now)s)
FROM lost WHERE message.id = lost.id
"""
# An empty name would be every message's that has none yet; and where this is not said, the index is not used.
NAMED = """message.provider = %(provider)s AND message.provider_message_id = ANY(%(names)s)
    AND message.provider_message_id <> ''"""
# The lock orders us against whoever makes a carrier's id known and then comes here.
LOCK = f"""
SELECT FROM sms_message AS message WHERE {NAMED} ORDER BY id FOR NO KEY UPDATE
"""


# Of several receipts for a message the one of the highest rank, and of those the first; and only upwards. One that
# commits meanwhile (it took no lock, as the id was not known yet) waits for the sweeper.
APPLY = f"""
WITH known AS MATERIALIZED (
    SELECT id, provider_message_id FROM sms_message AS message WHERE {NAMED}
), about AS MATERIALIZED (
    SELECT * FROM sms_receipt WHERE provider = %(provider)s AND provider_message_id = ANY(%(names)s)
), waiting AS MATERIALIZED (
    SELECT about.id, known.id AS message, status, reason, error_code, occurred_at
    FROM known JOIN about USING (provider_message_id) WHERE applied_at IS NULL
), best AS (
    SELECT DISTINCT ON (message) message, status, reason, error_code
    FROM waiting ORDER BY message, {_case("status")} DESC, occurred_at, id
), applied AS (
    UPDATE sms_receipt AS receipt SET applied_at = %(now)s FROM waiting WHERE receipt.id = waiting.id
), moved AS (
    UPDATE sms_message AS message
    SET status = best.status, status_changed_at = %(now)s, failure_reason = best.reason,
        error_code = best.error_code
    FROM best
    WHERE message.id = best.message AND message.status = ANY(%(open)s)
      AND {_case("message.status")} < {_case("best.status")}
    RETURNING message.id, message.status
)
SELECT id FROM moved WHERE status = ANY(%(final)s)
"""  # noqa: S608 (constants of ours are all that is put in)


ANSWER = f"""
SELECT true, id FROM sms_receipt WHERE id = ANY(%(ids)s)
UNION ALL
SELECT false, tenant_id FROM sms_creditaccount
WHERE next_expiry_at <= %(now)s AND tenant_id IN (SELECT tenant_id FROM sms_message AS message WHERE {NAMED})
"""  # noqa: S608 (constants of ours are all that is put in)
#: What a receipt may move; `cancelled` has no carrier's id, and stands in no rank.
OPEN = [Status.SUBMITTED, *RECEIPT_RANK]
WAITING = {"provider": "text", "names": "text[]", "now": "timestamptz", "open": "text[]", "final": "text[]"}
GIVEN = {"ids": "uuid[]", "references": "uuid[]", "statuses": "text[]", "reasons": "text[]", "codes": "text[]"}
GIVEN |= {"raws": "jsonb[]", "times": "timestamptz[]"}
APPLY_WAITING = Prepared(LOCK, APPLY, types=WAITING)
_CLOSING = (LOCK, APPLY, *closing(NAMED), ANSWER)
APPLY_CALLS = Prepared(STORE, *_CLOSING, types=WAITING | GIVEN)
#: The same for receipts of which any echoes an id of ours.
INTRODUCE_AND_APPLY = Prepared(STORE, INTRODUCE, *_CLOSING, types=WAITING | GIVEN)


def apply_receipts(*, provider: str, receipts: Sequence[DeliveryReceipt]) -> int:
    """Stores receipts once each and applies them by rank; returns how many were new.

    One that comes before the carrier's id was stored with the message waits in its row and is applied then.
    """
    return apply_calls(provider=provider, calls=[receipts])[0]


def apply_calls(
    *, provider: str, calls: Sequence[Sequence[DeliveryReceipt]], is_kept_later: bool = False
) -> list[int]:
    """The receipts of several calls in one transaction; returns how many were new of each call.

    With `is_kept_later` it does not wait for the disk: nobody may be told before `disk.wait` has returned.
    """
    now = timezone.now()
    keys = [[uuid7() for _ in receipts] for receipts in calls]
    values = _values(provider, now) | _given(
        [key for mine in keys for key in mine], [one for some in calls for one in some]
    )
    statements = INTRODUCE_AND_APPLY if any(values["references"]) else APPLY_CALLS
    before = disk.NOT_YET if is_kept_later and not connection.in_atomic_block else ""
    # Stored once, however often they are offered.
    rows = trusting(lambda: statements.fetch_all(values, before=before))
    stored = {key for is_receipt, key in rows if is_receipt}
    for tenant_id in (key for is_receipt, key in rows if not is_receipt):
        expire_account(tenant_id=tenant_id, now=now)  # what came back to grants that have expired since
    return [sum(key in stored for key in mine) for mine in keys]


def apply_waiting(provider: str, provider_message_ids: Iterable[str]) -> list[UUID]:
    """Moves the messages of these ids to the highest rank that their waiting receipts report; returns those that
    ended. Their credits are the caller's to close, once and at its end: accounts are locked in one order only."""
    values = _values(provider, timezone.now()) | {"names": sorted(set(provider_message_ids))}
    return [key for (key,) in APPLY_WAITING.fetch_all(values)]


def _values(provider: str, now: datetime.datetime) -> dict[str, Any]:
    return {"provider": provider, "now": now, "open": OPEN, "final": [str(status) for status in FINAL]}


def _given(keys: Sequence[UUID], receipts: Sequence[DeliveryReceipt]) -> dict[str, Any]:
    return {
        "ids": [str(key) for key in keys],
        "names": [one.provider_message_id for one in receipts],
        "references": [one.reference and str(one.reference) for one in receipts],
        "statuses": [str(one.status) for one in receipts],
        "reasons": [one.reason for one in receipts],
        "codes": [one.error_code for one in receipts],
        "raws": [json.dumps(one.raw) for one in receipts],
        "times": [one.occurred_at for one in receipts],
    }
