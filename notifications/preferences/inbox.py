"""Who wants something in the inbox: the matrix's column for it, for people in Python and for people in SQL."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User, UserQuerySet
from notifications.delivery.rules import URGENT, is_mandatory
from notifications.models import ChannelChoice, NotificationSettings
from notifications.models.choice import Column, When
from notifications.models.priority import Priority


def muted(*, user_ids: Collection[UUID], category: str, priority: Priority, tenant_id: UUID | None) -> set[UUID]:
    """Which of these people do not want to be told something of this category and priority in the inbox."""
    if _comes_always(category, priority) or not user_ids:
        return set()
    people = User.objects.filter(pk__in=user_ids)
    told = reachable(people, category=category, priority=priority, tenant_id=tenant_id)
    return set(user_ids) - set(told.values_list("pk", flat=True))


def reachable(people: UserQuerySet, *, category: str, priority: Priority, tenant_id: UUID | None) -> UserQuerySet:
    """The same rule for people who are told in SQL: see rules.comes_to_inbox."""
    return people if _comes_always(category, priority) else people.filter(_wanted(category, tenant_id))


def unreachable(people: UserQuerySet, *, category: str, priority: Priority, tenant_id: UUID | None) -> UserQuerySet:
    """The others: those who are told in no inbox."""
    return people.none() if _comes_always(category, priority) else people.exclude(_wanted(category, tenant_id))


def _wanted(category: str, tenant_id: UUID | None) -> Q:
    switched_off = NotificationSettings.objects.filter(user=OuterRef("pk"), in_app_notifications_enabled=False)
    cells = ChannelChoice.objects.filter(category=category, channel=Column.IN_APP)
    own, platforms = cells.filter(user=OuterRef("pk")), cells.filter(user=None, tenant=None)
    tenants = cells.filter(user=None, tenant=tenant_id) if tenant_id else cells.none()
    off_by_default = _is_off(tenants) | Q(~Exists(tenants), _is_off(platforms))
    return Q(~Exists(switched_off)) & (Q(Exists(own.exclude(when=When.OFF))) | ~(_is_off(own) | off_by_default))


def _is_off(cells: QuerySet[ChannelChoice]) -> Q:
    return Q(Exists(cells.filter(when=When.OFF)))


def _comes_always(category: str, priority: Priority) -> bool:
    return priority in URGENT or is_mandatory(category, Column.IN_APP)
