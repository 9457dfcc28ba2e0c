"""What the models cannot say: counting triggers, keys within a tenant, an append-only ledger, whose rows are seen."""

from typing import ClassVar

from django.db import migrations

from tenants.isolation import IsolateTenants

# Message statistics are kept by the database itself: see sms.models.counts.
COUNTS = """
CREATE FUNCTION sms_count_messages() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- A transition table exists only for the operation that has it, and plpgsql plans a statement when it is reached.
    IF TG_OP = 'INSERT' THEN
        INSERT INTO sms_messagecount (minute, tenant_id, provider, status, failure_reason, delta)
        SELECT date_trunc('minute', status_changed_at), tenant_id, provider, status, failure_reason, count(*)
        FROM new_rows GROUP BY 1, 2, 3, 4, 5;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO sms_messagecount (minute, tenant_id, provider, status, failure_reason, delta)
        SELECT date_trunc('minute', status_changed_at), tenant_id, provider, status, failure_reason, -count(*)
        FROM old_rows GROUP BY 1, 2, 3, 4, 5;
    ELSE
        INSERT INTO sms_messagecount (minute, tenant_id, provider, status, failure_reason, delta)
        SELECT minute, tenant_id, provider, status, failure_reason, sum(change) FROM (
            SELECT date_trunc('minute', status_changed_at) AS minute, tenant_id, provider, status, failure_reason,
                   1 AS change FROM new_rows
            UNION ALL
            SELECT date_trunc('minute', status_changed_at), tenant_id, provider, status, failure_reason, -1
            FROM old_rows
        ) AS changes GROUP BY 1, 2, 3, 4, 5 HAVING sum(change) <> 0;
    END IF;
    RETURN NULL;
END $$;
"""

# Three triggers, because one with transition tables may not name several events (CREATE TRIGGER, PostgreSQL manual).
COUNTING = """
CREATE TRIGGER sms_count_inserted AFTER INSERT ON sms_message
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION sms_count_messages();
CREATE TRIGGER sms_count_updated AFTER UPDATE ON sms_message
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION sms_count_messages();
CREATE TRIGGER sms_count_deleted AFTER DELETE ON sms_message
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION sms_count_messages();
"""

NO_COUNTING = """
DROP TRIGGER sms_count_inserted ON sms_message;
DROP TRIGGER sms_count_updated ON sms_message;
DROP TRIGGER sms_count_deleted ON sms_message;
DROP FUNCTION sms_count_messages();
"""

#: child, its column, parent: both rows are of one tenant, whoever writes them and however.
WITHIN_A_TENANT = (
    ("sms_message", "batch_id", "sms_batch"),
    ("sms_attempt", "message_id", "sms_message"),
    ("sms_groupmember", "group_id", "sms_contactgroup"),
    ("sms_groupmember", "contact_id", "sms_contact"),
)
KEYS = "".join(
    f"ALTER TABLE {child} ADD CONSTRAINT {child}_{column}_within_tenant FOREIGN KEY (tenant_id, {column}) "
    f"REFERENCES {parent} (tenant_id, id) DEFERRABLE INITIALLY DEFERRED;"
    for child, column, parent in WITHIN_A_TENANT
)
NO_KEYS = "".join(
    f"ALTER TABLE {child} DROP CONSTRAINT {child}_{column}_within_tenant;" for child, column, _ in WITHIN_A_TENANT
)

APPEND_ONLY = """
CREATE FUNCTION sms_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Who wrote it may leave; what was written stays.
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'actor_id' = to_jsonb(OLD) - 'actor_id' THEN
        RETURN NEW;
    END IF;
    RAISE restrict_violation USING MESSAGE = 'the ledger is append-only: write an adjustment instead';
END $$;
CREATE TRIGGER sms_ledger_append_only BEFORE UPDATE OR DELETE ON sms_creditentry
    FOR EACH ROW EXECUTE FUNCTION sms_refuse_change();
"""
NOT_APPEND_ONLY = "DROP TRIGGER sms_ledger_append_only ON sms_creditentry; DROP FUNCTION sms_refuse_change();"

