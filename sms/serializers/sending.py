from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.fields import BoundedDictField, IdField, StrictIntegerField
from sms.models import Traffic
from sms.services.composing import MAX_RECIPIENTS, MAX_TEXT
from sms.services.scheduling import LONGEST_VALIDITY, SHORTEST_VALIDITY

MAX_VARIABLES = 50


@extend_schema_field(
    {"type": "array", "items": {"type": ["string", "integer"]}, "minItems": 1, "maxItems": MAX_RECIPIENTS}
)
class RecipientsField(serializers.ListField):
    """A list of bounded length. Its items are read where numbers are read, each refused by its place."""

    child = serializers.CharField(max_length=32)

    def to_internal_value(self, data: Any) -> list[Any]:
        if not isinstance(data, list):
            self.fail("not_a_list", input_type=type(data).__name__)
        if not data:
            self.fail("empty")
        if len(data) > MAX_RECIPIENTS:
            raise serializers.ValidationError(f"Ensure this field has no more than {MAX_RECIPIENTS} elements.")
        return data


@extend_schema_field(
    {"type": "object", "additionalProperties": {"type": ["string", "number"]}, "maxProperties": MAX_VARIABLES}
)
class VariablesField(BoundedDictField):
    """Texts and numbers for a template's placeholders; all become texts."""

    MOST = MAX_VARIABLES
    child = serializers.CharField(max_length=MAX_TEXT, allow_blank=True, trim_whitespace=False)


class SendSerializer(serializers.Serializer[Any]):
    """A batch to send: to whom, what, and when."""

    to = RecipientsField(required=False)
    group = IdField(required=False)
    text = serializers.CharField(max_length=MAX_TEXT, trim_whitespace=False, required=False)
    template = IdField(required=False)
    variables = VariablesField(required=False)
    # 11 letters and digits, or a number: 3GPP TS 23.040, 9.1.2.5
    sender_id = serializers.RegexField(
        r"^[A-Za-z0-9 ]{1,11}$|^\+?[0-9]{3,15}$",
        error_messages={"invalid": "Up to 11 letters, digits and spaces, or a number of 3 to 15 digits."},
    )
    send_at = serializers.DateTimeField(required=False, allow_null=True)
    valid_for = StrictIntegerField(
        min_value=int(SHORTEST_VALIDITY.total_seconds()),
        max_value=int(LONGEST_VALIDITY.total_seconds()),
        required=False,
        allow_null=True,
    )
    traffic = serializers.ChoiceField(choices=Traffic.choices, default=Traffic.TRANSACTIONAL)

    def validate_text(self, text: str) -> str:
        if not text.strip():
            raise serializers.ValidationError("There is nothing to send.")
        return text

    def validate_traffic(self, traffic: str) -> Traffic:
        return Traffic(traffic)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        self._one_of(given, "to", "group")
        self._one_of(given, "text", "template")
        if "variables" in given and "template" not in given:
            raise serializers.ValidationError({"variables": ["Only a template has placeholders."]})
        return given

    def _one_of(self, given: dict[str, Any], *names: str) -> None:
        found: Sequence[str] = [name for name in names if name in given]
        if not found:
            raise serializers.ValidationError({names[0]: [self.fields[names[0]].error_messages["required"]]})
        if len(found) > 1:
            raise serializers.ValidationError({names[1]: [f"Not together with {names[0]}."]})
