"""The platform itself, as `/api/schema/` tells of it."""

from typing import Any

from rest_framework import serializers

from accounts.describing import Done, ObjectField, Reply, Said, call
from notifications.models.priority import Priority
from notifications.serializers.announcements import AnnounceSerializer, JobSerializer
from notifications.serializers.system import CleanupSerializer, ReportProblemSerializer
from notifications.system_monitor.report import State

TAG = "System"
NOTIFICATION, INCIDENT = "01961f10-3b7e-7f21-a6c4-9e0d5b8f2c13", "01961f10-3b70-7c05-8d9e-1f4a6c2b7e88"
JOB = "01961f11-6f02-7d8a-8b4c-0e7d3a9f5c61"
ILL: dict[str, Any] = {
    "component": "Failed Messages",
    "healthy": False,
    "status": "ERROR",
    "error": "61 messages failed in the last 24 hours.",
    "priority": "high",
    "details": {
        "summary": "61 messages failed in the last 24 hours.",
        "milliseconds": 1.2,
        "measured": 61,
        "unit": "messages",
        "sample": 61,
        "threshold": "at most 50",
        "window": "24 hours",
        "reasons": [{"reason": "absent_subscriber", "messages": 61}],
        "reasons_total": 1,
    },
}


class HealthItem(Reply):
    component = serializers.CharField()
    healthy = serializers.BooleanField()
    status = serializers.ChoiceField(choices=[state.api_name for state in State])
    error = serializers.CharField(allow_null=True, help_text="What is wrong; null when nothing is.")
    priority = serializers.ChoiceField(choices=Priority.choices, allow_null=True)
    details = ObjectField(help_text="What was measured, over how many, against which threshold.")


class HealthComponent(HealthItem):
    check = serializers.CharField(help_text="The slug of the check.")


class MonitorState(Reply):
    """Whether the monitor runs by itself."""

    scheduler = serializers.ChoiceField(choices=["beat", "cron"], help_text="Who is to run it.")
    last_scheduled_run = serializers.DateTimeField(allow_null=True, help_text="Null when there was none.")
    limit_seconds = serializers.IntegerField(min_value=0, help_text="How old that may be.")
    late = serializers.BooleanField()


class HealthStatus(Reply):
    is_open = True
    healthy = serializers.BooleanField(help_text="Whether there are no issues.")
    state = serializers.ChoiceField(choices=[state.value for state in State], help_text="The worst of all checks.")
    issues = HealthItem(many=True)
    warnings = HealthItem(many=True)
    components = HealthComponent(many=True, help_text="Every check, also those that are well.")
    timestamp = serializers.DateTimeField()
    duration_ms = serializers.FloatField(min_value=0)
    complete = serializers.BooleanField(help_text="Whether there was time for every check.")
    last_complete_run = serializers.DateTimeField(allow_null=True)
    monitor = MonitorState()
    stored = serializers.BooleanField()
    age_seconds = serializers.FloatField(min_value=0, help_text="How old this report is.")


class HealthReply(Done):
    health_status = HealthStatus()


class ReportedReply(Said):
    notification_id = serializers.UUIDField(help_text="The reporter's own notification.")
    incident_id = serializers.UUIDField(help_text="The problem; a repeated report of an open one joins it.")


class AnnouncedReply(Said):
    sometimes = ("job_id",)
    notification_id = serializers.UUIDField(
        allow_null=True,
        help_text="The author's own notification, else one of the others; null when there is none yet.",
    )
    notifications_created = serializers.IntegerField(min_value=0, help_text="With a job_id: how many it is for.")
    job_id = serializers.UUIDField(help_text="Only where the audience is too large to be told before the reply.")


class JobReply(Done):
    job = JobSerializer()


class CleanupReasons(Reply):
    read = serializers.IntegerField(min_value=0)
    archived = serializers.IntegerField(min_value=0)
    expired = serializers.IntegerField(min_value=0)


class CleanupReply(Said):
    is_open = True
    deleted_count = serializers.IntegerField(min_value=0)
    would_delete_count = serializers.IntegerField(min_value=0)
    dry_run = serializers.BooleanField()
    days = serializers.IntegerField(min_value=1)
    by_reason = CleanupReasons()


CHECK_HEALTH = call(
    "checkHealth",
    "How the platform is",
    more="Evaluates at most once in a few seconds; repeating it changes nothing.",
    tag=TAG,
    reply=HealthReply,
    example={
        "success": True,
        "health_status": {
            "healthy": False,
            "state": "critical",
            "issues": [ILL],
            "warnings": [],
            "components": [{"check": "failed_messages", **ILL}],
            "timestamp": "2026-03-10T12:00:00.000Z",
            "duration_ms": 24.8,
            "complete": True,
            "last_complete_run": "2026-03-10T12:00:00.000Z",
            "monitor": {
                "scheduler": "beat",
                "last_scheduled_run": "2026-03-10T11:59:30.000Z",
                "limit_seconds": 120,
                "late": False,
            },
            "stored": True,
            "age_seconds": 0.4,
        },
    },
    refusals={
        503: "The storage cannot be reached, or the first health check has not finished. Without Postgres, an admin "
        "whose session Redis still vouches for gets the report along, as `health_status`."
    },
)
REPORT_PROBLEM = call(
    "reportProblem",
    "Report a problem to all admins",
    more="A repeated report of the same open problem joins it, counts, and notifies again.",
    tag=TAG,
    body=ReportProblemSerializer,
    given={
        "problem_type": "Slow site",
        "description": "Pages take ten seconds.",
        "priority": "high",
        "data": {"page": "/inbox/"},
    },
    reply=ReportedReply,
    example={
        "success": True,
        "message": "Problem reported successfully",
        "notification_id": NOTIFICATION,
        "incident_id": INCIDENT,
    },
)
ANNOUNCE = call(
    "announce",
    "Tell an audience something",
    more="Without an audience the admins are told. Above 500 people the reply comes at once, with a `job_id`.",
    tag=TAG,
    body=AnnounceSerializer,
    given={
        "title": "Maintenance on Sunday",
        "message": "Sending pauses from 02:00 to 03:00 UTC.",
        "notification_type": "maintenance",
        "priority": "high",
        "link": "/status/",
        "metadata": {"window": "02:00-03:00"},
        "audience": "admins",
    },
    reply=AnnouncedReply,
    example={
        "success": True,
        "message": "Created 3 notifications",
        "notification_id": NOTIFICATION,
        "notifications_created": 3,
    },
)
SHOW_ANNOUNCEMENT = call(
    "showAnnouncement",
    "How far the telling of an announcement has come",
    tag=TAG,
    reply=JobReply,
    example={
        "success": True,
        "job": {
            "id": JOB,
            "state": "running",
            "created_count": 4000,
            "target_count": 12000,
            "created_at": "2026-03-10T12:00:00.000Z",
            "finished_at": None,
        },
    },
)
CLEAN_UP = call(
    "cleanUp",
    "Delete what was read, archived or expired long ago",
    more="Age counts from that moment. What is unread and not expired is never touched. A dry run only counts.",
    tag=TAG,
    body=CleanupSerializer,
    given={"days": 30, "dry_run": True},
    reply=CleanupReply,
    example={
        "success": True,
        "message": "Would delete 12 notifications older than 30 days",
        "deleted_count": 0,
        "would_delete_count": 12,
        "dry_run": True,
        "days": 30,
        "by_reason": {"read": 7, "archived": 3, "expired": 2},
    },
)
