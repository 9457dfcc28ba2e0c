"""Who is told of an incident, and of what."""

import datetime
from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from django.db import connection

from accounts.models import User
from notifications import wording
from notifications.incidents.timeline import Kind as EventKind
from notifications.incidents.timeline import note
from notifications.kinds import Kind, ProblemAssigned, ProblemOpened, ProblemReported, ProblemResolved
from notifications.models import Incident, IncidentAudience, Notification
from notifications.models.priority import Priority
from notifications.services import notify


def tell_admins(kind: type[Kind], incident: Incident, *, event: str, now: datetime.datetime) -> None:
    """Tells the platform's admins one event of an incident."""
    context = _words_of(incident)
    context["duration"] = wording.duration(now - incident.opened_at)
    _tell(kind, incident, list(User.objects.platform_admins()), event=event, context=context, now=now)


def tell_assignee(incident: Incident, *, assigner: User, now: datetime.datetime) -> None:
    """Tells whom it was given to; who takes it knows. The caller holds the incident's lock and has noted it."""
    if incident.assignee is None or incident.assignee == assigner:
        return
    context = _words_of(incident)
    context["assigner"] = assigner.full_name or assigner.email
    times = incident.timeline.filter(kind=EventKind.ASSIGNED).count()
    _tell(ProblemAssigned, incident, [incident.assignee], event=f"assigned:{times}", context=context, now=now)


def tell_report(
    incident: Incident,
    *,
    reporter: User,
    description: str,
    data: dict[str, Any],
    priority: Priority,
    now: datetime.datetime,
) -> Notification:
    """Tells the platform's admins that somebody reported it; returns the reporter's own notification."""
    context = {
        "title": incident.title,
        "description": description,
        "reporter": reporter.full_name or reporter.email,
        "times": f", {incident.occurrences} times so far" if incident.occurrences > 1 else "",
    }
    rows = _tell(
        ProblemReported,
        incident,
        [*User.objects.platform_admins(), reporter],  # who may have ceased to be one meanwhile
        event=f"reported:{incident.occurrences}",
        context=context,
        now=now,
        priority=priority,
        data={"report": data},
        regardless=[reporter],  # the row is the receipt of their own call, and the reply names it
    )
    return next(row for row in rows if row.recipient_id == reporter.pk)


def tell_end(incident: Incident, *, summary: str, now: datetime.datetime) -> None:
    """Tells those who were told of it."""
    told = list(User.objects.active().filter(pk__in=incident.audience.filter(was_told=True).values("user")))
    context = {"title": incident.title, "summary": summary, "duration": wording.duration(now - incident.opened_at)}
    event = f"resolved:{incident.reopens}" if incident.reopens else "resolved"
    # Who was told of a beginning is told of its end, low as its priority is.
    _tell(ProblemResolved, incident, told, event=event, context=context, now=now, regardless=told)


def _tell(
    kind: type[Kind],
    incident: Incident,
    people: list[User],
    *,
    event: str,
    context: dict[str, Any],
    now: datetime.datetime,
    priority: Priority | None = None,
    data: dict[str, Any] | None = None,
    regardless: Collection[User] = (),
) -> list[Notification]:
    rows = notify(
        kind=kind,
        recipients=people,
        incident=incident,
        event=event,
        context=context,
        data=_data_of(incident) | (data or {}),
        now=now,
        priority=priority,
        regardless=regardless,
    )
    _consider(incident, (person.pk for person in people), told={row.recipient_id for row in rows})
    return rows


def _consider(incident: Incident, people: Iterable[UUID], *, told: set[UUID]) -> None:
    rows = [IncidentAudience(incident=incident, user_id=key, was_told=key in told) for key in sorted(set(people))]
    IncidentAudience.objects.bulk_create(rows, ignore_conflicts=True)
    incident.audience.filter(user__in=told, was_told=False).update(was_told=True)


# Mostly nobody, at the cost of one look.
NEWCOMERS = """
SELECT person.id, incident.id FROM notifications_incident AS incident
CROSS JOIN accounts_user AS person
WHERE incident.state <> 'resolved' AND incident.tenant_id IS NULL
  AND person.is_active AND (person.is_staff OR person.is_superuser)
  AND NOT EXISTS (
      SELECT 1 FROM notifications_incidentaudience AS audience
      WHERE audience.incident_id = incident.id AND audience.user_id = person.id
  )
ORDER BY incident.id, person.id
"""


def tell_newcomers(*, now: datetime.datetime) -> int:
    """Tells admins who came while an incident was open that it is; returns how many notifications that were."""
    with connection.cursor() as cursor:
        cursor.execute(NEWCOMERS)
        found = cursor.fetchall()
    users = User.objects.in_bulk([user_id for user_id, _ in found])
    incidents = Incident.objects.in_bulk([incident_id for _, incident_id in found])
    count = 0
    for user_id, incident_id in found:
        user, incident = users[user_id], incidents[incident_id]
        context = _words_of(incident)
        if _tell(ProblemOpened, incident, [user], event="opened", context=context, now=now):
            note(incident, EventKind.TOLD_LATE, at=now, text=user.email)
            count += 1
    return count


def _words_of(incident: Incident) -> dict[str, Any]:
    """What every text about an open problem can show: kinds.PROBLEM."""
    return {"title": incident.title, "summary": incident.summary, "advice": incident.advice}


def _data_of(incident: Incident) -> dict[str, Any]:
    """What a notification carries of its incident: small, and no lists of whom it is about."""
    return {
        "kind": incident.kind,
        "scope": incident.scope,
        "state": incident.state,
        "occurrences": incident.occurrences,
    }
