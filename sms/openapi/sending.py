"""Sending, and what became of each message, as `/api/schema/` tells of it."""

from typing import Any, ClassVar

from rest_framework import serializers

from accounts.describing import Done, Page, Reply, Said, call, filters
from accounts.pagination import PageQuery
from sms.filters import MessageFilter
from sms.openapi.shapes import BATCH, GROUP, MESSAGE, TEMPLATE
from sms.openapi.timeline import TimelineField
from sms.serializers.messages import MessageSerializer
from sms.serializers.sending import SendSerializer

TAG = "SMS"
SHOWN: dict[str, Any] = {
    "id": MESSAGE,
    "batch_id": BATCH,
    "to": "+255754123456",
    "sender_id": "Acacia",
    "text": "Your order is ready.",
    "segments": 1,
    "state": "failed",
    "status": "undelivered",
    "status_changed_at": "2026-03-10T12:00:04.000Z",
    "failure_reason": "landline",
    "created_at": "2026-03-10T12:00:00.000Z",
    "error_code": "30006",
    "traffic": "transactional",
    "credits": 1,
    "provider": "twilio",
    "attempts": 1,
    "next_attempt_at": None,
    "valid_until": None,
    "submitted_at": "2026-03-10T12:00:01.000Z",
}
CANCELLED: dict[str, Any] = SHOWN | {
    "state": "cancelled",
    "status": "cancelled",
    "failure_reason": "",
    "error_code": "",
    "attempts": 0,
    "submitted_at": None,
}
ATTEMPT: dict[str, Any] = {
    "number": 1,
    "provider": "twilio",
    "outcome": "accepted",
    "reason": "",
    "error_code": "",
    "provider_message_id": "SM0123456789abcdef0123456789abcdef",
    "started_at": "2026-03-10T12:00:00.500Z",
    "finished_at": "2026-03-10T12:00:01.000Z",
}
RECEIPT: dict[str, Any] = {
    "provider": "twilio",
    "provider_message_id": ATTEMPT["provider_message_id"],
    "status": "undelivered",
    "reason": "landline",
    "error_code": "30006",
    "occurred_at": "2026-03-10T12:00:04.000Z",
    "received_at": "2026-03-10T12:00:04.000Z",
    "applied_at": "2026-03-10T12:00:04.000Z",
    "raw": {"MessageSid": ATTEMPT["provider_message_id"], "MessageStatus": "undelivered", "ErrorCode": "30006"},
}


class AcceptedReply(Said):
    batch_id = serializers.UUIDField()
    accepted = serializers.IntegerField(min_value=1, help_text="Messages; a number that was given twice gets one.")
    credits = serializers.IntegerField(
        min_value=0, help_text="What they cost: one for each segment, none for unlimited accounts."
    )
    message_ids = serializers.ListField(child=serializers.UUIDField())
    duplicates = serializers.IntegerField(min_value=0, help_text="Numbers that were given more than once.")
    opted_out = serializers.IntegerField(min_value=0, help_text="Left out because they asked to be.")
    segments = serializers.IntegerField(min_value=1)
    scheduled_for = serializers.DateTimeField(allow_null=True, help_text="Null: sending begins at once.")
    valid_until = serializers.DateTimeField(allow_null=True)


class Explanation(Reply):
    reason = serializers.CharField(help_text="The message's `failure_reason`.")
    meaning = serializers.CharField()
    advice = serializers.CharField(help_text="What the sender can do.")


class MessageDetail(MessageSerializer):
    explanation = Explanation(allow_null=True, help_text="Null while nothing failed.")
    timeline = TimelineField(help_text="Whatever happened to it, in order.")

    class Meta(MessageSerializer.Meta):
        fields: ClassVar = [*MessageSerializer.Meta.fields, "explanation", "timeline"]


class MessageReply(Done):
    data = MessageDetail()  # type: ignore[assignment] # the contract's word for it


class CancelledReply(Said):
    data = MessageDetail()  # type: ignore[assignment] # as above


class MessagePage(Page):
    results = MessageSerializer(many=True)


class RejectedRecipient(Reply):
    index = serializers.IntegerField(min_value=0, help_text="Its place in `to`.")
    reason = serializers.CharField()


class MessagesOfLength(Reply):
    encoding = serializers.ChoiceField(choices=["GSM-7", "UCS-2"])
    segments = serializers.IntegerField(min_value=1)
    messages = serializers.IntegerField(min_value=1)


class UnicodeCharacter(Reply):
    position = serializers.IntegerField(min_value=0, help_text="In characters, from 0.")
    character = serializers.CharField()
    code_point = serializers.RegexField("^U\\+[0-9A-F]{4,6}$")
    name = serializers.CharField()
    replacement = serializers.CharField(
        allow_null=True, help_text='What may stand there instead; "" when it can go, null when nothing fits.'
    )


class Suggestion(Reply):
    text = serializers.CharField()
    segments = serializers.IntegerField(min_value=1)


