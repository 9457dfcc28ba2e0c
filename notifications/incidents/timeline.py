"""What happened to an incident, line by line."""

import datetime

from accounts.models import User
from notifications.models import Incident, IncidentEvent

Kind = IncidentEvent.Kind


def note(
    incident: Incident,
    kind: IncidentEvent.Kind,
    *,
    at: datetime.datetime,
    actor: User | None = None,
    before: str = "",
    after: str = "",
    text: str = "",
) -> IncidentEvent:
    """Adds a line, in the caller's transaction. Without an actor it was the monitor."""
    return IncidentEvent.objects.create(
        incident=incident, kind=kind, actor=actor, before=before, after=after, text=text, at=at
    )


def note_suppressed(*, parent: Incident, title: str, at: datetime.datetime) -> None:
    """Notes, once an opening, what was not opened because it follows from this incident."""
    mine = IncidentEvent.objects.filter(incident=parent, kind=Kind.SUPPRESSED, text=title)
    if not mine.exists():  # the monitor's lease makes this one at a time
        note(parent, Kind.SUPPRESSED, at=at, text=title)
