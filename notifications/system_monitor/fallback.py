"""What is still said when the database itself is down."""

from typing import Any

from django.db import InterfaceError, OperationalError, ProgrammingError

from notifications.system_monitor import monitor, runner


def check_health() -> dict[str, Any]:
    """The monitor's report; without Postgres, or without its tables, a fresh one that could not be stored (`stored` is
    false), in which the database is critical and the rest unknown."""
    try:
        return monitor.check_health() | {"stored": True}
    except (OperationalError, InterfaceError, ProgrammingError):  # the last: a database that was never migrated
        report = runner.run().as_json()
        return report | {"last_complete_run": None, "age_seconds": 0.0, "stored": False}
