"""Serializer fields that more than one room takes, and those for what people say of themselves."""

import datetime
import functools
import re
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from django.conf import settings
from rest_framework import serializers

from accounts.phone import NotAPhoneNumber, to_e164

WHOLE = re.compile("-?[0-9]+")
EARLIEST, LATEST = (
    datetime.datetime.min.replace(tzinfo=datetime.UTC),
    datetime.datetime.max.replace(tzinfo=datetime.UTC),
)
A_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
AN_ID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@functools.cache
def time_zones() -> frozenset[str]:
    """IANA names. Read once: looking for them opens some 600 files, 130 ms on our machine."""
    # Files that lie among them on many servers, but name no place.
    return frozenset(available_timezones() - {"localtime", "Factory"})


def to_uuid(text: Any) -> UUID | None:
    """An id as the API writes it, and nothing else that Python's UUID would take: no number, no braces, no urn:, and
    no digits of other scripts."""
    return UUID(text) if isinstance(text, str) and AN_ID.fullmatch(text) else None


def first_id(moment: datetime.datetime) -> UUID:
    """The least UUIDv7 of that millisecond: an id is the time, so a range of times is a range of the primary key."""
    return UUID(int=(int(moment.timestamp() * 1000) << 80) | (0x7 << 76) | (0b10 << 62))


def in_utc(moment: datetime.datetime) -> datetime.datetime:
    """The same moment, written so that Postgres reads it: it refuses offsets of 16 hours and more.

    What in UTC lies beyond the calendar is the calendar's end.
    """
    try:
        return moment.astimezone(datetime.UTC)
    except OverflowError:
        return EARLIEST if moment.year == datetime.MINYEAR else LATEST


class IdField(serializers.UUIDField):
    """An id, read strictly."""

    def to_internal_value(self, data: Any) -> UUID:
        found = to_uuid(data)
        if found is None:
            self.fail("invalid", value=str(data)[:40])
        return found


class WebAddressField(serializers.URLField):
    """An http(s) address without invisible characters: browsers show and follow it."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if text and not (text.isprintable() and text.lower().startswith(("http://", "https://"))):
            self.fail("invalid")
        return text


class PhoneNumberField(serializers.CharField):
    """Takes a number as people write it and keeps E.164; a national number is read in SMS_DEFAULT_REGION."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if not text:
            return ""
        try:
            return to_e164(text, region=settings.SMS_DEFAULT_REGION)
        except NotAPhoneNumber as refused:
            raise serializers.ValidationError(str(refused)) from None


class TimezoneField(serializers.CharField):
    """An IANA time zone name."""

    def to_internal_value(self, data: Any) -> str:
        name = super().to_internal_value(data)
        if name not in time_zones():
            raise serializers.ValidationError("Unknown time zone. Use an IANA name such as Africa/Dar_es_Salaam.")
        return name


class DayField(serializers.DateField):
    """A day as 2026-03-31, and in no other spelling of ISO 8601 or script."""

    def to_internal_value(self, data: Any) -> datetime.date:
        if not (isinstance(data, str) and A_DAY.fullmatch(data)):
            self.fail("invalid", format="YYYY-MM-DD")
        return super().to_internal_value(data)


class BoundedListField(serializers.ListField):
    """One whose length is judged before what is in it: each of half a million wrong items would be refused by its
    place, which takes a process twenty seconds."""

    def to_internal_value(self, data: Any) -> list[Any]:
        if isinstance(data, list) and self.max_length is not None and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        return super().to_internal_value(data)


class BoundedDictField(serializers.DictField):
    """Likewise, an object of at most MOST names."""

    MOST = 50

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if isinstance(data, dict) and len(data) > self.MOST:
            raise serializers.ValidationError(f"More than {self.MOST}.")
        return super().to_internal_value(data)


class StrictIntegerField(serializers.IntegerField):
    """A whole number and nothing that merely looks like one: no booleans, no 3.0, no " 3 ", no \u0663."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool | float) or (isinstance(data, str) and not WHOLE.fullmatch(data)):
            self.fail("invalid")
        return super().to_internal_value(data)
