import django.db.models.deletion
import django.db.models.functions.comparison
import django.utils.timezone
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("sms", "0001_initial"),
        ("sms", "0004_ledger_batches_contacts_routes"),
        ("sms", "0006_lists_by_index"),
        ("sms", "0007_ledger_in_order"),
        ("sms", "0008_number_reviews"),
        ("sms", "0009_stuck_by_age"),
        ("sms", "0010_platform_by_the_hour"),
        ("sms", "0011_batches_avoid_a_provider"),
    ]

    initial = True

    dependencies = [
        ("accounts", "__first__"),
        ("tenants", "0001_squashed"),
    ]

    operations = [
        migrations.CreateModel(
            name="Batch",
            fields=[
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenants.tenant"
                    ),
                ),
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
                    "text",
                    models.TextField(
                        help_text="As it was given: a template's with its placeholders.", max_length=1600
                    ),
                ),
                ("sender_id", models.CharField(max_length=16)),
                (
                    "traffic",
                    models.CharField(
                        choices=[
                            ("otp", "One-time password"),
                            ("transactional", "Transactional"),
                            ("promotional", "Promotional"),
                        ],
                        default="transactional",
                        max_length=15,
                    ),
                ),
                (
                    "group_name",
                    models.CharField(
                        blank=True, help_text="The group it was sent to, as it was called.", max_length=100
                    ),
                ),
                ("template_name", models.CharField(blank=True, max_length=100)),
                ("send_at", models.DateTimeField(blank=True, null=True)),
                ("valid_until", models.DateTimeField(blank=True, null=True)),
                ("accepted", models.PositiveIntegerField(help_text="Messages that were queued.")),
                (
                    "duplicates",
                    models.PositiveIntegerField(default=0, help_text="Numbers that were given more than once."),
                ),
                ("opted_out", models.PositiveIntegerField(default=0, help_text="Left out because they asked to be.")),
                ("segments", models.PositiveIntegerField()),
                (
                    "credits",
                    models.PositiveIntegerField(
                        help_text="Reserved when it was accepted; none for unlimited accounts."
                    ),
                ),
                (
                    "avoid",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="A provider that it must not go through.",
                        max_length=30,
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("cancelled_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name_plural": "batches",
                "constraints": [models.UniqueConstraint(fields=("tenant", "id"), name="batch_key_of_tenant")],
            },
        ),
        migrations.CreateModel(
            name="Contact",
            fields=[
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenants.tenant"
                    ),
                ),
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "phone_number",
                    models.CharField(blank=True, help_text='E.164; "" while the raw one is refused.', max_length=16),
                ),
                ("raw_phone_number", models.CharField(help_text="As it was given.", max_length=64)),
                ("name", models.CharField(blank=True, max_length=150)),
                ("opted_out_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("opted_out_at__isnull", False)),
                        fields=["opted_out_at"],
                        name="contact_opted_out_when",
                    ),
                    models.Index(
                        condition=models.Q(("opted_out_at__isnull", False)),
                        fields=["tenant", "phone_number"],
                        name="contact_opted_out",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("phone_number", ""), _negated=True),
                        fields=("tenant", "phone_number"),
                        name="contact_once",
                    ),
                    models.UniqueConstraint(fields=("tenant", "id"), name="contact_key_of_tenant"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ContactGroup",
            fields=[
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenants.tenant"
                    ),
                ),
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "name"), name="contact_group_once"),
                    models.UniqueConstraint(fields=("tenant", "id"), name="contact_group_key_of_tenant"),
                ],
            },
        ),
        migrations.CreateModel(
            name="CreditAccount",
            fields=[
                (
                    "tenant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="tenants.tenant",
                    ),
                ),
                ("available", models.BigIntegerField(default=0)),
                ("reserved", models.BigIntegerField(default=0, help_text="For messages that are on their way.")),
                ("balance_after_last_top_up", models.BigIntegerField(default=0)),
                ("last_top_up_at", models.DateTimeField(blank=True, null=True)),
                (
                    "top_ups",
                    models.PositiveIntegerField(default=0, help_text="How many; warnings are given once each."),
                ),
                (
                    "lowest_available",
                    models.BigIntegerField(default=0, help_text="The least that was available since then."),
                ),
                ("lowest_before", models.BigIntegerField(default=0, help_text="The same before the last movement.")),
                (
                    "next_expiry_at",
                    models.DateTimeField(
                        blank=True, help_text="When the first grant that still holds credits expires.", null=True
                    ),
                ),
                ("is_unlimited", models.BooleanField(default=False)),
                (
                    "refunds",
                    models.CharField(
                        choices=[
                            ("failed", "All that failed"),
                            ("rejected", "Those that the carrier rejected"),
                            ("never", "None: taken by a carrier is paid"),
                        ],
                        default="failed",
                        max_length=10,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("available__gte", 0)), name="credits_never_below_zero"),
                    models.CheckConstraint(condition=models.Q(("reserved__gte", 0)), name="reserved_never_below_zero"),
                ],
            },
        ),
        migrations.CreateModel(
            name="CreditEntry",
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
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("top_up", "Top-up"),
                            ("reserve", "Reserved for a batch"),
                            ("settle", "Spent on a message"),
                            ("release", "Given back for a message"),
                            ("expire", "Expired"),
                            ("adjust", "Adjustment"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "reference",
                    models.CharField(help_text="What it is for: a batch, a message, a payment.", max_length=80),
                ),
                ("available_delta", models.BigIntegerField()),
                ("reserved_delta", models.BigIntegerField(default=0)),
                (
                    "actor",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "verbose_name_plural": "credit entries",
                "indexes": [
                    models.Index(fields=["tenant", "-id"], name="credit_entry_of_tenant"),
                    models.Index(
                        condition=models.Q(("actor__isnull", False)), fields=["actor"], name="credit_entry_by"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "kind", "reference"), name="credit_entry_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="CreditFall",
            fields=[
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenants.tenant"
                    ),
                ),
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("top_up", models.PositiveIntegerField(help_text="The account's `top_ups` then.")),
                (
                    "percent_before",
                    models.PositiveSmallIntegerField(help_text="The least that had been left until then."),
                ),
                ("percent", models.PositiveSmallIntegerField(help_text="Whole percent that was left, rounded up.")),
                ("available", models.BigIntegerField()),
                ("balance_after_top_up", models.BigIntegerField()),
                (
                    "band",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("under_100", "Under 100 credits"),
                            ("warning", "At or under 25 %"),
                            ("critical", "At or under 10 %"),
                            ("empty", "None left"),
                        ],
                        help_text="The worst that was newly crossed.",
                        max_length=10,
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("announced_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("announced_at", None)), fields=["created_at"], name="credit_fall_waiting"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("band", ""), _negated=True),
                        fields=("tenant", "top_up", "band"),
                        name="credit_band_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CreditGrant",
            fields=[
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenants.tenant"
                    ),
                ),
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("amount", models.BigIntegerField()),
                (
                    "remaining",
                    models.BigIntegerField(help_text="Neither spent nor expired; reserved ones are still among them."),
                ),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("remaining__gt", 0)), fields=["tenant", "id"], name="grant_open")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("remaining__gte", 0), ("remaining__lte", models.F("amount"))),
                        name="grant_within_its_amount",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DeliveryTime",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("minute", models.DateTimeField(help_text="Of the delivery.")),
                ("tenant_id", models.UUIDField()),
                ("provider", models.CharField(max_length=30)),
                ("bucket", models.PositiveSmallIntegerField()),
                ("delta", models.BigIntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["minute"], name="delivery_time_window")],
            },
        ),
        migrations.CreateModel(
            name="MessageCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("minute", models.DateTimeField()),
                ("tenant_id", models.UUIDField()),
                ("provider", models.CharField(max_length=30)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("claimed", "Claimed"),
                            ("submitted", "Submitted"),
                            ("sent", "Sent"),
                            ("unknown", "Unknown"),
                            ("delivered", "Delivered"),
                            ("undelivered", "Undelivered"),
                            ("rejected", "Rejected"),
                            ("expired", "Expired"),
                            ("cancelled", "Cancelled"),
                        ],
                        max_length=12,
                    ),
                ),
                ("failure_reason", models.CharField(max_length=60)),
                ("delta", models.BigIntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["minute", "status"], name="message_count_window")],
            },
        ),
        migrations.CreateModel(
            name="MessageTemplate",
            fields=[
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenants.tenant"
                    ),
                ),
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("text", models.TextField(max_length=1600)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("tenant", "name"), name="message_template_once")],
            },
        ),
        migrations.CreateModel(
            name="NumberReview",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("run_id", models.UUIDField(help_text="Which call of the command.")),
                (
                    "subject",
                    models.CharField(
                        choices=[("contact", "Contact"), ("user", "User"), ("message", "Message")], max_length=10
                    ),
                ),
                ("subject_id", models.UUIDField()),
                ("tenant_id", models.UUIDField(null=True)),
                ("raw", models.CharField(help_text="What was read.", max_length=64)),
                ("result", models.CharField(blank=True, help_text='E.164; "" when it was refused.', max_length=16)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("changed", "Changed"),
                            ("refused", "No number, or not surely one"),
                            ("collided", "Another row has this number; left as it was"),
                            ("merged", "Another row has this number; joined to it"),
                            ("undone", "Put back as it was before a run"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        help_text="Refused: one of accounts.phone.REFUSALS. Else the id of the other row.",
                        max_length=200,
                    ),
                ),
                ("metadata_version", models.CharField(help_text="Of the phonenumbers library.", max_length=20)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("subject_id", "subject", "run_id", "outcome"), name="number_reviewed_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PlatformCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("span", models.CharField(choices=[("minute", "Minute"), ("hour", "Hour")], max_length=6)),
                ("at", models.DateTimeField(help_text="The first moment of the minute or hour.")),
                ("provider", models.CharField(max_length=30)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("claimed", "Claimed"),
                            ("submitted", "Submitted"),
                            ("sent", "Sent"),
                            ("unknown", "Unknown"),
                            ("delivered", "Delivered"),
                            ("undelivered", "Undelivered"),
                            ("rejected", "Rejected"),
                            ("expired", "Expired"),
                            ("cancelled", "Cancelled"),
                        ],
                        max_length=12,
                    ),
                ),
                ("failure_reason", models.CharField(max_length=60)),
                ("messages", models.BigIntegerField()),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("messages", 0)), fields=["id"], name="platform_count_nothing")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("span", "at", "status", "provider", "failure_reason"),
                        include=("messages",),
                        name="platform_count_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PlatformDeliveryTime",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("span", models.CharField(choices=[("minute", "Minute"), ("hour", "Hour")], max_length=6)),
                ("at", models.DateTimeField(help_text="The first moment of the minute or hour.")),
                ("provider", models.CharField(max_length=30)),
                ("bucket", models.PositiveSmallIntegerField()),
                ("messages", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("span", "at", "provider", "bucket"),
                        include=("messages",),
                        name="platform_delivery_time_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ProviderState",
            fields=[
                ("provider", models.CharField(max_length=30, primary_key=True, serialize=False)),
                ("share_percent", models.PositiveSmallIntegerField(default=100)),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("share_percent__lte", 100)), name="provider_share_is_percent"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Receipt",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("provider", models.CharField(max_length=30)),
                ("provider_message_id", models.CharField(max_length=100)),
                (
                    "reference",
                    models.UUIDField(help_text="Our id for the message, where the carrier echoes it.", null=True),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("claimed", "Claimed"),
                            ("submitted", "Submitted"),
                            ("sent", "Sent"),
                            ("unknown", "Unknown"),
                            ("delivered", "Delivered"),
                            ("undelivered", "Undelivered"),
                            ("rejected", "Rejected"),
                            ("expired", "Expired"),
                            ("cancelled", "Cancelled"),
                        ],
                        max_length=12,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=60)),
                ("error_code", models.CharField(blank=True, max_length=30)),
                ("raw", models.JSONField(default=dict, help_text="What the carrier posted, as it was read.")),
                ("occurred_at", models.DateTimeField()),
                ("received_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("applied_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("applied_at", None)), fields=["received_at"], name="receipt_waiting"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("provider", "provider_message_id", "status"), name="receipt_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Route",
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
                ("provider", models.CharField(max_length=30)),
                (
                    "weight",
                    models.PositiveSmallIntegerField(default=100, help_text="Relative to the tenant's other routes."),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "provider"), name="route_once", nulls_distinct=False)
                ],
            },
        ),
        migrations.CreateModel(
            name="RouteMove",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("provider", models.CharField(max_length=30)),
                ("share_before", models.PositiveSmallIntegerField()),
                ("share_after", models.PositiveSmallIntegerField()),
                (
                    "reason",
                    models.CharField(
                        help_text="What was measured, over how many, against which threshold.", max_length=200
                    ),
                ),
                (
                    "requeued",
                    models.PositiveIntegerField(
                        default=0, help_text="Waiting messages that were given to another provider."
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name="TenantCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hour", models.DateTimeField()),
                ("tenant_id", models.UUIDField()),
                ("provider", models.CharField(max_length=30)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("claimed", "Claimed"),
                            ("submitted", "Submitted"),
                            ("sent", "Sent"),
                            ("unknown", "Unknown"),
                            ("delivered", "Delivered"),
                            ("undelivered", "Undelivered"),
                            ("rejected", "Rejected"),
                            ("expired", "Expired"),
                            ("cancelled", "Cancelled"),
                        ],
                        max_length=12,
                    ),
                ),
                ("failure_reason", models.CharField(max_length=60)),
                ("messages", models.BigIntegerField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["hour"], name="tenant_count_hour"),
                    models.Index(condition=models.Q(("messages", 0)), fields=["id"], name="tenant_count_nothing"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant_id", "hour", "status", "provider", "failure_reason"), name="tenant_count_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TenantDeliveryTime",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hour", models.DateTimeField()),
                ("tenant_id", models.UUIDField()),
                ("provider", models.CharField(max_length=30)),
                ("bucket", models.PositiveSmallIntegerField()),
                ("messages", models.BigIntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["hour"], name="tenant_delivery_time_hour")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant_id", "hour", "provider", "bucket"), name="tenant_delivery_time_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TenantTally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slot", models.DateTimeField(help_text="The first of four hours, from midnight UTC.")),
                ("tenant_id", models.UUIDField()),
                ("delivered", models.BigIntegerField(default=0)),
                ("failed", models.BigIntegerField(default=0)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("failed", 0), _negated=True),
                        fields=["slot", "tenant_id"],
                        include=("failed",),
                        name="tenant_tally_failed",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("slot", "tenant_id"), include=("delivered", "failed"), name="tenant_tally_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="GroupMember",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenants.tenant"
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="members",
                        to="sms.contactgroup",
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="groups",
                        to="sms.contact",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["tenant", "contact"], name="group_member_of_contact")],
                "constraints": [models.UniqueConstraint(fields=("group", "contact"), name="group_member_once")],
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenants.tenant"
                    ),
                ),
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7,
                        editable=False,
                        help_text="Carriers echo it in receipts.",
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        db_constraint=False,
                        help_text="What was accepted in one call.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="messages",
                        to="sms.batch",
                    ),
                ),
                ("recipient", models.CharField(help_text="E.164.", max_length=16)),
                ("sender_id", models.CharField(help_text="What the recipient sees as the sender.", max_length=16)),
                ("text", models.TextField(max_length=1600)),
                (
                    "segments",
                    models.PositiveSmallIntegerField(help_text="Parts it is sent as; each costs one credit."),
                ),
                (
                    "traffic",
                    models.CharField(
                        choices=[
                            ("otp", "One-time password"),
                            ("transactional", "Transactional"),
                            ("promotional", "Promotional"),
                        ],
                        default="transactional",
                        max_length=15,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("claimed", "Claimed"),
                            ("submitted", "Submitted"),
                            ("sent", "Sent"),
                            ("unknown", "Unknown"),
                            ("delivered", "Delivered"),
                            ("undelivered", "Undelivered"),
                            ("rejected", "Rejected"),
                            ("expired", "Expired"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="queued",
                        max_length=12,
                    ),
                ),
                ("status_changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "failure_reason",
                    models.CharField(blank=True, help_text="Our word; see sms.reasons.", max_length=60),
                ),
                (
                    "error_code",
                    models.CharField(blank=True, help_text="The carrier's own code for it.", max_length=30),
                ),
                (
                    "credits",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Reserved for it; none for unlimited accounts."
                    ),
                ),
                (
                    "credits_settled_at",
                    models.DateTimeField(
                        blank=True, help_text="When those were spent or given back, once.", null=True
                    ),
                ),
                ("provider", models.CharField(blank=True, max_length=30)),
                ("provider_message_id", models.CharField(blank=True, max_length=100)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                (
                    "next_attempt_at",
                    models.DateTimeField(blank=True, help_text="Scheduled, or to be tried again then.", null=True),
                ),
                (
                    "valid_until",
                    models.DateTimeField(blank=True, help_text="Worth nothing to its reader after this.", null=True),
                ),
                (
                    "claim_token",
                    models.UUIDField(blank=True, help_text="Fences off a worker whose lease ran out.", null=True),
                ),
                ("claim_expires_at", models.DateTimeField(blank=True, null=True)),
                (
                    "handover_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="Committed before the carrier was called: from here on it may have it.",
                        null=True,
                    ),
                ),
                ("submitted_at", models.DateTimeField(blank=True, help_text="When the carrier took it.", null=True)),
                (
                    "asked_at",
                    models.DateTimeField(blank=True, help_text="When the carrier was last asked about it.", null=True),
                ),
                (
                    "deliver_before",
                    models.DateTimeField(blank=True, help_text="The carrier gives up after this.", null=True),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("status__in", ["queued", "claimed", "submitted", "sent", "unknown"])),
                        fields=["status", "status_changed_at"],
                        name="message_on_its_way",
                    ),
                    models.Index(
                        django.db.models.functions.comparison.Greatest("status_changed_at", "next_attempt_at"),
                        condition=models.Q(
                            ("deliver_before", None),
                            ("status__in", ["queued", "claimed", "submitted", "sent", "unknown"]),
                        ),
                        name="message_unmoved",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("deliver_before__isnull", False),
                            ("status__in", ["queued", "claimed", "submitted", "sent", "unknown"]),
                        ),
                        fields=["deliver_before"],
                        name="message_past_deadline",
                    ),
                    models.Index(
                        condition=models.Q(("next_attempt_at", None), ("status", "queued")),
                        fields=["provider", "traffic", "tenant", "id"],
                        name="message_to_dispatch",
                    ),
                    models.Index(
                        condition=models.Q(("next_attempt_at__isnull", False), ("status", "queued")),
                        fields=["next_attempt_at"],
                        name="message_for_later",
                    ),
                    models.Index(fields=["tenant", "recipient", "-id"], name="message_to_number"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                [
                                    "queued",
                                    "claimed",
                                    "submitted",
                                    "sent",
                                    "unknown",
                                    "delivered",
                                    "undelivered",
                                    "rejected",
                                    "expired",
                                    "cancelled",
                                ],
                            )
                        ),
                        name="message_status_known",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("provider_message_id", ""), _negated=True),
                        fields=("provider", "provider_message_id"),
                        name="message_of_provider_once",
                    ),
                    models.UniqueConstraint(fields=("tenant", "id"), name="message_key_of_tenant"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Attempt",
            fields=[
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenants.tenant"
                    ),
                ),
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="timeline",
                        to="sms.message",
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("provider", models.CharField(max_length=30)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("accepted", "Accepted"),
                            ("throttled", "Throttled"),
                            ("temporary", "Temporary"),
                            ("permanent", "Permanent"),
                            ("uncertain", "Uncertain"),
                        ],
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=60)),
                ("error_code", models.CharField(blank=True, max_length=30)),
                ("provider_message_id", models.CharField(blank=True, max_length=100)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "indexes": [models.Index(fields=["finished_at"], name="attempt_recent")],
            },
        ),
    ]
