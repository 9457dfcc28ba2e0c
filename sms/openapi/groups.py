"""Groups of contacts, as `/api/schema/` tells of them."""

from typing import Any

from rest_framework import serializers

from accounts.describing import Page, Said, call
from accounts.pagination import PageQuery
from sms.openapi.contacts import TAG
from sms.openapi.shapes import CONTACT, GROUP
from sms.serializers.contacts import ContactGroupSerializer, GroupMembersSerializer, WriteContactGroupSerializer

SHOWN: dict[str, Any] = {
    "id": GROUP,
    "name": "Customers",
    "member_count": 1,
    "created_at": "2026-03-10T12:00:00.000Z",
}


class GroupPage(Page):
    results = ContactGroupSerializer(many=True)


class GroupReply(Said):
    group = ContactGroupSerializer()


class AddedReply(GroupReply):
    added_count = serializers.IntegerField(min_value=0, help_text="Those who were not in it before.")


class RemovedReply(GroupReply):
    removed_count = serializers.IntegerField(min_value=0, help_text="Those who were in it.")


LIST = call(
    "listGroups",
    "Contacts under one name each, newest first",
    more="Who is in one is listed by `/api/sms/contacts/?group=`.",
    tag=TAG,
    query=[PageQuery],
    reply=GroupPage,
    example={"next": None, "previous": None, "results": [SHOWN]},
)
CREATE = call(
    "createGroup",
    "Make a group",
    tag=TAG,
    body=WriteContactGroupSerializer,
    given={"name": "Suppliers"},
    reply=GroupReply,
    status=201,
    example={
        "success": True,
        "message": "Group created",
        "group": SHOWN | {"name": "Suppliers", "member_count": 0},
    },
)
SHOW = call(
    "showGroup",
    "One group of my tenant",
    tag=TAG,
    reply=GroupReply,
    example={"success": True, "message": "Group", "group": SHOWN},
)
RENAME = call(
    "renameGroup",
    "Rename a group",
    tag=TAG,
    body=WriteContactGroupSerializer,
    given={"name": "Good customers"},
    reply=GroupReply,
    example={"success": True, "message": "Group renamed", "group": SHOWN | {"name": "Good customers"}},
    same_by_put="replaceGroup",
)
DELETE = call(
    "deleteGroup",
    "Delete a group, as owner or admin of the tenant; its contacts stay",
    tag=TAG,
    reply=Said,
    example={"success": True, "message": "Group deleted"},
)
ADD = call(
    "addToGroup",
    "Put up to 1000 contacts into a group; repeating it is fine",
    tag=TAG,
    body=GroupMembersSerializer,
    given={"contacts": [CONTACT]},
    reply=AddedReply,
    example={"success": True, "message": "Added 1 contacts", "group": SHOWN, "added_count": 1},
)
REMOVE = call(
    "removeFromGroup",
    "Take up to 1000 contacts out of a group; repeating it is fine",
    tag=TAG,
    body=GroupMembersSerializer,
    given={"contacts": [CONTACT]},
    reply=RemovedReply,
    example={
        "success": True,
        "message": "Removed 1 contacts",
        "group": SHOWN | {"member_count": 0},
        "removed_count": 1,
    },
)
