"""Two transactions at the same moment, one of them before the other."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TypeVar

from django.db import connection, transaction

A = TypeVar("A")
B = TypeVar("B")


def while_open(first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
    """Begins `second` when `first` has done its work and not committed it; both commit. Returns what they returned and
    raises what one of them raised.

    `first` commits half a second later. By then `second` waits for it; should it be slower than that, the two have
    merely come one after the other, and what a test says of them holds as well.
    """
    is_done, may_commit = Event(), Event()

    def hold() -> A:
        try:
            with transaction.atomic():
                outcome = first()
                is_done.set()
                may_commit.wait(timeout=0.5)
                return outcome
        finally:
            is_done.set()
            connection.close()

    def follow() -> B:
        try:
            is_done.wait(timeout=30)
            with transaction.atomic():
                return second()
        finally:
            may_commit.set()
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.submit(hold), pool.submit(follow)
        return one.result(), other.result()
