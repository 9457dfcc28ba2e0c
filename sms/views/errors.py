"""Refusals of the services, as the API words them."""

from rest_framework import status
from rest_framework.exceptions import APIException

from sms.sheets import MAX_BYTES


class PaymentRequired(APIException):
    status_code = status.HTTP_402_PAYMENT_REQUIRED
    default_code = "not_enough_credits"


class FileTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "body_too_large"
    default_detail = f"The file is larger than {MAX_BYTES} bytes."
