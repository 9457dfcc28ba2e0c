"""A kept connection need not be asked whether it still stands before it is asked for something."""

from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

T = TypeVar("T")


def trusting(statement: Callable[[], T]) -> T:
    """What `statement` returns, which is itself the check of the connection: one round trip less a request.

    It is run again on a new connection where the server had ended the old one, so it must be safe to run twice.
    """
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        return statement()
    except (OperationalError, InterfaceError):
        if connection.connection is None or connection.in_atomic_block or connection.is_usable():
            raise
        connection.close()
        return statement()
