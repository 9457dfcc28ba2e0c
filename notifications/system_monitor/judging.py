"""Rules as values: a check judges by them, and so does a backtest over what history kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from notifications.models.priority import Priority
from notifications.system_monitor.limits import Limit
from notifications.system_monitor.report import Finding

#: What was measured, by the names under which history keeps it; `measured` is the check's own number.
Numbers = Mapping[str, float]
#: The limits to judge by, by name.
Values = Mapping[str, int]


@dataclass(frozen=True)
class Verdict:
    """What numbers mean."""

    priority: Priority | None
    """Of the problem; None: there is none."""
    is_explained: bool = False
    """It follows from another problem that is open, so it does not open by itself."""


WELL = Verdict(None)


class NotKept(Exception):
    """These numbers do not say it."""


@dataclass(frozen=True)
class Rule:
    """When one problem of a check is there."""

    scope: str
    """Its finding's."""
    title: str
    limits: tuple[Limit, ...]
    """That it goes by."""
    shown: str
    """The number that people are told the worst of, and its unit."""
    unit: str
    judge: Callable[[Numbers, Values], Verdict]
    """Pure. Raises NotKept, or KeyError for a number that is missing."""
    falling: frozenset[str] = frozenset()
    """The numbers that are worse the lower they are; all others are worse the higher."""
    caution: str = ""
    """What a backtest's reader must know of it."""

    def findings(
        self, verdict: Verdict, summary: str, advice: str, *, follows_from: tuple[str, str] | None = None
    ) -> list[Finding]:
        """The problem in words; none where all is well."""
        if verdict.priority is None:
            return []
        return [Finding(self.scope, verdict.priority, self.title, summary, advice, follows_from)]


def above(name: str, limit: Limit, priority: Priority) -> Callable[[Numbers, Values], Verdict]:
    """Bad when the number is strictly more than the limit."""

    def judge(numbers: Numbers, values: Values) -> Verdict:
        return Verdict(priority) if numbers[name] > values[limit.name] else WELL

    return judge
