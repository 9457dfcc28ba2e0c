"""What was accepted in one call each, and how far it has come."""

from uuid import UUID

from django.db.models import Count
from django.http import Http404
from django.shortcuts import get_object_or_404
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.filters import narrowed
from accounts.pagination import paged
from sms import services
from sms.filters import BatchFilter
from sms.models import Batch, Message
from sms.openapi import batches as openapi
from sms.serializers.messages import BatchSerializer, progress
from tenants.permissions import TenantView


class BatchViewSet(viewsets.ViewSetMixin, TenantView):
    lookup_field = "batch_id"
    lookup_value_converter = "uuid"

    @openapi.LIST
    def list(self, request: Request) -> Response:
        rows = narrowed(BatchFilter, request, Batch.objects.select_related("author"))
        return paged(rows, request, BatchSerializer)

    @openapi.SHOW
    def retrieve(self, request: Request, batch_id: UUID) -> Response:
        return Response({"success": True, "batch": _shown(batch_id)})

    @openapi.CANCEL
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, batch_id: UUID) -> Response:
        """Calls off what no carrier has yet; repeating it is fine."""
        count = services.cancel_batch(batch_id=batch_id)
        if count is None:
            raise Http404
        message = f"Cancelled {count} message{'' if count == 1 else 's'}"
        return Response({"success": True, "message": message, "cancelled_count": count, "batch": _shown(batch_id)})


def _shown(batch_id: UUID) -> dict[str, object]:
    batch = get_object_or_404(Batch.objects.select_related("author"), pk=batch_id)
    by_status = Message.objects.filter(batch=batch).order_by().values_list("status").annotate(n=Count("pk"))
    return {**BatchSerializer(batch).data, "progress": progress(dict(by_status))}
