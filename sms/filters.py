"""What lists of this room can be narrowed by. An unknown value is a 400 that names the field."""

import django_filters
from django.conf import settings
from django.db.models import Q, QuerySet
from rest_framework.exceptions import ValidationError

from accounts.filters import BOOLEANS, IdFilter, MomentFilter
from accounts.phone import NotAPhoneNumber, to_e164
from sms.models import Batch, Contact, CreditEntry, Message, Status, Traffic
from sms.models.states import COARSE

STATES = [(state, state) for state in sorted(set(COARSE.values()))]


class PeriodFilter(django_filters.FilterSet):
    since = MomentFilter(field_name="created_at", lookup_expr="gte")
    until = MomentFilter(field_name="created_at", lookup_expr="lt")


class MessageFilter(PeriodFilter):
    status = django_filters.ChoiceFilter(choices=Status.choices)
    state = django_filters.ChoiceFilter(choices=STATES, method="by_state")
    batch = IdFilter(field_name="batch_id")
    recipient = django_filters.CharFilter(method="by_number", max_length=32)
    sender_id = django_filters.CharFilter(max_length=16)
    traffic = django_filters.ChoiceFilter(choices=Traffic.choices)
    provider = django_filters.CharFilter(max_length=30)

    class Meta:
        model = Message
        fields: list[str] = []

    def by_state(self, rows: QuerySet[Message], name: str, value: str) -> QuerySet[Message]:
        return rows.filter(status__in=[status for status, state in COARSE.items() if state == value])

    def by_number(self, rows: QuerySet[Message], name: str, value: str) -> QuerySet[Message]:
        try:
            return rows.filter(recipient=to_e164(value, region=settings.SMS_DEFAULT_REGION))
        except NotAPhoneNumber as reason:
            raise ValidationError({name: [str(reason)]}) from None


class BatchFilter(PeriodFilter):
    sender_id = django_filters.CharFilter(max_length=16)
    traffic = django_filters.ChoiceFilter(choices=Traffic.choices)

    class Meta:
        model = Batch
        fields: list[str] = []


class ContactFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(method="by_text", max_length=100)
    group = IdFilter(field_name="groups__group_id")
    opted_out = django_filters.TypedChoiceFilter(
        choices=[(word, word) for word in BOOLEANS], coerce=BOOLEANS.get, method="by_wish"
    )

    class Meta:
        model = Contact
        fields: list[str] = []

    def by_text(self, rows: QuerySet[Contact], name: str, value: str) -> QuerySet[Contact]:
        """A part of the name, or of the number however it is punctuated."""
        digits = "".join(one for one in value if one.isdecimal() and one.isascii()).removeprefix("0")
        by_number = Q(phone_number__contains=digits) if digits else Q()
        return rows.filter(Q(name__icontains=value) | by_number if digits else Q(name__icontains=value))

    def by_wish(self, rows: QuerySet[Contact], name: str, value: bool) -> QuerySet[Contact]:
        return rows.filter(opted_out_at__isnull=not value)


class EntryFilter(PeriodFilter):
    kind = django_filters.ChoiceFilter(choices=CreditEntry.Kind.choices)

    class Meta:
        model = CreditEntry
        fields: list[str] = []
