"""Who wants something in the inbox: the matrix's column for it, for people in Python and for people in SQL."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Exists, OuterRef

from accounts.models import User, UserQuerySet
from notifications.delivery.rules import URGENT, is_mandatory
from notifications.models import ChannelChoice, NotificationSettings
from notifications.models.choice import Column, When
from notifications.models.priority import Priority
from notifications.preferences.wishes import defaults_of


def muted(*, user_ids: Collection[UUID], category: str, priority: Priority, tenant_id: UUID | None) -> set[UUID]:
    """Which of these people do not want to be told something of this category and priority in the inbox."""
    if _comes_always(category, priority) or not user_ids:
        return set()
    people = User.objects.filter(pk__in=user_ids)
    told = reachable(people, category=category, priority=priority, tenant_id=tenant_id)
    return set(user_ids) - set(told.values_list("pk", flat=True))


def reachable(people: UserQuerySet, *, category: str, priority: Priority, tenant_id: UUID | None) -> UserQuerySet:
    """The same rule for people who are told in SQL: see rules.comes_to_inbox."""
    if _comes_always(category, priority):
        return people
    switched_off = NotificationSettings.objects.filter(user=OuterRef("pk"), in_app_notifications_enabled=False)
    own = ChannelChoice.objects.filter(user=OuterRef("pk"), category=category, channel=Column.IN_APP)
    people = people.filter(~Exists(switched_off))
    tenants, platforms = defaults_of(tenant_id=tenant_id)
    default = (platforms | tenants).get((category, Column.IN_APP.value), (When.AT_ONCE, ""))[0]
    if default == When.OFF:
        return people.filter(Exists(own.exclude(when=When.OFF)))
    return people.filter(~Exists(own.filter(when=When.OFF)))


def _comes_always(category: str, priority: Priority) -> bool:
    return priority in URGENT or is_mandatory(category, Column.IN_APP)
