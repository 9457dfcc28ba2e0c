"""Statements that are planned once a connection, where planning takes longer than running."""

import itertools
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import connection

_numbers = itertools.count()


class Prepared:
    """One statement, or several in a row whose last one's rows are wanted: each sees what was committed while the one
    before it waited for a lock, and all cost one round trip.

    They have placeholders such as `%(tenant)s`; `types` names the Postgres type of each. Off with
    PREPARED_STATEMENTS=false, for servers behind a transaction pooler.
    """

    def __init__(self, *texts: str, types: Mapping[str, str]) -> None:
        self._plain = "; ".join(texts) % {name: f"%({name})s::{kind}" for name, kind in types.items()}
        self._each = [_Statement(text, types) for text in texts]

    def fetch_one(self, values: Mapping[str, Any]) -> Any:
        """The first row of its result, or None."""
        return next(iter(self.fetch_all(values)), None)

    def fetch_all(self, values: Mapping[str, Any], *, before: str = "") -> list[Any]:
        """Its rows; `before` is SQL that goes first, in the same transaction."""
        with connection.cursor() as cursor:
            if not settings.PREPARED_STATEMENTS:
                cursor.execute(before + self._plain, values)
                return list(cursor.fetchall())
            # Kept with the connection it was prepared on; a new one has a new object here.
            server, known = getattr(connection, "prepared", (None, {}))
            texts: dict[Prepared, str] = known if server is connection.connection else {}
            if self in texts:
                cursor.execute(before + texts[self], values)
                return list(cursor.fetchall())
            # In the same round trip as its first use. No name is used twice: an attempt that failed may have left it.
            name = f"prepared_{next(_numbers)}"
            text = self._execute(name)
            cursor.execute(f"{before}{self._prepare(name)} {text}", values)
            connection.prepared = (connection.connection, texts | {self: text})  # type: ignore[attr-defined]
            return list(cursor.fetchall())

    def _prepare(self, name: str) -> str:
        each = (one.prepare(f"{name}_{place}") for place, one in enumerate(self._each))
        return " ".join(["SET plan_cache_mode = force_generic_plan;", *each])

    def _execute(self, name: str) -> str:
        return " ".join(one.execute(f"{name}_{place}") for place, one in enumerate(self._each))


class _Statement:
    def __init__(self, text: str, types: Mapping[str, str]) -> None:
        mine = {name: kind for name, kind in types.items() if f"%({name})s" in text}
        self._text = text % {name: f"${number}" for number, name in enumerate(mine, 1)}
        self._types = ", ".join(mine.values())
        self._values = ", ".join(f"%({name})s::{kind}" for name, kind in mine.items())

    def prepare(self, name: str) -> str:
        return f"PREPARE {name} ({self._types}) AS {self._text};"

    def execute(self, name: str) -> str:
        return f"EXECUTE {name} ({self._values});"
