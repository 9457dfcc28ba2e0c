"""The one row of settings that each person has."""

from accounts.models import User
from notifications.models import NotificationSettings


def settings_of(*, user: User) -> NotificationSettings:
    """This person's settings; stores an untouched row when there is none yet."""
    return NotificationSettings.objects.filter(user=user).first() or _made(user)


def locked(*, user: User) -> NotificationSettings:
    """The same for a change: of two at once the second waits here, and judges by what the first has written."""
    settings_of(user=user)
    row = NotificationSettings.objects.select_for_update(of=("self",)).get(user=user)
    row.user = user
    return row


def _made(user: User) -> NotificationSettings:
    # ON CONFLICT DO NOTHING: the first tabs of a new user all ask at once.
    NotificationSettings.objects.bulk_create([NotificationSettings(user=user)], ignore_conflicts=True)
    return NotificationSettings.objects.get(user=user)
