"""Makes one contact of several that have one number."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from sms.services.normalising.rows import Finding
from sms.services.normalising.subjects import rows_of

DETAILS = """
SELECT id::text, tenant_id::text, name, opted_out_at, created_at, ARRAY(
    SELECT group_id::text FROM sms_groupmember AS membership WHERE membership.contact_id = contact.id ORDER BY group_id
) FROM sms_contact AS contact WHERE id = ANY(%(ids)s::uuid[])
"""
JOIN_GROUPS = """
INSERT INTO sms_groupmember (tenant_id, group_id, contact_id)
SELECT DISTINCT membership.tenant_id, membership.group_id, pair.kept
FROM unnest(%(gone)s::uuid[], %(kept)s::uuid[]) AS pair (gone, kept)
JOIN sms_groupmember AS membership ON membership.contact_id = pair.gone
ON CONFLICT (group_id, contact_id) DO NOTHING
"""
KEEP = """
UPDATE sms_contact AS contact SET opted_out_at = given.opted_out_at, name = given.name, updated_at = %(now)s
FROM unnest(%(ids)s::uuid[], %(opted_out)s::timestamptz[], %(names)s::text[]) AS given (id, opted_out_at, name)
WHERE contact.id = given.id
"""
LEAVE_GROUPS = "DELETE FROM sms_groupmember WHERE contact_id = ANY(%(gone)s::uuid[])"
DELETE = "DELETE FROM sms_contact WHERE id = ANY(%(gone)s::uuid[])"


def merge_contacts(merged: Sequence[Finding]) -> list[tuple[str, str]]:
    """Joins each to the one it goes `into`, in the caller's transaction, which holds locks on all of them.

    An opt-out of any holds, since the first of them; a name is taken where there was none; groups are joined. Notes
    what undoing needs, and returns the numbers of those who opted out, with their tenants.
    """
    if not merged:
        return []
    gone, kept = [one.row.id for one in merged], [one.into.id for one in merged if one.into]
    details = {
        key: {"tenant_id": tenant, "name": name, "opted_out_at": opted_out, "created_at": created, "groups": groups}
        for key, tenant, name, opted_out, created, groups in rows_of(DETAILS, {"ids": [*gone, *kept]})
    }
    numbers = {}
    for one in merged:
        if one.into:
            one.restore = _join(details[one.row.id], details[one.into.id]) | {"kept": one.into.id}
            numbers[one.into.id] = one.result
    values = {"gone": gone, "kept": kept}
    for statement in (JOIN_GROUPS, LEAVE_GROUPS, DELETE):
        rows_of(statement, values)
    now = [details[key] for key in numbers]
    rows_of(
        KEEP,
        {
            "ids": list(numbers),
            "opted_out": [one["opted_out_at"] for one in now],
            "names": [one["name"] for one in now],
            "now": timezone.now(),
        },
    )
    return [(details[key]["tenant_id"], number) for key, number in numbers.items() if details[key]["opted_out_at"]]


def _join(gone: dict[str, Any], kept: dict[str, Any]) -> dict[str, Any]:
    """Brings `kept` up to what both make together, and returns what it takes to part them again."""
    opt_outs = [one["opted_out_at"] for one in (gone, kept) if one["opted_out_at"]]
    before = {"opted_out_at": kept["opted_out_at"], "name": kept["name"]}
    gained = [group for group in gone["groups"] if group not in kept["groups"]]
    kept |= {"opted_out_at": min(opt_outs, default=None), "name": kept["name"] or gone["name"]}
    kept["groups"] = [*kept["groups"], *gained]
    after = {"opted_out_at": kept["opted_out_at"], "name": kept["name"]}
    mine = {key: gone[key] for key in ("name", "opted_out_at", "created_at", "groups")}
    return mine | {"gained": gained, "kept_before": before, "kept_after": after}
