"""Messages, as `/api/schema/` tells of them."""

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiRequest
from rest_framework import serializers

from accounts.describing import Done, Said, call
from sms.providers import PROVIDERS
from sms.providers.simulator import Simulator
from sms.serializers.messages import MessageSerializer
from sms.serializers.sending import SendSerializer

TAG, CARRIERS = "SMS", "Carriers"
BATCH, MESSAGE = "01961f12-10aa-7c3e-9d0a-5b7e2f8c4a10", "01961f12-10ab-7a44-8c1f-2e9d6b3a7f51"


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


class AcceptedReply(Said):
    batch_id = serializers.UUIDField()
    accepted = serializers.IntegerField(min_value=1, help_text="Messages; a number that was given twice gets one.")
    credits = serializers.IntegerField(min_value=1, help_text="What they cost: one for each segment.")
    message_ids = serializers.ListField(child=serializers.UUIDField())


class MessageReply(Done):
    data = MessageSerializer()  # type: ignore[assignment] # the contract's word for it


class ReceiptsReply(Done):
    received = serializers.IntegerField(min_value=0)
    new = serializers.IntegerField(min_value=0, help_text="The others were known already.")


SEND = call(
    "sendMessages",
    "Send a text to up to 1000 recipients",
    more="Sending begins at once and goes on after the reply. Recipients are normalised to E.164.",
    tag=TAG,
    body=SendSerializer,
    given={"to": ["+255754123456", "0754 123 457"], "text": "Your order is ready.", "sender_id": "Acacia"},
    reply=AcceptedReply,
    status=202,
    example={
        "success": True,
        "message": "Accepted 2 messages",
        "batch_id": BATCH,
        "accepted": 2,
        "credits": 2,
        "message_ids": [MESSAGE, "01961f12-10ab-7a45-b6de-7c1a0f4e9d32"],
    },
    refusals={402: "The account holds fewer credits than this costs. Nothing was sent."},
)
SHOW_MESSAGE = call(
    "showMessage",
    "One message of my tenant",
    tag=TAG,
    reply=MessageReply,
    example={
        "success": True,
        "data": {
            "id": MESSAGE,
            "batch_id": BATCH,
            "to": "+255754123456",
            "sender_id": "Acacia",
            "text": "Your order is ready.",
            "segments": 1,
            "state": "delivered",
            "status": "delivered",
            "status_changed_at": "2026-03-10T12:00:04.000Z",
            "failure_reason": "",
            "created_at": "2026-03-10T12:00:00.000Z",
        },
    },
)
RECEIVE_RECEIPTS = call(
    "receiveReceipts",
    "For carriers: what became of messages",
    more="The body is the carrier's own, signed over its raw bytes in the carrier's own header. Shown is the "
    "simulator's. 200 only after everything was stored, so a carrier offers it again when anything went wrong.",
    tag=CARRIERS,
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
        )
    },
    query=[
        OpenApiParameter("provider", str, OpenApiParameter.PATH, enum=[provider.slug for provider in PROVIDERS]),
        OpenApiParameter(
            "X-Simulator-Signature",
            str,
            OpenApiParameter.HEADER,
            description="The simulator's signature: `t=<seconds since 1970>,v1=<HMAC-SHA256 of time and body>`.",
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
