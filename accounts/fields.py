"""Serializer fields that more than one room uses."""

import functools
from typing import Any
from zoneinfo import available_timezones

from django.conf import settings
from rest_framework import serializers

from accounts.phone import NotAPhoneNumber, to_e164


@functools.cache
def time_zones() -> frozenset[str]:
    """IANA names. Read once: looking for them opens some 600 files, 130 ms on our machine."""
    # Files that lie among them on many servers, but name no place.
    return frozenset(available_timezones() - {"localtime", "Factory"})


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


class StrictIntegerField(serializers.IntegerField):
    """A whole number and nothing that merely looks like one: no booleans, no 3.0, no " 3 "."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool | float) or (isinstance(data, str) and not data.lstrip("-").isdecimal()):
            self.fail("invalid")
        return super().to_internal_value(data)
