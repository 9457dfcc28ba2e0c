"""Contacts, as `/api/schema/` tells of them."""

from typing import Any

from rest_framework import serializers

from accounts.describing import Page, Said, call, filters
from accounts.pagination import PageQuery
from sms.filters import ContactFilter
from sms.openapi.shapes import CONTACT, GROUP
from sms.serializers.contacts import ContactSerializer, WriteContactSerializer

TAG = "Contacts"
KEPT = ("They opted out, and are kept so that nobody adds them again by mistake.", "opted_out")
SHOWN: dict[str, Any] = {
    "id": CONTACT,
    "phone_number": "+255754123456",
    "raw_phone_number": "0754 123 456",
    "name": "Amina Juma",
    "opted_out_at": None,
    "groups": [{"id": GROUP, "name": "Customers"}],
    "created_at": "2026-03-10T12:00:00.000Z",
    "updated_at": "2026-03-10T12:00:00.000Z",
}


class ContactPage(Page):
    results = ContactSerializer(many=True)


class ContactReply(Said):
    contact = ContactSerializer()


class OptedOutReply(ContactReply):
    cancelled_count = serializers.IntegerField(min_value=0, help_text="Messages that were queued for them.")


LIST = call(
    "listContacts",
    "Whom my tenant writes to, in pages, newest first",
    more="`search` looks for a part of the name or of the number.",
    tag=TAG,
    query=[PageQuery, *filters(ContactFilter)],
    reply=ContactPage,
    example={
        "next": f"https://example.com/api/sms/contacts/?older_than={CONTACT}",
        "previous": None,
        "results": [SHOWN],
    },
)
CREATE = call(
    "createContact",
    "Add a contact",
    more="The number is normalised to E.164, and is one contact's alone.",
    tag=TAG,
    body=WriteContactSerializer,
    given={"phone_number": "0754 123 456", "name": "Amina Juma", "groups": [GROUP]},
    reply=ContactReply,
    status=201,
    example={"success": True, "message": "Contact created", "contact": SHOWN},
)
SHOW = call(
    "showContact",
    "One contact of my tenant",
    tag=TAG,
    reply=ContactReply,
    example={"success": True, "message": "Contact", "contact": SHOWN},
)
CHANGE = call(
    "changeContact",
    "Change a contact",
    more="PUT and PATCH are the same: what is not sent keeps its value. `groups` are then the only ones it is in.",
    tag=TAG,
    body=WriteContactSerializer(partial=True),
    given={"name": "Amina Hassan"},
    reply=ContactReply,
    example={"success": True, "message": "Contact updated", "contact": SHOWN | {"name": "Amina Hassan"}},
    same_by_put="replaceContact",
    refusals={409: ("They opted out under this number, so it stays.", "opted_out")},
)
DELETE = call(
    "deleteContact",
    "Delete a contact, as owner or admin of the tenant",
    tag=TAG,
    reply=Said,
    example={"success": True, "message": "Contact deleted"},
    refusals={409: KEPT},
)
OPT_OUT = call(
    "optOutContact",
    "Write to them no more; repeating it is fine",
    more="What is queued for them is called off.",
    tag=TAG,
    reply=OptedOutReply,
    example={
        "success": True,
        "message": "Opted out",
        "contact": SHOWN | {"opted_out_at": "2026-03-10T12:00:00.000Z"},
        "cancelled_count": 0,
    },
)
OPT_IN = call(
    "optInContact",
    "Write to them again, as owner or admin of the tenant",
    tag=TAG,
    reply=ContactReply,
    example={"success": True, "message": "Opted in", "contact": SHOWN},
)
