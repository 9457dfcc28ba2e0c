"""How many messages there are in each state, without counting them.

Database triggers write down, in the statement that changes messages, what it changed (MessageCount, DeliveryTime). A
task merges these changes into what is read: by the minute for the platform, by the hour for each tenant. A read adds
what is not merged yet, so it always equals counting the messages, whoever wrote them and however. Nothing else may
write these tables but `services.squash_counts`, which changes no sum. What is kept for the platform is kept by the
hour too, so that a day is two dozen hours and less than one of minutes, however much was sent in it.

None of them is tenant-scoped: the monitor reads sums over the platform. None has a foreign key to the tenant, because
deleting one still has to count its messages away. The reads are in sms.counts.
"""

from typing import ClassVar

from django.db import models

from sms.models.states import Status

#: Upper ends in seconds of the delivery-time buckets; the last bucket has none. Fine where a person would still wait.
DELIVERY_BUCKETS = (1, 2, 3, 5, 8, 13, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1800, 3600, 7200, 21600, 86400)


class MessageCount(models.Model):
    """What one statement changed, by the minute in which the messages reached their states. Merged within minutes."""

    minute = models.DateTimeField()
    tenant_id = models.UUIDField()
    provider = models.CharField(max_length=30)
    status = models.CharField(max_length=12, choices=Status)
    failure_reason = models.CharField(max_length=60)
    delta = models.BigIntegerField()

    class Meta:
        indexes: ClassVar = [
            # used by every sum over a window, and by the squashing
            models.Index(fields=["minute", "status"], name="message_count_window"),
        ]

    def __str__(self) -> str:
        return f"{self.minute:%H:%M} {self.status} {self.delta:+d}"


class Span(models.TextChoices):
    MINUTE = "minute"
    HOUR = "hour"


class PlatformCount(models.Model):
    """Messages of all tenants, by the hour, and those of the last two days by the minute as well."""

    span = models.CharField(max_length=6, choices=Span)
    at = models.DateTimeField(help_text="The first moment of the minute or hour.")
    provider = models.CharField(max_length=30)
    status = models.CharField(max_length=12, choices=Status)
    failure_reason = models.CharField(max_length=60)
    messages = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            # used by every sum over a window, and by squash_counts: where changes are merged into
            models.UniqueConstraint(
                fields=["span", "at", "status", "provider", "failure_reason"],
                name="platform_count_once",
                include=["messages"],
            ),
        ]
        indexes: ClassVar = [
            # used by squash_counts: what cancelled out
            models.Index(fields=["id"], name="platform_count_nothing", condition=models.Q(messages=0)),
        ]

    def __str__(self) -> str:
        return f"{self.at:%H:%M} {self.status} {self.messages}"


class TenantCount(models.Model):
    """Messages of one tenant, by the hour; of what is older than two days, by the day (UTC)."""

    hour = models.DateTimeField()
    tenant_id = models.UUIDField()
    provider = models.CharField(max_length=30)
    status = models.CharField(max_length=12, choices=Status)
    failure_reason = models.CharField(max_length=60)
    messages = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            # used by a tenant's statistics, and by squash_counts: where changes are merged into
            models.UniqueConstraint(
                fields=["tenant_id", "hour", "status", "provider", "failure_reason"], name="tenant_count_once"
            ),
        ]
        indexes: ClassVar = [
            # used by squash_counts: what is due for its day, and what cancelled out
            models.Index(fields=["hour"], name="tenant_count_hour"),
            models.Index(fields=["id"], name="tenant_count_nothing", condition=models.Q(messages=0)),
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H:%M} {self.status} {self.messages}"


class TenantTally(models.Model):
    """One row a tenant and four hours: so few that all tenants of a day can be compared in one look."""

    slot = models.DateTimeField(help_text="The first of four hours, from midnight UTC.")
    tenant_id = models.UUIDField()
    delivered = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            # used by sms.counts.worst_tenants(), and by squash_counts: where changes are merged into
            models.UniqueConstraint(
                fields=["slot", "tenant_id"], name="tenant_tally_once", include=["delivered", "failed"]
            ),
        ]
        indexes: ClassVar = [
            # used by sms.counts.worst_tenants(), from the index alone: the tenants of whom any failed
            models.Index(
                fields=["slot", "tenant_id"],
                name="tenant_tally_failed",
                condition=~models.Q(failed=0),
                include=["failed"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.delivered} of {self.delivered + self.failed}"


class DeliveryTime(models.Model):
    """How long delivered messages took from the carrier's taking them: changes in a histogram.

    `bucket` is the place of the first of DELIVERY_BUCKETS that is longer; their number for what took as long as the
    last or longer.
    """

    minute = models.DateTimeField(help_text="Of the delivery.")
    tenant_id = models.UUIDField()
    provider = models.CharField(max_length=30)
    bucket = models.PositiveSmallIntegerField()
    delta = models.BigIntegerField()

    class Meta:
        indexes: ClassVar = [
            # used by every sum over a window, and by the squashing
            models.Index(fields=["minute"], name="delivery_time_window"),
        ]

    def __str__(self) -> str:
        return f"{self.minute:%H:%M} bucket {self.bucket} {self.delta:+d}"


class PlatformDeliveryTime(models.Model):
    """The histogram of all tenants, by the hour, and of the last two days by the minute as well."""

    span = models.CharField(max_length=6, choices=Span)
    at = models.DateTimeField(help_text="The first moment of the minute or hour.")
    provider = models.CharField(max_length=30)
    bucket = models.PositiveSmallIntegerField()
    messages = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["span", "at", "provider", "bucket"], name="platform_delivery_time_once", include=["messages"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%H:%M} bucket {self.bucket} {self.messages}"


class TenantDeliveryTime(models.Model):
    """The histogram of one tenant, by the hour; of what is older than two days, by the day (UTC)."""

    hour = models.DateTimeField()
    tenant_id = models.UUIDField()
    provider = models.CharField(max_length=30)
    bucket = models.PositiveSmallIntegerField()
    messages = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant_id", "hour", "provider", "bucket"], name="tenant_delivery_time_once"
            ),
        ]
        indexes: ClassVar = [
            # used by squash_counts: what is due for its day
            models.Index(fields=["hour"], name="tenant_delivery_time_hour"),
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H:%M} bucket {self.bucket} {self.messages}"
