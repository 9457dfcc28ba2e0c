"""Serializer fields for what people say of themselves."""

from typing import Any
from zoneinfo import available_timezones

from django.conf import settings
from rest_framework import serializers

from accounts.phone import NotAPhoneNumber, to_e164


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
        if name not in available_timezones():
            raise serializers.ValidationError("Unknown time zone. Use an IANA name such as Africa/Dar_es_Salaam.")
        return name
