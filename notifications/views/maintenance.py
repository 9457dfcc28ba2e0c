"""Maintenance windows, for the platform's admins."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.callers import caller
from accounts.filters import narrowed
from accounts.idempotency import idempotent
from accounts.pagination import OLDER, paged
from accounts.permissions import IsPlatformAdmin
from accounts.reading import read_body
from accounts.refusals import Conflict, by_field
from notifications import maintenance
from notifications.filters import WindowFilter
from notifications.models import MaintenanceOccurrence, MaintenanceWindow
from notifications.openapi import maintenance as openapi
from notifications.serializers.maintenance import (
    OccurrenceSerializer,
    PastOccurrenceSerializer,
    PreviewWindowSerializer,
    WindowSerializer,
    WriteWindowSerializer,
)

#: Times of a window that are shown with it: such as have begun, and such as come.
PAST_SHOWN, COMING_SHOWN = 20, 10


class MaintenanceViewSet(viewsets.ViewSet):
    """Maintenance windows, for the platform's admins."""

    permission_classes = [IsAuthenticated, IsPlatformAdmin]
    lookup_field = "window_id"
    lookup_value_converter = "uuid"

    @openapi.LIST
    def list(self, request: Request) -> Response:
        return paged(narrowed(WindowFilter, request, _windows()), request, WindowSerializer)

    @openapi.CREATE
    @idempotent
    def create(self, request: Request) -> Response:
        given = read_body(request, WriteWindowSerializer)
        try:
            window = maintenance.create_window(author=caller(request), fields=given)
        except maintenance.WindowRefused as refused:
            raise by_field(refused.errors) from None
        return _shown(request, window.pk, "Maintenance planned", status=status.HTTP_201_CREATED)

    @openapi.PREVIEW
    @action(detail=False, methods=["post"])
    def preview(self, request: Request) -> Response:
        """When a window would happen; nothing is stored."""
        now, fields = timezone.now(), read_body(request, PreviewWindowSerializer)
        count = fields.pop("count")
        try:
            window = maintenance.draft(fields=fields, now=now)
        except maintenance.WindowRefused as refused:
            raise by_field(refused.errors) from None
        found = OccurrenceSerializer(maintenance.coming(window, now=now, count=count), many=True).data
        return Response({"success": True, "timezone": window.timezone, "occurrences": found})

    @openapi.SHOW
    def retrieve(self, request: Request, window_id: UUID) -> Response:
        return _shown(request, window_id, "Maintenance window found")

    @openapi.OCCURRENCES
    @action(detail=True)
    def occurrences(self, request: Request, window_id: UUID) -> Response:
        """Its times that have begun, in pages, newest first."""
        return paged(_past(_found(window_id)), request, PastOccurrenceSerializer)

    @openapi.CHANGE
    def partial_update(self, request: Request, window_id: UUID) -> Response:
        window = _found(window_id)
        given = read_body(request, WriteWindowSerializer, partial=True)
        try:
            maintenance.change_window(window=window, changes=given)
        except maintenance.WindowRefused as refused:
            raise by_field(refused.errors) from None
        except maintenance.WindowGone as gone:
            raise Conflict(gone, code="window_gone") from None
        return _shown(request, window_id, "Maintenance changed")

    @openapi.CANCEL
    def destroy(self, request: Request, window_id: UUID) -> Response:
        """It is kept, with what it kept back."""
        try:
            maintenance.cancel_window(window=_found(window_id))
        except maintenance.WindowGone as gone:
            raise Conflict(gone, code="window_gone") from None
        return _shown(request, window_id, "Maintenance cancelled")


def _windows() -> QuerySet[MaintenanceWindow]:
    return MaintenanceWindow.objects.select_related("tenant", "author")


def _found(window_id: UUID) -> MaintenanceWindow:
    return get_object_or_404(_windows(), pk=window_id)


def _past(window: MaintenanceWindow) -> QuerySet[MaintenanceOccurrence]:
    return window.occurrences.select_related("window").filter(starts_at__lte=timezone.now())


def _shown(request: Request, window_id: UUID, message: str, *, status: int = status.HTTP_200_OK) -> Response:
    window = _found(window_id)
    past = list(_past(window).order_by("-pk")[: PAST_SHOWN + 1])
    address = reverse("maintenance-occurrences", kwargs={"window_id": window_id}, request=request)
    following = f"{address}?{OLDER}={past[PAST_SHOWN - 1].pk}" if len(past) > PAST_SHOWN else None
    coming = maintenance.coming(window, now=timezone.now(), count=COMING_SHOWN)
    whole: dict[str, Any] = {
        **WindowSerializer(window).data,
        "coming": OccurrenceSerializer(coming, many=True).data,
        "past": PastOccurrenceSerializer(past[:PAST_SHOWN], many=True).data,
        "past_next": following,
    }
    return Response({"success": True, "message": message, "window": whole}, status=status)
