"""What a measure is: a head that says all about it, and one `run`."""

import abc
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from bench.stage import Fixture, Stage


@dataclass(frozen=True)
class Bound:
    """A key of results.json, what its value is, and what it is held against."""

    key: str
    relation: Literal[">=", "<="]
    limit: float
    detail: str

    def holds(self, value: float) -> bool:
        return value >= self.limit if self.relation == ">=" else value <= self.limit


@dataclass(frozen=True)
class Found:
    """One value a repeat, of which the median counts; none where it could not be measured, and `note` says why."""

    values: Sequence[float] = ()
    note: str = ""


class Measure(abc.ABC):
    """One file's worth of keys that share their rows."""

    name: ClassVar[str]
    bounds: ClassVar[tuple[Bound, ...]]
    #: Runs beside it, and nothing else does: `house.web` or a context manager of the measure's own.
    needs: ClassVar[tuple[Fixture, ...]] = ()

    @abc.abstractmethod
    def run(self, stage: Stage, keys: Collection[str]) -> Mapping[str, Found]:
        """Measures the wanted keys, and spares itself the work for the others. Tables and Redis are empty before.

        Whatever it raises is reported as the reason why its keys were not measured.
        """
