"""What the monitor sees, and sees no more: opening, keeping up to date, resolving."""

import datetime
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from uuid_utils.compat import uuid7

from accounts.models import User
from notifications import maintenance
from notifications.incidents.telling import tell_admins, tell_end
from notifications.incidents.timeline import Kind, note
from notifications.kinds import ProblemEscalated, ProblemOpened, ProblemRepeated
from notifications.models import Incident, Suspicion
from notifications.models.priority import Priority
from notifications.system_monitor.report import Rules

State = Incident.State


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
        previous=_alike(problem).filter(state=State.RESOLVED).order_by("-opened_at").first(),
        opened_at=now,
        last_seen_at=now,
        last_told_at=now,
    )
    while True:
        Incident.objects.bulk_create([row], ignore_conflicts=True)
        # `no_key`: whoever opens the next one refers to the last one, and must not wait for who looks at it.
        found = _alike(problem).unresolved().select_for_update(of=("self",), no_key=True).first()
        if found is not None:
            opened = found.pk == row.pk
            if opened:
                note(found, Kind.OPENED, at=now, actor=reporter, after=problem.priority, text=problem.summary)
            return found, opened
        # Somebody resolved it between the insert that met it and the look at it: then it may be opened again.


def _alike(problem: Problem) -> Any:
    return Incident.objects.filter(tenant=None, kind=problem.kind, scope=problem.scope)


def see_problem(*, problem: Problem, now: datetime.datetime, rules: Rules | None = None) -> Incident | None:
    """The monitor saw a problem: opens it and tells the platform's admins, or keeps the open one up to date.

    None while it is only suspected (it has not lasted for `rules.hold`), or a maintenance window keeps it from
    opening. A rise in priority is told; a fall is only noted. What stays open unacknowledged is told again after
    INCIDENT_REPEAT.
    """
    rules = rules or Rules()
    with transaction.atomic():
        if not _alike(problem).unresolved().exists() and not _may_open(problem, rules, now):
            return None
        incident, opened = open_incident(problem=problem, now=now)
        if opened:
            tell_admins(ProblemOpened, incident, event="opened", now=now)
        else:
            _keep_up(incident, problem, now)
    return incident


def _may_open(problem: Problem, rules: Rules, now: datetime.datetime) -> bool:
    if maintenance.suppresses(check=problem.kind, title=problem.title, now=now):
        return False
    mine = {"tenant": None, "kind": problem.kind, "scope": problem.scope}
    if rules.hold:
        Suspicion.objects.bulk_create([Suspicion(**mine, since=now)], ignore_conflicts=True)
        if not rules.has_lasted(Suspicion.objects.get(**mine).since, now=now):
            return False
    Suspicion.objects.filter(**mine).delete()
    return True


def _keep_up(incident: Incident, problem: Problem, now: datetime.datetime) -> None:
    """Under the row lock that open_incident took."""
    before = Priority(incident.priority)
    incident.priority = problem.priority
    incident.title, incident.summary, incident.advice = problem.title, problem.summary, problem.advice
    incident.details = problem.details or {}
    incident.occurrences += 1
    incident.good_runs = 0
    incident.last_seen_at = now
    if problem.priority.rank > before.rank:
        incident.escalations += 1
        note(incident, Kind.WORSE, at=now, before=before, after=problem.priority, text=problem.summary)
        tell_admins(ProblemEscalated, incident, event=f"escalated:{incident.escalations}", now=now)
        incident.last_told_at = now
    elif problem.priority.rank < before.rank:
        note(incident, Kind.BETTER, at=now, before=before, after=problem.priority, text=problem.summary)
    _end_acknowledgement(incident, now)
    _repeat(incident, now)
    incident.save()


def _end_acknowledgement(incident: Incident, now: datetime.datetime) -> None:
    is_over = incident.acknowledged_until is not None and incident.acknowledged_until <= now
    if incident.state == State.ACKNOWLEDGED and is_over:
        incident.state = State.OPEN
        note(incident, Kind.ACKNOWLEDGEMENT_ENDED, at=now, before=State.ACKNOWLEDGED, after=State.OPEN)


def end_acknowledgements(*, now: datetime.datetime) -> int:
    """Those that were to last until now end, also where no check sees the problem again: reported ones, and those of
    checks that do not answer. People are told again, if INCIDENT_REPEAT has passed. Returns how many ended."""
    ended = Incident.objects.filter(state=State.ACKNOWLEDGED, acknowledged_until__lte=now).order_by("pk")
    with transaction.atomic():
        incidents = list(ended.select_for_update(of=("self",), no_key=True))
        for incident in incidents:
            _end_acknowledgement(incident, now)
            _repeat(incident, now)
            incident.save(update_fields=["state", "repeats", "last_told_at"])
    return len(incidents)


def _repeat(incident: Incident, now: datetime.datetime) -> None:
    after = settings.INCIDENT_REPEAT
    if incident.state == State.OPEN and after and now - incident.last_told_at >= after:
        incident.repeats += 1
        incident.last_told_at = now
        note(incident, Kind.REPEATED, at=now)
        tell_admins(ProblemRepeated, incident, event=f"repeated:{incident.repeats}", now=now)


def unsee(*, incident: Incident, summary: str, now: datetime.datetime, rules: Rules | None = None) -> bool:
    """The monitor looked and did not see it: resolves it once that has been so for long enough; says whether it did.

    What opened for the INCIDENT_FLAPS-th time within INCIDENT_FLAP_WINDOW has to stay away for longer.
    """
    with transaction.atomic():
        mine = (
            Incident.objects.unresolved().select_for_update(of=("self",), no_key=True).filter(pk=incident.pk).first()
        )
        if mine is None:
            return False
        mine.good_runs += 1
        if mine.good_runs < (rules or Rules()).good_runs_needed(opened_lately=_opened_lately(mine)):
            Incident.objects.filter(pk=mine.pk).update(good_runs=mine.good_runs)
            return False
        return resolve(incident=mine, summary=summary, now=now)


def _opened_lately(incident: Incident) -> int:
    # Counted back from its own beginning: what goes on flapping opens no more of them, and must not pass for calm.
    since = incident.opened_at - settings.INCIDENT_FLAP_WINDOW
    alike = Incident.objects.filter(tenant=None, kind=incident.kind, scope=incident.scope)
    return alike.filter(opened_at__gt=since, opened_at__lte=incident.opened_at).count()


def resolve(*, incident: Incident, summary: str, now: datetime.datetime, actor: User | None = None) -> bool:
    """Closes an incident and tells those who were told of it; False when it was closed already."""
    with transaction.atomic():
        mine = Incident.objects.unresolved().filter(pk=incident.pk)
        # Locked, so that the timeline says from what it went, whatever somebody else does to it at this moment.
        before = mine.select_for_update(no_key=True).values_list("state", flat=True).first() or ""
        if not mine.update(state=State.RESOLVED, resolved_at=now, resolution=summary, resolved_by=actor):
            return False
        incident.refresh_from_db()
        note(incident, Kind.RESOLVED, at=now, actor=actor, before=before, after=State.RESOLVED, text=summary)
        tell_end(incident, summary=summary, now=now)
    return True


def end_problem(*, kind: str, scope: str, summary: str, now: datetime.datetime) -> None:
    """Resolves the platform's problem that `see_problem` opened under this kind and scope, if it is open."""
    for incident in Incident.objects.unresolved().seen_by_monitor().filter(tenant=None, kind=kind, scope=scope):
        resolve(incident=incident, summary=summary, now=now)
