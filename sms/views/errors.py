"""Refusals of the services, as the API words them."""

from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError

from accounts import refusals
from sms.services.composing import Refused
from sms.sheets import MAX_BYTES


class PaymentRequired(APIException):
    status_code = status.HTTP_402_PAYMENT_REQUIRED
    default_code = "not_enough_credits"


class TooLate(APIException):
    """It was asked for when it could not be done any more."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "too_late"


def by_field(refused: Refused) -> ValidationError:
    """To be raised."""
    return refusals.by_field(refused.errors)


class LeftAlone(APIException):
    """Somebody opted out, and what was asked for would make that forgotten."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "opted_out"


class FileTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "body_too_large"
    default_detail = f"The file is larger than {MAX_BYTES} bytes."
