"""All that is known of an incident besides its row."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from accounts.models import User
from notifications.models import Incident, IncidentEvent

#: Lines and people that are shown in one piece.
SHOWN = 100


@dataclass(frozen=True)
class Story:
    timeline: Sequence[IncidentEvent]
    """Its newest lines, newest first."""
    older_than: UUID | None
    """The line that the older ones come before; None where there are none."""
    told: Sequence[User]
    told_count: int
    recurred_as: Incident | None


def story(incident: Incident) -> Story:
    """Four queries, however long it is."""
    lines = list(incident.timeline.select_related("actor").order_by("-pk")[: SHOWN + 1])
    told = User.objects.filter(pk__in=incident.audience.filter(was_told=True).values("user"))
    return Story(
        timeline=lines[:SHOWN],
        older_than=lines[SHOWN - 1].pk if len(lines) > SHOWN else None,
        told=list(told.order_by("email")[:SHOWN]),
        told_count=told.count(),
        recurred_as=Incident.objects.filter(previous=incident).order_by("pk").first(),
    )
