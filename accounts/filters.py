"""What lists of more than one room are narrowed by, read as strictly as the fields of a body."""

import datetime
from typing import Any, TypeVar, cast
from uuid import UUID

import django_filters
from django import forms
from django.db.models import QuerySet
from django_filters.fields import IsoDateTimeField
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from accounts.fields import in_utc, to_uuid
from accounts.reading import query_of

#: Django's own boolean field takes an unknown word for "no filter", and so does it take 1.
BOOLEANS = {"true": True, "True": True, "1": True, "false": False, "False": False, "0": False}


Rows = TypeVar("Rows", bound=QuerySet[Any])


def narrowed(
    of: type[django_filters.FilterSet], request: Request, rows: Rows, *, without: tuple[str, ...] = ()
) -> Rows:
    """The rows that the query string asks for, some of its parameters left aside. Raises ValidationError."""
    asked = {name: value for name, value in query_of(request).items() if name not in without}
    filtered = of(asked, queryset=rows, request=request)
    if not filtered.is_valid():
        raise ValidationError(filtered.errors)
    return cast("Rows", filtered.qs)


class UtcDateTimeField(IsoDateTimeField):
    def to_python(self, value: Any) -> datetime.datetime | None:
        moment = super().to_python(value)
        return moment and in_utc(moment)


class MomentFilter(django_filters.IsoDateTimeFilter):
    field_class = UtcDateTimeField


class IdFormField(forms.UUIDField):
    def to_python(self, value: Any) -> UUID | None:  # type: ignore[override] # its stub says text
        if value in self.empty_values:
            return None
        found = to_uuid(value)
        if found is None:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return found


class IdFilter(django_filters.UUIDFilter):
    field_class = IdFormField
