from typing import Any, ClassVar

from django.conf import settings
from rest_framework import serializers

from accounts.phone import NotAPhoneNumber, to_e164
from sms.models import Message
from sms.models.states import COARSE

MAX_RECIPIENTS = 1000


class SendSerializer(serializers.Serializer[Any]):
    """A batch to send. Recipients are normalised to E.164; one that is none refuses the batch and is named."""

    to = serializers.ListField(child=serializers.CharField(max_length=32), min_length=1, max_length=MAX_RECIPIENTS)
    text = serializers.CharField(max_length=1600, trim_whitespace=False)
    # 11 letters and digits, or a number: 3GPP TS 23.040, 9.1.2.5
    sender_id = serializers.RegexField(r"^[A-Za-z0-9 ]{1,11}$|^\+?[0-9]{3,15}$", max_length=16)

    def validate_text(self, text: str) -> str:
        if not text.strip():
            raise serializers.ValidationError("There is nothing to send.")
        return text

    def validate_to(self, given: list[str]) -> list[str]:
        numbers, refused = [], {}
        for index, text in enumerate(given):
            try:
                numbers.append(to_e164(text, region=settings.SMS_DEFAULT_REGION))
            except NotAPhoneNumber as reason:
                refused[index] = [str(reason)]
        if refused:
            raise serializers.ValidationError(refused)  # type: ignore[arg-type]
        return list(dict.fromkeys(numbers))


class MessageSerializer(serializers.ModelSerializer[Message]):
    to = serializers.CharField(source="recipient")
    state = serializers.ChoiceField(source="coarse_status", choices=sorted(set(COARSE.values())))

    class Meta:
        model = Message
        fields: ClassVar = [
            *("id", "batch_id", "to", "sender_id", "text", "segments", "state", "status", "status_changed_at"),
            *("failure_reason", "created_at"),
        ]
