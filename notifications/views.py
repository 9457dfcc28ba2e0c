"""The inbox, and the calls about the system itself."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.crypto import salted_hmac
from django.utils.encoding import force_bytes
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.callers import caller
from accounts.models import User
from accounts.permissions import IsPlatformAdmin
from notifications import inbox, incidents, services
from notifications.filters import NotificationFilter
from notifications.serializers import (
    CleanupSerializer,
    MarkAllSerializer,
    NotificationSerializer,
    RealQuery,
    RecentQuery,
    ReportProblemSerializer,
)
from notifications.system_monitor import monitor


class NotificationViewSet(viewsets.ViewSet):
    """My inbox."""

    permission_classes = [IsAuthenticated]
    lookup_field = "notification_id"
    lookup_value_converter = "uuid"

    @action(detail=False)
    def recent(self, request: Request) -> HttpResponseBase:
        """The newest visible ones, and how many are unread in the whole inbox. What every open tab polls."""
        query = RecentQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        user = caller(request)
        rows = inbox.recent(user, limit=query.validated_data["limit"])
        body = {
            "success": True,
            "notifications": NotificationSerializer(rows, many=True).data,
            "unread_count": inbox.unread_count(user),
        }
        return self._polled(request, user, Response(body))

    def _polled(self, request: Request, user: User, response: Response) -> HttpResponseBase:
        """Answers 304 when the caller already has this body.

        The ETag carries the user and the tenant: browsers send it for the URL alone, whoever is signed in, and would
        show the previous person's body on a 304.
        """
        content = request.accepted_renderer.render(response.data, request.accepted_media_type, {})
        key = f"{user.pk}:{user.current_tenant_id}:".encode() + force_bytes(content)
        etag = f'"{salted_hmac("notifications.recent", key).hexdigest()[:32]}"'
        answer = get_conditional_response(request._request, etag=etag, response=response) or response
        answer["ETag"] = etag
        answer["Cache-Control"] = "private, no-cache"
        answer["Vary"] = "Authorization, Cookie, Origin"
        answer["X-Poll-Interval"] = str(settings.POLL_INTERVAL_SECONDS)
        return answer

    @action(detail=False)
    def real(self, request: Request) -> Response:
        """The newest visible ones, filtered."""
        query = RealQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        rows = NotificationFilter(request.query_params, queryset=inbox.visible(caller(request)))
        if not rows.is_valid():
            raise ValidationError(rows.errors)
        found = rows.qs.order_by("-id")[: query.validated_data["limit"]]
        items = NotificationSerializer(found, many=True).data
        return Response({"success": True, "notifications": items, "count": len(items)})

    @action(detail=False, url_path="unread-count")
    def unread_count(self, request: Request) -> Response:
        return Response({"success": True, "unread_count": inbox.unread_count(caller(request))})

    @action(detail=True, methods=["post"], url_path="mark-read")
    def mark_read(self, request: Request, notification_id: UUID) -> Response:
        notification = services.mark_read(user=caller(request), notification_id=notification_id)
        if notification is None:
            raise Http404
        item = NotificationSerializer(notification).data
        return Response({"success": True, "message": "Notification marked as read", "notification": item})

    @action(detail=False, methods=["post"], url_path="mark-all-read")
    def mark_all_read(self, request: Request) -> Response:
        given = MarkAllSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        count = services.mark_all_read(user=caller(request), **given.validated_data)
        message = f"Marked {count} notifications as read"
        return Response({"success": True, "message": message, "marked_count": count})


class NoReport(APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "A health check is running and has not finished. Try again in a few seconds."
    default_code = "no_report_yet"
    wait = 5


class SystemViewSet(viewsets.ViewSet):
    """The platform itself, for its admins."""

    permission_classes = [IsAuthenticated, IsPlatformAdmin]

    @action(detail=False, url_path="health-check")
    def health_check(self, request: Request) -> Response:
        """Evaluates at most once in a few seconds; repeating it changes nothing."""
        try:
            return Response({"success": True, "health_status": monitor.check_health()})
        except monitor.NoReportYet:
            raise NoReport from None

    @action(detail=False, methods=["post"], url_path="report-problem")
    def report_problem(self, request: Request) -> Response:
        given = ReportProblemSerializer(data=request.data)
        if not given.is_valid():
            raise ValidationError(_worded(given.errors))
        incident, mine = incidents.report_problem(reporter=caller(request), **given.validated_data)
        body = {"success": True, "message": "Problem reported successfully", "notification_id": mine.pk}
        return Response(body | {"incident_id": incident.pk})

    @action(detail=False, methods=["post"])
    def cleanup(self, request: Request) -> Response:
        given = CleanupSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        days, dry_run = given.validated_data["days"], given.validated_data["dry_run"]
        gone = services.cleanup(days=days, dry_run=dry_run)
        verb = "Would delete" if dry_run else "Deleted"
        return Response(
            {
                "success": True,
                "message": f"{verb} {gone.total} notifications older than {days} days",
                "deleted_count": 0 if dry_run else gone.total,
                "would_delete_count": gone.total if dry_run else 0,
                "dry_run": dry_run,
                "days": days,
                "by_reason": {"read": gone.read, "archived": gone.archived, "expired": gone.expired},
            }
        )


def _worded(errors: Any) -> Any:
    """Existing clients show this one sentence when either text is missing."""
    missing = {"required", "blank", "null"}
    texts = [name for name in ("problem_type", "description") if {e.code for e in errors.get(name, [])} & missing]
    if not texts:
        return errors
    return {"non_field_errors": ["Problem type and description are required"], **errors}
