"""The retention of deliveries, and what goes when notifications go."""

import datetime
from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from notifications.models import Delivery, DeliveryAttempt

#: Rows of one transaction: short locks, and a killed run has kept what it did.
BATCH = 5000


def forget_of(*, notifications: Sequence[UUID]) -> None:
    """Deletes what was sent of these notifications, in the caller's transaction."""
    _delete(list(Delivery.objects.filter(notification__in=notifications).values_list("pk", flat=True)))


def forget_old(*, days: int) -> int:
    """Deletes what ended more than `days` days ago, with its attempts; returns how many. Safe to run twice, at the
    same time, and to kill."""
    old = Delivery.objects.filter(finished_at__lt=timezone.now() - datetime.timedelta(days=days))
    deleted = 0
    while True:
        with transaction.atomic():
            # Rows that another run is deleting are its own to count.
            ids = list(old.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)[:BATCH])
            deleted += _delete(ids)
        if len(ids) < BATCH:
            return deleted


def _delete(ids: Sequence[UUID]) -> int:
    if not ids:
        return 0
    DeliveryAttempt.objects.filter(delivery__in=ids)._raw_delete("default")
    Delivery.objects.filter(digest__in=ids).update(digest=None)
    count: int = Delivery.objects.filter(pk__in=ids)._raw_delete("default")
    return count
