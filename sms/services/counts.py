from django.db import connection, transaction

#: Rows are kept by the minute for this long, then by the hour.
MINUTES_KEPT = "2 days"
#: Merged in one transaction.
BATCH = 20_000

#: Each table, and what its rows are told apart by besides the time.
SQUASHED = {
    "sms_messagecount": "tenant_id, provider, status, failure_reason",
    "sms_deliverytime": "tenant_id, provider, bucket",
}

# Costs what came since the last call, however much is stored.
MERGE = """
WITH gone AS (
    DELETE FROM {table} WHERE id IN (
        SELECT id FROM {table} WHERE {due} ORDER BY id LIMIT %(batch)s
    )
    RETURNING {keys}, minute, delta
), slotted AS (
    SELECT {keys}, delta, minute < date_trunc('hour', now() - interval '{kept}') AS is_old, minute FROM gone
), kept AS (
    INSERT INTO {table} (minute, level, {keys}, delta)
    SELECT CASE WHEN is_old THEN date_trunc('hour', minute) ELSE minute END, CASE WHEN is_old THEN 2 ELSE 1 END,
           {keys}, sum(delta)
    FROM slotted GROUP BY 1, 2, {keys} HAVING sum(delta) <> 0
    ORDER BY 1, 2, {keys}
    ON CONFLICT (minute, level, {keys}) WHERE level > 0 DO UPDATE SET delta = {table}.delta + excluded.delta
    RETURNING (xmax = 0) AS is_new
)
SELECT (SELECT count(*) FROM gone), (SELECT count(*) FROM kept WHERE is_new)
"""
CHANGES = "level = 0 AND minute < date_trunc('minute', now())"
MINUTES = "level = 1 AND minute < date_trunc('hour', now() - interval '{kept}')"


def squash_counts() -> int:
    """Merges the changes of finished minutes, and minutes into hours after two days; returns how many fewer rows
    there are. No sum over whole hours changes, and none over minutes of the last two days."""
    return sum(_merge(table, rule) for table in SQUASHED for rule in (CHANGES, MINUTES))


def _merge(table: str, rule: str) -> int:
    words = {"table": table, "keys": SQUASHED[table], "kept": MINUTES_KEPT}
    fewer = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            # One at a time, to the end of the transaction: two would wait for each other's rows.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"squash {table}"])
            cursor.execute(MERGE.format(due=rule.format(**words), **words), {"batch": BATCH})
            gone, new = cursor.fetchone()
            cursor.execute(f"DELETE FROM {table} WHERE delta = 0 AND level > 0")  # noqa: S608 (a name of ours)
            fewer += gone - new + cursor.rowcount
        if gone < BATCH:
            return int(fewer)
