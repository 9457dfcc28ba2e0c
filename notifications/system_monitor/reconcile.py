"""Report -> incidents -> notifications, in one transaction."""

import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from notifications import incidents
from notifications.models import Incident, MonitorRun
from notifications.models.priority import Priority
from notifications.system_monitor.report import Report, Result, State

UNANSWERED = "check_unanswered"


def reconcile(report: Report, *, previous: dict[str, Any] | None = None) -> dict[str, Any]:
    """Makes the open incidents agree with a report, stores the run, and returns the report as the API shows it.

    A check without an answer neither opens nor resolves its problem; several such runs in a row are a problem of
    their own. `previous` is the report of the last run, which those runs are counted from. Reconciling the same
    report again changes no incident's state and tells nobody.
    """
    unanswered = _unanswered_runs(report, previous)
    now = report.finished_at
    with transaction.atomic():
        open_ones = _open_incidents(report)
        for result in report.results:
            _reconcile_problem(result, unanswered[result.slug], open_ones, now)
        stored = report.as_json(unanswered=unanswered)
        MonitorRun.objects.create(
            started_at=report.started_at, finished_at=report.finished_at, state=report.state, report=stored
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
    return {
        result.slug: before.get(result.slug, 0) + 1 if result.state is State.UNKNOWN else 0
        for result in report.results
    }


def _reconcile_problem(
    result: Result, unanswered: int, open_ones: dict[tuple[str, str], Incident], now: datetime.datetime
) -> None:
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
        problem = incidents.Problem(
            kind=result.slug,
            scope=finding.scope,
            priority=finding.priority,
            title=finding.title,
            summary=finding.summary,
            advice=finding.advice,
            details=result.as_item(unanswered_runs=0)["details"],
        )
        incidents.see_problem(problem=problem, now=now)
    for _, incident in sorted(gone.items()):
        summary = result.measurement.summary if result.measurement else ""
        incidents.resolve(incident=incident, summary=f"Now: {summary}", now=now)


def _not_answering(result: Result, unanswered: int) -> incidents.Problem:
    return incidents.Problem(
        kind=UNANSWERED,
        scope=result.slug,
        priority=Priority.MEDIUM,
        title=f"{result.component}: this check is not answering",
        summary=f"{unanswered} runs in a row gave no answer. Until it answers, nobody knows whether it is well.",
        advice="The server's log says why, under this check's name.",
    )
