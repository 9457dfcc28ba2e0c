"""A process that runs the monitor and is killed with -9 after one step of it, as often as it is asked.

    python -m notifications.tests.scenarios.killed DATABASE SPOOL SECONDS BROKEN_RULE

Each line of its input, {"now": "...", "step": "..."}, is one run: in a fork of its own, so that Django is loaded once.
It answers with how the fork ended, which is -9.
"""

import datetime
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn
from unittest import mock

import django
import time_machine

#: Each step of a transition, in their order: where it is, and the name of what does it.
STEPS = {
    "the lease is taken": ("notifications.system_monitor.lease", "take"),
    "the checks have answered": ("notifications.system_monitor.runner", "run"),
    "the incident is locked": ("notifications.incidents.problems", "open_incident"),
    "the timeline is written": ("notifications.incidents.problems", "note"),
    "it is resolved": ("notifications.incidents.problems", "resolve"),
    "people are told": ("notifications.incidents.telling", "notify"),
    "it is noted who was told": ("notifications.incidents.telling", "_consider"),
    "newcomers are told": ("notifications.incidents", "tell_newcomers"),
    "the run is stored": ("notifications.system_monitor.monitor", "reconcile"),
    "it is committed": ("django.db.transaction", "on_commit"),
    "the lease is given back": ("notifications.system_monitor.lease", "give_back"),
}


def main(database: str, spool: str, seconds: str, broken: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.db import connection  # noqa: PLC0415 (they need Django set up)

    from notifications.tests.scenarios.breaks import breaking  # noqa: PLC0415
    from notifications.tests.scenarios.rules import rules  # noqa: PLC0415

    connection.settings_dict["NAME"] = database
    with rules(Path(spool), datetime.timedelta(seconds=float(seconds))), breaking(broken):
        for line in sys.stdin:
            child = os.fork()
            if not child:
                _run(**json.loads(line))
            _, status = os.waitpid(child, 0)
            sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
            sys.stdout.flush()


def _run(now: str, step: str) -> NoReturn:
    from notifications import tasks  # noqa: PLC0415 (it needs Django set up)

    try:
        place, name = STEPS[step]
        clock = time_machine.travel(datetime.datetime.fromisoformat(now), tick=False)
        with clock, mock.patch(f"{place}.{name}", _and_die(place, name)):
            tasks.run_monitor()
    finally:
        os._exit(1)  # it came to its end, or failed before that step


def _and_die(place: str, name: str) -> Callable[..., Any]:
    """What does the step, and then the process is no more. Of a commit: once it is made, before what follows it."""
    real = getattr(sys.modules[place], name)

    def step(*args: Any, **kwargs: Any) -> None:
        if name == "on_commit":
            real(_die)
        else:
            real(*args, **kwargs)
            _die()

    return step


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
