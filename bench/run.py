"""Runs measures one after the other; one that fails does not take the others with it."""

import traceback
from collections.abc import Callable, Collection, Mapping, Sequence

from bench.measure import Found, Measure
from bench.results import Result
from bench.stage import Stage

MISSING = Found(note="the measure gave no value for it")


def run(
    chosen: Sequence[tuple[type[Measure], Collection[str]]],
    stage: Stage,
    *,
    empty: Callable[[], None],
    done: Callable[[list[Result]], None],
) -> list[Result]:
    """Empties everything before each measure, and hands its results over as soon as they are there."""
    results = []
    for measure, keys in chosen:
        found = _found(measure, keys, stage, empty)
        mine = [Result(bound, found.get(bound.key, MISSING)) for bound in measure.bounds if bound.key in keys]
        done(mine)
        results += mine
    return results


def _found(
    measure: type[Measure], keys: Collection[str], stage: Stage, empty: Callable[[], None]
) -> Mapping[str, Found]:
    stage.say(measure.name)
    try:
        stage.prepare(measure.needs)
        empty()
        return measure().run(stage, keys)
    except Exception as error:  # noqa: BLE001 (whatever it was, it is the reason that is reported)
        traceback.print_exc()
        return dict.fromkeys(keys, Found(note=f"{type(error).__name__}: {error}".splitlines()[0]))
