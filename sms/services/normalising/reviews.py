"""The record of what was found out about numbers."""

from collections.abc import Sequence
from uuid import UUID

from django.utils import timezone
from uuid_utils import uuid7

from accounts.numbering import METADATA_VERSION
from sms.models import NumberReview
from sms.services.normalising.rows import Finding
from sms.services.normalising.subjects import rows_of

# A refusal or a collision that a former run has told, and about which nothing is new, is not told again.
INSERT = """
INSERT INTO sms_numberreview (id, run_id, subject, subject_id, tenant_id, raw, result, outcome, reason,
                              metadata_version, created_at)
SELECT given.id, %(run)s, %(subject)s, given.subject_id, given.tenant_id, given.raw, given.result, given.outcome,
       given.reason, %(version)s, %(now)s
FROM unnest(%(ids)s::uuid[], %(subject_ids)s::uuid[], %(tenants)s::uuid[], %(raws)s::text[], %(results)s::text[],
            %(outcomes)s::text[], %(reasons)s::text[])
     AS given (id, subject_id, tenant_id, raw, result, outcome, reason)
LEFT JOIN LATERAL (
    SELECT true AS already FROM sms_numberreview AS told
    WHERE given.outcome IN ('refused', 'collided')
      AND told.subject_id = given.subject_id AND told.subject = %(subject)s AND told.outcome = given.outcome
      AND told.raw = given.raw AND told.reason = given.reason AND told.metadata_version = %(version)s LIMIT 1
) AS told ON true
WHERE told.already IS NULL
ON CONFLICT (subject_id, subject, run_id, outcome) DO NOTHING
"""


def record(findings: Sequence[Finding], *, subject: NumberReview.Subject, run_id: UUID) -> None:
    """In the caller's transaction, which is the one that changed the rows."""
    if not findings:
        return
    rows_of(
        INSERT,
        {
            "run": run_id,
            "subject": subject,
            "version": METADATA_VERSION,
            "now": timezone.now(),
            "ids": [str(uuid7()) for _ in findings],
            "subject_ids": [one.row.id for one in findings],
            "tenants": [one.row.tenant_id for one in findings],
            "raws": [one.row.text for one in findings],
            "results": [one.result for one in findings],
            "outcomes": [one.outcome.value for one in findings],
            "reasons": [one.reason for one in findings],
        },
    )
