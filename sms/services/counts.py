"""Merging what the triggers wrote into what is read. Costs what came since the last call, however much is stored."""

from django.db import connection, transaction

#: Merged in one transaction.
BATCH = 20_000
#: Finer than this is kept for so long.
FINE_KEPT = "2 days"

MERGE_COUNTS = """
WITH gone AS (
    DELETE FROM sms_messagecount WHERE id IN (
        SELECT id FROM sms_messagecount WHERE minute < date_trunc('minute', now()) ORDER BY id LIMIT %(batch)s
    )
    RETURNING minute, tenant_id, provider, status, failure_reason, delta
), platform AS (
    INSERT INTO sms_platformcount (minute, provider, status, failure_reason, messages)
    SELECT minute, provider, status, failure_reason, sum(delta) FROM gone GROUP BY 1, 2, 3, 4 HAVING sum(delta) <> 0
    ON CONFLICT (minute, status, provider, failure_reason)
    DO UPDATE SET messages = sms_platformcount.messages + excluded.messages
), tenant AS (
    INSERT INTO sms_tenantcount (hour, tenant_id, provider, status, failure_reason, messages)
    SELECT date_trunc('hour', minute), tenant_id, provider, status, failure_reason, sum(delta)
    FROM gone GROUP BY 1, 2, 3, 4, 5 HAVING sum(delta) <> 0
    ON CONFLICT (tenant_id, hour, status, provider, failure_reason)
    DO UPDATE SET messages = sms_tenantcount.messages + excluded.messages
), tally AS (
    INSERT INTO sms_tenanttally (slot, tenant_id, delivered, failed)
    SELECT date_bin('4 hours', minute, 'epoch'), tenant_id,
           coalesce(sum(delta) FILTER (WHERE status = 'delivered'), 0),
           coalesce(sum(delta) FILTER (WHERE status IN ('undelivered', 'rejected', 'expired')), 0)
    FROM gone WHERE status IN ('delivered', 'undelivered', 'rejected', 'expired') GROUP BY 1, 2
    ON CONFLICT (slot, tenant_id) DO UPDATE
    SET delivered = sms_tenanttally.delivered + excluded.delivered, failed = sms_tenanttally.failed + excluded.failed
)
SELECT count(*) FROM gone
"""
MERGE_TIMES = """
WITH gone AS (
    DELETE FROM sms_deliverytime WHERE id IN (
        SELECT id FROM sms_deliverytime WHERE minute < date_trunc('minute', now()) ORDER BY id LIMIT %(batch)s
    )
    RETURNING minute, tenant_id, provider, bucket, delta
), platform AS (
    INSERT INTO sms_platformdeliverytime (minute, provider, bucket, messages)
    SELECT minute, provider, bucket, sum(delta) FROM gone GROUP BY 1, 2, 3 HAVING sum(delta) <> 0
    ON CONFLICT (minute, provider, bucket)
    DO UPDATE SET messages = sms_platformdeliverytime.messages + excluded.messages
), tenant AS (
    INSERT INTO sms_tenantdeliverytime (hour, tenant_id, provider, bucket, messages)
    SELECT date_trunc('hour', minute), tenant_id, provider, bucket, sum(delta)
    FROM gone GROUP BY 1, 2, 3, 4 HAVING sum(delta) <> 0
    ON CONFLICT (tenant_id, hour, provider, bucket)
    DO UPDATE SET messages = sms_tenantdeliverytime.messages + excluded.messages
)
SELECT count(*) FROM gone
"""
#: Each table, its time, what that becomes after FINE_KEPT, and what its rows are told apart by besides.
COARSENED = (
    ("sms_platformcount", "minute", "hour", "status, provider, failure_reason"),
    ("sms_platformdeliverytime", "minute", "hour", "provider, bucket"),
    ("sms_tenantcount", "hour", "day", "tenant_id, status, provider, failure_reason"),
    ("sms_tenantdeliverytime", "hour", "day", "tenant_id, provider, bucket"),
)
COARSEN = """
WITH gone AS (
    DELETE FROM {table} WHERE id IN (
        SELECT id FROM {table}
        WHERE {time} < date_trunc('{coarse}', now() - interval '{kept}') AND {time} <> date_trunc('{coarse}', {time})
        LIMIT %(batch)s
    )
    RETURNING {time}, {keys}, messages
), kept AS (
    INSERT INTO {table} ({time}, {keys}, messages)
    SELECT date_trunc('{coarse}', {time}), {keys}, sum(messages) FROM gone GROUP BY 1, {keys}
    ON CONFLICT ({time}, {keys}) DO UPDATE SET messages = {table}.messages + excluded.messages
)
SELECT count(*) FROM gone
"""
FORGET = """
DELETE FROM sms_platformcount WHERE messages = 0;
DELETE FROM sms_tenantcount WHERE messages = 0;
DELETE FROM sms_tenanttally WHERE slot < now() - interval '8 days'
"""


def squash_counts() -> int:
    """Merges the changes of finished minutes; returns how many changes. No sum that sms.counts reads is changed."""
    merged = _repeat(MERGE_COUNTS) + _repeat(MERGE_TIMES)
    with connection.cursor() as cursor:
        cursor.execute(FORGET)
    return merged


def coarsen_counts() -> int:
    """Merges minutes into hours and a tenant's hours into days when they are two days old; returns how many rows."""
    return sum(
        _repeat(COARSEN.format(table=table, time=time, coarse=coarse, keys=keys, kept=FINE_KEPT))
        for table, time, coarse, keys in COARSENED
    )


def _repeat(statement: str) -> int:
    total = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            # One at a time, to the end of the transaction: two would wait for each other's rows.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('squash_counts'))")
            cursor.execute(statement, {"batch": BATCH})
            (count,) = cursor.fetchone()
        total += count
        if count < BATCH:
            return int(total)
