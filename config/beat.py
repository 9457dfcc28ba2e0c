"""The process that says when it is time: Celery's, which keeps in a file when each task ran last, so that what was due
while it was away is made up for."""

import contextlib
from pathlib import Path
from typing import Any

import structlog
from celery.beat import PersistentScheduler

log = structlog.get_logger(__name__)


class Scheduler(PersistentScheduler):
    """A file that a crash tore is begun anew. Celery's own scheduler knows only some of the ways to be torn; of the
    others it dies at every start, and nothing is watched any more."""

    schedule_filename: str
    _store: Any

    def setup_schedule(self) -> None:
        try:
            super().setup_schedule()
        except Exception as error:
            log.exception("the file of last runs is torn; it is begun anew", error=type(error).__name__)
            with contextlib.suppress(Exception):
                self._store.close()
            file = Path(self.schedule_filename)
            for part in file.parent.glob(f"{file.name}*"):
                part.unlink()
            super().setup_schedule()
