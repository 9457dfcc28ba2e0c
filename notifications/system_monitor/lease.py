"""Only one runner evaluates at a time, across machines.

A row with an expiry, taken by one conditional upsert and judged by the database's clock: it survives poolers that hand
each transaction another connection, and ends by itself when its holder dies.
"""

import os
import socket

from django.db import connection

from notifications.models import MonitorLease

NAME = "monitor"
SECONDS = 60


def take() -> int | None:
    """Takes the lease and returns its fencing token; None while somebody else holds it."""
    holder = f"{socket.gethostname()}:{os.getpid()}"
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO notifications_monitorlease AS lease (name, token, holder, expires_at)
            VALUES (%(name)s, 1, %(holder)s, clock_timestamp() + make_interval(secs => %(seconds)s))
            ON CONFLICT (name) DO UPDATE
                SET token = lease.token + 1, holder = excluded.holder, expires_at = excluded.expires_at
                WHERE lease.expires_at < clock_timestamp()
            RETURNING token
            """,
            {"name": NAME, "holder": holder[:120], "seconds": SECONDS},
        )
        row = cursor.fetchone()
    return row[0] if row else None


def still_held(token: int) -> bool:
    """Whether this token is the present one. Locks the row for the rest of the transaction, so that nobody can take
    the lease over while its holder writes."""
    return MonitorLease.objects.select_for_update().filter(name=NAME, token=token).exists()


def give_back(token: int) -> None:
    """Ends the lease, unless it has passed to somebody else."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE notifications_monitorlease SET expires_at = '-infinity' WHERE name = %s AND token = %s",
            [NAME, token],
        )
