"""Contacts as files, as `/api/schema/` tells of them; the statement has the same headers."""

from drf_spectacular.utils import OpenApiExample, OpenApiRequest
from rest_framework import serializers

from accounts.describing import CSV, Reply, Said, call, reply_header
from sms.openapi.contacts import TAG
from sms.serializers.contacts import ImportQuery

SHEET = "phone,name,groups\r\n0754 123 456,Amina Juma,Customers|Dar es Salaam\r\n12,Baraka,\r\n"
FILE_HEADERS = [
    reply_header("Content-Disposition", "An attachment, and what it is called.", {"type": "string"}, 200),
    reply_header("X-Content-Type-Options", "Nobody guesses what it is.", {"type": "string", "const": "nosniff"}, 200),
]
FORM = {
    "type": "object",
    "properties": {
        "file": {"type": "string", "format": "binary", "description": "A CSV file."},
        "dry_run": {"type": "boolean", "default": False},
    },
    "required": ["file"],
}


class RejectedRow(Reply):
    row = serializers.IntegerField(min_value=1, help_text="As a spreadsheet numbers it, a header included.")
    phone = serializers.CharField()
    reason = serializers.CharField()


class ImportReport(Reply):
    dry_run = serializers.BooleanField()
    encoding = serializers.CharField(help_text="What the file was read as.")
    delimiter = serializers.ChoiceField(choices=[",", ";", "\t"])
    has_header = serializers.BooleanField()
    rows = serializers.IntegerField(min_value=1)
    created = serializers.IntegerField(min_value=0)
    updated = serializers.IntegerField(min_value=0)
    unchanged = serializers.IntegerField(min_value=0)
    duplicates = serializers.IntegerField(min_value=0, help_text="Rows with a number that an earlier row has.")
    opted_out = serializers.IntegerField(min_value=0, help_text="People who are left as they are.")
    groups_created = serializers.IntegerField(min_value=0)
    rejected = serializers.IntegerField(min_value=0)
    rejects = RejectedRow(many=True, help_text="The first 1000.")


class ImportReply(Said):
    report = ImportReport()


IMPORT = call(
    "importContacts",
    "Add contacts from a CSV file",
    more="The file is the body itself, or the form's `file`, of at most 50000 rows and 10 MB, in whatever encoding "
    "and with whatever delimiter; columns are phone, name and groups, the latter with `|` between. Rows that cannot "
    "be taken are reported, and the others are. With `dry_run` nothing is written, and the report is the same.",
    tag=TAG,
    body={
        CSV: OpenApiRequest(
            {"type": "string"},
            examples=[OpenApiExample("File", SHEET, request_only=True)],
        ),
        "multipart/form-data": OpenApiRequest(
            FORM,
            examples=[OpenApiExample("Form", {"file": SHEET, "dry_run": True}, request_only=True)],
        ),
    },
    query=[ImportQuery],
    reply=ImportReply,
    example={
        "success": True,
        "message": "Imported 1 new contacts, 1 of 2 rows rejected",
        "report": {
            "dry_run": False,
            "encoding": "utf-8",
            "delimiter": ",",
            "has_header": True,
            "rows": 2,
            "created": 1,
            "updated": 0,
            "unchanged": 0,
            "duplicates": 0,
            "opted_out": 0,
            "groups_created": 2,
            "rejected": 1,
            "rejects": [{"row": 3, "phone": "12", "reason": "Too short for a phone number."}],
        },
    },
    refusals={413: "The file is larger than 10 MB.", 415: "The body is neither CSV nor a form."},
)
EXPORT = call(
    "exportContacts",
    "All contacts as CSV, for owners and admins of the tenant",
    more="A cell that a spreadsheet would take for a formula has an apostrophe in front; an import takes it off.",
    tag=TAG,
    query=FILE_HEADERS,
    reply={"type": "string"},
    media_type=CSV,
    example="phone,name,groups,opted_out_at\r\n+255754123456,Amina Juma,Customers|Dar es Salaam,\r\n",
)
