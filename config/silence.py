"""A Postgres that took the connection and says nothing more: a frozen process, a machine that vanished.

Neither `statement_timeout` (it is the server's) nor the kernel (it hears that the other side lives) ends such a wait. Each
one holds a thread of the web process or a process of the worker, until nothing is left that could say so.
"""

import select

import psycopg2
from django.conf import settings
from psycopg2.extensions import (
    POLL_OK,
    POLL_READ,
    STATUS_BEGIN,
    STATUS_PREPARED,
    STATUS_READY,
    connection,
    set_wait_callback,
)

CONNECTED = {STATUS_READY, STATUS_BEGIN, STATUS_PREPARED}


def give_up_on_silence(seconds: float) -> None:
    """From here on whatever this process asks of Postgres is an OperationalError once nothing was heard for so long,
    and the connection is closed; 0 waits for ever. While it connects DATABASE_CONNECT_TIMEOUT holds.

    For the whole process, whose connections then know neither COPY nor large objects (psycopg2's terms).
    """
    if not seconds:
        return

    def wait(link: connection) -> None:
        # The driver does not look at its own connect_timeout when somebody else waits for it.
        limit = seconds if link.status in CONNECTED else settings.DATABASE_CONNECT_TIMEOUT
        while (state := link.poll()) != POLL_OK:
            ready = select.poll()
            ready.register(link.fileno(), select.POLLIN if state == POLL_READ else select.POLLOUT)
            if not ready.poll(limit * 1000):
                raise psycopg2.OperationalError(f"Postgres said nothing for {limit:g} s.")

    set_wait_callback(wait)
