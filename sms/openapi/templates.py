"""Texts that a tenant sends often, as `/api/schema/` tells of them."""

from accounts.describing import Page, Said, call
from accounts.pagination import PageQuery
from sms.openapi.sending import TAG
from sms.openapi.shapes import TEMPLATE
from sms.serializers.contacts import MessageTemplateSerializer, WriteMessageTemplateSerializer

GIVEN = {"name": "Code", "text": "Dear $name, your code is $code."}
SHOWN = {
    "id": TEMPLATE,
    **GIVEN,
    "variables": ["name", "code"],
    "created_at": "2026-03-10T12:00:00.000Z",
    "updated_at": "2026-03-10T12:00:00.000Z",
}


class MessageTemplatePage(Page):
    results = MessageTemplateSerializer(many=True)


class MessageTemplateReply(Said):
    template = MessageTemplateSerializer()


LIST = call(
    "listMessageTemplates",
    "Texts that my tenant sends often, newest first",
    tag=TAG,
    query=[PageQuery],
    reply=MessageTemplatePage,
    example={"next": None, "previous": None, "results": [SHOWN]},
)
CREATE = call(
    "createMessageTemplate",
    "Keep a text",
    more="It may hold `$name` placeholders, and `$$` for a dollar sign.",
    tag=TAG,
    body=WriteMessageTemplateSerializer,
    given=GIVEN,
    reply=MessageTemplateReply,
    status=201,
    example={"success": True, "message": "Template created", "template": SHOWN},
)
SHOW = call(
    "showMessageTemplate",
    "One text that my tenant sends often",
    tag=TAG,
    reply=MessageTemplateReply,
    example={"success": True, "message": "Template", "template": SHOWN},
)
CHANGE = call(
    "changeMessageTemplate",
    "Change a text that is kept",
    more="PUT and PATCH are the same: what is not sent keeps its value.",
    tag=TAG,
    body=WriteMessageTemplateSerializer(partial=True),
    given={"name": "Sign-in code"},
    reply=MessageTemplateReply,
    example={"success": True, "message": "Template updated", "template": SHOWN | {"name": "Sign-in code"}},
    same_by_put="replaceMessageTemplate",
)
DELETE = call(
    "deleteMessageTemplate",
    "Delete a text that was kept, as owner or admin of the tenant",
    tag=TAG,
    reply=Said,
    example={"success": True, "message": "Template deleted"},
)
