"""Puts numbers back as they were before a run, from its report."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from django.db import transaction
from uuid_utils.compat import uuid7

from sms.models import NumberReview
from sms.services.normalising.reports import read_report
from sms.services.normalising.reviews import record
from sms.services.normalising.rows import Finding, Outcome, Row
from sms.services.normalising.subjects import rows_of
from tenants.scope import all_tenants

BATCH = 1000
# Only where the row is still as the run left it, and nobody else has got the number meanwhile.
STILL_THERE = {
    NumberReview.Subject.CONTACT: """
        sms_contact AS stored JOIN given ON stored.id = given.id AND stored.phone_number = given.after
            AND stored.raw_phone_number = COALESCE(NULLIF(given.raw, ''), given.before)
            AND (given.before = '' OR NOT EXISTS (
                SELECT 1 FROM sms_contact AS other
                WHERE other.tenant_id = stored.tenant_id AND other.phone_number = given.before
                  AND other.phone_number <> ''))""",
    NumberReview.Subject.USER: "accounts_user AS stored JOIN given ON stored.id = given.id "
    "AND stored.phone_number = given.after",
    NumberReview.Subject.MESSAGE: "sms_message AS stored JOIN given ON stored.id = given.id "
    "AND stored.recipient = given.after AND stored.status = 'queued'",
}
GIVEN = """
WITH given AS (
    SELECT * FROM unnest(%(ids)s::uuid[], %(befores)s::text[], %(afters)s::text[], %(raws)s::text[],
                         %(verified)s::boolean[]) AS given (id, before, after, raw, verified)
), mine AS (
    SELECT given.* FROM {still_there} ORDER BY stored.id {lock}
)
"""
PUT_BACK = {
    NumberReview.Subject.CONTACT: "UPDATE sms_contact AS stored SET phone_number = mine.before, "
    "raw_phone_number = mine.raw, updated_at = now()",
    NumberReview.Subject.USER: "UPDATE accounts_user AS stored SET phone_number = mine.before, "
    "phone_verified = mine.verified, updated_at = now()",
    NumberReview.Subject.MESSAGE: "UPDATE sms_message AS stored SET recipient = mine.before",
}
INSERT = """
INSERT INTO sms_contact (id, tenant_id, phone_number, raw_phone_number, name, opted_out_at, created_at, updated_at)
SELECT %(id)s::uuid, %(tenant)s::uuid, %(before)s, %(raw)s, %(name)s, %(opted_out_at)s::timestamptz,
       %(created_at)s::timestamptz, now()
WHERE EXISTS (SELECT 1 FROM tenants_tenant WHERE id = %(tenant)s::uuid)
ON CONFLICT DO NOTHING RETURNING id
"""
PART_GROUPS = """
DELETE FROM sms_groupmember WHERE contact_id = %(kept)s AND group_id = ANY(%(gained)s::uuid[])
"""
PART = """
UPDATE sms_contact SET
    opted_out_at = CASE WHEN opted_out_at IS NOT DISTINCT FROM %(opted_out_after)s::timestamptz
                        THEN %(opted_out_before)s::timestamptz ELSE opted_out_at END,
    name = CASE WHEN name = %(name_after)s THEN %(name_before)s ELSE name END, updated_at = now()
WHERE id = %(kept)s
"""
JOIN_GROUPS = """
INSERT INTO sms_groupmember (tenant_id, group_id, contact_id)
SELECT tenant_id, id, %(id)s::uuid FROM sms_contactgroup WHERE id = ANY(%(groups)s::uuid[]) AND tenant_id = %(tenant)s
ON CONFLICT DO NOTHING
"""


@dataclass
class Undone:
    """How many rows were put back, and how many left because somebody changed them since."""

    restored: int = 0
    left: int = 0


def undo(path: Path, *, apply: bool, progress: Callable[[int], None] = lambda _: None) -> Undone:
    """Goes backwards through the report of a run. Without `apply` only says what it would do.

    Safe to repeat and to kill: what is back already is left. Raises BadReport and OSError.
    """
    rows, run_id, tally = read_report(path), uuid7(), Undone()
    with all_tenants(because="a run over all tenants may be what is undone"):
        for (subject, is_merge), some in groupby(rows, key=lambda row: (row["model"], row["outcome"] == "merged")):
            while chunk := list(islice(some, BATCH)):
                with transaction.atomic():
                    done = _part(chunk, apply=apply) if is_merge else _put_back(subject, chunk, apply=apply)
                    if apply:
                        back = [_finding(row) for row in chunk if row["id"] in done]
                        record(back, subject=subject, run_id=run_id)
                tally.restored += len(done)
                tally.left += len(chunk) - len(done)
                progress(len(chunk))
    return tally


def _finding(row: dict[str, Any]) -> Finding:
    was = Row(row["id"], row["tenant_id"], row["after"], row["raw"])
    return Finding(was, Outcome.UNDONE, after=row["before"])


def _put_back(subject: NumberReview.Subject, rows: Sequence[dict[str, Any]], *, apply: bool) -> set[str]:
    given = GIVEN.format(still_there=STILL_THERE[subject], lock="FOR UPDATE OF stored" if apply else "")
    update = f"{PUT_BACK[subject]} FROM mine WHERE stored.id = mine.id RETURNING stored.id::text"
    values = {
        "ids": [row["id"] for row in rows],
        "befores": [row["before"] for row in rows],
        "afters": [row["after"] for row in rows],
        "raws": [row["raw"] for row in rows],
        "verified": [bool(row["restore"].get("phone_verified")) for row in rows],
    }
    last = update if apply else "SELECT id::text FROM mine"
    return {key for (key,) in rows_of(f"{given} {last}", values)}


def _part(rows: Sequence[dict[str, Any]], *, apply: bool) -> set[str]:
    """Makes contacts again that were joined to another, and takes back what the other had of them."""
    if not apply:
        there = rows_of(
            "SELECT id::text FROM sms_contact WHERE id = ANY(%(ids)s::uuid[])", {"ids": [r["id"] for r in rows]}
        )
        return {row["id"] for row in rows} - {key for (key,) in there}
    return {row["id"] for row in rows if _make_again(row)}


def _make_again(row: dict[str, Any]) -> bool:
    restore = row["restore"]
    before, after = restore["kept_before"], restore["kept_after"]
    values = {"id": row["id"], "tenant": row["tenant_id"], "before": row["before"], "raw": row["raw"], **restore}
    values |= {"opted_out_before": before["opted_out_at"], "opted_out_after": after["opted_out_at"]}
    values |= {"name_before": before["name"], "name_after": after["name"]}
    values = {key: value for key, value in values.items() if not key.startswith("kept_")}
    if not rows_of(INSERT, values):
        return False
    for statement in (PART_GROUPS, PART, JOIN_GROUPS):
        rows_of(statement, values)
    return True
