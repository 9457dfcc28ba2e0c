"""Announcements, each person's settings, the platform's own words; and ids for rows that are made in SQL."""

import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models

# Postgres has a `uuidv7()` of its own from 18 on; we support 15. RFC 9562, section 5.7: 48 bits of milliseconds, the
# version, 74 bits of chance around the variant. `gen_random_uuid` brings chance and variant; its version 4 becomes 7
# by setting the two bits that differ (bit 52 is the lowest of the version's four).
UUID7 = """
CREATE FUNCTION uuid7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
    SELECT encode(
        set_bit(set_bit(overlay(
            uuid_send(gen_random_uuid())
            PLACING substring(int8send(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
            FROM 1 FOR 6
        ), 52, 1), 53, 1),
        'hex'
    )::uuid
$$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0002_missed_change"),
        ("tenants", "0002_named_tenant"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(UUID7, "DROP FUNCTION uuid7()"),
        migrations.CreateModel(
            name="NotificationSettings",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("email_notifications_enabled", models.BooleanField(default=True)),
                (
                    "sms_notifications_enabled",
                    models.BooleanField(default=False, help_text="Off until asked for: it costs credits."),
                ),
                (
                    "in_app_notifications_enabled",
                    models.BooleanField(default=True, help_text="Off leaves the inbox to high and critical ones."),
                ),
                (
                    "sms_credit_warning_threshold",
                    models.PositiveSmallIntegerField(default=25, help_text="Whole percent."),
                ),
                (
                    "sms_credit_critical_threshold",
                    models.PositiveSmallIntegerField(
                        default=10, help_text="Whole percent, below the warning threshold."
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "verbose_name_plural": "notification settings",
            },
        ),
        migrations.CreateModel(
            name="NotificationTemplate",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("kind", models.CharField(help_text="Slug in notifications.kinds.", max_length=60)),
                ("title", models.CharField(help_text="With $name placeholders of the kind.", max_length=200)),
                ("message", models.TextField(help_text="With $name placeholders of the kind.", max_length=4000)),
                (
                    "notification_type",
                    models.CharField(
                        choices=[
                            ("system", "System"),
                            ("sms_credit", "Sms Credit"),
                            ("campaign", "Campaign"),
                            ("contact", "Contact"),
                            ("billing", "Billing"),
                            ("security", "Security"),
                            ("maintenance", "Maintenance"),
                            ("error", "Error"),
                            ("success", "Success"),
                            ("warning", "Warning"),
                            ("info", "Info"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "priority",
                    models.CharField(
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High"), ("critical", "Critical")],
                        max_length=10,
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.CreateModel(
            name="Announcement",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("audience", models.JSONField(help_text='"admins", "everyone", {"tenant": id} or {"emails": [...]}.')),
                ("title", models.CharField(max_length=200)),
                ("message", models.TextField(max_length=4000)),
                (
                    "notification_type",
                    models.CharField(
                        choices=[
                            ("system", "System"),
                            ("sms_credit", "Sms Credit"),
                            ("campaign", "Campaign"),
                            ("contact", "Contact"),
                            ("billing", "Billing"),
                            ("security", "Security"),
                            ("maintenance", "Maintenance"),
                            ("error", "Error"),
                            ("success", "Success"),
                            ("warning", "Warning"),
                            ("info", "Info"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "priority",
                    models.CharField(
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High"), ("critical", "Critical")],
                        max_length=10,
                    ),
                ),
                ("action_url", models.CharField(blank=True, max_length=500)),
                ("data", models.JSONField(blank=True, default=dict)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("queued", "Queued"), ("running", "Running"), ("done", "Done")],
                        default="queued",
                        max_length=10,
                    ),
                ),
                (
                    "cursor",
                    models.UUIDField(help_text="The last user who was told; ids are told in order.", null=True),
                ),
                ("created_count", models.PositiveIntegerField(default=0, help_text="Rows written so far.")),
                (
                    "target_count",
                    models.PositiveIntegerField(help_text="How many people it was for when it was made."),
                ),
                ("lease_token", models.UUIDField(help_text="Fences off a worker whose lease ran out.", null=True)),
                ("lease_expires_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "author",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        help_text="Set for a tenant's audience only.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="notification",
            name="announcement",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notifications",
                to="notifications.announcement",
            ),
        ),
        migrations.AddConstraint(
            model_name="notification",
            constraint=models.UniqueConstraint(
                condition=models.Q(("announcement__isnull", False)),
                fields=("announcement", "recipient"),
                name="notification_announced_once",
            ),
        ),
        migrations.AddField(
            model_name="notificationsettings",
            name="user",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notification_settings",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="notificationtemplate",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_active", True)), fields=("kind",), name="template_active_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="notificationtemplate",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("name"), name="template_name_once"
            ),
        ),
        migrations.AddIndex(
            model_name="announcement",
            index=models.Index(
                condition=models.Q(("state", "done"), _negated=True), fields=["id"], name="announcement_unfinished"
            ),
        ),
        migrations.AddConstraint(
            model_name="announcement",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", "done"), ("finished_at", None), _connector="XOR"),
                name="announcement_finished_at_when_done",
            ),
        ),
        migrations.AddConstraint(
            model_name="notificationsettings",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("sms_credit_critical_threshold__gte", 1), ("sms_credit_warning_threshold__lte", 100)
                ),
                name="settings_thresholds_are_percents",
            ),
        ),
        migrations.AddConstraint(
            model_name="notificationsettings",
            constraint=models.CheckConstraint(
                condition=models.Q(("sms_credit_critical_threshold__lt", models.F("sms_credit_warning_threshold"))),
                name="settings_critical_below_warning",
            ),
        ),
    ]
