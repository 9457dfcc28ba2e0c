import abc
import datetime
from typing import ClassVar

from notifications.system_monitor.report import Listing, Measurement


class HealthCheck(abc.ABC):
    """One thing that is watched. Its head says what; `measure` says how.

    Adding one means a file here, its test, and its name in `checks/__init__.py`.
    """

    slug: ClassVar[str]
    """Kind of the incidents it opens."""
    component: ClassVar[str]
    """Its name in the health report."""
    listing: ClassVar[Listing]

    @abc.abstractmethod
    def measure(self, *, now: datetime.datetime) -> Measurement:
        """Measures, in a transaction of its own with a time limit on each statement.

        Whatever it raises makes the component's state unknown; it is the runner's to catch.
        """
