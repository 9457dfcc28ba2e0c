"""Statements that are planned once a connection, where planning takes longer than running."""

import itertools
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import connection

_numbers = itertools.count()


class Prepared:
    """`text` has placeholders such as `%(tenant)s`; `types` names the Postgres type of each.

    Off with PREPARED_STATEMENTS=false, for servers behind a transaction pooler.
    """

    def __init__(self, text: str, types: Mapping[str, str]) -> None:
        self._plain = text % {name: f"%({name})s::{kind}" for name, kind in types.items()}
        self._numbered = text % {name: f"${number}" for number, name in enumerate(types, 1)}
        self._types = ", ".join(types.values())
        self._values = ", ".join(f"%({name})s" for name in types)

    def fetch_one(self, values: Mapping[str, Any]) -> Any:
        """The first row of its result, or None."""
        with connection.cursor() as cursor:
            if not settings.PREPARED_STATEMENTS:
                cursor.execute(self._plain, values)
                return cursor.fetchone()
            # Kept with the connection it was prepared on; a new one has a new object here.
            server, known = getattr(connection, "prepared", (None, {}))
            names: dict[Prepared, str] = known if server is connection.connection else {}
            if self in names:
                cursor.execute(self._execute(names[self]), values)
                return cursor.fetchone()
            # In the same round trip as its first use. No name is used twice: an attempt that failed may have left it.
            name = f"prepared_{next(_numbers)}"
            cursor.execute(f"{self._prepare(name)} {self._execute(name)}", values)
            connection.prepared = (connection.connection, names | {self: name})  # type: ignore[attr-defined]
            return cursor.fetchone()

    def _prepare(self, name: str) -> str:
        return f"SET plan_cache_mode = force_generic_plan; PREPARE {name} ({self._types}) AS {self._numbered};"

    def _execute(self, name: str) -> str:
        return f"EXECUTE {name} ({self._values})"
