"""Where numbers are stored besides contacts: users, and messages that nobody has claimed yet."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.db import connection
from django.utils import timezone

from sms.models import NumberReview
from sms.services.normalising.rows import Finding, Outcome, Row, RowsMoved
from sms.services.queueing import cancel_for_opted_out_numbers

NOTHING = str(UUID(int=0))
LOCK = """
SELECT count(*) FROM (
    SELECT FROM unnest(%(ids)s::uuid[], %(numbers)s::text[], %(raws)s::text[]) AS given (id, number, raw)
    JOIN {unchanged} ORDER BY stored.id FOR UPDATE OF stored
) AS locked
"""


def rows_of(sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """What a statement gives; [] for one that gives no rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


class Subject:
    """A table with a number in it. `SELECT` has the columns of Row, and ends with a condition."""

    slug: ClassVar[NumberReview.Subject]
    SELECT: ClassVar[str]
    #: The table joined to what was read of it.
    UNCHANGED: ClassVar[str]
    #: Columns by which it is paged, along an index, and where their values begin. With the table's name: else ORDER BY
    #: takes the text that SELECT made of them.
    KEY: ClassVar[str]
    START: ClassVar[tuple[Any, ...]] = (NOTHING,)

    def __init__(self, tenant_id: UUID | None) -> None:
        self.tenant_id = tenant_id

    def count(self) -> int:
        return int(self._rows(f"SELECT count(*) FROM ({self.SELECT}) AS read")[0][0])  # noqa: S608 (words of ours)

    def page(self, after: tuple[Any, ...], size: int) -> list[Row]:
        """The next `size` rows behind a key, in its order."""
        # In the index's order, whatever the planner knows of the table: sorting what is left for every page is slow.
        sql = "SET LOCAL enable_sort = off; SET LOCAL enable_incremental_sort = off; "
        sql += f"{self.SELECT} AND ({self.KEY}) > %(after)s ORDER BY {self.KEY} LIMIT %(size)s"
        return [Row(*values) for values in self._rows(sql, after=after, size=size)]

    def again(self, ids: Iterable[str]) -> list[Row]:
        """Those of these rows that are still there to be read."""
        sql = f"{self.SELECT} AND id = ANY(%(ids)s::uuid[]) ORDER BY {self.KEY}"
        return [Row(*values) for values in self._rows(sql, ids=list(ids))]

    def key(self, row: Row) -> tuple[Any, ...]:
        """Where a page that ends with this row ends."""
        return (row.id,)

    def foresee(self, findings: list[Finding], *, merge: bool) -> list[Finding]:
        """What `write` would come to, when nobody else wrote meanwhile."""
        return findings

    def write(self, findings: list[Finding], *, merge: bool) -> list[Finding]:
        """Stores them in the caller's transaction, and returns what came of each. Raises RowsMoved."""
        raise NotImplementedError

    def lock(self, rows: Sequence[Row]) -> None:
        """In the order of ids, as every writer of many rows does. Raises RowsMoved where one is not as it was read."""
        if not rows:
            return
        sql = LOCK.format(unchanged=self.UNCHANGED)
        values = {"ids": [row.id for row in rows], "numbers": [row.number for row in rows]}
        ((found,),) = rows_of(sql, values | {"raws": [row.raw for row in rows]})
        if found != len(rows):
            raise RowsMoved

    def _rows(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        return rows_of(sql, {"tenant": self.tenant_id, **values})


class Users(Subject):
    """Whose number is refused keeps it: it is theirs to correct."""

    slug = NumberReview.Subject.USER
    KEY = "accounts_user.id"
    SELECT = """
        SELECT id::text, NULL, phone_number FROM accounts_user
        WHERE phone_number <> '' AND (%(tenant)s::uuid IS NULL OR EXISTS (
            SELECT 1 FROM tenants_membership AS membership
            WHERE membership.user_id = accounts_user.id AND membership.tenant_id = %(tenant)s::uuid
        ))"""
    UNCHANGED = "accounts_user AS stored ON stored.id = given.id AND stored.phone_number = given.number"
    # Somebody proved to have one number, and not the other that it is now read as.
    UPDATE = """
        UPDATE accounts_user AS person
        SET phone_number = given.number, phone_verified = person.phone_verified AND given.is_same, updated_at = %(now)s
        FROM unnest(%(ids)s::uuid[], %(numbers)s::text[], %(same)s::boolean[]) AS given (id, number, is_same)
        WHERE person.id = given.id"""
    VERIFIED = "SELECT id::text FROM accounts_user WHERE id = ANY(%(ids)s::uuid[]) AND phone_verified"

    def write(self, findings: list[Finding], *, merge: bool) -> list[Finding]:
        changed = [one for one in findings if one.outcome is Outcome.CHANGED]
        ids = [one.row.id for one in changed]
        self.lock([one.row for one in changed])
        verified = {key for (key,) in rows_of(self.VERIFIED, {"ids": ids})}
        for one in changed:
            one.restore = {"phone_verified": one.row.id in verified}
        same = [_names_its_country(one) for one in changed]
        numbers = [one.after for one in changed]
        rows_of(self.UPDATE, {"ids": ids, "numbers": numbers, "same": same, "now": timezone.now()})
        return findings


def _names_its_country(finding: Finding) -> bool:
    """Whether the text holds the country code itself, so that it was this number in every country's reading."""
    return re.sub(r"[^0-9]", "", finding.row.text).lstrip("0") == finding.result[1:]


class Messages(Subject):
    """Only those that are queued: what was handed to a carrier is history. The carrier refuses what is no number."""

    slug = NumberReview.Subject.MESSAGE
    KEY = "sms_message.tenant_id, sms_message.recipient, sms_message.id"
    START = (NOTHING, "", NOTHING)
    SELECT = """
        SELECT id::text, tenant_id::text, recipient FROM sms_message
        WHERE status = 'queued' AND (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s::uuid)"""
    UNCHANGED = """
        sms_message AS stored ON stored.id = given.id AND stored.recipient = given.number
            AND stored.status = 'queued'"""
    UPDATE = """
        UPDATE sms_message AS message SET recipient = given.number
        FROM unnest(%(ids)s::uuid[], %(numbers)s::text[]) AS given (id, number)
        WHERE message.id = given.id AND message.status = 'queued'"""

    def key(self, row: Row) -> tuple[Any, ...]:
        return (row.tenant_id, row.number, row.id)

    def write(self, findings: list[Finding], *, merge: bool) -> list[Finding]:
        changed = [one for one in findings if one.outcome is Outcome.CHANGED]
        self.lock([one.row for one in changed])
        ids, numbers = [one.row.id for one in changed], [one.after for one in changed]
        rows_of(self.UPDATE, {"ids": ids, "numbers": numbers})
        cancel_for_opted_out_numbers(numbers=[(one.row.tenant_id, one.after) for one in changed if one.row.tenant_id])
        return findings
