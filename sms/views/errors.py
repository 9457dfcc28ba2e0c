"""Refusals of the services, as the API words them."""

from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError

from sms.services.composing import Refused


class PaymentRequired(APIException):
    status_code = status.HTTP_402_PAYMENT_REQUIRED
    default_code = "not_enough_credits"


class TooLate(APIException):
    """It was asked for when it could not be done any more."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "too_late"


def by_field(refused: Refused) -> ValidationError:
    return ValidationError({name: [text] for name, text in refused.errors.items()})
