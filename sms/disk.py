"""Committing first and waiting for the disk afterwards, so that no lock is held for as long as the disk takes.

Between the two a crash of Postgres may lose the transaction, but none that came before it (PostgreSQL manual,
"Asynchronous Commit"); so whoever asked for it may be answered only after `wait`.
"""

from django.db import connection

#: Goes in front of the statements of a transaction.
NOT_YET = "SET LOCAL synchronous_commit = off; "


def wait() -> None:
    """Returns when all that was committed before is as safe as this server keeps anything: a transaction that writes
    next to nothing waits for everything before it. Not in a transaction of one's own."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_logical_emit_message(true, 'wait', '')")
