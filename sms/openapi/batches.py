"""Batches, as `/api/schema/` tells of them."""

from typing import Any, ClassVar

from rest_framework import serializers

from accounts.describing import Done, Page, Reply, Said, call, filters
from accounts.pagination import PageQuery
from sms.filters import BatchFilter
from sms.openapi.sending import TAG
from sms.openapi.shapes import BATCH, FoundStatusesField, StatesField
from sms.serializers.messages import BatchSerializer

SHOWN: dict[str, Any] = {
    "id": BATCH,
    "author": "owner@example.com",
    "text": "Your order is ready.",
    "sender_id": "Acacia",
    "traffic": "transactional",
    "group_name": "",
    "template_name": "",
    "send_at": None,
    "valid_until": None,
    "accepted": 4,
    "duplicates": 0,
    "opted_out": 0,
    "segments": 4,
    "credits": 4,
    "created_at": "2026-03-10T12:00:00.000Z",
    "cancelled_at": None,
}
PROGRESS: dict[str, Any] = {
    "total": 4,
    "states": {"cancelled": 0, "delivered": 2, "failed": 1, "pending": 1, "sending": 0},
    "statuses": {"delivered": 2, "undelivered": 1, "queued": 1},
    "done_percent": 75.0,
    "delivery_rate": 66.7,
}
CANCELLED: dict[str, Any] = PROGRESS | {
    "states": PROGRESS["states"] | {"cancelled": 1, "pending": 0},
    "statuses": {"delivered": 2, "undelivered": 1, "cancelled": 1},
    "done_percent": 100.0,
}


class Progress(Reply):
    total = serializers.IntegerField(min_value=0, help_text="Messages.")
    states = StatesField()
    statuses = FoundStatusesField(help_text="The same by the finer states, without the empty ones.")
    done_percent = serializers.FloatField(min_value=0, max_value=100, help_text="What is no longer on its way.")
    delivery_rate = serializers.FloatField(
        min_value=0,
        max_value=100,
        allow_null=True,
        help_text="Percent of those delivered or failed; null without any.",
    )


class BatchDetail(BatchSerializer):
    progress = Progress()

    class Meta(BatchSerializer.Meta):
        fields: ClassVar = [*BatchSerializer.Meta.fields, "progress"]


class BatchPage(Page):
    results = BatchSerializer(many=True)


class BatchReply(Done):
    batch = BatchDetail()


class CancelledBatchReply(Said):
    cancelled_count = serializers.IntegerField(min_value=0)
    batch = BatchDetail()


LIST = call(
    "listBatches",
    "What was accepted in one call each, newest first",
    tag=TAG,
    query=[PageQuery, *filters(BatchFilter)],
    reply=BatchPage,
    example={
        "next": f"https://example.com/api/sms/batches/?older_than={BATCH}",
        "previous": None,
        "results": [SHOWN],
    },
)
SHOW = call(
    "showBatch",
    "One batch, and how far it has come",
    tag=TAG,
    reply=BatchReply,
    example={"success": True, "batch": SHOWN | {"progress": PROGRESS}},
)
CANCEL = call(
    "cancelBatch",
    "Call off what no carrier has yet; repeating it is fine",
    tag=TAG,
    reply=CancelledBatchReply,
    example={
        "success": True,
        "message": "Cancelled 1 message",
        "cancelled_count": 1,
        "batch": SHOWN | {"cancelled_at": "2026-03-10T12:01:00.000Z", "progress": CANCELLED},
    },
)
