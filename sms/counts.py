"""Reads of how many messages there are in each state and how long deliveries took, never from the messages."""

import datetime
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Sum
from django.db.models.functions import TruncHour

from sms.models import DeliveryTime, MessageCount, Status


@dataclass(frozen=True)
class Count:
    """So many messages of one provider reached one state, for one reason, and are still in it."""

    provider: str
    status: Status
    reason: str
    messages: int


def of_tenant(
    *, tenant_id: UUID, since: datetime.datetime, until: datetime.datetime
) -> list[tuple[datetime.datetime, Count]]:
    """What reached its state between two full hours, by the hour."""
    rows = MessageCount.objects.filter(tenant_id=tenant_id, minute__gte=since, minute__lt=until)
    counted = rows.annotate(hour=TruncHour("minute")).values_list("hour", "provider", "status", "failure_reason")
    summed = counted.annotate(n=Sum("delta")).exclude(n=0).order_by("hour")
    return [(hour, Count(provider, Status(status), reason, n)) for hour, provider, status, reason, n in summed]


def delivery_times_of_tenant(
    *, tenant_id: UUID, since: datetime.datetime, until: datetime.datetime
) -> dict[str, dict[int, int]]:
    """`{provider: {bucket: messages}}` of what was delivered between two full hours."""
    rows = DeliveryTime.objects.filter(tenant_id=tenant_id, minute__gte=since, minute__lt=until)
    found: dict[str, dict[int, int]] = {}
    for provider, bucket, n in rows.values_list("provider", "bucket").annotate(n=Sum("delta")).filter(n__gt=0):
        found.setdefault(provider, {})[bucket] = n
    return found
