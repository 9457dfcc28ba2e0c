from typing import ClassVar

from django.db import migrations, models

SPANS = [("minute", "Minute"), ("hour", "Hour")]
#: Each table, and what its rows are told apart by besides the time.
TABLES = (("sms_platformcount", "status, provider, failure_reason"), ("sms_platformdeliverytime", "provider, bucket"))
ADD_HOURS = "".join(
    f"INSERT INTO {table} (span, at, {keys}, messages) SELECT 'hour', date_trunc('hour', at, 'UTC'), {keys}, "  # noqa: S608 (names of ours)
    f"sum(messages) FROM {table} GROUP BY 2, {keys};"
    for table, keys in TABLES
)
# Back to one row for each message: hours go where their minutes are kept.
TAKE_HOURS = "".join(
    f"DELETE FROM {table} WHERE span = 'hour' AND at >= (SELECT date_trunc('hour', min(at), 'UTC') FROM {table} "  # noqa: S608 (names of ours)
    f"WHERE span = 'minute');"
    for table, _ in TABLES
)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("sms", "0009_stuck_by_age")]
    operations: ClassVar = [
        migrations.RemoveConstraint("platformcount", "platform_count_once"),
        migrations.RemoveConstraint("platformdeliverytime", "platform_delivery_time_once"),
        *(
            operation
            for model in ("platformcount", "platformdeliverytime")
            for operation in (
                migrations.RenameField(model, "minute", "at"),
                migrations.AlterField(
                    model, "at", models.DateTimeField(help_text="The first moment of the minute or hour.")
                ),
                migrations.AddField(
                    model, "span", models.CharField(choices=SPANS, default="minute", max_length=6), False
                ),
            )
        ),
        migrations.AddConstraint(
            "platformcount",
            models.UniqueConstraint(
                fields=("span", "at", "status", "provider", "failure_reason"),
                include=("messages",),
                name="platform_count_once",
            ),
        ),
        migrations.AddConstraint(
            "platformdeliverytime",
            models.UniqueConstraint(
                fields=("span", "at", "provider", "bucket"), include=("messages",), name="platform_delivery_time_once"
            ),
        ),
        migrations.RunSQL(ADD_HOURS, TAKE_HOURS),
        migrations.AddIndex(
            "tenanttally",
            models.Index(
                fields=["slot", "tenant_id"],
                include=("failed",),
                condition=models.Q(("failed", 0), _negated=True),
                name="tenant_tally_failed",
            ),
        ),
    ]
