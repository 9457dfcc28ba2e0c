"""A Postgres that took a question and says nothing more: a frozen process, a machine that vanished.

Neither `statement_timeout` (it is the server's) nor the kernel (it hears that the other side lives) ends such a wait.
Each one holds a thread of the web process or a process of the worker, until nothing is left that could say so.

So whatever takes suspiciously long has Postgres asked, over another connection, whether it still answers; only if it
does not are the conversations of those who wait ended, which they hear as an OperationalError. A statement that simply
takes its time goes on. (A limit on every wait, by psycopg2's wait callback, made computed polls slower by a seventh.)
"""

import threading
import time
from typing import Any

import structlog
from celery.signals import task_postrun, task_prerun
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import DEFAULT_DB_ALIAS, Error, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from notifications.system_monitor.isolation import OutOfTime, hang_up, within

log = structlog.get_logger(__name__)
#: Since when each thread is at work, and with which connection.
_at_work: dict[int, tuple[float, BaseDatabaseWrapper]] = {}
LOOK_SECONDS = 1


def free_whoever_waits() -> None:
    """Watches over this process's requests, or tasks, from here on. DATABASE_SILENCE_SECONDS=0: it does not."""
    if not settings.DATABASE_SILENCE:
        return
    for begins in (request_started, task_prerun):
        begins.connect(_begun)
    for ends in (request_finished, task_postrun):
        ends.connect(_over)
    threading.Thread(target=_watch, name="silence of Postgres", daemon=True).start()


def _begun(**_: Any) -> None:
    _at_work[threading.get_ident()] = (time.monotonic(), connections[DEFAULT_DB_ALIAS])


def _over(**_: Any) -> None:
    _at_work.pop(threading.get_ident(), None)


def _watch() -> None:
    while True:
        time.sleep(LOOK_SECONDS)
        before = time.monotonic() - settings.DATABASE_SILENCE
        waiting = [link for since, link in list(_at_work.values()) if since < before]
        if waiting and not _answers():
            log.error("Postgres is silent", freed=len(waiting))
            for link in waiting:
                hang_up(link)


def _answers() -> bool:
    """Whether it says anything at all, and be it that it takes no more connections."""
    try:
        # Before the driver itself calls it unreachable, which would look like an answer.
        within(settings.DATABASE_CONNECT_TIMEOUT * 0.75, _ask, name="asking whether Postgres answers")
    except OutOfTime:
        return False
    except Error:
        return True
    return True


def _ask() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()
