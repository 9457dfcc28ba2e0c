"""Postgres is back: what was noted without it takes effect, each outage once, whoever replays it and is killed when.

Its end is noted on disk first, then Postgres gets the incident and the outage's id in one transaction, then the disk
is told that it has it. Killed before the transaction, it is replayed; killed after it, the id says that it was.
"""

import socket

import structlog
from django.db import connection, transaction
from django.utils import timezone

from notifications import incidents
from notifications.models.priority import Priority
from notifications.system_monitor.checks.database import UNREACHABLE, Database, no_connection, no_writes
from notifications.system_monitor.fallback import journal, outages
from notifications.system_monitor.fallback.outages import Outage
from notifications.system_monitor.report import stamp

log = structlog.get_logger(__name__)


def catch_up() -> int:
    """Replays what is over and tells the operators of it; returns how many outages took effect. Costs one look at the
    disk when there was none. To be called once Postgres has answered; raises what Postgres raises when it fails again.
    """
    if journal.is_empty():
        return 0
    try:
        over = outages.end()
        done = 0
        for one in over:
            done += _replay(one)
            outages.note_replayed(one)
        outages.tell_operators()
        outages.forget_done()
    except OSError as error:
        log.warning("the spool cannot be replayed", error=type(error).__name__, detail=str(error)[:200])
        return 0
    return done


def _replay(outage: Outage) -> bool:
    """Whether it took effect, which it had not before."""
    if outage.ended is None:
        return False
    with transaction.atomic():
        if not _is_first(outage):
            return False
        incidents.record_past(
            problem=_problem(outage),
            began=outage.began,
            ended=outage.ended,
            seen_by=socket.gethostname(),
            now=timezone.now(),
        )
    log.info("an outage was replayed", outage=outage.id, began=stamp(outage.began), ended=stamp(outage.ended))
    return True


def _is_first(outage: Outage) -> bool:
    """Takes the outage for this transaction; whoever does so at the same time waits for how it ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO notifications_replayedevent (id, replayed_at) VALUES (%s, now()) ON CONFLICT DO NOTHING",
            [outage.id],
        )
        return bool(cursor.rowcount)


def _problem(outage: Outage) -> incidents.Problem:
    (finding,) = (no_connection() if outage.scope == UNREACHABLE else no_writes()).findings
    return incidents.Problem(
        kind=Database.slug,
        scope=finding.scope,
        priority=Priority(finding.priority),
        title=finding.title,
        summary=finding.summary,
        advice=finding.advice,
        details={"seen_by": socket.gethostname(), "outage": outage.id},
    )
