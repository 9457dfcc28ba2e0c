"""What people do with incidents."""

import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from notifications.incidents.problems import Problem, State, open_incident, resolve
from notifications.incidents.telling import tell_admins, tell_assignee, tell_report
from notifications.incidents.timeline import Kind, note
from notifications.kinds import ProblemReopened
from notifications.models import Incident, IncidentEvent, Notification
from notifications.models.priority import Priority

REPORTED_PROBLEM = "reported_problem"


class IncidentOver(Exception):
    """It is resolved: reopen it first."""

    def __init__(self) -> None:
        super().__init__("This incident is resolved. Reopen it first.")


class NotAnAdmin(Exception):
    """Only the platform's admins see incidents, so nobody else can be given one."""

    def __init__(self) -> None:
        super().__init__("Not an active admin of the platform.")


class AlreadyOpen(Exception):
    """The same problem is open under another incident."""

    def __init__(self) -> None:
        super().__init__("The same problem is open under a newer incident.")


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
            before = Priority(incident.priority)
            highest = max(priority, before, key=lambda one: one.rank)
            Incident.objects.filter(pk=incident.pk).update(
                occurrences=F("occurrences") + 1, last_seen_at=now, last_told_at=now, priority=highest
            )
            incident.refresh_from_db()
            note(incident, Kind.REPORTED, at=now, actor=reporter, before=before, after=highest, text=description)
        mine = tell_report(incident, reporter=reporter, description=description, data=data, priority=priority, now=now)
    return incident, mine


def acknowledge(
    *, incident: Incident, actor: User, until: datetime.datetime | None = None, comment: str = ""
) -> Incident:
    """Somebody looks after it: repeats stop, until `until` or for good. Repeating it moves `until`.

    Raises IncidentOver.
    """
    now = timezone.now()
    with transaction.atomic():
        mine = _locked(incident)
        note(mine, Kind.ACKNOWLEDGED, at=now, actor=actor, before=mine.state, after=State.ACKNOWLEDGED, text=comment)
        mine.state = State.ACKNOWLEDGED
        mine.acknowledged_by, mine.acknowledged_at, mine.acknowledged_until = actor, now, until
        mine.save(update_fields=["state", "acknowledged_by", "acknowledged_at", "acknowledged_until"])
    return mine


def assign(*, incident: Incident, actor: User, assignee: User | None) -> Incident:
    """Says whose it is, and tells them; None takes it from everybody. Raises IncidentOver, and NotAnAdmin."""
    if assignee is not None and not (assignee.is_active and assignee.is_platform_admin):
        raise NotAnAdmin
    with transaction.atomic():
        mine = _locked(incident)
        before = mine.assignee.email if mine.assignee else ""
        after = assignee.email if assignee else ""
        if before != after:
            now = timezone.now()
            note(mine, Kind.ASSIGNED, at=now, actor=actor, before=before[:60], after=after[:60])
            mine.assignee = assignee
            mine.save(update_fields=["assignee"])
            tell_assignee(mine, assigner=actor, now=now)
    return mine


def comment(*, incident: Incident, actor: User, text: str) -> IncidentEvent:
    """Adds to the timeline, also of what is over."""
    return note(incident, Kind.COMMENTED, at=timezone.now(), actor=actor, text=text)


def close(*, incident: Incident, actor: User, resolution: str) -> Incident:
    """A person says that it is over, and how; repeating it is fine. The monitor opens a new one if it is not."""
    resolve(incident=incident, summary=resolution, now=timezone.now(), actor=actor)
    incident.refresh_from_db()
    return incident


def reopen(*, incident: Incident, actor: User, reason: str) -> Incident:
    """It was not over. Reopening an open one is fine. Raises AlreadyOpen when a newer incident has it."""
    now = timezone.now()
    try:
        with transaction.atomic():
            mine = Incident.objects.select_for_update(of=("self",), no_key=True).get(pk=incident.pk)
            if mine.state != State.RESOLVED:
                return mine
            mine.state, mine.resolved_at, mine.resolved_by, mine.resolution = State.OPEN, None, None, ""
            mine.reopens += 1
            mine.good_runs, mine.last_told_at = 0, now
            mine.save()
            note(mine, Kind.REOPENED, at=now, actor=actor, before=State.RESOLVED, after=State.OPEN, text=reason)
            tell_admins(ProblemReopened, mine, event=f"reopened:{mine.reopens}", now=now)
    except IntegrityError:
        raise AlreadyOpen from None
    return mine


def _locked(incident: Incident) -> Incident:
    mine = Incident.objects.select_for_update(of=("self",), no_key=True).select_related("assignee").get(pk=incident.pk)
    if mine.state == State.RESOLVED:
        raise IncidentOver
    return mine