class Sample(Reply):
    to = serializers.CharField()
    text = serializers.CharField()
    unicode = UnicodeCharacter(many=True, help_text="What makes it Unicode, the first 100.")
    unicode_count = serializers.IntegerField(min_value=0)
    suggestion = Suggestion(allow_null=True, help_text="The same text without Unicode, where that is possible.")


class SendPreview(Reply):
    recipients = serializers.IntegerField(min_value=0, help_text="As many as were asked for.")
    accepted = serializers.IntegerField(min_value=0, help_text="As many as would be written to.")
    rejected = RejectedRecipient(many=True, help_text="The first 100.")
    rejected_count = serializers.IntegerField(min_value=0)
    duplicates = serializers.IntegerField(min_value=0)
    opted_out = serializers.IntegerField(min_value=0)
    without_number = serializers.IntegerField(min_value=0, help_text="Members of the group whose number was refused.")
    segments = serializers.IntegerField(min_value=0, help_text="Of all messages.")
    encoding = serializers.ChoiceField(
        choices=["GSM-7", "UCS-2"], allow_null=True, help_text="The sample's; null when nobody would be written to."
    )
    segments_per_message = serializers.IntegerField(min_value=0, help_text="Of the longest.")
    by_length = MessagesOfLength(many=True)
    sample = Sample(allow_null=True, help_text="The longest of the texts.")
    credits = serializers.IntegerField(min_value=0)
    available = serializers.IntegerField(min_value=0, help_text="Credits that may still be spent.")
    is_unlimited = serializers.BooleanField()
    is_enough = serializers.BooleanField()
    scheduled_for = serializers.DateTimeField(allow_null=True)


class SendPreviewReply(Done):
    preview = SendPreview()


SEND = call(
    "sendMessages",
    "Send a text to up to 10000 recipients",
    more="`to` or `group`, `text` or `template`. Sending begins at once, or at `send_at`, and goes on after the "
    "reply. Recipients are normalised to E.164; `valid_for` is in seconds.",
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
        "duplicates": 0,
        "opted_out": 0,
        "segments": 2,
        "scheduled_for": None,
        "valid_until": None,
    },
    refusals={402: "The account holds fewer credits than this costs. Nothing was sent."},
)
PREVIEW = call(
    "previewMessages",
    "What a batch would become and cost",
    more="Takes what sending takes; nothing is spent and nothing is written.",
    tag=TAG,
    body=SendSerializer,
    given={"group": GROUP, "template": TEMPLATE, "variables": {"code": "4711"}, "sender_id": "Acacia"},
    reply=SendPreviewReply,
    example={
        "success": True,
        "preview": {
            "recipients": 1,
            "accepted": 1,
            "rejected": [],
            "rejected_count": 0,
            "duplicates": 0,
            "opted_out": 0,
            "without_number": 0,
            "segments": 1,
            "encoding": "UCS-2",
            "segments_per_message": 1,
            "by_length": [{"encoding": "UCS-2", "segments": 1, "messages": 1}],
            "sample": {
                "to": "+255754123456",
                "text": "Dear Am\u012bna, your code is 4711.",
                "unicode": [
                    {
                        "position": 7,
                        "character": "\u012b",
                        "code_point": "U+012B",
                        "name": "LATIN SMALL LETTER I WITH MACRON",
                        "replacement": "i",
                    }
                ],
                "unicode_count": 1,
                "suggestion": {"text": "Dear Amina, your code is 4711.", "segments": 1},
            },
            "credits": 1,
            "available": 950,
            "is_unlimited": False,
            "is_enough": True,
            "scheduled_for": None,
        },
    },
)
LIST = call(
    "listMessages",
    "What my tenant sent, in pages, newest first",
    tag=TAG,
    query=[PageQuery, *filters(MessageFilter)],
    reply=MessagePage,
    example={
        "next": f"https://example.com/api/sms/messages/?older_than={MESSAGE}",
        "previous": None,
        "results": [SHOWN],
    },
)
SHOW = call(
    "showMessage",
    "One message of my tenant, and what happened to it",
    tag=TAG,
    reply=MessageReply,
    example={
        "success": True,
        "data": SHOWN
        | {
            "explanation": {
                "reason": "landline",
                "meaning": "The number belongs to a line that receives no texts.",
                "advice": "Ask the recipient for a mobile number.",
            },
            "timeline": [
                {"at": SHOWN["created_at"], "event": "queued"},
                {"at": ATTEMPT["started_at"], "event": "attempt", **ATTEMPT},
                {"at": RECEIPT["received_at"], "event": "receipt", **RECEIPT},
            ],
        },
    },
)
CANCEL = call(
    "cancelMessage",
    "Call off one that no carrier has yet; repeating it is fine",
    tag=TAG,
    reply=CancelledReply,
    example={
        "success": True,
        "message": "Message cancelled",
        "data": CANCELLED
        | {
            "explanation": None,
            "timeline": [
                {"at": SHOWN["created_at"], "event": "queued"},
                {"at": SHOWN["status_changed_at"], "event": "state", "status": "cancelled", "reason": ""},
            ],
        },
    },
    refusals={409: ("It is submitted: only what is still queued can be cancelled.", "too_late")},
)
