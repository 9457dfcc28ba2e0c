"""What expired before it could be told is not told any more: nobody needs to hear of an offer that ended yesterday.

Programs are told all the same: an endpoint is told what happened, not what is still worth reading.
"""

import datetime
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef

from notifications.models import Delivery, Notification

State = Delivery.State
REASON = "The notification had expired before it could be told."


def skip_claimed(ids: Sequence[UUID], *, token: UUID, now: datetime.datetime) -> int:
    """Lets go of what a worker has just claimed; returns how many. No attempt was made."""
    mine = Delivery.objects.filter(pk__in=ids, claim_token=token, state=State.CLAIMED)
    return mine.update(claim_token=None, lease_expires_at=None, attempts=F("attempts") - 1, **_skipped(now))


def skip_held(*, now: datetime.datetime) -> int:
    """Takes them out of the digests that are due; returns how many."""
    expired = Notification.objects.filter(pk=OuterRef("notification_id"), expires_at__lte=now)
    due = Delivery.objects.filter(state=State.HELD, due_at__lte=now)
    return due.filter(Exists(expired)).update(**_skipped(now))


def _skipped(now: datetime.datetime) -> dict[str, Any]:
    return {"state": State.SKIPPED, "reason": REASON, "finished_at": now}
