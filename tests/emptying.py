"""Leaves the tables as a transactional test found them: as `flush` does, in a fraction of its time.

Truncating makes every file of every table and index anew, whatever is in them; most tests write a few rows to a few
tables. What Django knows of models (content types, permissions) is nobody's data and stays.
"""

import functools

from django.db import connection, transaction

from config.database import as_owner
from tenants.scope import all_tenants

KEPT = {"django_content_type", "auth_permission"}
#: Its rows are never deleted, by a trigger; and nothing refers to it.
LEDGER = "sms_creditentry"
#: Of more than so many in one table deleting takes longer than truncating.
FEW = 200


def empty_tables() -> None:
    with as_owner(), all_tenants(because="the test is over"), transaction.atomic():
        while written := _rows():
            if max(written.values()) > FEW:
                _run(f"TRUNCATE {', '.join(_tables())}")
            else:
                # Whatever refers to what: foreign keys are looked at when the transaction ends.
                _run("; ".join(f"TRUNCATE {one}" if one == LEDGER else f"DELETE FROM {one}" for one in written))


def _rows() -> dict[str, int]:
    """How many there are in each table that has any, counted to just above FEW."""
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT '{one}', count(*) FROM (SELECT FROM {one} LIMIT {FEW + 1}) AS few" for one in _tables()
            )
        )
        return {table: count for table, count in cursor.fetchall() if count}


@functools.cache
def _tables() -> list[str]:
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return sorted(set(names) - KEPT)


def _run(statements: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statements)
