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
    INSERT INTO sms_platformcount (span, at, provider, status, failure_reason, messages)
    SELECT span, date_trunc(span, minute, 'UTC'), provider, status, failure_reason, sum(delta)
    FROM gone CROSS JOIN (VALUES ('minute'), ('hour')) AS spans (span) GROUP BY 1, 2, 3, 4, 5 HAVING sum(delta) <> 0
    ON CONFLICT (span, at, status, provider, failure_reason)
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
    INSERT INTO sms_platformdeliverytime (span, at, provider, bucket, messages)
    SELECT span, date_trunc(span, minute, 'UTC'), provider, bucket, sum(delta)
    FROM gone CROSS JOIN (VALUES ('minute'), ('hour')) AS spans (span) GROUP BY 1, 2, 3, 4 HAVING sum(delta) <> 0
    ON CONFLICT (span, at, provider, bucket)
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
#: Kept by the hour as well, so minutes that are no longer kept are only deleted.
BY_THE_MINUTE = ("sms_platformcount", "sms_platformdeliverytime")
DELETE_MINUTES = """
WITH gone AS (
    DELETE FROM {table} WHERE id IN (
        SELECT id FROM {table} WHERE span = 'minute' AND at < date_trunc('hour', now() - interval '{kept}')
        LIMIT %(batch)s
    )
    RETURNING id
)
SELECT count(*) FROM gone
"""
#: Each table of tenants' hours, which become days after FINE_KEPT, and what its rows are told apart by besides.
COARSENED = (
    ("sms_tenantcount", "tenant_id, status, provider, failure_reason"),
    ("sms_tenantdeliverytime", "tenant_id, provider, bucket"),
)
COARSEN = """
WITH gone AS (
    DELETE FROM {table} WHERE id IN (
        SELECT id FROM {table}
        WHERE hour < date_trunc('day', now() - interval '{kept}') AND hour <> date_trunc('day', hour)
        LIMIT %(batch)s
    )
    RETURNING hour, {keys}, messages
), kept AS (
    INSERT INTO {table} (hour, {keys}, messages)
    SELECT date_trunc('day', hour), {keys}, sum(messages) FROM gone GROUP BY 1, {keys}
    ON CONFLICT (hour, {keys}) DO UPDATE SET messages = {table}.messages + excluded.messages
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
    """Leaves the platform's hours and merges a tenant's hours into days when they are two days old; returns how many
    finer rows are gone."""
    minutes = [DELETE_MINUTES.format(table=table, kept=FINE_KEPT) for table in BY_THE_MINUTE]
    hours = [COARSEN.format(table=table, keys=keys, kept=FINE_KEPT) for table, keys in COARSENED]
    return sum(_repeat(statement) for statement in (*minutes, *hours))


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
