"""My inbox."""

import functools
import time
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import Throttled
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.callers import caller
from accounts.filters import narrowed
from accounts.pagination import paged
from accounts.reading import query_of, read_body, read_query
from accounts.views import AnonymousView
from notifications import inbox, poll, services, statistics, vouching
from notifications.filters import NotificationFilter
from notifications.models import Delivery, Notification
from notifications.openapi import inbox as openapi
from notifications.serializers.deliveries import DeliverySerializer, in_app
from notifications.serializers.inbox import (
    BulkSerializer,
    MarkAllSerializer,
    NotificationSerializer,
    RealQuery,
    RecentQuery,
)


class NotificationViewSet(viewsets.ViewSet):
    """My inbox."""

    permission_classes = [IsAuthenticated]
    lookup_field = "notification_id"
    lookup_value_converter = "uuid"

    @openapi.POLL
    def recent(self, request: Request) -> HttpResponse:
        """The newest visible ones, and how many are unread in the whole inbox: the long way of what tabs poll."""
        query = RecentQuery(data=query_of(request))
        query.is_valid(raise_exception=True)
        self._note_admin(request)
        return poll.slow_answer(request._request, user=caller(request), limit=query.validated_data["limit"])

    @staticmethod
    def _note_admin(request: Request) -> None:
        """For the health check of an hour without Postgres. The poll read the epoch before it asked Postgres."""
        marks, session = (request.META.get(name) for name in (poll.MARKS, poll.SESSION))
        if marks is not None and session:
            vouching.keep(vouching.Note(session, marks.epoch), user=caller(request))

    @openapi.LIST
    def list(self, request: Request) -> Response:
        """All that has not expired, in pages, filtered."""
        mine = inbox.unexpired(caller(request))
        return paged(narrowed(NotificationFilter, request, mine), request, NotificationSerializer)

    @openapi.LIST_REAL
    @action(detail=False)
    def real(self, request: Request) -> Response:
        """The newest visible ones, filtered; `status=archived` and `is_archived=true` look into the archive."""
        query = read_query(request, RealQuery)
        user = caller(request)
        says_which = any(map(request.query_params.get, ("status", "is_archived")))
        rows = inbox.unexpired(user) if says_which else inbox.visible(user)
        found = narrowed(NotificationFilter, request, rows).order_by("-id")[: query["limit"]]
        items = NotificationSerializer(found, many=True).data
        return Response({"success": True, "notifications": items, "count": len(items)})

    @openapi.SHOW_STATISTICS
    @action(detail=False)
    def stats(self, request: Request) -> Response:
        return Response({"success": True, "data": statistics.of(caller(request))})

    @openapi.COUNT_UNREAD
    @action(detail=False, url_path="unread-count")
    def unread_count(self, request: Request) -> Response:
        return Response({"success": True, "unread_count": inbox.unread_count(caller(request))})

    @openapi.SHOW
    def retrieve(self, request: Request, notification_id: UUID) -> Response:
        found = inbox.unexpired(caller(request)).filter(pk=notification_id).first()
        return _one(found, "Notification found")

    @openapi.DELETE
    def destroy(self, request: Request, notification_id: UUID) -> Response:
        if not services.delete(user=caller(request), notification_id=notification_id):
            raise Http404
        return Response({"success": True, "message": "Notification deleted"})

    @openapi.MARK_READ
    @action(detail=True, methods=["post"], url_path="mark-read")
    def mark_read(self, request: Request, notification_id: UUID) -> Response:
        found = services.mark_read(user=caller(request), notification_id=notification_id)
        return _one(found, "Notification marked as read")

    @openapi.MARK_UNREAD
    @action(detail=True, methods=["post"], url_path="mark-unread")
    def mark_unread(self, request: Request, notification_id: UUID) -> Response:
        found = services.mark_unread(user=caller(request), notification_id=notification_id)
        return _one(found, "Notification marked as unread")

    @openapi.ARCHIVE
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, notification_id: UUID) -> Response:
        found = services.archive(user=caller(request), notification_id=notification_id)
        return _one(found, "Notification archived")

    @openapi.LIST_DELIVERIES
    @action(detail=True)
    def deliveries(self, request: Request, notification_id: UUID) -> Response:
        found = get_object_or_404(Notification.objects.addressed_to(caller(request)), pk=notification_id)
        rows = Delivery.objects.of_notification(found)
        shown = [in_app(found), *DeliverySerializer(rows, many=True).data]
        return Response({"success": True, "deliveries": shown})

    @openapi.BULK
    @action(detail=False, methods=["post"])
    def bulk(self, request: Request) -> Response:
        given = read_body(request, BulkSerializer)
        count = services.bulk(user=caller(request), **given)
        return Response({"success": True, "updated_count": count})

    @openapi.MARK_ALL_READ
    @action(detail=False, methods=["post"], url_path="mark-all-read")
    def mark_all_read(self, request: Request) -> Response:
        given = read_body(request, MarkAllSerializer)
        count = services.mark_all_read(user=caller(request), **given)
        message = f"Marked {count} notifications as read"
        return Response({"success": True, "message": message, "marked_count": count})


class TooManyPolls(AnonymousView):
    """The reply to whom the short way sent away. Redis has vouched for the caller, so nobody else is asked."""

    throttle_classes: list[Any] = []

    def get(self, request: Request) -> Response:
        raise Throttled(wait=60 - time.time() % 60, detail="Too many polls. X-Poll-Interval says how often.")


_recent_by_the_viewset = NotificationViewSet.as_view({"get": "recent"})
_too_many_polls = TooManyPolls.as_view()


# It passes for the viewset's own view: to whoever describes the API, and to the CSRF check, which the viewset does.
@functools.wraps(_recent_by_the_viewset)
def recent(request: HttpRequest) -> HttpResponseBase:
    """`GET recent/`: by Redis where it can vouch for the caller, else by the viewset."""
    fast = poll.fast_answer(request) if request.method == "GET" else None
    if request.META.get(poll.THROTTLED):
        return _too_many_polls(request)
    return fast or _recent_by_the_viewset(request)


def _one(notification: Notification | None, message: str) -> Response:
    if notification is None:
        raise Http404
    return Response({"success": True, "message": message, "notification": NotificationSerializer(notification).data})
