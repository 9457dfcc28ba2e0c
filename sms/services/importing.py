"""Many contacts from one file, in a few statements, with a report of what was refused."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.phone import NotAPhoneNumber, to_e164
from sms.sheets import Row, Sheet, unneutralised

#: Rejected rows that a report lists; it counts all.
LISTED = 1000
LONGEST_NAME, LONGEST_RAW, LONGEST_GROUP, MOST_GROUPS = 150, 64, 100, 100
GROUP_SEPARATORS = "|;"

# Sorted, so that two imports of the same people wait for each other and never both. Whoever opted out is left alone.
UPSERT = """
INSERT INTO sms_contact (id, tenant_id, phone_number, raw_phone_number, name, created_at, updated_at)
SELECT given.id, %(tenant)s, given.number, given.raw, given.name, %(now)s, %(now)s
FROM unnest(%(ids)s::uuid[], %(numbers)s::text[], %(raw)s::text[], %(names)s::text[]) AS given (id, number, raw, name)
ORDER BY given.number
ON CONFLICT (tenant_id, phone_number) WHERE NOT phone_number = '' DO UPDATE
SET name = excluded.name, updated_at = excluded.updated_at
WHERE sms_contact.opted_out_at IS NULL AND excluded.name <> '' AND sms_contact.name <> excluded.name
RETURNING (xmax = 0)
"""
# Their keys are held until the end, so that nobody who is being put into a group is deleted meanwhile.
STORED = """
SELECT phone_number, id, opted_out_at IS NOT NULL FROM sms_contact
WHERE tenant_id = %(tenant)s AND phone_number = ANY(%(numbers)s) ORDER BY phone_number FOR KEY SHARE
"""
GROUPS = """
INSERT INTO sms_contactgroup (id, tenant_id, name, created_at)
SELECT given.id, %(tenant)s, given.name, %(now)s FROM unnest(%(ids)s::uuid[], %(names)s::text[]) AS given (id, name)
ORDER BY given.name
ON CONFLICT (tenant_id, name) DO NOTHING
"""
STORED_GROUPS = """
SELECT name, id FROM sms_contactgroup
WHERE tenant_id = %(tenant)s AND name = ANY(%(names)s) ORDER BY name FOR KEY SHARE
"""
# By ids that are known by now: a join with rows of this very transaction, which no statistics know of yet, was planned
# as 50,000 times 50,000 steps.
MEMBERS = """
INSERT INTO sms_groupmember (tenant_id, group_id, contact_id)
SELECT %(tenant)s, given.group_id, given.contact_id
FROM unnest(%(groups)s::uuid[], %(contacts)s::uuid[]) AS given (group_id, contact_id)
ORDER BY given.group_id, given.contact_id
ON CONFLICT (group_id, contact_id) DO NOTHING
"""


@dataclass(frozen=True)
class Reject:
    row: int
    """As a spreadsheet numbers it: the first line of the file is 1, a header included."""
    phone: str
    reason: str


@dataclass
class Report:
    """What an import did, or in a dry run would do."""

    dry_run: bool
    encoding: str
    delimiter: str
    has_header: bool
    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    duplicates: int = 0
    """Rows with a number that an earlier row has; only their groups count."""
    opted_out: int = 0
    """People who are left as they are, because they asked to be left alone."""
    groups_created: int = 0
    rejected: int = 0
    rejects: list[Reject] = field(default_factory=list)

    def reject(self, row: int, phone: str, reason: str) -> None:
        self.rejected += 1
        if len(self.rejects) < LISTED:
            self.rejects.append(Reject(row, phone[:LONGEST_RAW], reason))

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class _Person:
    raw: str
    name: str
    groups: set[str]


class _Unusable(ValueError):
    """Why a row cannot be taken, for whoever made the file."""


def import_contacts(*, tenant_id: UUID, sheet: Sheet, dry_run: bool = False) -> Report:
    """All that is usable in one transaction, or with `dry_run` nothing at all; the report is the same.

    A name that is given replaces the stored one; groups are added to, and made where they are missing.
    """
    report = Report(dry_run, sheet.encoding, sheet.delimiter, sheet.has_header, rows=len(sheet.rows))
    people = _read(sheet.rows, report)
    now = timezone.now()
    with transaction.atomic():
        if people:
            ids = _store(tenant_id, people, report, now)
            _store_groups(tenant_id, people, ids, report, now)
        if dry_run:
            transaction.set_rollback(True)
    return report


def _read(rows: Iterable[Row], report: Report) -> dict[str, _Person]:
    people: dict[str, _Person] = {}
    names: set[str] = set()
    for row in rows:
        try:
            number, person = _person(row)
        except (_Unusable, NotAPhoneNumber) as reason:
            report.reject(row.number, row.phone, str(reason))
            continue
        if len(names | person.groups) > MOST_GROUPS:
            report.reject(row.number, row.phone, f"More than {MOST_GROUPS} different groups in one file.")
            continue
        names |= person.groups
        if number in people:
            report.duplicates += 1
            people[number].groups |= person.groups
        else:
            people[number] = person
    return people


def _person(row: Row) -> tuple[str, _Person]:
    """Raises _Unusable and NotAPhoneNumber."""
    if any("\x00" in cell for cell in (row.phone, row.name, row.groups)):
        raise _Unusable("It holds a NUL character.")
    raw, name = row.phone.strip(), unneutralised(row.name.strip())
    if not raw:
        raise _Unusable("No phone number.")
    if len(raw) > LONGEST_RAW:
        raise _Unusable(f"The phone number is longer than {LONGEST_RAW} characters.")
    if len(name) > LONGEST_NAME:
        raise _Unusable(f"The name is longer than {LONGEST_NAME} characters.")
    groups = _groups(row.groups)
    if any(len(one) > LONGEST_GROUP for one in groups):
        raise _Unusable(f"A group's name is longer than {LONGEST_GROUP} characters.")
    return to_e164(raw, region=settings.SMS_DEFAULT_REGION), _Person(raw, name, groups)


def _groups(cell: str) -> set[str]:
    for separator in GROUP_SEPARATORS[1:]:
        cell = cell.replace(separator, GROUP_SEPARATORS[0])
    return {unneutralised(name) for part in cell.split(GROUP_SEPARATORS[0]) if (name := part.strip())}


def _store(tenant_id: UUID, people: dict[str, _Person], report: Report, now: datetime.datetime) -> dict[str, UUID]:
    """Returns the ids, by number, of those who may be put into groups."""
    values: dict[str, Any] = {
        "tenant": tenant_id,
        "now": now,
        "ids": _new_ids(people),
        "numbers": list(people),
        "raw": [one.raw for one in people.values()],
        "names": [one.name for one in people.values()],
    }
    with connection.cursor() as cursor:
        cursor.execute(UPSERT, values)
        written = [is_new for (is_new,) in cursor.fetchall()]
        cursor.execute(STORED, values)
        stored = cursor.fetchall()
    report.created = sum(written)
    report.updated = len(written) - report.created
    report.opted_out = sum(is_out for _, _, is_out in stored)
    report.unchanged = len(people) - len(written) - report.opted_out
    return {number: key for number, key, is_out in stored if not is_out}


def _store_groups(
    tenant_id: UUID, people: dict[str, _Person], ids: dict[str, UUID], report: Report, now: datetime.datetime
) -> None:
    names = sorted({name for one in people.values() for name in one.groups})
    if not names:
        return
    with connection.cursor() as cursor:
        cursor.execute(GROUPS, {"tenant": tenant_id, "now": now, "ids": _new_ids(names), "names": names})
        report.groups_created = cursor.rowcount
        cursor.execute(STORED_GROUPS, {"tenant": tenant_id, "names": names})
        groups = dict(cursor.fetchall())
        pairs = [(str(groups[name]), str(key)) for number, key in ids.items() for name in people[number].groups]
        values = {"groups": [group for group, _ in pairs], "contacts": [contact for _, contact in pairs]}
        cursor.execute(MEMBERS, {"tenant": tenant_id, **values})


def _new_ids(of: Sequence[Any] | dict[str, Any]) -> list[str]:
    return [str(uuid7()) for _ in of]
