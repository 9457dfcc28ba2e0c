"""What lists of this room can be narrowed by. An unknown value is a 400 that names the field."""

import datetime
from typing import Any, cast

import django_filters
from django.db.models import Q, QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from accounts.fields import to_uuid
from accounts.filters import BOOLEANS, IdFilter, MomentFilter
from notifications.models import Delivery, Incident, MaintenanceWindow, Notification
from notifications.models.incident import IncidentQuerySet
from notifications.models.notification import NotificationQuerySet
from notifications.models.priority import Priority

YES_OR_NO = [(word, word) for word in BOOLEANS]
PRIORITIES = [*Priority.choices, ("urgent", "critical")]


class NotificationFilter(django_filters.FilterSet):
    """The filters of every list of notifications."""

    status = django_filters.ChoiceFilter(choices=Notification.Status.choices)
    type = django_filters.ChoiceFilter(field_name="notification_type", choices=Notification.Type.choices)
    notification_type = django_filters.ChoiceFilter(choices=Notification.Type.choices)
    priority = django_filters.ChoiceFilter(choices=PRIORITIES, method="by_priority")
    is_system = django_filters.TypedChoiceFilter(choices=YES_OR_NO, coerce=BOOLEANS.get)
    is_archived = django_filters.TypedChoiceFilter(
        choices=YES_OR_NO, coerce=BOOLEANS.get, method="by_archived", help_text="Not: read and unread ones alike."
    )
    search = django_filters.CharFilter(method="by_text", max_length=200)
    since = MomentFilter(field_name="created_at", lookup_expr="gte")
    until = MomentFilter(method="by_end")

    class Meta:
        model = Notification
        fields: list[str] = []

    def by_priority(self, rows: QuerySet[Notification], name: str, value: str) -> QuerySet[Notification]:
        return rows.filter(priority="critical" if value == "urgent" else value)

    def by_archived(self, rows: NotificationQuerySet, name: str, value: bool) -> NotificationQuerySet:
        return rows.filter(status=Notification.Status.ARCHIVED) if value else rows.unarchived()

    def by_text(self, rows: QuerySet[Notification], name: str, value: str) -> QuerySet[Notification]:
        return rows.filter(Q(title__icontains=value) | Q(message__icontains=value))

    def by_end(self, rows: NotificationQuerySet, name: str, value: datetime.datetime) -> NotificationQuerySet:
        return rows.created_until(value)


class PersonFilter(django_filters.CharFilter):
    """An id, "me", or "none" for nobody."""

    parent: django_filters.FilterSet

    def __init__(self) -> None:
        super().__init__(max_length=36, help_text='The id of a person, "me", or "none" for nobody\'s.')

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        name = str(self.field_name)
        if not value:
            return qs
        if value == "none":
            return qs.filter(**{name: None})
        key = cast("Request", self.parent.request).user.pk if value == "me" else to_uuid(value)
        if key is None:
            raise ValidationError({name: ['Use the id of a person, "me" or "none".']})
        return qs.filter(**{name: key})


class IncidentFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=Incident.State.choices)
    open = django_filters.TypedChoiceFilter(
        choices=YES_OR_NO, coerce=BOOLEANS.get, method="by_open", help_text="Whether it is not resolved."
    )
    priority = django_filters.ChoiceFilter(choices=PRIORITIES, method="by_priority")
    kind = django_filters.CharFilter(max_length=60, help_text="The slug of a check, reported_problem, ...")
    tenant = IdFilter(field_name="tenant_id")
    assignee = PersonFilter()
    reporter = PersonFilter()
    search = django_filters.CharFilter(
        method="by_text", max_length=200, help_text="In its words, and in how it ended."
    )
    since = MomentFilter(field_name="opened_at", lookup_expr="gte", help_text="Opened then or later.")
    until = MomentFilter(method="by_end", help_text="Opened then or before.")

    class Meta:
        model = Incident
        fields: list[str] = []

    def by_open(self, rows: IncidentQuerySet, name: str, value: bool) -> IncidentQuerySet:
        return rows.unresolved() if value else rows.filter(state=Incident.State.RESOLVED)

    def by_priority(self, rows: IncidentQuerySet, name: str, value: str) -> IncidentQuerySet:
        return rows.filter(priority="critical" if value == "urgent" else value)

    def by_text(self, rows: IncidentQuerySet, name: str, value: str) -> IncidentQuerySet:
        return rows.filter(Q(title__icontains=value) | Q(summary__icontains=value) | Q(resolution__icontains=value))

    def by_end(self, rows: IncidentQuerySet, name: str, value: datetime.datetime) -> IncidentQuerySet:
        return rows.opened_until(value)


class WindowFilter(django_filters.FilterSet):
    cancelled = django_filters.TypedChoiceFilter(choices=YES_OR_NO, coerce=BOOLEANS.get, method="by_cancelled")
    tenant = IdFilter(field_name="tenant_id")
    search = django_filters.CharFilter(field_name="title", lookup_expr="icontains", max_length=200)

    class Meta:
        model = MaintenanceWindow
        fields: list[str] = []

    def by_cancelled(self, rows: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        return rows.filter(cancelled_at__isnull=not value)


class WebhookDeliveryFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=Delivery.State.choices)
    since = MomentFilter(field_name="created_at", lookup_expr="gte")
    until = MomentFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = Delivery
        fields: list[str] = []
