"""What a person sees: the reads of the inbox."""

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from notifications.models import Notification


def visible(user: User) -> QuerySet[Notification]:
    """Everything this person may be shown now: addressed to them, not expired, not archived."""
    return Notification.objects.addressed_to(user).unexpired(now=timezone.now()).unarchived()


def recent(user: User, *, limit: int) -> list[Notification]:
    """The newest visible ones."""
    return list(visible(user).order_by("-id")[:limit])


def unread_count(user: User) -> int:
    """How many are unread in the whole inbox, capped at UNREAD_COUNT_CAP: the cap bounds the rows that are read."""
    unread = Notification.objects.addressed_to(user).unexpired(now=timezone.now()).unread()
    return unread.order_by()[: settings.UNREAD_COUNT_CAP].count()
