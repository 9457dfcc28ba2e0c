"""Entries of the ledger in the order in which they happened, with fewer indexes; and how far a fall went."""

from typing import ClassVar

from django.conf import settings
from django.db import migrations, models

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
    dependencies: ClassVar = [("sms", "0006_lists_by_index")]
    operations: ClassVar = [
        migrations.RunSQL(ORDERED_ID, "DROP FUNCTION sms_ordered_id()"),
        migrations.RemoveField(model_name="creditaccount", name="lowest_percent"),
        migrations.AddField(
            model_name="creditaccount",
            name="lowest_available",
            field=models.BigIntegerField(default=0, help_text="The least that was available since then."),
        ),
        migrations.AddField(
            model_name="creditaccount",
            name="lowest_before",
            field=models.BigIntegerField(default=0, help_text="The same before the last movement."),
        ),
        migrations.RunSQL(
            "UPDATE sms_creditaccount SET lowest_available = available; SET CONSTRAINTS ALL IMMEDIATE",
            migrations.RunSQL.noop,
        ),
        migrations.AddField(
            model_name="creditfall",
            name="percent_before",
            field=models.PositiveSmallIntegerField(default=100, help_text="The least that had been left until then."),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="creditentry",
            name="tenant",
            field=models.ForeignKey(db_index=False, on_delete=models.PROTECT, related_name="+", to="tenants.tenant"),
        ),
        migrations.AlterField(
            model_name="creditentry",
            name="actor",
            field=models.ForeignKey(
                db_index=False, null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddIndex(
            model_name="creditentry",
            index=models.Index(condition=models.Q(actor__isnull=False), fields=["actor"], name="credit_entry_by"),
        ),
    ]
