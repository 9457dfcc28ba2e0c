"""The registry of notification kinds: one small declarative class each.

A kind says what its reader sees. Adding one means a class here; `services.notify` does the rest. Placeholders are
plain names filled from the context; there is no attribute walk, no tag and no logic in a text.
"""

from collections.abc import Mapping
from string import Template
from typing import ClassVar

from django.conf import settings

from notifications.models.notification import Notification
from notifications.models.priority import Priority

MAX_TITLE, MAX_MESSAGE = 200, 4000  # characters that a row holds


def fill_in(title: str, message: str, context: Mapping[str, object]) -> tuple[str, str]:
    """Both texts with their placeholders filled in, cut to what a row holds. Raises KeyError when a variable is
    missing, ValueError for a broken placeholder."""
    written = [Template(text).substitute(context).strip() for text in (title, message)]
    return written[0][:MAX_TITLE], written[1][:MAX_MESSAGE]


class Kind:
    """Base of all kinds. `title` and `message` hold `$name` placeholders, filled from the context of `notify`."""

    slug: ClassVar[str]
    notification_type: ClassVar[Notification.Type]
    #: None: taken from the incident that the notification tells of.
    priority: ClassVar[Priority | None] = Priority.MEDIUM
    title: ClassVar[str]
    message: ClassVar[str]
    #: Every variable of its context that a text may show, each with an example of its value.
    variables: ClassVar[Mapping[str, str]] = {}
    is_system: ClassVar[bool] = True
    is_auto_generated: ClassVar[bool] = True
    #: Told to whom its author chose; else to the platform's admins, and of a tenant's to its owners and admins.
    is_for_anybody: ClassVar[bool] = False

    @classmethod
    def write(cls, context: Mapping[str, object]) -> tuple[str, str]:
        """The built-in title and message. Raises KeyError when a variable is missing."""
        return fill_in(cls.title, cls.message, context)

    @classmethod
    def action(cls) -> tuple[str, str]:
        """The words and the address of what its reader can do about it; two empty texts when there is nothing."""
        return "", ""


#: What every notification of an open problem can show.
PROBLEM = {
    "title": "SMS Service: the success rate is low",
    "summary": "69.6 % of 56 settled messages in the last 24 hours were delivered; at least 80 % should be.",
    "advice": "Look at the failure reasons under Failed Messages.",
}


class ProblemOpened(Kind):
    slug = "problem_opened"
    notification_type = Notification.Type.SYSTEM
    priority = None
    title = "$title"
    message = "$summary $advice"
    variables = PROBLEM


class ProblemEscalated(Kind):
    slug = "problem_escalated"
    notification_type = Notification.Type.SYSTEM
    priority = None
    title = "Worse: $title"
    message = "$summary $advice"
    variables = PROBLEM


class ProblemRepeated(Kind):
    slug = "problem_repeated"
    notification_type = Notification.Type.SYSTEM
    priority = None
    title = "Still open: $title"
    message = "For $duration now, and nobody acknowledged it. $summary $advice"
    variables = {**PROBLEM, "duration": "4 hours"}


class ProblemReopened(Kind):
    slug = "problem_reopened"
    notification_type = Notification.Type.SYSTEM
    priority = None
    title = "Open again: $title"
    message = "$summary $advice"
    variables = PROBLEM


class ProblemResolved(Kind):
    slug = "problem_resolved"
    notification_type = Notification.Type.SUCCESS
    priority = Priority.LOW
    title = "Resolved: $title"
    message = "It is over after $duration. $summary"
    variables = {
        "title": "SMS Service: the success rate is low",
        "duration": "2 hours",
        "summary": "Now: 98.2 % of 112 settled messages in the last 24 hours were delivered.",
    }


class ProblemAssigned(Kind):
    slug = "problem_assigned"
    notification_type = Notification.Type.SYSTEM
    priority = None
    is_auto_generated = False
    title = "Assigned to you: $title"
    message = "$assigner asks you to look after it. $summary $advice"
    variables = {**PROBLEM, "assigner": "Ada Lovelace"}


