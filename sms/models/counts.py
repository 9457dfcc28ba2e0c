import datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Coalesce

from sms.models.states import Status

#: Upper ends in seconds of the delivery-time buckets; the last bucket has none. Fine where a person would still wait.
DELIVERY_BUCKETS = (1, 2, 3, 5, 8, 13, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1800, 3600, 7200, 21600, 86400)


class Level(models.IntegerChoices):
    """What a row holds."""

    CHANGE = 0, "What one statement changed"
    MINUTE = 1, "A minute"
    HOUR = 2, "An hour; `minute` is its first"


class DeltaQuerySet(models.QuerySet[Any]):
    def since(self, moment: datetime.datetime) -> "models.QuerySet[Any]":
        """What happened since then, in whole minutes."""
        return self.filter(minute__gte=moment.replace(second=0, microsecond=0))


class MessageCountQuerySet(DeltaQuerySet):
    def by_provider_and_status(self, *, since: datetime.datetime) -> dict[tuple[str, str], int]:
        """`{(provider, status): messages}` of those that reached their present state since then (whole minutes)."""
        rows = self.since(since).values("provider", "status")
        return {(row["provider"], row["status"]): row["n"] for row in rows.annotate(n=models.Sum("delta"))}

    def by_reason(self, statuses: "list[Status] | tuple[Status, ...]", *, since: datetime.datetime) -> dict[str, int]:
        rows = self.since(since).filter(status__in=statuses).values("failure_reason")
        counted = rows.annotate(n=Coalesce(models.Sum("delta"), 0)).filter(n__gt=0)
        return {row["failure_reason"] or "unspecified": row["n"] for row in counted.order_by("-n")}


class MessageCount(models.Model):
    """Changes in the number of messages, by the minute in which they reached a state.

    Database triggers write these rows in the same statement that changes messages, so the sum of `delta` over any
    grouping always equals counting the messages, whoever wrote them and however. Nothing else may write here but
    `services.squash_counts`, which merges rows into one a minute, and after two days into one an hour.

    Not tenant-scoped: the monitor reads sums over the platform. No foreign key to the tenant, because deleting one
    still has to count its messages away.
    """

    minute = models.DateTimeField()
    tenant_id = models.UUIDField()
    provider = models.CharField(max_length=30)
    status = models.CharField(max_length=12, choices=Status)
    failure_reason = models.CharField(max_length=60)
    delta = models.BigIntegerField()
    level = models.PositiveSmallIntegerField(choices=Level, default=Level.CHANGE, db_default=Level.CHANGE)

    objects = MessageCountQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            # used by squash_counts: where changes are merged into
            models.UniqueConstraint(
                fields=["minute", "level", "tenant_id", "provider", "status", "failure_reason"],
                name="message_count_merged_once",
                condition=models.Q(level__gt=0),
            ),
        ]
        indexes: ClassVar = [
            # used by every sum over a window
            models.Index(fields=["minute", "status"], name="message_count_window"),
            # used by squash_counts: what is not merged yet, what was merged to nothing, what is due for its hour
            models.Index(fields=["minute"], name="message_count_changes", condition=models.Q(level=0)),
            models.Index(fields=["id"], name="message_count_nothing", condition=models.Q(delta=0)),
            models.Index(fields=["minute"], name="message_count_minutes", condition=models.Q(level=1)),
        ]

    def __str__(self) -> str:
        return f"{self.minute:%H:%M} {self.status} {self.delta:+d}"


class DeliveryTimeQuerySet(DeltaQuerySet):
    def by_provider(self, *, since: datetime.datetime) -> dict[str, dict[int, int]]:
        """`{provider: {bucket: messages}}` of those that were delivered since then."""
        rows = self.since(since).values("provider", "bucket").annotate(n=models.Sum("delta")).filter(n__gt=0)
        found: dict[str, dict[int, int]] = {}
        for row in rows:
            found.setdefault(row["provider"], {})[row["bucket"]] = row["n"]
        return found


class DeliveryTime(models.Model):
    """How long delivered messages took from the carrier's taking them, as changes in a histogram.

    Written by the same triggers as MessageCount, and under the same rules. `bucket` is the place of the first of
    DELIVERY_BUCKETS that is longer; their number for what took as long as the last or longer.
    """

    minute = models.DateTimeField(help_text="Of the delivery.")
    tenant_id = models.UUIDField()
    provider = models.CharField(max_length=30)
    bucket = models.PositiveSmallIntegerField()
    delta = models.BigIntegerField()
    level = models.PositiveSmallIntegerField(choices=Level, default=Level.CHANGE, db_default=Level.CHANGE)

    objects = DeliveryTimeQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            # used by squash_counts: where changes are merged into
            models.UniqueConstraint(
                fields=["minute", "level", "tenant_id", "provider", "bucket"],
                name="delivery_time_merged_once",
                condition=models.Q(level__gt=0),
            ),
        ]
        indexes: ClassVar = [
            # used by every sum over a window
            models.Index(fields=["minute"], name="delivery_time_window"),
            # used by squash_counts: what is not merged yet, what was merged to nothing, what is due for its hour
            models.Index(fields=["minute"], name="delivery_time_changes", condition=models.Q(level=0)),
            models.Index(fields=["id"], name="delivery_time_nothing", condition=models.Q(delta=0)),
            models.Index(fields=["minute"], name="delivery_time_minutes", condition=models.Q(level=1)),
        ]

    def __str__(self) -> str:
        return f"{self.minute:%H:%M} bucket {self.bucket} {self.delta:+d}"


def percentile(buckets: dict[int, int], share: float) -> float | None:
    """Seconds within which `share` (0 to 1) of the deliveries happened, linear within a bucket; None without any.

    What lies in the open last bucket is given as its lower end.
    """
    wanted, passed = share * sum(buckets.values()), 0
    for bucket in sorted(buckets):
        if buckets[bucket] <= 0:
            continue
        lower = DELIVERY_BUCKETS[bucket - 1] if bucket else 0
        if passed + buckets[bucket] >= wanted:
            if bucket >= len(DELIVERY_BUCKETS):
                return float(lower)
            return lower + (DELIVERY_BUCKETS[bucket] - lower) * (wanted - passed) / buckets[bucket]
        passed += buckets[bucket]
    return None
