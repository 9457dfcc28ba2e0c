"""Credits, as `/api/schema/` tells of them."""

from typing import Any

from rest_framework import serializers

from accounts.describing import CSV, Done, Page, Reply, Said, call, filters
from accounts.pagination import PageQuery
from sms.filters import EntryFilter
from sms.openapi.files import FILE_HEADERS
from sms.openapi.shapes import BATCH, TENANT
from sms.serializers.credits import CreditEntrySerializer, StatementQuery, TopUpSerializer

TAG = "Credits"
BALANCE: dict[str, Any] = {
    "available": 950,
    "reserved": 20,
    "percent": 95,
    "balance_after_last_top_up": 1000,
    "last_top_up_at": "2026-03-01T08:00:00.000Z",
    "is_unlimited": False,
    "next_expiry_at": "2026-09-01T00:00:00.000Z",
}


class Balance(Reply):
    available = serializers.IntegerField(min_value=0, help_text="May still be spent.")
    reserved = serializers.IntegerField(min_value=0, help_text="For messages that are on their way.")
    percent = serializers.IntegerField(
        min_value=0,
        max_value=100,
        allow_null=True,
        help_text="Of the balance after the last top-up, rounded up; null without one and for unlimited accounts.",
    )
    balance_after_last_top_up = serializers.IntegerField()
    last_top_up_at = serializers.DateTimeField(allow_null=True)
    is_unlimited = serializers.BooleanField()
    next_expiry_at = serializers.DateTimeField(allow_null=True, help_text="When the first credits expire.")


class BalanceReply(Done):
    balance = Balance()


class LedgerPage(Page):
    results = CreditEntrySerializer(many=True)


class TopUpReply(Said):
    is_new = serializers.BooleanField(help_text="False: this reference was added before, and nothing was added now.")
    balance = Balance()


SHOW_BALANCE = call(
    "showBalance",
    "What my tenant may still send",
    tag=TAG,
    reply=BalanceReply,
    example={"success": True, "balance": BALANCE},
)
LIST_LEDGER = call(
    "listLedger",
    "Every movement of credits, newest first, for owners and admins",
    tag=TAG,
    query=[PageQuery, *filters(EntryFilter)],
    reply=LedgerPage,
    example={
        "next": None,
        "previous": None,
        "results": [
            {
                "id": "01961f12-10ad-7c90-8f3b-4d7a6e1c2b59",
                "kind": "reserve",
                "reference": BATCH,
                "available_delta": -20,
                "reserved_delta": 20,
                "actor": "owner@example.com",
                "note": "",
                "created_at": "2026-03-10T12:00:00.000Z",
            }
        ],
    },
)
EXPORT_STATEMENT = call(
    "exportStatement",
    "Every movement of credits as CSV, for owners and admins",
    more="The oldest first, with what there was after each line. From `since` on, and before `until`.",
    tag=TAG,
    query=[StatementQuery, *FILE_HEADERS],
    reply={"type": "string"},
    media_type=CSV,
    example="at,kind,reference,available,reserved,available_after,reserved_after,by,note\r\n,opening,,,,970,0,,\r\n"
    f"2026-03-10T12:00:00.000Z,reserve,{BATCH},-20,20,950,20,owner@example.com,\r\n",
)
TOP_UP = call(
    "topUp",
    "Add credits to a tenant, as an admin of the platform",
    more="The same reference adds nothing the second time.",
    tag=TAG,
    body=TopUpSerializer,
    given={"tenant": TENANT, "credits": 1000, "reference": "invoice 2026-031", "note": "Paid by transfer"},
    reply=TopUpReply,
    example={
        "success": True,
        "message": "Added 1000 credits to Acacia Pharmacy",
        "is_new": True,
        "balance": BALANCE | {"available": 1000, "reserved": 0, "percent": 100},
    },
)