class ProblemReported(Kind):
    slug = "problem_reported"
    notification_type = Notification.Type.SYSTEM
    priority = None
    is_auto_generated = False
    title = "$title"
    message = "$description (reported by $reporter$times)"
    variables = {
        "title": "Problem reported: Slow site",
        "description": "Pages take ten seconds.",
        "reporter": "Ada Lovelace",
        "times": ", 2 times so far",
    }


class MaintenanceAhead(Kind):
    slug = "maintenance_ahead"
    notification_type = Notification.Type.MAINTENANCE
    priority = Priority.LOW
    title = "Maintenance ahead: $title"
    message = "From $starts to $ends. Problems of $checks are not told while it lasts."
    variables = {
        "title": "Database upgrade",
        "starts": "2026-03-29 02:30 EAT",
        "ends": "2026-03-29 03:30 EAT",
        "checks": "Database",
    }


class MaintenanceOver(Kind):
    slug = "maintenance_over"
    notification_type = Notification.Type.MAINTENANCE
    priority = Priority.LOW
    title = "Maintenance is over: $title"
    message = "Problems are told again. $suppressed"
    variables = {"title": "Database upgrade", "suppressed": "Not told meanwhile: Database: slow answers."}


class MaintenanceCancelled(Kind):
    slug = "maintenance_cancelled"
    notification_type = Notification.Type.MAINTENANCE
    priority = Priority.LOW
    title = "Maintenance is cancelled: $title"
    message = "It was to last from $starts to $ends."
    variables = {
        "title": "Database upgrade",
        "starts": "2026-03-29 02:30 EAT",
        "ends": "2026-03-29 03:30 EAT",
    }


class Announced(Kind):
    slug = "announcement"
    notification_type = Notification.Type.INFO
    is_auto_generated = False
    is_for_anybody = True
    title = "$title"
    message = "$message"
    variables = {"title": "Maintenance on Sunday", "message": "Sending pauses from 02:00 to 03:00 UTC."}


class SmsCreditLow(Kind):
    slug = "sms_credit_low"
    notification_type = Notification.Type.SMS_CREDIT
    title = "SMS credits are low: $percentage % left"
    message = (
        "$current_credits of $total_credits SMS credits are left. Your $level threshold is $threshold %. "
        "Top up so that messages keep going out."
    )
    is_system = False
    variables = {
        "current_credits": "80",
        "total_credits": "1000",
        "percentage": "8.0",
        "level": "critical",
        "threshold": "10",
    }

    @classmethod
    def write(cls, context: Mapping[str, object]) -> tuple[str, str]:
        if context["current_credits"] == 0:
            empty = "None of $total_credits SMS credits are left. Messages are refused until you top up."
            return fill_in("No SMS credits are left", empty, context)
        return super().write(context)

    @classmethod
    def action(cls) -> tuple[str, str]:
        return ("Top up", settings.TOP_UP_URL) if settings.TOP_UP_URL else ("", "")


class WebhookDisabled(Kind):
    slug = "webhook_disabled"
    notification_type = Notification.Type.ERROR
    priority = Priority.HIGH
    title = "A webhook was disabled: $address"
    message = "$reason$failures Mend the receiver, enable the webhook again, and replay what it missed."
    is_system = False
    variables = {
        "address": "https://hooks.example.com/bellwether",
        "reason": "HTTP 500 Internal Server Error.",
        "failures": " 42 calls in a row failed.",
    }


KINDS: tuple[type[Kind], ...] = (
    ProblemOpened,
    ProblemEscalated,
    ProblemRepeated,
    ProblemReopened,
    ProblemResolved,
    ProblemAssigned,
    ProblemReported,
    MaintenanceAhead,
    MaintenanceOver,
    MaintenanceCancelled,
    Announced,
    SmsCreditLow,
    WebhookDisabled,
)
BY_SLUG = {kind.slug: kind for kind in KINDS}
