"""Texts that my tenant sends often. Members write them; deleting one is for owners and admins."""

from uuid import UUID

from django.http import Http404
from django.shortcuts import get_object_or_404
from rest_framework import status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency import idempotent
from accounts.pagination import paged
from accounts.reading import read_body
from accounts.refusals import by_field
from sms.models import MessageTemplate
from sms.openapi import templates as openapi
from sms.serializers.contacts import MessageTemplateSerializer, WriteMessageTemplateSerializer
from sms.services import contacts as services
from sms.services.composing import Refused
from tenants.permissions import TenantView


class MessageTemplateViewSet(viewsets.ViewSetMixin, TenantView):
    """Texts that my tenant sends often."""

    lookup_field = "template_id"
    lookup_value_converter = "uuid"

    @openapi.LIST
    def list(self, request: Request) -> Response:
        return paged(MessageTemplate.objects.all(), request, MessageTemplateSerializer)

    @openapi.CREATE
    @idempotent
    def create(self, request: Request) -> Response:
        given = read_body(request, WriteMessageTemplateSerializer)
        try:
            template = services.create_template(tenant_id=self.membership.tenant_id, **given)
        except Refused as refused:
            raise by_field(refused.errors) from None
        return _shown(template, "Template created", status=status.HTTP_201_CREATED)

    @openapi.SHOW
    def retrieve(self, request: Request, template_id: UUID) -> Response:
        return _shown(_found(template_id), "Template")

    @openapi.CHANGE
    def update(self, request: Request, template_id: UUID) -> Response:
        """PUT and PATCH are the same: a field that is missing keeps its value."""
        _found(template_id)
        given = read_body(request, WriteMessageTemplateSerializer, partial=True)
        try:
            template = services.change_template(template_id=template_id, changes=given)
        except Refused as refused:
            raise by_field(refused.errors) from None
        if template is None:
            raise Http404
        return _shown(template, "Template updated")

    partial_update = update

    @openapi.DELETE
    def destroy(self, request: Request, template_id: UUID) -> Response:
        self.require_manager()
        if not services.delete(MessageTemplate, key=template_id):
            raise Http404
        return Response({"success": True, "message": "Template deleted"})


def _found(template_id: UUID) -> MessageTemplate:
    template: MessageTemplate = get_object_or_404(MessageTemplate.objects, pk=template_id)
    return template


def _shown(template: MessageTemplate, message: str, *, status: int = status.HTTP_200_OK) -> Response:
    body = {"success": True, "message": message, "template": MessageTemplateSerializer(template).data}
    return Response(body, status=status)
