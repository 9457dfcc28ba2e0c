"""Instances of the `http` provider that the tests set up, and what their gateways post."""

from typing import Any

from pytest_django import Settings

from sms.providers import get_provider
from sms.providers.http import HttpGateway

SECRET = "a secret in the address"


def set_up(settings: Settings, **given: Any) -> HttpGateway:
    settings.SMS_HTTP_GATEWAYS = {"line": given}
    provider = get_provider("line")
    assert isinstance(provider, HttpGateway)
    return provider


def at_receipt(**changes: str) -> dict[str, str]:
    plain = {
        "id": "ATXid_1",
        "status": "Success",
        "phoneNumber": "+255754123456",
        "networkCode": "64004",
        "retryCount": "0",
    }
    return plain | changes
