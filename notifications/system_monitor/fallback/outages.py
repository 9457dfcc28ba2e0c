"""The times without Postgres as this machine saw them, and who was told of them: what the journal amounts to."""

import datetime
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

import structlog
from django.conf import settings
from django.utils import timezone

from notifications import wording
from notifications.channels import operators
from notifications.channels.operators import Alert
from notifications.system_monitor.checks.database import UNREACHABLE, UNWRITABLE
from notifications.system_monitor.fallback import journal
from notifications.system_monitor.fallback.journal import Line
from notifications.system_monitor.report import stamp

log = structlog.get_logger(__name__)
BEGAN, ENDED, TELLING, TOLD, REPLAYED = "began", "ended", "telling", "told", "replayed"
#: How long one process may be telling before another one takes over.
CLAIM_SECONDS = 60.0
#: Whoever was not reached is tried again after this, however often somebody asks meanwhile.
AGAIN_SECONDS = 30.0
#: An end that somebody could not be told of is kept this long.
TRIED_FOR = datetime.timedelta(hours=1)
#: Title, what has been so since, and what is so again, by the scope of what the database's check finds.
WORDS = {
    UNREACHABLE: ("Database: unreachable", "has not answered", "answers again"),
    UNWRITABLE: ("Database: it takes no writes", "has taken no writes", "takes writes again"),
}


@dataclass
class Outage:
    """`opened` and `resolved` are the operators who were told of the beginning and of the end."""

    id: str
    began: datetime.datetime
    ended: datetime.datetime | None = None
    opened: set[str] = field(default_factory=set)
    resolved: set[str] = field(default_factory=set)
    claimed_until: float = 0.0
    replayed: bool = False
    scope: str = UNREACHABLE

    def untold(self) -> set[str]:
        """Who is still to be told of what happened last. Of an end only those who know of the beginning."""
        if self.ended is None:
            return set(operators.everybody()) - self.opened
        return (self.opened & set(operators.everybody())) - self.resolved

    @property
    def is_claimed(self) -> bool:
        # Never for longer than a claim lasts: a clock may have been set back since.
        return 0 < self.claimed_until - time.time() <= CLAIM_SECONDS

    def is_done(self, now: datetime.datetime) -> bool:
        if self.ended is None or not self.replayed or self.is_claimed:
            return False
        return not self.untold() or now - self.ended > TRIED_FOR

    def alert(self) -> Alert:
        title, is_so, again = WORDS[self.scope]
        where = settings.PUBLIC_URL
        if self.ended is None:
            text = f"The database of {where} {is_so} since {stamp(self.began)}. Nothing is stored meanwhile."
            return Alert(self.id, title, text)
        lasted = wording.duration(self.ended - self.began)
        text = f"The database of {where} {again}. It did not from {stamp(self.began)} to {stamp(self.ended)}."
        return Alert(self.id, f"Resolved: {title} (it lasted {lasted})", text, is_over=True)


def outages(lines: Iterable[Line]) -> list[Outage]:
    """What happened, in order. A line twice counts once; one that makes no sense, or whose outage is not known, counts
    for nothing."""
    found: dict[str, Outage] = {}
    for line in lines:
        try:
            _take(line, found)
        except (KeyError, TypeError, ValueError):
            log.warning("a line of the spool makes no sense and was passed over", kind=str(line["kind"])[:20])
    return list(found.values())


def _take(line: Line, found: dict[str, Outage]) -> None:
    """Raises KeyError, TypeError or ValueError."""
    kind = line["kind"]
    if kind == BEGAN:
        found.setdefault(line["id"], Outage(str(UUID(line["id"])), _moment(line["at"]), scope=_scope(line)))
    elif kind == ENDED:
        mine = found[line["outage"]]
        mine.ended = mine.ended or _moment(line["at"])
    elif kind == TELLING:
        found[line["outage"]].claimed_until = float(line["until"])
    elif kind == TOLD:
        mine = found[line["outage"]]
        (mine.resolved if line["is_over"] else mine.opened).update(line["operators"])
        mine.claimed_until = float(line["until"])
    elif kind == REPLAYED:
        found[line["outage"]].replayed = True


def _moment(text: str) -> datetime.datetime:
    moment = datetime.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment


def _scope(line: Line) -> str:
    scope = str(line.get("scope"))
    return scope if scope in WORDS else UNREACHABLE


def begin(scope: str = UNREACHABLE) -> None:
    """Postgres does not answer, or takes no writes: notes it, once an outage, and tells the operators who are
    not told yet.

    A disk that takes no notes is logged; then operators are told each time, under an id that is the same all day.
    """
    now = timezone.now()
    try:
        with journal.opened() as notes:
            if all(one.ended for one in outages(notes.lines())):
                notes.add(kind=BEGAN, at=stamp(now), scope=scope)
    except OSError as error:
        log.warning("the outage cannot be noted", error=type(error).__name__, detail=str(error)[:200])
        operators.tell(Outage(f"database-{now:%Y-%m-%d}", now, scope=scope).alert(), set(operators.everybody()))
        return
    tell_operators()


def end() -> list[Outage]:
    """Postgres answers: notes it, and returns what is over and was not replayed yet."""
    with journal.opened() as notes:
        for one in outages(notes.lines()):
            if one.ended is None:
                notes.add(kind=ENDED, outage=one.id, at=stamp(timezone.now()))
        return [one for one in outages(notes.lines()) if not one.replayed]


def note_replayed(outage: Outage) -> None:
    """Postgres knows of it: `end` no longer returns it."""
    with journal.opened() as notes:
        notes.add(kind=REPLAYED, outage=outage.id)


def tell_operators() -> None:
    """Tells whoever is still to be told, of every outage. One process at a time: what it takes on is noted first, and
    whom it reached afterwards. Killed in between, another one tells again, under the same id."""
    try:
        with journal.opened() as notes:
            due = [one for one in outages(notes.lines()) if one.untold() and not one.is_claimed]
            for one in due:
                notes.add(kind=TELLING, outage=one.id, until=time.time() + CLAIM_SECONDS)
        for one in due:
            wanted = one.untold()
            reached = operators.tell(one.alert(), wanted)
            until = 0.0 if reached == wanted else time.time() + AGAIN_SECONDS
            with journal.opened() as notes:
                facts = {"is_over": one.ended is not None, "operators": sorted(reached), "until": until}
                notes.add(kind=TOLD, outage=one.id, **facts)
    except OSError as error:
        log.warning("whom operators were told of cannot be noted", error=type(error).__name__)


def forget_done() -> None:
    """Takes out of the journal what is over, replayed and told."""
    with journal.opened() as notes:
        lines = notes.lines()
        done = {one.id for one in outages(lines) if one.is_done(timezone.now())}
        if done:
            notes.keep(line for line in lines if line["id"] not in done and line.get("outage") not in done)
