import datetime

import django_filters
from django.db.models import Q, QuerySet

from accounts.filters import BOOLEANS, MomentFilter
from notifications.models import Delivery, Notification
from notifications.models.notification import NotificationQuerySet
from notifications.models.priority import Priority


class NotificationFilter(django_filters.FilterSet):
    """The filters of every list of notifications. An unknown value is a 400 that names the field."""

    status = django_filters.ChoiceFilter(choices=Notification.Status.choices)
    type = django_filters.ChoiceFilter(field_name="notification_type", choices=Notification.Type.choices)
    notification_type = django_filters.ChoiceFilter(choices=Notification.Type.choices)
    priority = django_filters.ChoiceFilter(choices=[*Priority.choices, ("urgent", "critical")], method="by_priority")
    is_system = django_filters.TypedChoiceFilter(choices=[(word, word) for word in BOOLEANS], coerce=BOOLEANS.get)
    search = django_filters.CharFilter(method="by_text", max_length=200)
    since = MomentFilter(field_name="created_at", lookup_expr="gte")
    until = MomentFilter(method="by_end")

    class Meta:
        model = Notification
        fields: list[str] = []

    def by_priority(self, rows: QuerySet[Notification], name: str, value: str) -> QuerySet[Notification]:
        return rows.filter(priority="critical" if value == "urgent" else value)

    def by_text(self, rows: QuerySet[Notification], name: str, value: str) -> QuerySet[Notification]:
        return rows.filter(Q(title__icontains=value) | Q(message__icontains=value))

    def by_end(self, rows: NotificationQuerySet, name: str, value: datetime.datetime) -> NotificationQuerySet:
        return rows.created_until(value)


class WebhookDeliveryFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=Delivery.State.choices)
    since = MomentFilter(field_name="created_at", lookup_expr="gte")
    until = MomentFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = Delivery
        fields: list[str] = []
