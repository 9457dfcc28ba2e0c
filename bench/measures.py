"""All measures, in the order in which they run."""

from collections.abc import Sequence

from bench.delivery import Delivering
from bench.health import Health
from bench.ledger import Ledger
from bench.measure import Measure
from bench.poll import Poll
from bench.receipts import Receipts
from bench.sending import Sending

MEASURES: tuple[type[Measure], ...] = (Poll, Sending, Receipts, Ledger, Delivering, Health)


class Unknown(Exception):
    """There is no measure and no key of that name; the message lists those there are."""


def keys(measures: Sequence[type[Measure]] = MEASURES) -> list[str]:
    return [bound.key for measure in measures for bound in measure.bounds]


def choose(
    words: Sequence[str], measures: Sequence[type[Measure]] = MEASURES
) -> list[tuple[type[Measure], list[str]]]:
    """The measures and keys that are wanted; a word is a measure's name or a key, and none at all means everything.

    Raises Unknown.
    """
    names = [measure.name for measure in measures]
    if unknown := set(words) - {*names, *keys(measures)}:
        there_are = ", ".join([*names, *keys(measures)])
        raise Unknown(f"Nothing here is called {', '.join(sorted(unknown))}. There are: {there_are}")
    wanted = [
        (one, [bound.key for bound in one.bounds if not words or one.name in words or bound.key in words])
        for one in measures
    ]
    return [(measure, chosen) for measure, chosen in wanted if chosen]
