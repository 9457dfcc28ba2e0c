"""The only writers of Incident: open, escalate, resolve, report. A transition and its notifications commit together.

The constraint `incident_open_once` is the deduplication: whoever inserts first opened it, and everybody else joins.
"""

import datetime
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.models import User
from notifications import wording
from notifications.kinds import Kind, ProblemEscalated, ProblemOpened, ProblemReported, ProblemResolved
from notifications.models import Incident, Notification
from notifications.models.priority import Priority
from notifications.services import notify

REPORTED_PROBLEM = "reported_problem"


@dataclass(frozen=True)
class Problem:
    """What is wrong, in the words its readers get."""

    kind: str
    scope: str
    priority: Priority
    title: str
    summary: str
    advice: str = ""
    details: dict[str, Any] | None = None


def open_incident(*, problem: Problem, now: datetime.datetime, reporter: User | None = None) -> tuple[Incident, bool]:
    """Returns the one unresolved incident for this problem, and whether this call opened it."""
    row = Incident(
        id=uuid7(),
        kind=problem.kind,
        scope=problem.scope,
        priority=problem.priority,
        title=problem.title,
        summary=problem.summary,
        advice=problem.advice,
        details=problem.details or {},
        reporter=reporter,
        opened_at=now,
        last_seen_at=now,
    )
    while True:
        Incident.objects.bulk_create([row], ignore_conflicts=True)
        same = Incident.objects.unresolved().filter(tenant=None, kind=problem.kind, scope=problem.scope)
        found = same.select_for_update(of=("self",)).first()
        if found is not None:
            return found, found.pk == row.pk
        # Somebody resolved it between the insert that met it and the look at it: then it may be opened again.


def see_problem(*, problem: Problem, now: datetime.datetime) -> Incident:
    """The monitor saw a problem: opens it and tells the platform's admins, or keeps the open one up to date.

    A rise in priority is told; a fall is only noted.
    """
    with transaction.atomic():
        incident, opened = open_incident(problem=problem, now=now)
        if opened:
            _tell(ProblemOpened, incident, event="opened", now=now)
            return incident
        rises = problem.priority.rank > Priority(incident.priority).rank
        incident.priority = problem.priority
        incident.title, incident.summary, incident.advice = problem.title, problem.summary, problem.advice
        incident.details = problem.details or {}
        incident.occurrences += 1
        incident.escalations += rises
        incident.last_seen_at = now
        incident.save()  # under the row lock that open_incident took
        if rises:
            _tell(ProblemEscalated, incident, event=f"escalated:{incident.escalations}", now=now)
    return incident


def resolve(*, incident: Incident, summary: str, now: datetime.datetime) -> bool:
    """Closes an incident and tells those who were told that it opened; False when it was closed already."""
    with transaction.atomic():
        mine = Incident.objects.unresolved().filter(pk=incident.pk)
        if not mine.update(state=Incident.State.RESOLVED, resolved_at=now):
            return False
        incident.refresh_from_db()
        told = list(User.objects.active().filter(notifications__incident=incident).distinct())
        context = {"title": incident.title, "summary": summary, "duration": wording.duration(now - incident.opened_at)}
        notify(
            kind=ProblemResolved,
            recipients=told,
            incident=incident,
            event="resolved",
            context=context,
            data=_data(incident),
            now=now,
            regardless=told,  # who was told of a beginning is told of its end, low as its priority is
        )
    return True


def report_problem(
    *, reporter: User, problem_type: str, description: str, priority: Priority, data: dict[str, Any]
) -> tuple[Incident, Notification]:
    """An admin reports a problem: opens it, or joins the open one of the same type, counts, and tells again.

    Returns the incident and the reporter's own notification.
    """
    now = timezone.now()
    problem = Problem(
        kind=REPORTED_PROBLEM,
        scope=problem_type.casefold()[:120],
        priority=priority,
        title=f"Problem reported: {problem_type}",
        summary=description,
        details=data,
    )
    with transaction.atomic():
        incident, opened = open_incident(problem=problem, now=now, reporter=reporter)
        if not opened:
            highest = max(priority, Priority(incident.priority), key=lambda one: one.rank)
            Incident.objects.filter(pk=incident.pk).update(
                occurrences=F("occurrences") + 1, last_seen_at=now, priority=highest
            )
            incident.refresh_from_db()
        times = f", {incident.occurrences} times so far" if incident.occurrences > 1 else ""
        context = {
            "title": incident.title,
            "description": description,
            "reporter": reporter.full_name or reporter.email,
            "times": times,
        }
        event = f"reported:{incident.occurrences}"
        told = notify(
            kind=ProblemReported,
            recipients=[*User.objects.platform_admins(), reporter],  # who may have ceased to be one meanwhile
            incident=incident,
            event=event,
            priority=priority,
            context=context,
            data=_data(incident) | {"report": data},
            now=now,
            regardless=[reporter],  # the row is the receipt of their own call, and the reply names it
        )
    return incident, next(row for row in told if row.recipient_id == reporter.pk)


def _tell(kind: type[Kind], incident: Incident, *, event: str, now: datetime.datetime) -> None:
    context = {"title": incident.title, "summary": incident.summary, "advice": incident.advice}
    recipients = User.objects.platform_admins()
    notify(
        kind=kind,
        recipients=recipients,
        incident=incident,
        event=event,
        context=context,
        data=_data(incident),
        now=now,
    )


def _data(incident: Incident) -> dict[str, Any]:
    """What a notification carries of its incident: small, and no lists of whom it is about."""
    return {
        "kind": incident.kind,
        "scope": incident.scope,
        "state": incident.state,
        "occurrences": incident.occurrences,
    }
