"""Time limits on work that may hang anywhere: in Python, in SQL, in a socket.

The work runs in a thread, and its caller waits no longer than it said. No signals are used, so this holds in any
thread of a server, in a worker and on the command line. What a hang costs is one thread until it ends, and never a
second one for the same work.
"""

import contextlib
import contextvars
import ctypes
import os
import socket
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from typing import Generic, TypeVar

import psycopg2
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

T = TypeVar("T")
#: How long a thread whose connection was shut may take to notice.
NOTICE_SECONDS = 0.1
_hanging: dict[str, threading.Thread] = {}


class OutOfTime(Exception):
    """The work was not done in time."""


class Abandoned(SystemExit):
    """Raised in a thread that nobody waits for any more, at the next line of Python it comes to."""


def within(seconds: float, work: Callable[[], T], *, name: str) -> T:
    """Does the work in a thread that borrows the caller's database connection and tenant scope; returns its result.

    Raises what the work raises, or OutOfTime. Then the connection is shut, which frees a thread that waits for
    Postgres at once, and the caller goes on with a new one; inside a transaction of the caller's there is no going on.
    Work that hangs elsewhere is told to end, and until it has, work of the same name is out of time at once.
    """
    job = _Job(name, work, lend=connections[DEFAULT_DB_ALIAS])
    return _outcomes([job], seconds)[0].result()


def all_within(seconds: float, works: Mapping[str, Callable[[], T]]) -> dict[str, Future[T]]:
    """Does all of them at the same time, without a database connection; returns how each ended, by name.

    Raises OutOfTime when one did not.
    """
    jobs = [_Job(name, work) for name, work in works.items()]
    return dict(zip(works, _outcomes(jobs, seconds), strict=True))


class _Job(Generic[T]):
    def __init__(self, name: str, work: Callable[[], T], *, lend: BaseDatabaseWrapper | None = None) -> None:
        self.name, self.work, self.lent = name, work, lend
        self.lent_in_transaction = lend is not None and lend.in_atomic_block
        self.is_abandoned = False
        self.outcome: Future[T] = Future()
        # A copy, so that the tenant scope and what the log is told hold there too.
        target = contextvars.copy_context().run
        self.thread = threading.Thread(target=target, args=(self._run,), name=f"isolated {name}", daemon=True)

    def start(self) -> None:
        earlier = _hanging.get(self.name)
        if earlier is not None and earlier.is_alive():
            raise OutOfTime(f"{self.name} still hangs since an earlier time.")
        if self.lent is not None:
            self.lent.inc_thread_sharing()
        self.thread.start()

    def _run(self) -> None:
        try:
            if self.lent is not None:
                connections[DEFAULT_DB_ALIAS] = self.lent
            result = self.work()
        except BaseException as error:  # noqa: BLE001 (it is raised where the outcome is asked for)
            self.outcome.set_exception(error)
        else:
            self.outcome.set_result(result)
        if self.is_abandoned and self.lent is not None:
            self.lent.close()

    def finish(self) -> None:
        """Takes back what was lent: whoever waited has the outcome."""
        if self.lent is not None:
            self.lent.dec_thread_sharing()

    def abandon(self) -> None:
        self.is_abandoned = True
        if self.lent is not None:
            hang_up(self.lent)
            if not self.lent_in_transaction:
                connections[DEFAULT_DB_ALIAS] = self.lent.copy()
            self.thread.join(NOTICE_SECONDS)
        if self.thread.is_alive():
            _hanging[self.name] = self.thread
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(self.thread.ident or 0), ctypes.py_object(Abandoned)
            )


def _outcomes(jobs: list[_Job[T]], seconds: float) -> list[Future[T]]:
    begun: list[_Job[T]] = []
    try:
        for job in jobs:
            job.start()
            begun.append(job)
        wait([job.outcome for job in jobs], timeout=seconds)
        late = [job.name for job in jobs if not job.outcome.done()]
        if late:
            raise OutOfTime(f"{', '.join(late)} gave no answer in {seconds:g} s.")
    finally:  # also where the caller itself is told to stop while it waits
        for job in begun:
            if job.outcome.done():
                job.finish()
            else:
                job.abandon()
    return [job.outcome for job in jobs]


def hang_up(connection: BaseDatabaseWrapper) -> None:
    """Ends the conversation under whoever waits for the server's answer, also if the server never will answer."""
    link = connection.connection
    if link is not None:
        with contextlib.suppress(OSError, psycopg2.Error), socket.socket(fileno=os.dup(link.fileno())) as twin:
            twin.shutdown(socket.SHUT_RDWR)
