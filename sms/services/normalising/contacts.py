"""Contacts, where two rows may turn out to have one number."""

import re
from typing import Any
from uuid import UUID

from django.utils import timezone

from sms.models import NumberReview
from sms.services.normalising.merging import merge_contacts
from sms.services.normalising.rows import Finding, Outcome, Row, RowsMoved
from sms.services.normalising.subjects import NOTHING, Subject, rows_of
from sms.services.queueing import cancel_for_opted_out_numbers

_SHAPED = re.compile(r"\+[1-9][0-9]{6,14}")
Key = tuple[str | None, str]

# One look into the index a number, whatever the planner knows of the table; a plain join may compare all with all.
HOLDERS = """
SELECT holder.* FROM unnest(%(tenants)s::uuid[], %(numbers)s::text[]) AS wanted (tenant_id, number)
CROSS JOIN LATERAL (
    SELECT id::text, tenant_id::text, phone_number, raw_phone_number, created_at FROM sms_contact AS contact
    WHERE contact.tenant_id = wanted.tenant_id AND contact.phone_number = wanted.number
      AND contact.phone_number <> '' LIMIT 1
) AS holder
"""
UPDATE = """
WITH changed AS (
    UPDATE sms_contact AS contact
    SET phone_number = given.number, updated_at = %(now)s,
        raw_phone_number = COALESCE(NULLIF(contact.raw_phone_number, ''), contact.phone_number)
    FROM unnest(%(ids)s::uuid[], %(numbers)s::text[], %(befores)s::text[], %(raws)s::text[])
         AS given (id, number, before, raw)
    WHERE contact.id = given.id AND contact.phone_number = given.before AND contact.raw_phone_number = given.raw
    RETURNING contact.tenant_id, contact.phone_number, contact.opted_out_at
)
SELECT (SELECT count(*) FROM changed), ARRAY(
    SELECT ARRAY[tenant_id::text, phone_number] FROM changed WHERE opted_out_at IS NOT NULL AND phone_number <> ''
)
"""


class Contacts(Subject):
    """Of several with one number the oldest is kept, or all are left as they are but the first to have it."""

    slug = NumberReview.Subject.CONTACT
    KEY = "sms_contact.tenant_id, sms_contact.id"
    START = (NOTHING, NOTHING)
    SELECT = """
        SELECT id::text, tenant_id::text, phone_number, raw_phone_number, created_at FROM sms_contact
        WHERE (phone_number <> '' OR raw_phone_number <> '')
          AND (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s::uuid)"""
    UNCHANGED = """
        sms_contact AS stored ON stored.id = given.id AND stored.phone_number = given.number
            AND stored.raw_phone_number = given.raw"""

    def __init__(self, tenant_id: UUID | None) -> None:
        super().__init__(tenant_id)
        self._taken: dict[Key, Row] = {}
        """Numbers that a dry run would have given away already, of the tenant that it has come to."""
        self._whose: str | None = None

    def key(self, row: Row) -> tuple[Any, ...]:
        return (row.tenant_id, row.id)

    def foresee(self, findings: list[Finding], *, merge: bool) -> list[Finding]:
        settled = self._settle(findings, merge=merge)
        for one in settled:
            if one.outcome is Outcome.CHANGED:
                if one.row.tenant_id != self._whose:
                    self._whose, self._taken = one.row.tenant_id, {}
                self._taken[one.row.tenant_id, one.after] = one.row
        return settled

    def write(self, findings: list[Finding], *, merge: bool) -> list[Finding]:
        settled = self._settle(findings, merge=merge)
        merged = sorted((one for one in settled if one.into), key=lambda one: one.row.age)
        changed = [one for one in settled if not one.into and one.after != one.row.number]
        self.lock([*{one.id: one for two in merged for one in (two.row, two.into) if one}.values()])
        opted_out = merge_contacts(merged) + self._update(changed)
        cancel_for_opted_out_numbers(numbers=opted_out)
        # Merged ones first: undoing goes backwards, and a number must be free before a row can have it again.
        return [*merged, *(one for one in settled if not one.into)]

    def _update(self, changed: list[Finding]) -> list[tuple[str, str]]:
        """Returns the numbers, with their tenants, of those who opted out. Raises RowsMoved."""
        if not changed:
            return []
        values = {
            "ids": [one.row.id for one in changed],
            "numbers": [one.after for one in changed],
            "befores": [one.row.number for one in changed],
            "raws": [one.row.raw for one in changed],
            "now": timezone.now(),
        }
        ((count, opted_out),) = rows_of(UPDATE, values)
        if count != len(changed):
            raise RowsMoved
        return [(tenant, number) for tenant, number in opted_out]

    def _settle(self, findings: list[Finding], *, merge: bool) -> list[Finding]:
        """Decides who has each number, among these and those who are stored."""
        wanted: dict[Key, list[Finding]] = {}
        for one in findings:
            if one.outcome is Outcome.CHANGED:
                wanted.setdefault((one.row.tenant_id, one.after), []).append(one)
            elif one.outcome is Outcome.REFUSED and not _SHAPED.fullmatch(one.row.number):
                one.after = ""  # its raw number is kept; what looks like E.164 stays, for an opt-out must hold
        holders = self._holders(list(wanted))
        joined: list[Finding] = []
        for key, group in wanted.items():
            holder = self._taken.get(key) or holders.get(key)
            if holder is None and len(group) == 1:
                continue
            if merge:
                joined += _join(group, holder)
            else:
                _leave(group, holder)
        return findings + joined

    def _holders(self, keys: list[Key]) -> dict[Key, Row]:
        values = {"tenants": [tenant for tenant, _ in keys], "numbers": [number for _, number in keys]}
        found = [Row(*values) for values in rows_of(HOLDERS, values)] if keys else []
        return {(row.tenant_id, row.number): row for row in found}


def _leave(group: list[Finding], holder: Row | None) -> None:
    """Only the holder has the number; without one, the oldest."""
    group.sort(key=lambda one: one.row.age)
    winner = holder or group[0].row
    for one in group:
        if one.row is not winner:
            one.outcome, one.after, one.reason = Outcome.COLLIDED, one.row.number, winner.id


def _join(group: list[Finding], holder: Row | None) -> list[Finding]:
    """All become the oldest. Returns what is found of the holder, should it go."""
    number = group[0].result
    mine = [Finding(holder, Outcome.CHANGED, after=number, result=number)] if holder else []
    oldest = min([*group, *mine], key=lambda one: one.row.age).row
    for one in [*group, *mine]:
        if one.row is not oldest:
            one.outcome, one.into, one.reason = Outcome.MERGED, oldest, oldest.id
    return [one for one in mine if one.into]
