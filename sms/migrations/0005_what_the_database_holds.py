"""What the models cannot say: keys within a tenant, an append-only ledger, delivery times, and the rows of before."""

from typing import ClassVar

from django.db import migrations

from tenants.isolation import IsolateTenants

# What was there before had one number a tenant and no ledger; it becomes an opening entry with a grant. Messages that
# were paid when they were accepted have no credits of their own, so nothing is spent on them again.
_FIRST_ID = "('00000000-0000-7' || substr(gen_random_uuid()::text, 16))::uuid"  # before all others: an id is the time
CARRY_OVER = f"""
INSERT INTO sms_creditgrant (id, tenant_id, amount, remaining, created_at)
SELECT {_FIRST_ID}, tenant_id, available, available, now() FROM sms_creditaccount WHERE available > 0;
INSERT INTO sms_creditentry (id, tenant_id, kind, reference, available_delta, reserved_delta, note, created_at)
SELECT {_FIRST_ID}, tenant_id, 'adjust', 'opening', available, 0, 'Balance before there was a ledger', now()
FROM sms_creditaccount WHERE available > 0;
UPDATE sms_creditaccount SET top_ups = 1 WHERE last_top_up_at IS NOT NULL;
INSERT INTO sms_batch (id, tenant_id, text, sender_id, traffic, group_name, template_name, accepted, duplicates,
                       opted_out, segments, credits, created_at)
SELECT batch_id, tenant_id, min(text), min(sender_id), 'transactional', '', '', count(*), 0, 0, sum(segments), 0,
       min(created_at)
FROM sms_message GROUP BY batch_id, tenant_id;
"""  # noqa: S608 (a constant of ours is all that is put in)

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

# The triggers are those of 0002, which already say what was and what is. The list is counts.DELIVERY_BUCKETS.
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
ISOLATED = (
    "attempt",
    "batch",
    "contact",
    "contactgroup",
    "creditentry",
    "creditfall",
    "creditgrant",
    "groupmember",
    "messagetemplate",
)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("sms", "0004_ledger_batches_contacts_routes")]
    operations: ClassVar = [
        migrations.RunSQL(CARRY_OVER, migrations.RunSQL.noop),
        # The rows above would hold up ALTER TABLE with their checks at the end of the transaction.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL IMMEDIATE"),
        migrations.RunSQL(KEYS, NO_KEYS),
        migrations.RunSQL(APPEND_ONLY, NOT_APPEND_ONLY),
        migrations.RunSQL(DELIVERY_TIMES, NO_DELIVERY_TIMES),
        *(IsolateTenants(f"sms_{name}") for name in ISOLATED),
    ]
