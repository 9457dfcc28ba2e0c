"""The registry of notification kinds: one small declarative class each.

A kind says what its reader sees. Adding one means a class here; `services.notify` does the rest. Placeholders are
plain names filled from the context; there is no attribute walk, no tag and no logic in a text.
"""

from collections.abc import Mapping
from string import Template
from typing import ClassVar

from notifications.models.notification import Notification
from notifications.models.priority import Priority


class Kind:
    """Base of all kinds. `title` and `message` hold `$name` placeholders, filled from the context of `notify`."""

    slug: ClassVar[str]
    notification_type: ClassVar[Notification.Type]
    #: None: taken from the incident that the notification tells of.
    priority: ClassVar[Priority | None] = Priority.MEDIUM
    title: ClassVar[str]
    message: ClassVar[str]
    is_system: ClassVar[bool] = True
    is_auto_generated: ClassVar[bool] = True

    @classmethod
    def write(cls, context: Mapping[str, object]) -> tuple[str, str]:
        """The title and the message, cut to what a row holds. Raises KeyError when a variable is missing."""
        title = Template(cls.title).substitute(context).strip()
        message = Template(cls.message).substitute(context).strip()
        return title[:200], message[:4000]


class ProblemOpened(Kind):
    slug = "problem_opened"
    notification_type = Notification.Type.SYSTEM
    priority = None
    title = "$title"
    message = "$summary $advice"


class ProblemEscalated(Kind):
    slug = "problem_escalated"
    notification_type = Notification.Type.SYSTEM
    priority = None
    title = "Worse: $title"
    message = "$summary $advice"


class ProblemResolved(Kind):
    slug = "problem_resolved"
    notification_type = Notification.Type.SUCCESS
    priority = Priority.LOW
    title = "Resolved: $title"
    message = "It is over after $duration. $summary"


class ProblemReported(Kind):
    slug = "problem_reported"
    notification_type = Notification.Type.SYSTEM
    priority = None
    is_auto_generated = False
    title = "$title"
    message = "$description (reported by $reporter$times)"


KINDS: tuple[type[Kind], ...] = (ProblemOpened, ProblemEscalated, ProblemResolved, ProblemReported)
