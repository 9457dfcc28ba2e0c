"""What began and ended while nobody could write it down."""

import datetime

from django.db import connection, transaction

from notifications.incidents.problems import Problem, resolve, see_problem
from notifications.incidents.timeline import Kind, note
from notifications.models import Incident

#: Machines' clocks may differ by this much: what one saw so soon after the other's end was the same.
CLOCKS_DIFFER = datetime.timedelta(seconds=5)


def record_past(
    *, problem: Problem, began: datetime.datetime, ended: datetime.datetime, seen_by: str, now: datetime.datetime
) -> Incident | None:
    """Opens and resolves an incident with its true times, and tells the admins of both; or widens the one that is
    known of that time already, from another machine's notes. None where maintenance kept it from opening.
    """
    with transaction.atomic():
        _one_at_a_time()
        known = (
            Incident.objects.seen_by_monitor()
            .filter(tenant=None, kind=problem.kind, scope=problem.scope, opened_at__lte=ended + CLOCKS_DIFFER)
            .exclude(resolved_at__lt=began - CLOCKS_DIFFER)
            .order_by("-opened_at")
            .select_for_update(of=("self",), no_key=True)
            .first()
        )
        if known is not None:
            return _widen(known, began, ended, seen_by, now)
        incident = see_problem(problem=problem, now=began)
        if incident is not None:
            resolve(incident=incident, summary="It was noted then and is told now.", now=ended)
        return incident


def _one_at_a_time() -> None:
    """For the rest of the transaction. The constraint alone would let two machines open one after the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('record_past'))")


def _widen(
    incident: Incident, began: datetime.datetime, ended: datetime.datetime, seen_by: str, now: datetime.datetime
) -> Incident:
    incident.opened_at = min(incident.opened_at, began)
    if incident.resolved_at is not None:
        incident.resolved_at = max(incident.resolved_at, ended)
    incident.occurrences += 1
    incident.save(update_fields=["opened_at", "resolved_at", "occurrences"])
    text = f"{seen_by} saw it from {began:%H:%M:%S} to {ended:%H:%M:%S} UTC."
    note(incident, Kind.COMMENTED, at=now, text=text)
    return incident
