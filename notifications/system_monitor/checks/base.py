import abc
import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from notifications.system_monitor.judging import Rule
from notifications.system_monitor.limits import Limit, Limits
from notifications.system_monitor.report import Listing, Measurement, Result


@dataclass(frozen=True)
class Context:
    """What a check is given to judge by."""

    now: datetime.datetime
    limits: Limits = field(default_factory=Limits)
    earlier: Mapping[str, Result] = field(default_factory=dict)
    """What the checks before it in this run said, by slug."""
    memo: dict[Any, Any] = field(default_factory=dict)
    """What one check read and another one of this run wants too."""


class HealthCheck(abc.ABC):
    """One thing that is watched. Its head says what; `measure` says how.

    Adding one means a file here, its test, and its name in `checks/__init__.py`.
    """

    slug: ClassVar[str]
    """Kind of the incidents it opens."""
    component: ClassVar[str]
    """Its name in the health report."""
    listing: ClassVar[Listing]
    limits: ClassVar[tuple[Limit, ...]] = ()
    """What is too much or too little; each may be changed for the platform, some for one tenant."""
    ascending: ClassVar[tuple[Limit, ...]] = ()
    """Those of them that must each stay below the next."""
    rules: ClassVar[tuple[Rule, ...]] = ()
    """When its problems are there, as far as that follows from numbers and limits alone: by these a backtest judges
    again what history kept."""
    cadence: ClassVar[datetime.timedelta] = datetime.timedelta()
    """Measured at most this often; in between the last answer stands, unless a run is told to measure everything."""
    hold: ClassVar[datetime.timedelta] = datetime.timedelta()
    """A problem must last this long before it is opened."""
    recovery_runs: ClassVar[int | None] = None
    """Runs in a row without it before it is over; None: RECOVERY_RUNS."""
    depends_on: ClassVar[tuple[str, ...]] = ("database",)
    """Slugs of checks; while one of these says that what it watches is unreachable, this one is not asked."""
    runbook: ClassVar[str] = ""
    """Where a person reads what to do."""

    def prepare(self, context: Context) -> Measurement | None:
        """What is asked of the network, before the transaction and within the same time limit.

        A measurement that it returns is the answer; with None `measure` gives it.
        """
        return None

    @abc.abstractmethod
    def measure(self, context: Context) -> Measurement:
        """Measures, in a transaction of its own with a time limit on each statement and on the whole.

        Whatever it or `prepare` raises makes the component's state unknown; it is the runner's to catch.
        """
