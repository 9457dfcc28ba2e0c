"""What is not told any more when its time comes: it expired, so that nobody needs to hear of it (an offer that ended
yesterday), or it is of a tenant that whoever it was for has left, whose inbox does not show it either.

Programs are told all the same: an endpoint is told what happened, not what is still worth reading.
"""

import datetime
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef

from notifications.models import Delivery, Notification
from tenants.models import Membership

State = Delivery.State
REASONS = EXPIRED, LEFT = (
    "The notification had expired before it could be told.",
    "They had left the tenant before it could be told.",
)


def skip_claimed(ids: Sequence[UUID], *, reason: str, token: UUID, now: datetime.datetime) -> int:
    """Lets go of what a worker has just claimed; returns how many. No attempt was made."""
    mine = Delivery.objects.filter(pk__in=ids, claim_token=token, state=State.CLAIMED)
    return mine.update(claim_token=None, lease_expires_at=None, attempts=F("attempts") - 1, **_skipped(reason, now))


def skip_held(*, now: datetime.datetime) -> int:
    """Takes them out of the digests that are due; returns how many."""
    expired = Notification.objects.filter(pk=OuterRef("notification_id"), expires_at__lte=now)
    membership = Membership.objects.filter(user=OuterRef("recipient_id"), tenant=OuterRef("tenant_id"))
    due = Delivery.objects.filter(state=State.HELD, due_at__lte=now)
    of_tenants = due.filter(recipient__isnull=False, tenant__isnull=False)
    count = due.filter(Exists(expired)).update(**_skipped(EXPIRED, now))
    return count + of_tenants.exclude(Exists(membership)).update(**_skipped(LEFT, now))


def _skipped(reason: str, now: datetime.datetime) -> dict[str, Any]:
    return {"state": State.SKIPPED, "reason": reason, "finished_at": now}
