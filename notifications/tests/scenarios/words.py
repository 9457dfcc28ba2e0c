"""The words that scenarios are written in: what can happen. One function each, named as it stands in the file.

A line `{at = "1:05", top_up = 1000, of = "acme"}` calls `top_up(stage, 1000, of="acme")` then. To add a word, write
its function here, and its line in docs/scenarios.md.
"""

import datetime
import inspect
import keyword
from collections.abc import Callable
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from notifications import incidents, maintenance, tasks
from notifications.models import Incident
from notifications.tests.helpers import in_threads, messages
from notifications.tests.scenarios.script import BadScenario, Happening, span
from notifications.tests.scenarios.stage import Stage
from sms import services as sms
from sms.models import Message, Status
from sms.providers import simulator
from sms.services.credits import reserve
from tenants.scope import all_tenants, tenant_scope

Word = Callable[..., None]
WORDS: dict[str, Word] = {}
#: As the files say it; the carrier's own name for a failure is "undelivered".
STATES = {"delivered": Status.DELIVERED, "failed": Status.UNDELIVERED, "queued": Status.QUEUED}
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def word(function: Word) -> Word:
    # A trailing underscore where Python has the word for itself.
    WORDS[function.__name__.rstrip("_")] = function
    return function


def check(happening: Happening) -> None:
    """Raises BadScenario for a word that nobody knows, or that misses something."""
    function = WORDS.get(happening.word)
    if function is None:
        raise BadScenario(f"{happening.word}: no such word; there are {', '.join(WORDS)}.")
    try:
        inspect.signature(function).bind(None, happening.value, **_arguments(happening))
    except TypeError as error:
        raise BadScenario(f"{happening.word}: {error}.") from None


def happen(happening: Happening, stage: Stage) -> None:
    WORDS[happening.word](stage, happening.value, **_arguments(happening))


def _arguments(happening: Happening) -> dict[str, Any]:
    return {f"{name}_" if keyword.iskeyword(name) else name: value for name, value in happening.more.items()}


# --- The platform ------------------------------------------------------------------------------------------------


@word
def carrier(stage: Stage, profile: str) -> None:
    """The carrier's health: healthy, outage, and what else docs/simulator.md lists."""
    simulator.set_profile(profile)


@word
def messages_(stage: Stage, counts: dict[str, int], *, of: str) -> None:
    """So many of a tenant's messages reach a state now: {delivered = 19, failed = 1, queued = 5}."""
    for state, count in counts.items():
        messages(stage.tenants[of], count, status=STATES[state], at=stage.now)


@word
def settle(stage: Stage, state: str) -> None:
    """Everything that is queued ends: delivered, or failed."""
    with all_tenants(because="in a scenario the whole queue moves on"):
        waiting = Message.objects.filter(status=Status.QUEUED)
        waiting.update(status=STATES[state], status_changed_at=stage.now)


@word
def top_up(stage: Stage, credits: int, *, of: str) -> None:
    """A tenant buys so many credits."""
    tenant = stage.tenants[of]
    with tenant_scope(tenant.pk):
        sms.top_up(tenant_id=tenant.pk, credits=credits)


@word
def spend(stage: Stage, credits: int, *, of: str) -> None:
    """A tenant's messages take so many credits."""
    tenant = stage.tenants[of]
    with tenant_scope(tenant.pk):
        if not reserve(tenant_id=tenant.pk, credits=credits, reference=str(uuid4())):
            raise BadScenario(f"{of} has fewer than {credits} credits at {stage.now:%H:%M}.")


@word
def database(stage: Stage, state: str) -> None:
    """Postgres is `down`, or `up` again."""
    stage.switch_database(is_up=_is_up(state))


@word
def redis(stage: Stage, state: str) -> None:
    """Redis is `down`, or `up` again; the carrier is not, as it has a memory of its own."""
    stage.switch_redis(is_up=_is_up(state))
    if stage.is_redis_up:
        tasks.make_up_for_missed_changes()


@word
def lock(stage: Stage, table: str) -> None:
    """Somebody locks a table and goes to lunch, so that a check that reads it hangs."""
    stage.lock(table)


@word
def unlock(stage: Stage, table: str) -> None:
    stage.unlock(table)


@word
def setting(stage: Stage, name: str, *, to: Any) -> None:
    """Somebody starts the monitor with another setting."""
    stage.set(**{name: to})


def _is_up(state: str) -> bool:
    if state not in ("up", "down"):
        raise BadScenario(f"{state!r} is neither up nor down.")
    return state == "up"


# --- People ------------------------------------------------------------------------------------------------------


@word
def person(stage: Stage, name: str, *, is_: str) -> None:
    """Somebody comes: an `admin`, or an `owner of acme`, `admin of acme`, `member of acme`."""
    stage.add_person(name, is_)


@word
def acknowledge(stage: Stage, kind: str, *, scope: str = "", by: str, for_: str | None = None) -> None:
    """A person says that they look after what is open, for so long or until it is over."""
    until = None if for_ is None else stage.now + span(for_)
    incident = Incident.objects.unresolved().get(kind=kind, scope=scope)
    incidents.acknowledge(incident=incident, actor=stage.people[by], until=until)


@word
def maintenance_(
    stage: Stage, title: str, *, first: datetime.datetime, zone: str, minutes: int, weekdays: list[str], by: str
) -> None:
    """A person plans a window: `first` by the clock of that zone, then on those weekdays."""
    fields = {"title": title, "starts_at": first.replace(tzinfo=ZoneInfo(zone)), "timezone": zone}
    fields |= {"minutes": minutes, "weekdays": [DAYS.index(day) for day in weekdays]}
    maintenance.create_window(author=stage.people[by], fields=fields)


# --- How the next run goes ---------------------------------------------------------------------------------------


@word
def runners(stage: Stage, count: int) -> None:
    """So many runners at once, at the run that comes next."""
    stage.next_run = lambda: in_threads(count, lambda _: tasks.run_monitor())


@word
def killed_after(stage: Stage, step: str) -> None:
    """The run that comes next is a process that is killed with -9 after this step (killed.py names them)."""
    stage.next_run = lambda: stage.run_and_kill(step)
