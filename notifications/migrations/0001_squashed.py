import datetime

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
    replaces = [
        ("notifications", "0001_initial"),
        ("notifications", "0002_missed_change"),
        ("notifications", "0003_announcements_settings_templates"),
        ("notifications", "0004_poll_indexes"),
        ("notifications", "0005_events_once"),
        ("notifications", "0006_incidents_maintenance_thresholds_history"),
        ("notifications", "0007_history_thresholds"),
        ("notifications", "0008_complete_and_scheduled_runs"),
        ("notifications", "0010_delivery_webhooks_choices"),
        ("notifications", "0011_deliveries_seen_to"),
        ("notifications", "0012_wishes"),
        ("notifications", "0013_webhook_rests"),
        ("notifications", "0014_claims_by_priority"),
    ]

    initial = True

    dependencies = [
        ("accounts", "__first__"),
        ("sms", "0001_squashed"),
        ("tenants", "0001_squashed"),
    ]

    operations = [
        migrations.RunSQL(UUID7, "DROP FUNCTION uuid7()"),
        migrations.CreateModel(
            name="Announcement",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
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
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "done"), _negated=True),
                        fields=["id"],
                        name="announcement_unfinished",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state", "done"), ("finished_at", None), _connector="XOR"),
                        name="announcement_finished_at_when_done",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ChannelChoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
                (
                    "category",
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
                    "channel",
                    models.CharField(choices=[("in_app", "Inbox"), ("email", "E-mail"), ("sms", "SMS")], max_length=6),
                ),
                (
                    "when",
                    models.CharField(
                        choices=[
                            ("at_once", "At Once"),
                            ("hourly", "In a digest each hour"),
                            ("daily", "In a digest each day"),
                            ("off", "Off"),
                        ],
                        max_length=7,
                    ),
                ),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "tenant", "category", "channel"), name="choice_once", nulls_distinct=False
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("user", None), ("tenant", None), _connector="OR"),
                        name="choice_of_a_person_or_a_tenant",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("channel", "in_app"), ("when__in", ["hourly", "daily"]), _negated=True),
                        name="choice_no_digest_in_app",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CheckResult",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("check_slug", models.CharField(max_length=40)),
                ("span", models.CharField(choices=[("minute", "Minute"), ("hour", "Hour")], max_length=6)),
                ("at", models.DateTimeField(help_text="The first moment of the minute or hour.")),
                ("ok", models.PositiveIntegerField(default=0, help_text="Minutes whose worst answer it was.")),
                ("warning", models.PositiveIntegerField(default=0)),
                ("critical", models.PositiveIntegerField(default=0)),
                ("unknown", models.PositiveIntegerField(default=0, help_text="Minutes in which it gave no answer.")),
                ("measured", models.FloatField(help_text="The last of a minute; the mean of an hour.", null=True)),
                (
                    "measured_minutes",
                    models.PositiveIntegerField(default=0, help_text="Minutes in which there was a number."),
                ),
                ("lowest", models.FloatField(null=True)),
                ("highest", models.FloatField(null=True)),
                (
                    "sample",
                    models.BigIntegerField(help_text="Over how many it was measured; of an hour, at most.", null=True),
                ),
                (
                    "milliseconds",
                    models.FloatField(default=0, help_text="How long the check took: the last, or the mean."),
                ),
                (
                    "more",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="Further numbers, by name; of an hour [mean, lowest, highest, minutes].",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["span", "at"], name="check_result_age")],
                "constraints": [
                    models.UniqueConstraint(fields=("check_slug", "span", "at"), name="check_result_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Incident",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
                ("kind", models.CharField(help_text="The check that sees it, or reported_problem.", max_length=60)),
                (
                    "scope",
                    models.CharField(
                        blank=True, help_text="Which part of the kind, such as one provider.", max_length=120
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("acknowledged", "Acknowledged"), ("resolved", "Resolved")],
                        default="open",
                        max_length=12,
                    ),
                ),
                (
                    "priority",
                    models.CharField(
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High"), ("critical", "Critical")],
                        max_length=10,
                    ),
                ),
                ("title", models.CharField(max_length=200)),
                ("summary", models.TextField(help_text="What was measured, against which threshold.")),
                ("advice", models.TextField(blank=True, help_text="What to do next.")),
                ("details", models.JSONField(blank=True, default=dict)),
                (
                    "reporter",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "assignee",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "acknowledged_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("acknowledged_at", models.DateTimeField(blank=True, null=True)),
                (
                    "acknowledged_until",
                    models.DateTimeField(
                        blank=True, help_text="When it speaks up again; never while this is empty.", null=True
                    ),
                ),
                (
                    "resolved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "resolution",
                    models.TextField(blank=True, help_text="What ended it, in the words of who or what did."),
                ),
                (
                    "previous",
                    models.ForeignKey(
                        blank=True,
                        help_text="The last one like it.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="notifications.incident",
                    ),
                ),
                (
                    "occurrences",
                    models.PositiveIntegerField(default=1, help_text="How often it was seen or reported."),
                ),
                ("escalations", models.PositiveIntegerField(default=0, help_text="How often its priority rose.")),
                (
                    "repeats",
                    models.PositiveIntegerField(
                        default=0, help_text="How often people were told again that it is open."
                    ),
                ),
                ("reopens", models.PositiveIntegerField(default=0)),
                (
                    "good_runs",
                    models.PositiveIntegerField(
                        default=0, help_text="Runs in a row in which the monitor did not see it."
                    ),
                ),
                ("opened_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("last_seen_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("last_told_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["kind", "scope", "-opened_at"], name="incident_alike"),
                    models.Index(
                        condition=models.Q(("state", "resolved"), _negated=True),
                        fields=["-id"],
                        name="incident_unresolved",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "resolved"), _negated=True),
                        fields=("tenant", "kind", "scope"),
                        name="incident_open_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state", "resolved"), ("resolved_at", None), _connector="XOR"),
                        name="incident_resolved_at_when_resolved",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "acknowledged"), _negated=True),
                            ("acknowledged_at__isnull", False),
                            _connector="OR",
                        ),
                        name="incident_acknowledged_at_when_acknowledged",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MaintenanceWindow",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
                ("title", models.CharField(max_length=200)),
                (
                    "checks",
                    models.JSONField(
                        blank=True, default=list, help_text="Slugs of checks; all of them while it is empty."
                    ),
                ),
                (
                    "timezone",
                    models.CharField(
                        default="UTC", help_text="IANA name; the clock that the times go by.", max_length=64
                    ),
                ),
                ("starts_at", models.DateTimeField(help_text="Of the first time.")),
                ("minutes", models.PositiveIntegerField(help_text="How long it lasts.")),
                (
                    "weekdays",
                    models.JSONField(blank=True, default=list, help_text="0 is Monday. Empty: it happens once."),
                ),
                (
                    "until",
                    models.DateTimeField(
                        blank=True, help_text="A recurring one does not begin after this.", null=True
                    ),
                ),
                (
                    "announce_minutes",
                    models.PositiveIntegerField(default=60, help_text="How long before it begins people are told."),
                ),
                (
                    "author",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("cancelled_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("minutes__gte", 1)), name="maintenance_lasts")
                ],
            },
        ),
        migrations.CreateModel(
            name="MissedChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("user_id", models.UUIDField()),
            ],
        ),
        migrations.CreateModel(
            name="MonitorLease",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                (
                    "token",
                    models.BigIntegerField(
                        help_text="Grows with each holder, so that a late one is told from the present."
                    ),
                ),
                ("holder", models.CharField(max_length=120)),
                ("expires_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="MonitorRun",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField()),
                ("state", models.CharField(help_text="Worst state of the components.", max_length=10)),
                ("report", models.JSONField()),
                (
                    "is_complete",
                    models.BooleanField(
                        default=True, help_text="Not, where time ran out before every check was asked."
                    ),
                ),
                (
                    "is_scheduled",
                    models.BooleanField(
                        default=False, help_text="Whoever is to run the monitor by itself asked for it, not a person."
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["-finished_at"], name="monitor_run_newest"),
                    models.Index(
                        condition=models.Q(("is_complete", True), ("is_scheduled", True)),
                        fields=["-finished_at"],
                        name="monitor_run_scheduled",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="NotificationSettings",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notification_settings",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "email_notifications_enabled",
                    models.BooleanField(blank=True, help_text="Empty: never said.", null=True),
                ),
                (
                    "sms_notifications_enabled",
                    models.BooleanField(
                        blank=True, help_text="Empty: off until asked for, since it costs credits.", null=True
                    ),
                ),
                (
                    "in_app_notifications_enabled",
                    models.BooleanField(
                        blank=True, help_text="Off leaves the inbox to high and critical ones.", null=True
                    ),
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
                (
                    "quiet_from",
                    models.TimeField(
                        blank=True, help_text="By the person's own clock; critical ones still come.", null=True
                    ),
                ),
                ("quiet_until", models.TimeField(blank=True, help_text="May be on the next day.", null=True)),
                (
                    "daily_digest_at",
                    models.TimeField(default=datetime.time(8, 0), help_text="By the person's own clock."),
                ),
                (
                    "snoozed_until",
                    models.DateTimeField(
                        blank=True,
                        help_text="Until then only critical ones leave the house for this person.",
                        null=True,
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "verbose_name_plural": "notification settings",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("sms_credit_critical_threshold__gte", 1), ("sms_credit_warning_threshold__lte", 100)
                        ),
                        name="settings_thresholds_are_percents",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("sms_credit_critical_threshold__lt", models.F("sms_credit_warning_threshold"))
                        ),
                        name="settings_critical_below_warning",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("quiet_from", None), ("quiet_until", None), _connector="XOR", _negated=True
                        ),
                        name="settings_quiet_has_both_ends",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("quiet_from", None),
                            models.Q(("quiet_from", models.F("quiet_until")), _negated=True),
                            _connector="OR",
                        ),
                        name="settings_quiet_has_a_length",
                    ),
                ],
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
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_active", True)), fields=("kind",), name="template_active_once"
                    ),
                    models.UniqueConstraint(django.db.models.functions.text.Lower("name"), name="template_name_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReplayedEvent",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("replayed_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="SmsSpending",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
                ("credits", models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Suspicion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "tenant",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenants.tenant"
                    ),
                ),
                ("kind", models.CharField(max_length=60)),
                ("scope", models.CharField(blank=True, max_length=120)),
                ("since", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "kind", "scope"), name="suspicion_once", nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Threshold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "tenant",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
                ("check_slug", models.CharField(max_length=40)),
                ("name", models.CharField(help_text="As the check declares it, such as warning.", max_length=40)),
                (
                    "value",
                    models.IntegerField(
                        help_text="Empty: what the environment says, or the platform; the row stays for its version.",
                        null=True,
                    ),
                ),
                (
                    "version",
                    models.PositiveIntegerField(default=1, help_text="Grows with each change, and never falls."),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "check_slug", "name"), name="threshold_once", nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ThresholdChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
                ("check_slug", models.CharField(max_length=40)),
                ("name", models.CharField(max_length=40)),
                ("before", models.IntegerField(help_text="Empty: what the environment said.", null=True)),
                ("after", models.IntegerField(help_text="Empty: back to what the environment says.", null=True)),
                ("version", models.PositiveIntegerField(help_text="That the threshold has since.")),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "indexes": [models.Index(fields=["check_slug", "-id"], name="threshold_history")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "check_slug", "name", "version"),
                        name="threshold_change_once",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WebhookEndpoint",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: the platform's.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        help_text="Told when it fails.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("url", models.URLField(max_length=500)),
                ("description", models.CharField(blank=True, max_length=200)),
                (
                    "categories",
                    models.JSONField(blank=True, default=list, help_text="Notification types; empty: all of them."),
                ),
                ("secret", models.CharField(help_text="whsec_ and base64; shown once.", max_length=100)),
                (
                    "previous_secret",
                    models.CharField(blank=True, help_text="Signs as well until it ends.", max_length=100),
                ),
                ("previous_secret_until", models.DateTimeField(blank=True, null=True)),
                ("is_active", models.BooleanField(default=True)),
                (
                    "failing_since",
                    models.DateTimeField(blank=True, help_text="Empty: its last call was taken.", null=True),
                ),
                ("failures", models.PositiveIntegerField(default=0, help_text="In a row.")),
                (
                    "resting_until",
                    models.DateTimeField(blank=True, help_text="Nothing is sent to it before.", null=True),
                ),
                ("disabled_at", models.DateTimeField(blank=True, null=True)),
                ("disabled_reason", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_active", True)), fields=["tenant", "id"], name="webhook_active"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="IncidentAudience",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="audience",
                        to="notifications.incident",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "was_told",
                    models.BooleanField(help_text="Not, where their settings spare them what is low or medium."),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("incident", "user"), name="incident_audience_once")],
            },
        ),
        migrations.CreateModel(
            name="IncidentEvent",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="timeline",
                        to="notifications.incident",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("opened", "Opened"),
                            ("reported", "Reported again"),
                            ("worse", "Worse"),
                            ("better", "Better"),
                            ("repeated", "People were told again"),
                            ("told_late", "Somebody new was told"),
                            ("suppressed", "Something that follows from it was not opened"),
                            ("acknowledged", "Acknowledged"),
                            ("acknowledgement_ended", "Acknowledgement Ended"),
                            ("assigned", "Assigned"),
                            ("commented", "Commented"),
                            ("resolved", "Resolved"),
                            ("reopened", "Reopened"),
                        ],
                        max_length=24,
                    ),
                ),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        help_text="Nobody: the monitor.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("before", models.CharField(blank=True, max_length=60)),
                ("after", models.CharField(blank=True, max_length=60)),
                ("text", models.TextField(blank=True, help_text="The measurement, or what a person wrote.")),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "indexes": [models.Index(fields=["incident", "id"], name="incident_timeline")],
            },
        ),
        migrations.CreateModel(
            name="MaintenanceOccurrence",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "window",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="occurrences",
                        to="notifications.maintenancewindow",
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("announced_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, help_text="When its end was told.", null=True)),
                (
                    "suppressed",
                    models.JSONField(
                        blank=True, default=dict, help_text="Problems that were not opened, and how often."
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("ended_at", None)), fields=["ends_at"], name="maintenance_not_over"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("window", "starts_at"), name="maintenance_occurrence_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Notification",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notifications",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notifications",
                        to="notifications.incident",
                    ),
                ),
                (
                    "announcement",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notifications",
                        to="notifications.announcement",
                    ),
                ),
                (
                    "event",
                    models.CharField(
                        blank=True,
                        help_text='What of its incident or tenant it tells, such as "opened".',
                        max_length=40,
                    ),
                ),
                ("kind", models.CharField(help_text="Slug in notifications.kinds.", max_length=60)),
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
                        default="medium",
                        max_length=10,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("unread", "Unread"), ("read", "Read"), ("archived", "Archived")],
                        default="unread",
                        max_length=10,
                    ),
                ),
                ("is_system", models.BooleanField(default=False)),
                ("is_auto_generated", models.BooleanField(default=True)),
                ("title", models.CharField(max_length=200)),
                ("message", models.TextField(max_length=4000)),
                ("action_text", models.CharField(blank=True, max_length=60)),
                (
                    "action_url",
                    models.CharField(blank=True, help_text="Absolute http(s) or a path on this site.", max_length=500),
                ),
                ("data", models.JSONField(blank=True, default=dict)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("read_at", models.DateTimeField(blank=True, null=True)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "archived"), _negated=True),
                        fields=["recipient", "-id"],
                        name="notification_inbox",
                    ),
                    models.Index(
                        condition=models.Q(("status", "unread")),
                        fields=["recipient"],
                        include=("tenant", "expires_at"),
                        name="notification_unread",
                    ),
                    models.Index(
                        condition=models.Q(("expires_at__isnull", False)),
                        fields=["recipient", "expires_at"],
                        name="notification_expires_next",
                    ),
                    models.Index(
                        condition=models.Q(("tenant__isnull", False)), fields=["tenant"], name="notification_of_tenant"
                    ),
                    models.Index(condition=models.Q(("status", "read")), fields=["read_at"], name="notification_read"),
                    models.Index(
                        condition=models.Q(("status", "archived")),
                        fields=["archived_at"],
                        name="notification_archived",
                    ),
                    models.Index(
                        condition=models.Q(("expires_at__isnull", False)),
                        fields=["expires_at"],
                        name="notification_expires",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("incident__isnull", False)),
                        fields=("recipient", "incident", "event"),
                        name="notification_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("incident", None), models.Q(("event", ""), _negated=True)),
                        fields=("recipient", "tenant", "kind", "event"),
                        name="notification_event_once",
                        nulls_distinct=False,
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("announcement__isnull", False)),
                        fields=("announcement", "recipient"),
                        name="notification_announced_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7,
                        editable=False,
                        help_text="What receivers know a repeat by.",
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("key", models.CharField(help_text="What is told to whom; the deduplication.", max_length=200)),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("email", "E-mail"),
                            ("sms", "SMS"),
                            ("webhook", "Webhook"),
                            ("operators", "Operators' channels"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "notification",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="notifications.notification",
                    ),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "endpoint",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="notifications.webhookendpoint",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="notifications.incident",
                    ),
                ),
                (
                    "digest",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="What told it instead.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="parts",
                        to="notifications.delivery",
                    ),
                ),
                (
                    "together",
                    models.CharField(
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
                (
                    "priority",
                    models.CharField(
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High"), ("critical", "Critical")],
                        max_length=10,
                    ),
                ),
                (
                    "content",
                    models.JSONField(help_text="What is told, the same at each attempt: see delivery.content."),
                ),
                (
                    "state",
                    models.CharField(
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
                (
                    "rule",
                    models.CharField(
                        blank=True, help_text="Why it is sent, held back or skipped, in words.", max_length=500
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True, help_text="What the last attempt ended with, in words.", max_length=300
                    ),
                ),
                (
                    "reference",
                    models.CharField(
                        blank=True, help_text="Where it was accepted: the receiver's id for it.", max_length=200
                    ),
                ),
                ("due_at", models.DateTimeField(default=django.utils.timezone.now, help_text="Not before.")),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("claim_token", models.UUIDField(blank=True, null=True)),
                ("lease_expires_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("finished_at", models.DateTimeField(blank=True, help_text="Nothing more is waited for.", null=True)),
                (
                    "handled_at",
                    models.DateTimeField(
                        blank=True, help_text="When somebody saw to it after it was given up.", null=True
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "deliveries",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["channel", "priority", "due_at"],
                        name="delivery_due_by_priority",
                    ),
                    models.Index(
                        condition=models.Q(("state", "claimed")), fields=["lease_expires_at"], name="delivery_leased"
                    ),
                    models.Index(condition=models.Q(("state", "dead")), fields=["-id"], name="delivery_dead"),
                    models.Index(
                        condition=models.Q(("finished_at", None), ("state", "sent")),
                        fields=["channel", "id"],
                        name="delivery_unsettled",
                    ),
                    models.Index(fields=["recipient", "channel", "-due_at"], name="delivery_of_person"),
                    models.Index(condition=models.Q(("state", "held")), fields=["due_at"], name="delivery_held"),
                    models.Index(
                        condition=models.Q(("digest__isnull", False)), fields=["digest"], name="delivery_of_digest"
                    ),
                    models.Index(
                        condition=models.Q(("endpoint__isnull", False)),
                        fields=["endpoint", "-id"],
                        name="delivery_to_endpoint",
                    ),
                    models.Index(
                        condition=models.Q(("incident__isnull", False)),
                        fields=["incident", "recipient", "id"],
                        name="delivery_of_incident",
                    ),
                    models.Index(
                        condition=models.Q(("tenant__isnull", False)), fields=["tenant"], name="delivery_of_tenant"
                    ),
                    models.Index(
                        condition=models.Q(("finished_at__isnull", False)),
                        fields=["finished_at"],
                        name="delivery_finished",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("key",), name="delivery_once"),
                    models.CheckConstraint(
                        condition=models.Q(("state", "claimed"), ("claim_token", None), _connector="XOR"),
                        name="delivery_token_when_claimed",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DeliveryAttempt",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "delivery",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tries",
                        to="notifications.delivery",
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("seconds", models.FloatField(default=0)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("accepted", "Accepted"),
                            ("try_again", "Try Again"),
                            ("refused", "Refused for good"),
                            ("unknown", "It may have been taken"),
                        ],
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "indexes": [models.Index(fields=["delivery", "id"], name="delivery_attempts")],
            },
        ),
    ]
