"""One stored number, and what is found out about it."""

import datetime
from dataclasses import dataclass, field
from typing import Any

from accounts.phone import NotAPhoneNumber, to_e164
from sms.models import NumberReview

Outcome = NumberReview.Outcome


class RowsMoved(Exception):
    """Somebody changed these rows after they were read: read them again."""


@dataclass(frozen=True, slots=True)
class Row:
    """A stored number as it was read. `number` is the column that is to be E.164, `raw` a contact's other one.

    Ids stay text: they only come from SQL and go back to it, and making UUIDs of them took as long as the reading.
    """

    id: str
    tenant_id: str | None
    number: str
    raw: str = ""
    created_at: datetime.datetime | None = None

    @property
    def text(self) -> str:
        """What is read. The number goes first: a raw one may have been read in another country's way once."""
        return self.number or self.raw

    @property
    def age(self) -> tuple[Any, str]:
        return self.created_at, self.id


@dataclass(slots=True)
class Finding:
    """What is to come of a row. `after` is its number then; `result` is E.164, or "" when it was refused."""

    row: Row
    outcome: Outcome
    after: str
    result: str = ""
    reason: str = ""
    into: Row | None = None
    restore: dict[str, Any] = field(default_factory=dict)
    """What undoing needs besides."""


def judge(row: Row, *, region: str) -> Finding | None:
    """None when the number is E.164 already."""
    try:
        result = to_e164(row.text, region=region)
    except NotAPhoneNumber as refused:
        return Finding(row, Outcome.REFUSED, after=row.number, reason=refused.code)
    return None if result == row.number else Finding(row, Outcome.CHANGED, after=result, result=result)
