"""Comparing the books: what the accounts say, the ledger, the grants, and the messages on their way."""

from django.db import connection

from sms.models import CreditAccount
from sms.models.states import PENDING, SENDING
from sms.signals import Difference, credits_reconciled

# One statement, so all of it is of one moment, whatever is being sent. Decimals of sums become integers again.
COMPARE = """
SELECT books.tenant_id, tenant.name, available::bigint, reserved::bigint, ledger_available::bigint,
       ledger_reserved::bigint, granted::bigint, on_their_way::bigint
FROM (
    SELECT tenant_id, sum(available) AS available, sum(reserved) AS reserved,
           sum(ledger_available) AS ledger_available, sum(ledger_reserved) AS ledger_reserved,
           sum(granted) AS granted, sum(on_their_way) AS on_their_way
    FROM (
        SELECT tenant_id, available, reserved, 0 AS ledger_available, 0 AS ledger_reserved, 0 AS granted,
               0 AS on_their_way
        FROM sms_creditaccount
        UNION ALL
        SELECT tenant_id, 0, 0, sum(available_delta), sum(reserved_delta), 0, 0 FROM sms_creditentry GROUP BY tenant_id
        UNION ALL
        SELECT tenant_id, 0, 0, 0, 0, sum(remaining), 0 FROM sms_creditgrant WHERE remaining > 0 GROUP BY tenant_id
        UNION ALL
        SELECT tenant_id, 0, 0, 0, 0, 0, sum(credits) FROM sms_message
        WHERE status = ANY(%s) AND credits > 0 AND credits_settled_at IS NULL GROUP BY tenant_id
    ) AS sources
    GROUP BY tenant_id
) AS books
JOIN tenants_tenant AS tenant ON tenant.id = books.tenant_id
WHERE available <> ledger_available OR reserved <> ledger_reserved OR available + reserved <> granted
   OR reserved <> on_their_way
ORDER BY tenant.name, books.tenant_id
"""


def reconcile_credits() -> list[Difference]:
    """Compares the books of every tenant, announces what it found, and returns it: nothing, when all is well."""
    with connection.cursor() as cursor:
        cursor.execute(COMPARE, [[str(status) for status in (*PENDING, *SENDING)]])
        differences = [Difference(*row) for row in cursor.fetchall()]
    credits_reconciled.send(sender=CreditAccount, differences=differences)
    return differences
