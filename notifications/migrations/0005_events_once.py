from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("notifications", "0004_poll_indexes")]
    operations: ClassVar = [
        migrations.AlterField(
            model_name="notification",
            name="event",
            field=models.CharField(
                blank=True, help_text='What of its incident or tenant it tells, such as "opened".', max_length=40
            ),
        ),
        migrations.AddConstraint(
            model_name="notification",
            constraint=models.UniqueConstraint(
                condition=models.Q(incident=None) & ~models.Q(event=""),
                fields=("recipient", "tenant", "kind", "event"),
                name="notification_event_once",
                nulls_distinct=False,
            ),
        ),
    ]
