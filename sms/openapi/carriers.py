"""What carriers call, as `/api/schema/` tells of it."""

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiRequest
from rest_framework import serializers

from accounts.describing import Done, call
from sms.providers import PROVIDERS
from sms.providers.http import SLUG
from sms.providers.simulator import Simulator
from sms.providers.twilio import Twilio

TAG = "Carriers"

SIMULATOR_BODY = {
    "type": "object",
    "properties": {
        "receipts": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "id": {"type": "string", "description": "The carrier's id of the message."},
                    "status": {"type": "string", "enum": list(Simulator.statuses)},
                    "error": {"type": "string"},
                    "at": {"type": "number", "description": "Seconds since 1970."},
                },
                "required": ["id", "status", "at"],
            },
        }
    },
    "required": ["receipts"],
}


TWILIO_FORM = {
    "type": "object",
    "properties": {
        "MessageSid": {"type": "string", "description": "Twilio's id of the message."},
        "MessageStatus": {"type": "string", "enum": list(Twilio.statuses)},
        "ErrorCode": {"type": "string", "description": "Where it failed."},
    },
    "required": ["MessageSid", "MessageStatus"],
    "additionalProperties": {"type": "string"},
}


class ReceiptsReply(Done):
    received = serializers.IntegerField(min_value=0)
    new = serializers.IntegerField(min_value=0, help_text="The others were known already.")


RECEIVE_RECEIPTS = call(
    "receiveReceipts",
    "For carriers: what became of messages",
    more="The body is the carrier's own, signed over its raw bytes in the carrier's own header. Shown are the "
    "simulator's JSON and Twilio's form; an instance of SMS_HTTP_GATEWAYS posts either, as its profile says. "
    "200 only after everything was stored, so a carrier offers it again when anything went wrong.",
    tag=TAG,
    body={
        "application/json": OpenApiRequest(
            SIMULATOR_BODY,
            examples=[
                OpenApiExample(
                    "Request",
                    {"receipts": [{"id": "sim-1-1-6b3a7f51", "status": "DELIVRD", "error": "", "at": 1773144004.0}]},
                    request_only=True,
                )
            ],
        ),
        "application/x-www-form-urlencoded": OpenApiRequest(
            TWILIO_FORM,
            examples=[
                OpenApiExample(
                    "Form",
                    {"MessageSid": "SM0123456789abcdef0123456789abcdef", "MessageStatus": "delivered"},
                    request_only=True,
                )
            ],
        ),
    },
    query=[
        OpenApiParameter(
            "provider",
            {
                "anyOf": [{"enum": [provider.slug for provider in PROVIDERS]}, {"pattern": SLUG.pattern}],
                "type": "string",
            },
            OpenApiParameter.PATH,
            description="One of ours, or the name of an instance of SMS_HTTP_GATEWAYS.",
        ),
        OpenApiParameter(
            "X-Simulator-Signature",
            str,
            OpenApiParameter.HEADER,
            description="The simulator's signature: `t=<seconds since 1970>,v1=<HMAC-SHA256 of time and body>`.",
        ),
        OpenApiParameter(
            "X-Twilio-Signature",
            str,
            OpenApiParameter.HEADER,
            description="Twilio's signature: of the address and the form's fields.",
        ),
    ],
    reply=ReceiptsReply,
    example={"success": True, "received": 1, "new": 1},
    refusals={
        400: "The body cannot be read as receipts.",
        403: "The signature is missing, wrong or too old.",
        503: "Receipts are switched off, or the storage cannot be reached.",
    },
)
