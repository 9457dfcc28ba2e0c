from typing import ClassVar

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("notifications", "0006_incidents_maintenance_thresholds_history"),
        ("tenants", "0002_named_tenant"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations: ClassVar = [
        migrations.AddField(
            model_name="checkresult",
            name="measured_minutes",
            field=models.PositiveIntegerField(default=0, help_text="Minutes in which there was a number."),
        ),
        migrations.AddField(
            model_name="thresholdchange",
            name="version",
            field=models.PositiveIntegerField(default=1, help_text="That the threshold has since."),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="checkresult",
            name="milliseconds",
            field=models.FloatField(default=0, help_text="How long the check took: the last, or the mean."),
        ),
        migrations.AlterField(
            model_name="checkresult",
            name="more",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="Further numbers, by name; of an hour [mean, lowest, highest, minutes].",
            ),
        ),
        migrations.AlterField(
            model_name="checkresult",
            name="ok",
            field=models.PositiveIntegerField(default=0, help_text="Minutes whose worst answer it was."),
        ),
        migrations.AlterField(
            model_name="checkresult",
            name="sample",
            field=models.BigIntegerField(help_text="Over how many it was measured; of an hour, at most.", null=True),
        ),
        migrations.AlterField(
            model_name="checkresult",
            name="unknown",
            field=models.PositiveIntegerField(default=0, help_text="Minutes in which it gave no answer."),
        ),
        migrations.AlterField(
            model_name="threshold",
            name="value",
            field=models.IntegerField(
                help_text="Empty: what the environment says, or the platform; the row stays for its version.",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="threshold",
            name="version",
            field=models.PositiveIntegerField(default=1, help_text="Grows with each change, and never falls."),
        ),
        migrations.AddConstraint(
            model_name="thresholdchange",
            constraint=models.UniqueConstraint(
                fields=("tenant", "check_slug", "name", "version"), name="threshold_change_once", nulls_distinct=False
            ),
        ),
    ]
