"""Message statistics are kept by the database itself: see sms.models.counts."""

from typing import ClassVar

from django.db import migrations

FUNCTION = """
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
TRIGGERS = """
CREATE TRIGGER sms_count_inserted AFTER INSERT ON sms_message
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION sms_count_messages();
CREATE TRIGGER sms_count_updated AFTER UPDATE ON sms_message
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION sms_count_messages();
CREATE TRIGGER sms_count_deleted AFTER DELETE ON sms_message
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION sms_count_messages();
"""

UNDO = """
DROP TRIGGER sms_count_inserted ON sms_message;
DROP TRIGGER sms_count_updated ON sms_message;
DROP TRIGGER sms_count_deleted ON sms_message;
DROP FUNCTION sms_count_messages();
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("sms", "0001_initial")]
    operations: ClassVar = [migrations.RunSQL(FUNCTION + TRIGGERS, UNDO)]
