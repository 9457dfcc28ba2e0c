"""The platform's own words, as `/api/schema/` tells of them."""

from rest_framework import serializers

from accounts.describing import Done, Reply, Said, call
from notifications.serializers.templates import PreviewSerializer, TemplateSerializer, WriteTemplateSerializer

TAG = "Templates"
TEXTS = {"title": "Worse: $title", "message": "$summary Please call the carrier. $advice"}
GIVEN = {"kind": "problem_escalated", "name": "A problem got worse", **TEXTS}
TEMPLATE = {
    "id": "01961f11-42c8-7b93-9e17-8a5d0f3c6b24",
    "name": "A problem got worse",
    **TEXTS,
    "notification_type": "system",
    "priority": "medium",
    "is_active": True,
    "created_at": "2026-03-10T12:00:00.000Z",
    "updated_at": "2026-03-10T12:00:00.000Z",
    "kind": "problem_escalated",
}


class TemplatesReply(Done):
    templates = TemplateSerializer(many=True)


class TemplateReply(Said):
    template = TemplateSerializer()


class Preview(Reply):
    title = serializers.CharField()
    message = serializers.CharField()


class PreviewReply(Done):
    preview = Preview()
    variables = serializers.ListField(child=serializers.CharField(), help_text="What its texts may show.")


LIST = call(
    "listTemplates",
    "The platform's own words",
    tag=TAG,
    reply=TemplatesReply,
    example={"success": True, "templates": [TEMPLATE]},
)
CREATE = call(
    "createTemplate",
    "Word a kind of notification",
    more="Texts hold `$name` placeholders of the kind, and `$$` for a dollar sign. One template of a kind is active.",
    tag=TAG,
    body=WriteTemplateSerializer,
    given=GIVEN,
    reply=TemplateReply,
    status=201,
    example={"success": True, "message": "Template created", "template": TEMPLATE},
)
SHOW = call(
    "showTemplate",
    "One template",
    tag=TAG,
    reply=TemplateReply,
    example={"success": True, "message": "Template", "template": TEMPLATE},
)
CHANGE = call(
    "changeTemplate",
    "Change a template",
    more="PUT and PATCH are the same: what is not sent keeps its value.",
    tag=TAG,
    body=WriteTemplateSerializer(partial=True),
    given={"is_active": False},
    reply=TemplateReply,
    example={"success": True, "message": "Template updated", "template": TEMPLATE | {"is_active": False}},
    same_by_put="replaceTemplate",
)
DELETE = call(
    "deleteTemplate",
    "Delete a template; its kind has its built-in words again",
    tag=TAG,
    reply=TemplateReply,
    example={"success": True, "message": "Template deleted", "template": TEMPLATE},
)
PREVIEW = call(
    "previewTemplate",
    "A template as its reader would see it",
    more="`context` gives variables; the others are shown with examples.",
    tag=TAG,
    body=PreviewSerializer,
    given={"context": {"title": "SMS Service: the success rate is low"}},
    reply=PreviewReply,
    example={
        "success": True,
        "preview": {
            "title": "Worse: SMS Service: the success rate is low",
            "message": "69.6 % of 56 settled messages were delivered. Please call the carrier. Look at the reasons.",
        },
        "variables": ["title", "summary", "advice"],
    },
)
