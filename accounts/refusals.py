"""What services refuse, as the API words it."""

from collections.abc import Mapping

from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError


class Conflict(APIException):
    """What was asked for is well said, and does not fit how things stand; its `code` says which."""

    status_code = status.HTTP_409_CONFLICT

    def __init__(self, why: object, *, code: str) -> None:
        super().__init__(str(why), code)


def by_field(errors: Mapping[str, str]) -> ValidationError:
    """A 400 that names each field and says why."""
    return ValidationError({name: [why] for name, why in errors.items()})
