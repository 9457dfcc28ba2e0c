"""Rules of the product that are made wrong on purpose, to see that the card turns red.

`make scenarios BREAK=recovery` plays everything with one of them.
"""

import contextlib
import datetime
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

from django.db import transaction

from notifications import credit_levels, incidents, maintenance, poll_store, services
from notifications.incidents import problems, telling
from notifications.models import Notification
from notifications.system_monitor import fallback, reconcile, runner
from notifications.system_monitor.limits import Limit, Limits
from notifications.system_monitor.report import Rules, State


@dataclass(frozen=True)
class Break:
    says: str
    """What is wrong with it."""
    place: Any
    name: str
    wrong: Callable[..., Any]
    seen_by: str
    """A scenario that must come out otherwise."""
    cell: str
    """The cell of it that shows it best; "" where a run of the monitor fails."""


_unsee, _see, _unknown, _limit = incidents.unsee, reconcile._see, runner._unknown, Limits.get


def _one_more(self: Limits, check: str, limit: Limit) -> int:
    return _limit(self, check, limit) + 1


def _at_the_first(*, rules: Rules | None = None, **words: Any) -> bool:
    return _unsee(rules=Rules(recovery_runs=1), **words)


def _for_itself(result: Any, finding: Any, *rest: Any) -> Any:
    return _see(result, replace(finding, follows_from=None), *rest)


def _for_well(*words: Any) -> Any:
    return replace(_unknown(*words), state=State.OK)


def _whoever_looks(incident: Any, now: datetime.datetime) -> None:
    state, incident.state = incident.state, "open"
    _repeat(incident, now)
    incident.state = state


_repeat, _notify = problems._repeat, services.notify


def _after_the_commit(**words: Any) -> list[Notification]:
    people = list(words["recipients"])
    transaction.on_commit(lambda: _notify(**words | {"recipients": people}) and None)
    return [Notification(recipient=one) for one in people]


def _every_level(people: Any, fall: credit_levels.Fall) -> Any:
    return {("critical", 10): people, ("warning", 25): people}


def _not_noted(people: list[str]) -> None:
    raise ConnectionError("Redis does not answer.")


def _by_winter_time(name: str) -> datetime.tzinfo:
    return datetime.timezone(datetime.timedelta(hours=1), name)


BREAKS = {
    "recovery": Break(
        "over at the first good look", incidents, "unsee", _at_the_first, "provider_outage", "resolving_delay"
    ),
    "flapping": Break("flapping is not damped", problems, "_opened_lately", lambda *_: 0, "flapping", "incidents"),
    "threshold": Break("every limit is one higher", Limits, "get", _one_more, "slow_decline", "false"),
    "dependencies": Break(
        "what follows from it is told too", reconcile, "_see", _for_itself, "provider_outage", "false"
    ),
    "unknown": Break("no answer is taken for a good one", runner, "_unknown", _for_well, "check_crashes", "missed"),
    "maintenance": Break(
        "maintenance keeps nothing back",
        maintenance,
        "suppresses",
        lambda **_: False,
        "maintenance_in_spring",
        "false",
    ),
    "clocks": Break(
        "windows stay in winter time",
        sys.modules[maintenance.times.__module__],
        "ZoneInfo",
        _by_winter_time,
        "maintenance_in_spring",
        "missed",
    ),
    "newcomers": Break(
        "who comes late is not told", incidents, "tell_newcomers", lambda **_: 0, "admin_added", "told"
    ),
    "acknowledged": Break(
        "acknowledging stops no repeats", problems, "_repeat", _whoever_looks, "acknowledged_that_worsens", "told"
    ),
    "transaction": Break(
        "people are told after the commit", telling, "notify", _after_the_commit, "killed_at_each_step", "told"
    ),
    "levels": Break("each level of a fall is told", credit_levels, "_crossed", _every_level, "credits_jump", "false"),
    "spool": Break("nobody replays the spool", fallback.replay, "catch_up", lambda: 0, "database_down", "missed"),
    "redis": Break("what Redis missed is an error", poll_store, "_note", _not_noted, "redis_down", ""),
}


@contextlib.contextmanager
def breaking(name: str) -> Iterator[None]:
    """Makes one rule wrong for a while; "" none."""
    if not name:
        yield
        return
    one = BREAKS[name]
    with mock.patch.object(one.place, one.name, one.wrong):
        yield
