"""The platform itself, for its admins."""

from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError
from django.shortcuts import get_object_or_404
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.callers import caller
from accounts.idempotency import idempotent
from accounts.permissions import IsPlatformAdmin
from accounts.reading import read_body, read_query
from notifications import announcements, incidents, services, vouching
from notifications.delivery.explaining import explain
from notifications.models import Announcement
from notifications.openapi import explaining as explain_openapi
from notifications.openapi import system as openapi
from notifications.serializers.announcements import AnnounceSerializer, JobSerializer
from notifications.serializers.explaining import ExplainSerializer, PlanSerializer
from notifications.serializers.system import CleanupSerializer, ReportProblemSerializer
from notifications.system_monitor import fallback, monitor


class NoReport(APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "A health check is running and has not finished. Try again in a few seconds."
    default_code = "no_report_yet"
    wait = 5


class NotStored(APIException):
    """The report is in no database: it goes along, for admins only."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "The database does not answer, or takes no writes. The report says what is known."
    default_code = "unavailable"
    wait = 5


class SystemViewSet(viewsets.ViewSet):
    """The platform itself, for its admins."""

    permission_classes = [IsAuthenticated, IsPlatformAdmin]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        note = vouching.begin(request._request) if self.action == "health_check" else None
        super().initial(request, *args, **kwargs)
        vouching.keep(note, user=caller(request))

    def handle_exception(self, exc: Exception) -> Response:
        """Without Postgres nobody can be let in, but Redis may still vouch for an admin."""
        is_away = isinstance(exc, OperationalError | InterfaceError)
        if self.action == "health_check" and is_away and vouching.holds(self.request._request):
            return self._report(fallback.check_health())
        return super().handle_exception(exc)

    @openapi.CHECK_HEALTH
    @action(detail=False, url_path="health-check")
    def health_check(self, request: Request) -> Response:
        """Evaluates at most once in a few seconds; repeating it changes nothing."""
        try:
            return self._report(fallback.check_health())
        except monitor.NoReportYet:
            raise NoReport from None

    def _report(self, report: dict[str, Any]) -> Response:
        if report["stored"]:
            return Response({"success": True, "health_status": report})
        response = super().handle_exception(NotStored())
        response.data |= {"health_status": report}
        return response

    @openapi.REPORT_PROBLEM
    @action(detail=False, methods=["post"], url_path="report-problem")
    @idempotent
    def report_problem(self, request: Request) -> Response:
        given = ReportProblemSerializer(data=request.data)
        if not given.is_valid():
            raise ValidationError(_worded(given.errors))
        incident, mine = incidents.report_problem(reporter=caller(request), **given.validated_data)
        body = {"success": True, "message": "Problem reported successfully", "notification_id": mine.pk}
        return Response(body | {"incident_id": incident.pk})

    @openapi.ANNOUNCE
    @action(detail=False, methods=["post"], url_path="create")
    @idempotent
    def announce(self, request: Request) -> Response:
        """Tells an audience; a large one is told after the reply, whose `job_id` says how far that is."""
        given = read_body(request, AnnounceSerializer)
        try:
            announcement = announcements.announce(author=caller(request), **given)
        except announcements.AudienceUnknown as unknown:
            raise ValidationError({"audience": [str(unknown)]}) from None
        done = announcement.state == Announcement.State.DONE
        count = announcement.created_count if done else announcement.target_count
        body = {
            "success": True,
            "message": f"{'Created' if done else 'Creating'} {count} notification{'' if count == 1 else 's'}",
            "notification_id": announcements.shown_to_author(announcement) if done else None,
            "notifications_created": count,
        }
        return Response(body if done else body | {"job_id": announcement.pk})

    @openapi.SHOW_ANNOUNCEMENT
    @action(detail=False, url_path="create/<uuid:job_id>")
    def announcement_job(self, request: Request, job_id: UUID) -> Response:
        """How far the telling of an announcement has come."""
        announcement = get_object_or_404(Announcement.objects, pk=job_id)
        return Response({"success": True, "job": JobSerializer(announcement).data})

    @explain_openapi.EXPLAIN
    @action(detail=False)
    def explain(self, request: Request) -> Response:
        """What would happen now, and why; it changes nothing."""
        given = read_query(request, ExplainSerializer)
        return Response({"success": True, "explanation": PlanSerializer(explain(**given)).data})

    @openapi.CLEAN_UP
    @action(detail=False, methods=["post"])
    def cleanup(self, request: Request) -> Response:
        given = read_body(request, CleanupSerializer)
        days, dry_run = given["days"], given["dry_run"]
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
