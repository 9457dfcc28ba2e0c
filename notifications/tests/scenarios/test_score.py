"""False, missed and late are worked out from what was so, and not from what the monitor said."""

import dataclasses
import datetime

import pytest

from notifications.tests.scenarios.score import Alarm, score
from notifications.tests.scenarios.script import Numbers, Truth

HOUR = datetime.timedelta(hours=1)
RUNS = [number * HOUR for number in range(24)]
#: From between the second run and the third to between the sixth and the seventh.
SO = Truth("fire", "kitchen", 1.5 * HOUR, 5.5 * HOUR)
SEEN = Alarm("fire", "kitchen", 2 * HOUR, 6 * HOUR)


def judged(*alarms: Alarm, truths: tuple[Truth, ...] = (SO,)) -> Numbers:
    return score(truths=truths, alarms=alarms, told={"ada": 2, "olu": 0}, runs=RUNS)


def test_what_is_seen_at_the_first_run_and_over_at_the_first_run_is_all_right() -> None:
    assert judged(SEEN) == Numbers(
        incidents=1, told={"ada": 2}, false=0, missed=0, resolved=1, opening_delay=0, resolving_delay=0
    )


def test_what_nobody_saw_was_missed() -> None:
    assert judged() == Numbers(incidents=0, told={"ada": 2}, false=0, missed=1, resolved=0)


@pytest.mark.parametrize(("kind", "scope"), [("flood", "kitchen"), ("fire", "cellar")])
def test_an_alarm_of_something_else_is_false_and_what_was_so_was_missed(kind: str, scope: str) -> None:
    found = judged(dataclasses.replace(SEEN, kind=kind, scope=scope))
    assert (found.false, found.missed) == (1, 1)


@pytest.mark.parametrize("opened", [1, 6])
def test_an_alarm_before_it_was_so_or_after_is_false(opened: int) -> None:
    found = judged(dataclasses.replace(SEEN, opened=opened * HOUR, resolved=9 * HOUR))
    assert (found.false, found.opening_delay) == (1, None)


def test_an_alarm_that_came_after_the_end_has_not_seen_it() -> None:
    assert judged(dataclasses.replace(SEEN, opened=6 * HOUR, resolved=9 * HOUR)).missed == 1


def test_an_all_clear_while_it_is_so_is_false() -> None:
    found = judged(dataclasses.replace(SEEN, resolved=4 * HOUR))
    assert (found.false, found.missed, found.resolving_delay) == (1, 0, None)


def test_a_second_alarm_while_the_first_is_open_is_false() -> None:
    assert judged(SEEN, dataclasses.replace(SEEN, opened=3 * HOUR)).false == 1


def test_delays_are_counted_in_runs_and_the_worst_is_shown() -> None:
    late = Alarm("flood", "", 12 * HOUR, 20 * HOUR)
    found = judged(SEEN, late, truths=(SO, Truth("flood", "", 9.5 * HOUR, 15.5 * HOUR)))
    assert (found.opening_delay, found.resolving_delay) == (2, 4)


def test_what_nobody_was_to_be_told_is_not_missed_but_false_when_it_is_told() -> None:
    silent = dataclasses.replace(SO, silent="maintenance")
    assert (judged(truths=(silent,)).false, judged(truths=(silent,)).missed) == (0, 0)
    assert judged(SEEN, truths=(silent,)).false == 1


def test_what_is_not_over_when_the_scenario_ends_stays_open() -> None:
    found = judged(dataclasses.replace(SEEN, resolved=None), truths=(dataclasses.replace(SO, until=None),))
    assert (found.false, found.missed, found.resolved, found.resolving_delay) == (0, 0, 0, None)


def test_a_warning_without_an_incident_counts_as_an_alarm_and_as_no_incident() -> None:
    found = judged(dataclasses.replace(SEEN, is_incident=False, resolved=None))
    assert (found.incidents, found.resolved, found.false, found.missed) == (0, 0, 0, 0)


def test_flaps_under_one_open_alarm_are_all_seen() -> None:
    flaps = tuple(Truth("fire", "kitchen", n * HOUR, (n + 0.1) * HOUR) for n in range(2, 9))
    found = judged(Alarm("fire", "kitchen", 2 * HOUR, 12 * HOUR), truths=flaps)
    assert (found.false, found.missed, found.resolving_delay) == (0, 0, 3)
