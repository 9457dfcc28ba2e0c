import datetime
from typing import ClassVar

from django.db import models
from django.db.models.functions import Coalesce

from sms.models.message import Status


class MessageCountQuerySet(models.QuerySet["MessageCount"]):
    def by_provider_and_status(self, *, since: datetime.datetime) -> dict[tuple[str, str], int]:
        """`{(provider, status): messages}` of those that reached their present state since then (whole minutes)."""
        rows = self.filter(minute__gte=since.replace(second=0, microsecond=0)).values("provider", "status")
        return {(row["provider"], row["status"]): row["n"] for row in rows.annotate(n=models.Sum("delta"))}

    def by_reason(self, statuses: "list[Status] | tuple[Status, ...]", *, since: datetime.datetime) -> dict[str, int]:
        rows = self.filter(minute__gte=since.replace(second=0, microsecond=0), status__in=statuses)
        counted = rows.values("failure_reason").annotate(n=Coalesce(models.Sum("delta"), 0)).filter(n__gt=0)
        return {row["failure_reason"] or "unspecified": row["n"] for row in counted.order_by("-n")}


class MessageCount(models.Model):
    """Changes in the number of messages, by the minute in which they reached a state.

    Database triggers write these rows in the same statement that changes messages, so the sum of `delta` over any
    grouping always equals counting the messages, whoever wrote them and however. Nothing else may write here but
    `services.squash_counts`, which merges rows without changing a sum.

    Not tenant-scoped: the monitor reads sums over the platform. No foreign key to the tenant, because deleting one
    still has to count its messages away.
    """

    minute = models.DateTimeField()
    tenant_id = models.UUIDField()
    provider = models.CharField(max_length=30)
    status = models.CharField(max_length=12, choices=Status)
    failure_reason = models.CharField(max_length=60)
    delta = models.BigIntegerField()

    objects = MessageCountQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            # used by every sum over a window, and by the squashing
            models.Index(fields=["minute", "status"], name="message_count_window"),
        ]

    def __str__(self) -> str:
        return f"{self.minute:%H:%M} {self.status} {self.delta:+d}"
