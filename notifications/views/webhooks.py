"""Webhook endpoints: a tenant's, for its owners and admins, and the platform's, for the platform's admins."""

from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema_view
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.callers import caller
from accounts.filters import narrowed
from accounts.idempotency import idempotent
from accounts.pagination import paged
from accounts.permissions import IsPlatformAdmin
from accounts.reading import read_body
from accounts.refusals import Conflict
from notifications import webhooks
from notifications.delivery import to_endpoints
from notifications.filters import WebhookDeliveryFilter
from notifications.models import DeliveryAttempt, WebhookEndpoint
from notifications.openapi import webhooks as openapi
from notifications.serializers.webhooks import (
    ChangeWebhookSerializer,
    ReplaySerializer,
    RotateSerializer,
    WebhookDeliverySerializer,
    WebhookSerializer,
    WriteWebhookSerializer,
)
from tenants.permissions import TenantView


class WebhookCalls(viewsets.ViewSetMixin, APIView):
    """The calls, whoever's endpoints they are about."""

    lookup_field = "endpoint_id"
    lookup_value_converter = "uuid"

    @property
    def tenant_id(self) -> UUID | None:
        """Whose; None is the platform."""
        raise NotImplementedError

    def list(self, request: Request) -> Response:
        rows = self._mine().order_by("id")  # WEBHOOK_ENDPOINTS_LIMIT of them at most
        return Response({"success": True, "webhooks": WebhookSerializer(rows, many=True).data})

    @idempotent
    def create(self, request: Request) -> Response:
        given = read_body(request, WriteWebhookSerializer)
        try:
            made = webhooks.create(tenant_id=self.tenant_id, owner=caller(request), **given)
        except webhooks.UrlRefused as refused:
            raise ValidationError({"url": [str(refused)]}) from None
        except webhooks.TooMany as refused:
            raise Conflict(refused, code="too_many_webhooks") from None
        return self._shown(made.pk, "Webhook created", status=status.HTTP_201_CREATED, secret=made.secret)

    def retrieve(self, request: Request, endpoint_id: UUID) -> Response:
        return self._shown(endpoint_id, "Webhook")

    def update(self, request: Request, endpoint_id: UUID) -> Response:
        """PUT and PATCH are the same: a field that is missing keeps its value."""
        self._found(endpoint_id)
        given = read_body(request, ChangeWebhookSerializer, partial=True)
        try:
            webhooks.change(endpoint_id=endpoint_id, changes=given)
        except webhooks.UrlRefused as refused:
            raise ValidationError({"url": [str(refused)]}) from None
        return self._shown(endpoint_id, "Webhook updated")

    partial_update = update

    def destroy(self, request: Request, endpoint_id: UUID) -> Response:
        self._found(endpoint_id)
        if not webhooks.delete(endpoint_id=endpoint_id):
            raise Http404
        return Response({"success": True, "message": "Webhook deleted"})

    @action(detail=True, methods=["post"])
    @idempotent
    def rotate(self, request: Request, endpoint_id: UUID) -> Response:
        """Its key matters: sent again without one, it would be another change."""
        self._found(endpoint_id)
        given = read_body(request, RotateSerializer)
        try:
            secret = webhooks.rotate(endpoint_id=endpoint_id, **given)
        except webhooks.SecretStillChanging as refused:
            raise Conflict(refused, code="secret_still_changing") from None
        return self._shown(endpoint_id, "Secret changed", secret=secret)

    @action(detail=True, methods=["post"])
    @idempotent
    def test(self, request: Request, endpoint_id: UUID) -> Response:
        try:
            sent = to_endpoints.ping(endpoint=self._found(endpoint_id))
        except to_endpoints.NotActive as refused:
            raise Conflict(refused, code="webhook_disabled") from None
        body = {"success": True, "message": "A test is on its way", "delivery": WebhookDeliverySerializer(sent).data}
        return Response(body, status=status.HTTP_202_ACCEPTED)

    @action(detail=True)
    def deliveries(self, request: Request, endpoint_id: UUID) -> Response:
        rows = self._found(endpoint_id).deliveries.all()
        tries = Prefetch("tries", DeliveryAttempt.objects.order_by("id"))
        found = narrowed(WebhookDeliveryFilter, request, rows).prefetch_related(tries)
        return paged(found, request, WebhookDeliverySerializer)

    @action(detail=True, methods=["post"])
    @idempotent
    def replay(self, request: Request, endpoint_id: UUID) -> Response:
        endpoint = self._found(endpoint_id)
        wanted = read_body(request, ReplaySerializer)
        one, is_dry = wanted.pop("delivery", None), wanted["dry_run"]
        if one and not endpoint.deliveries.filter(pk=one).exists():
            raise ValidationError({"delivery": ["This webhook has no such delivery."]})
        try:
            count = to_endpoints.replay(endpoint=endpoint, delivery_id=one, **wanted)
        except to_endpoints.NotActive as refused:
            raise Conflict(refused, code="webhook_disabled") from None
        except to_endpoints.TooMany as refused:
            raise ValidationError({"since": [str(refused)]}) from None
        message = f"{'Would send' if is_dry else 'Sending'} {count} message{'' if count == 1 else 's'} again"
        counts = {"replayed_count": 0 if is_dry else count, "would_replay_count": count if is_dry else 0}
        return Response({"success": True, "message": message, **counts, "dry_run": is_dry})

    def _mine(self) -> "QuerySet[WebhookEndpoint]":
        return WebhookEndpoint.objects.filter(tenant=self.tenant_id).select_related("owner")

    def _found(self, endpoint_id: UUID) -> WebhookEndpoint:
        """What is not mine does not exist, whatever else is wrong with the call."""
        return get_object_or_404(self._mine(), pk=endpoint_id)

    def _shown(self, endpoint_id: UUID, message: str, *, status: int = status.HTTP_200_OK, **more: object) -> Response:
        body = {"success": True, "message": message, "webhook": WebhookSerializer(self._found(endpoint_id)).data}
        return Response({**body, **more}, status=status)


@extend_schema_view(**openapi.OF_TENANTS)
class WebhookViewSet(WebhookCalls, TenantView):
    """My tenant's, as its owner or admin: they carry the tenant's data out of the house."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.require_manager()

    @property
    def tenant_id(self) -> UUID:
        return self.membership.tenant_id


@extend_schema_view(**openapi.OF_PLATFORM)
class SystemWebhookViewSet(WebhookCalls):
    """The platform's own, for its admins."""

    permission_classes = [IsAuthenticated, IsPlatformAdmin]

    @property
    def tenant_id(self) -> None:
        return None
