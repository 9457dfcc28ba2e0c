"""The platform's own words, for its admins."""

from uuid import UUID

from django.http import Http404
from django.shortcuts import get_object_or_404
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency import idempotent
from accounts.permissions import IsPlatformAdmin
from accounts.reading import read_body
from accounts.refusals import by_field
from notifications import texts
from notifications.models import NotificationTemplate
from notifications.openapi import templates as openapi
from notifications.serializers.templates import PreviewSerializer, TemplateSerializer, WriteTemplateSerializer


class TemplateViewSet(viewsets.ViewSet):
    """The platform's own words for kinds of notifications, for its admins."""

    permission_classes = [IsAuthenticated, IsPlatformAdmin]
    lookup_field = "template_id"
    lookup_value_converter = "uuid"

    @openapi.LIST
    def list(self, request: Request) -> Response:
        templates = NotificationTemplate.objects.order_by("kind", "name")
        return Response({"success": True, "templates": TemplateSerializer(templates, many=True).data})

    @openapi.CREATE
    @idempotent
    def create(self, request: Request) -> Response:
        given = read_body(request, WriteTemplateSerializer)
        try:
            template = texts.create_template(fields=given)
        except texts.TextRefused as refused:
            raise by_field(refused.errors) from None
        return _shown(template, "Template created", status=status.HTTP_201_CREATED)

    @openapi.SHOW
    def retrieve(self, request: Request, template_id: UUID) -> Response:
        return _shown(_found(template_id), "Template")

    @openapi.CHANGE
    def update(self, request: Request, template_id: UUID) -> Response:
        """PUT and PATCH are the same: a field that is missing keeps its value."""
        given = read_body(request, WriteTemplateSerializer, partial=True)
        try:
            template = texts.change_template(template_id=template_id, changes=given)
        except texts.TextRefused as refused:
            raise by_field(refused.errors) from None
        if template is None:
            raise Http404
        return _shown(template, "Template updated")

    partial_update = update

    @openapi.DELETE
    def destroy(self, request: Request, template_id: UUID) -> Response:
        template = _found(template_id)
        if not texts.delete_template(template_id=template_id):
            raise Http404
        return _shown(template, "Template deleted")

    @openapi.PREVIEW
    @action(detail=True, methods=["post"])
    def preview(self, request: Request, template_id: UUID) -> Response:
        """As its reader would see it, with examples for what `context` does not give."""
        template = _found(template_id)
        given = read_body(request, PreviewSerializer)
        try:
            title, message = texts.preview(template=template, context=given["context"])
        except texts.TextRefused as refused:
            raise by_field(refused.errors) from None
        variables = texts.variables_of(template)
        return Response({"success": True, "preview": {"title": title, "message": message}, "variables": variables})


def _found(template_id: UUID) -> NotificationTemplate:
    return get_object_or_404(NotificationTemplate.objects, pk=template_id)


def _shown(template: NotificationTemplate, message: str, *, status: int = status.HTTP_200_OK) -> Response:
    body = {"success": True, "message": message, "template": TemplateSerializer(template).data}
    return Response(body, status=status)
