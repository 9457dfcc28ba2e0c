"""Switches that were never touched say so, and what is told together with others is held."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Rows were made when somebody looked at their settings, so a value that is the default is nobody's choice. Left as it
# is, it would stand above what tenants and the platform choose.
NEVER_SAID = """
UPDATE notifications_notificationsettings SET
    email_notifications_enabled = nullif(email_notifications_enabled, true),
    sms_notifications_enabled = nullif(sms_notifications_enabled, false),
    in_app_notifications_enabled = nullif(in_app_notifications_enabled, true)
"""
SAID = """
UPDATE notifications_notificationsettings SET
    email_notifications_enabled = coalesce(email_notifications_enabled, true),
    sms_notifications_enabled = coalesce(sms_notifications_enabled, false),
    in_app_notifications_enabled = coalesce(in_app_notifications_enabled, true)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0011_deliveries_seen_to"),
        ("tenants", "0002_named_tenant"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="delivery",
            name="delivery_of_person",
        ),
        migrations.AddField(
            model_name="delivery",
            name="together",
            field=models.CharField(
                blank=True,
                choices=[
                    ("hourly", "In a digest each hour"),
                    ("daily", "In a digest each day"),
                    ("storm", "In the summary of a storm"),
                ],
                help_text="Why it is or was held; empty: it is told by itself.",
                max_length=6,
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="digest",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="What told it instead.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="parts",
                to="notifications.delivery",
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "Waiting for its time or for another attempt"),
                    ("held", "To be told together with others at its time"),
                    ("claimed", "A worker is at it"),
                    ("sent", "Sent"),
                    ("dead", "Given up"),
                    ("skipped", "Not sent, by a rule"),
                    ("merged", "Told in a digest or summary"),
                ],
                default="waiting",
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="rule",
            field=models.CharField(
                blank=True, help_text="Why it is sent, held back or skipped, in words.", max_length=500
            ),
        ),
        migrations.AlterField(
            model_name="notificationsettings",
            name="email_notifications_enabled",
            field=models.BooleanField(blank=True, help_text="Empty: never said.", null=True),
        ),
        migrations.AlterField(
            model_name="notificationsettings",
            name="in_app_notifications_enabled",
            field=models.BooleanField(
                blank=True, help_text="Off leaves the inbox to high and critical ones.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="notificationsettings",
            name="sms_notifications_enabled",
            field=models.BooleanField(
                blank=True, help_text="Empty: off until asked for, since it costs credits.", null=True
            ),
        ),
        migrations.RunSQL(NEVER_SAID, SAID),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["recipient", "channel", "-due_at"], name="delivery_of_person"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(condition=models.Q(("state", "held")), fields=["due_at"], name="delivery_held"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("digest__isnull", False)), fields=["digest"], name="delivery_of_digest"
            ),
        ),
        migrations.AddConstraint(
            model_name="channelchoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("user", None), ("tenant", None), _connector="OR"),
                name="choice_of_a_person_or_a_tenant",
            ),
        ),
        migrations.AddConstraint(
            model_name="channelchoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("channel", "in_app"), ("when__in", ["hourly", "daily"]), _negated=True),
                name="choice_no_digest_in_app",
            ),
        ),
        migrations.AddConstraint(
            model_name="notificationsettings",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("quiet_from", None),
                    models.Q(("quiet_from", models.F("quiet_until")), _negated=True),
                    _connector="OR",
                ),
                name="settings_quiet_has_a_length",
            ),
        ),
    ]