# A message that was delivered counts here too. The list is counts.DELIVERY_BUCKETS.
DELIVERY_TIMES = """
CREATE FUNCTION sms_delivery_bucket(taken timestamptz, delivered timestamptz) RETURNS smallint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT width_bucket(extract(epoch FROM delivered - taken)::float8, ARRAY[
        1, 2, 3, 5, 8, 13, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1800, 3600, 7200, 21600, 86400
    ]::float8[])::smallint
$$;
CREATE FUNCTION sms_time_deliveries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO sms_deliverytime (minute, tenant_id, provider, bucket, delta)
        SELECT date_trunc('minute', status_changed_at), tenant_id, provider,
               sms_delivery_bucket(submitted_at, status_changed_at), count(*)
        FROM new_rows WHERE status = 'delivered' AND submitted_at IS NOT NULL GROUP BY 1, 2, 3, 4;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO sms_deliverytime (minute, tenant_id, provider, bucket, delta)
        SELECT date_trunc('minute', status_changed_at), tenant_id, provider,
               sms_delivery_bucket(submitted_at, status_changed_at), -count(*)
        FROM old_rows WHERE status = 'delivered' AND submitted_at IS NOT NULL GROUP BY 1, 2, 3, 4;
    ELSE
        INSERT INTO sms_deliverytime (minute, tenant_id, provider, bucket, delta)
        SELECT minute, tenant_id, provider, bucket, sum(change) FROM (
            SELECT date_trunc('minute', status_changed_at) AS minute, tenant_id, provider,
                   sms_delivery_bucket(submitted_at, status_changed_at) AS bucket, 1 AS change
            FROM new_rows WHERE status = 'delivered' AND submitted_at IS NOT NULL
            UNION ALL
            SELECT date_trunc('minute', status_changed_at), tenant_id, provider,
                   sms_delivery_bucket(submitted_at, status_changed_at), -1
            FROM old_rows WHERE status = 'delivered' AND submitted_at IS NOT NULL
        ) AS changes GROUP BY 1, 2, 3, 4 HAVING sum(change) <> 0;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER sms_time_inserted AFTER INSERT ON sms_message
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION sms_time_deliveries();
CREATE TRIGGER sms_time_updated AFTER UPDATE ON sms_message
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION sms_time_deliveries();
CREATE TRIGGER sms_time_deleted AFTER DELETE ON sms_message
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION sms_time_deliveries();
"""
NO_DELIVERY_TIMES = """
DROP TRIGGER sms_time_inserted ON sms_message;
DROP TRIGGER sms_time_updated ON sms_message;
DROP TRIGGER sms_time_deleted ON sms_message;
DROP FUNCTION sms_time_deliveries();
DROP FUNCTION sms_delivery_bucket(timestamptz, timestamptz);
"""
#: Tables whose rows the app role sees for the named tenant alone.
ISOLATED = (
    "attempt",
    "batch",
    "contact",
    "contactgroup",
    "creditaccount",
    "creditentry",
    "creditfall",
    "creditgrant",
    "groupmember",
    "message",
    "messagetemplate",
)

# A UUIDv7 whose next 12 bits are parts of the millisecond (RFC 9562, 6.2, method 3): ids that are made one after the
# other under a lock sort in that order. Made from the clock of this moment, not of the transaction's beginning.
ORDERED_ID = """
CREATE FUNCTION sms_ordered_id() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
    SELECT (lpad(to_hex(at / 1000), 12, '0') || '7' || lpad(to_hex(at % 1000 * 4), 3, '0')
            || substr(gen_random_uuid()::text, 20))::uuid
    FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS at) AS clock
$$;
"""


class Migration(migrations.Migration):
    replaces: ClassVar = [
        ("sms", "0002_message_counts"),
        ("sms", "0003_tenant_isolation"),
        ("sms", "0005_what_the_database_holds"),
    ]
    dependencies: ClassVar = [("sms", "0001_squashed"), ("tenants", "0001_squashed")]
    operations: ClassVar = [
        migrations.RunSQL(COUNTS + COUNTING, NO_COUNTING),
        migrations.RunSQL(KEYS, NO_KEYS),
        migrations.RunSQL(APPEND_ONLY, NOT_APPEND_ONLY),
        migrations.RunSQL(DELIVERY_TIMES, NO_DELIVERY_TIMES),
        migrations.RunSQL(ORDERED_ID, "DROP FUNCTION sms_ordered_id()"),
        *(IsolateTenants(f"sms_{name}") for name in ISOLATED),
    ]
