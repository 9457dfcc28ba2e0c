"""Report -> incidents -> notifications, in one transaction."""

import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from notifications import incidents, maintenance
from notifications.models import Incident, MonitorRun, Suspicion
from notifications.models.priority import Priority
from notifications.system_monitor import history
from notifications.system_monitor.report import Finding, Report, Result, Rules, State

UNANSWERED = "check_unanswered"


def reconcile(report: Report, *, previous: dict[str, Any] | None = None, is_scheduled: bool = False) -> dict[str, Any]:
    """Makes the open incidents agree with a report, stores the run, and returns the report as the API shows it.

    A check without an answer neither opens nor resolves its problem; several such runs in a row are a problem of
    their own. `previous` is the report of the last run, which those runs are counted from. Reconciling the same
    report again changes nothing and tells nobody.
    """
    same = MonitorRun.objects.filter(started_at=report.started_at, finished_at=report.finished_at).first()
    if same is not None:
        return dict(same.report)
    now = report.finished_at
    unanswered = _unanswered_runs(report, previous)
    with transaction.atomic():
        maintenance.keep_time(now=now)
        open_ones = _open_incidents(report)
        for result in report.results:
            _reconcile(result, unanswered[result.slug], open_ones, now)
        incidents.end_acknowledgements(now=now)
        incidents.tell_newcomers(now=now)
        history.store(report)
        stored = report.as_json(unanswered=unanswered)
        MonitorRun.objects.create(
            started_at=report.started_at,
            finished_at=report.finished_at,
            state=report.state,
            report=stored,
            is_complete=report.is_complete,
            is_scheduled=is_scheduled,
        )
    return stored


def _open_incidents(report: Report) -> dict[tuple[str, str], Incident]:
    kinds = [UNANSWERED, *(result.slug for result in report.results)]
    mine = Incident.objects.unresolved().seen_by_monitor().filter(tenant=None, kind__in=kinds)
    return {(incident.kind, incident.scope): incident for incident in mine}


def _unanswered_runs(report: Report, previous: dict[str, Any] | None) -> dict[str, int]:
    before = {
        item["check"]: item["details"].get("unanswered_runs", 0) for item in (previous or {}).get("components", [])
    }
    return {result.slug: _unanswered_now(result, before.get(result.slug, 0)) for result in report.results}


def _unanswered_now(result: Result, before: int) -> int:
    if result.not_asked:  # for which something else is the reason
        return before
    return before + 1 if result.state is State.UNKNOWN else 0


def _reconcile(
    result: Result, unanswered: int, open_ones: dict[tuple[str, str], Incident], now: datetime.datetime
) -> None:
    if result.not_asked or result.carried is not None:
        return
    if result.state is State.UNKNOWN:
        if unanswered >= settings.UNANSWERED_RUNS_LIMIT:
            incidents.see_problem(problem=_not_answering(result, unanswered), now=now)
        return
    gone = {key: incident for key, incident in open_ones.items() if key[0] == result.slug}
    if silence := open_ones.get((UNANSWERED, result.slug)):
        gone[(UNANSWERED, result.slug)] = silence
    # Sorted, so that two reconciliations lock the same incidents in the same order.
    for finding in sorted(result.findings, key=lambda finding: finding.scope):
        gone.pop((result.slug, finding.scope), None)
        seen = _see(result, finding, open_ones, now)
        if seen is not None:
            open_ones[(result.slug, finding.scope)] = seen
    scopes = [finding.scope for finding in result.findings]
    Suspicion.objects.filter(tenant=None, kind=result.slug).exclude(scope__in=scopes).delete()
    for key, incident in sorted(gone.items()):
        summary = result.measurement.summary if result.measurement else ""
        rules = Rules() if key[0] == UNANSWERED else result.rules
        if incidents.unsee(incident=incident, summary=f"Now: {summary}", now=now, rules=rules):
            del open_ones[key]


def _see(
    result: Result, finding: Finding, open_ones: dict[tuple[str, str], Incident], now: datetime.datetime
) -> Incident | None:
    """Opens a finding's incident or keeps it up to date; None while it is held back, or follows from another."""
    parent = open_ones.get(finding.follows_from) if finding.follows_from else None
    if parent is not None and (result.slug, finding.scope) not in open_ones:
        incidents.note_suppressed(parent=parent, title=finding.title, at=now)
        return None
    problem = incidents.Problem(
        kind=result.slug,
        scope=finding.scope,
        priority=finding.priority,
        title=finding.title,
        summary=finding.summary,
        advice=finding.advice,
        details=result.as_item(unanswered_runs=0)["details"],
    )
    return incidents.see_problem(problem=problem, now=now, rules=result.rules)


def _not_answering(result: Result, unanswered: int) -> incidents.Problem:
    return incidents.Problem(
        kind=UNANSWERED,
        scope=result.slug,
        priority=Priority.MEDIUM,
        title=f"{result.component}: this check is not answering",
        summary=f"{unanswered} runs in a row gave no answer. Until it answers, nobody knows whether it is well.",
        advice="The server's log says why, under this check's name.",
    )
