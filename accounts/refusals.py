"""What services refuse, as the API words it."""

from collections.abc import Mapping

from rest_framework.exceptions import ValidationError


def by_field(errors: Mapping[str, str]) -> ValidationError:
    """A 400 that names each field and says why."""
    return ValidationError({name: [why] for name, why in errors.items()})
