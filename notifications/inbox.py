"""What a person sees: the reads of the inbox."""

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from notifications.models.notification import Notification, NotificationQuerySet


def unexpired(user: User) -> NotificationQuerySet:
    """All that is addressed to this person and still holds, the archive included."""
    return Notification.objects.addressed_to(user).unexpired(now=timezone.now())


def visible(user: User) -> NotificationQuerySet:
    """What is shown without being asked for: not expired, not archived."""
    return unexpired(user).unarchived()


def unread_count(user: User) -> int:
    """How many are unread in the whole inbox, capped at UNREAD_COUNT_CAP: the cap bounds the rows that are read."""
    unread = unexpired(user).unread()
    return unread.order_by()[: settings.UNREAD_COUNT_CAP].count()
