"""How each person wants to be told: the only writers of NotificationSettings, and what the settings mean."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.models import User, UserQuerySet
from notifications.changes import inbox_changed
from notifications.delivery import rules
from notifications.models import ChannelChoice, NotificationSettings
from notifications.models.priority import Priority

WARNING, CRITICAL = "sms_credit_warning_threshold", "sms_credit_critical_threshold"
#: With in-app notifications off, these still come.
ALWAYS_SHOWN = (Priority.HIGH, Priority.CRITICAL)


class CriticalNotBelowWarning(Exception):
    """The thresholds would cross. `field` is the one that was given."""

    def __init__(self, *, field: str, other: int) -> None:
        limit = f"below the warning threshold ({other})" if field == CRITICAL else f"above the critical one ({other})"
        super().__init__(f"Must be {limit}.")
        self.field = field


def settings_of(*, user: User) -> NotificationSettings:
    """This person's settings; stores the defaults when there are none yet."""
    return NotificationSettings.objects.filter(user=user).first() or _made(user)


def _made(user: User) -> NotificationSettings:
    # ON CONFLICT DO NOTHING: the first tabs of a new user all ask at once.
    NotificationSettings.objects.bulk_create([NotificationSettings(user=user)], ignore_conflicts=True)
    return NotificationSettings.objects.get(user=user)


def change_settings(*, user: User, changes: Mapping[str, Any]) -> NotificationSettings:
    """Writes the given fields and leaves the others. Raises CriticalNotBelowWarning, having written nothing."""
    with transaction.atomic():
        settings_of(user=user)
        # Judged and written under the row's lock: each of two calls at once may fit what was, and not each other.
        row = NotificationSettings.objects.select_for_update().get(user=user)
        for name, value in changes.items():
            setattr(row, name, value)
        _check_thresholds(row, changes)
        row.save(update_fields=[*changes, "updated_at"])
        inbox_changed(user_ids=[user.pk])
    return row


def _check_thresholds(row: NotificationSettings, changes: Mapping[str, Any]) -> None:
    warning, critical = row.sms_credit_warning_threshold, row.sms_credit_critical_threshold
    if critical < warning:
        return
    if CRITICAL in changes:
        raise CriticalNotBelowWarning(field=CRITICAL, other=warning)
    raise CriticalNotBelowWarning(field=WARNING, other=critical)


def muted(*, user_ids: Collection[UUID], priority: Priority) -> set[UUID]:
    """Which of these people do not want to be told something of this priority in the inbox."""
    if priority in ALWAYS_SHOWN or not user_ids:
        return set()
    off = NotificationSettings.objects.filter(user__in=user_ids, in_app_notifications_enabled=False)
    return set(off.values_list("user_id", flat=True))


def reachable(people: UserQuerySet, *, priority: Priority) -> UserQuerySet:
    """The same rule for people who are told in SQL."""
    if priority in ALWAYS_SHOWN:
        return people
    off = NotificationSettings.objects.filter(user=OuterRef("pk"), in_app_notifications_enabled=False)
    return people.filter(~Exists(off))


def unreachable(people: UserQuerySet, *, priority: Priority) -> UserQuerySet:
    """The others: those who are told in no inbox."""
    if priority in ALWAYS_SHOWN:
        return people.none()
    off = NotificationSettings.objects.filter(user=OuterRef("pk"), in_app_notifications_enabled=False)
    return people.filter(Exists(off))


def wishes_of(*, user_ids: Collection[UUID], tenant_id: UUID | None) -> dict[UUID, rules.Wishes]:
    """What each of these people wants, and where they are reached, in two queries. Whoever is inactive is left out."""
    people = User.objects.active().filter(pk__in=list(user_ids)).select_related("notification_settings")
    cells: dict[UUID, dict[tuple[str, str], tuple[str, str]]] = {}
    chosen = ChannelChoice.objects.filter(user__in=list(user_ids), tenant=None)
    for key, category, channel, when in chosen.values_list("user_id", "category", "channel", "when"):
        cells.setdefault(key, {})[category, channel] = (when, "yours")
    return {person.pk: _wishes(person, cells.get(person.pk, {})) for person in people}


def _wishes(person: User, cells: dict[tuple[str, str], tuple[str, str]]) -> rules.Wishes:
    chosen = getattr(person, "notification_settings", None) or NotificationSettings(user=person)
    return rules.Wishes(
        email=person.email,
        phone_number=person.phone_number if person.phone_verified else "",
        timezone=person.timezone,
        email_on=chosen.email_notifications_enabled,
        sms_on=chosen.sms_notifications_enabled,
        cells=cells,
    )


def switch_off_email(*, user_id: UUID, category: str) -> None:
    """This person gets no more e-mail of this category; repeating it is fine."""
    row = ChannelChoice(
        user_id=user_id,
        category=category,
        channel=ChannelChoice.Channel.EMAIL,
        when=ChannelChoice.When.OFF,
        updated_at=timezone.now(),
    )
    ChannelChoice.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["user", "tenant", "category", "channel"],
        update_fields=["when", "updated_at"],
    )
