"""What several calls of this room have in common."""

from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from sms.models.states import COARSE, Status

# All odd: the fuzzing turns odd ids into those of rows that exist.
TENANT = "01961f0e-7a3c-7d52-9a41-0c6f8d2b1e77"
BATCH, MESSAGE = "01961f12-10aa-7c3e-9d0a-5b7e2f8c4a11", "01961f12-10ab-7a44-8c1f-2e9d6b3a7f51"
CONTACT, GROUP = "01961f12-5c20-7e18-a4d3-1b9f7c6e0d85", "01961f12-5c31-7b6a-9c02-8e4d5a1f3b71"
TEMPLATE = "01961f12-7d44-7f05-b8e1-6a2c9d0b4e37"


def _counts(names: Iterable[str]) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": "integer", "minimum": 0} for name in names}}


def _all_counts(names: Iterable[str]) -> dict[str, Any]:
    counts = _counts(names)
    return counts | {"required": list(counts["properties"]), "additionalProperties": False}


@extend_schema_field(_all_counts(sorted(set(COARSE.values()))))
class StatesField(serializers.DictField):
    """How many are in each coarse state."""


@extend_schema_field(_all_counts(Status.values))
class StatusesField(serializers.DictField):
    """How many are in each state."""


@extend_schema_field(_counts(Status.values) | {"additionalProperties": False})
class FoundStatusesField(serializers.DictField):
    """The same without those that nothing is in."""


def constant(word: str) -> serializers.Field[Any, Any, Any, Any]:
    """The one word by which a reader tells several shapes apart."""
    field: type[serializers.CharField] = extend_schema_field({"type": "string", "const": word})(
        type("Constant", (serializers.CharField,), {})
    )
    return field()
