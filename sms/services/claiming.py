"""Which waiting messages a worker takes next: passwords before bulk, and every tenant in its turn."""

import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.utils import timezone
from uuid_utils.compat import uuid7

from sms import rates
from sms.models import Message, Status, Traffic
from sms.models.states import require_transitions

require_transitions([Status.QUEUED], Status.CLAIMED)

#: The order in which traffic is served.
ORDER = (Traffic.OTP, Traffic.TRANSACTIONAL, Traffic.PROMOTIONAL)

# Walks the index from tenant to tenant, so that a tenant with a million waiting messages costs one step.
TENANTS = """
WITH RECURSIVE waiting AS (
    (SELECT tenant_id, 1 AS place FROM sms_message
     WHERE status = 'queued' AND next_attempt_at IS NULL AND provider = %(provider)s AND traffic = %(traffic)s
       AND tenant_id > %(after)s
     ORDER BY tenant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT following.tenant_id FROM sms_message AS following
            WHERE status = 'queued' AND next_attempt_at IS NULL AND provider = %(provider)s
              AND traffic = %(traffic)s AND following.tenant_id > waiting.tenant_id
            ORDER BY following.tenant_id LIMIT 1), place + 1
    FROM waiting WHERE waiting.tenant_id IS NOT NULL AND place < %(most)s
)
SELECT tenant_id FROM waiting WHERE tenant_id IS NOT NULL
"""

# The row locks are skipped, not waited for: what another worker is claiming is not ours. Picked once and kept: inside
# a join Postgres may pick again for each row, and then LIMIT bounds nothing. Whoever opted out in the moment in which
# this was queued is left to the sweeper.
CLAIM = """
WITH picked AS MATERIALIZED (
    SELECT mine.id FROM unnest(%(tenants)s::uuid[]) AS tenant (id)
    CROSS JOIN LATERAL (
        SELECT queued.id FROM sms_message AS queued
        WHERE status = 'queued' AND next_attempt_at IS NULL AND provider = %(provider)s AND traffic = %(traffic)s
          AND queued.tenant_id = tenant.id AND (valid_until IS NULL OR valid_until > %(now)s)
          AND NOT EXISTS (
              SELECT 1 FROM sms_contact AS contact
              WHERE contact.tenant_id = queued.tenant_id AND contact.phone_number = queued.recipient
                AND contact.opted_out_at IS NOT NULL
          )
        ORDER BY queued.id LIMIT %(each)s FOR UPDATE SKIP LOCKED
    ) AS mine
    LIMIT %(most)s
)
UPDATE sms_message AS message
SET status = 'claimed', status_changed_at = %(now)s, claim_token = %(token)s, claim_expires_at = %(until)s,
    attempts = attempts + 1, handover_at = NULL
FROM picked
WHERE message.id = picked.id
RETURNING message.id, message.tenant_id
"""


def claim(*, provider: str, most: int) -> list[Message]:
    """Takes up to `most` waiting messages of a provider, for SMS_CLAIM_LEASE; [] when none are to be had.

    The more urgent traffic first; within one, tenants take turns, each with an equal share of `most`. Raises
    RedisError.
    """
    token = uuid7()
    claimed: list[Message] = []
    for traffic in ORDER:
        room = most - len(claimed)
        if room:
            claimed += _claim(provider, traffic, token, most=room)
    return claimed


def _claim(provider: str, traffic: Traffic, token: UUID, *, most: int) -> list[Message]:
    tenants = _in_turn(provider, traffic, most=most)
    if not tenants:
        return []
    now = timezone.now()
    values: dict[str, Any] = {
        "provider": provider,
        "traffic": traffic,
        "tenants": [str(tenant) for tenant in tenants],
        "each": -(-most // len(tenants)),
        "most": most,
        "now": now,
        "token": token,
        "until": now + settings.SMS_CLAIM_LEASE,
    }
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, values)
        found = cursor.fetchall()
    served = {tenant for _, tenant in found}
    rates.pass_turn(provider, traffic, after=next((one for one in reversed(tenants) if one in served), tenants[-1]))
    return list(Message.objects.filter(pk__in=[key for key, _ in found]).order_by("pk"))


def _in_turn(provider: str, traffic: Traffic, *, most: int) -> list[UUID]:
    """Tenants with something waiting, from the one after the last that was served, around once."""
    last = rates.turn(provider, traffic)
    values: dict[str, Any] = {"provider": provider, "traffic": traffic, "after": last, "most": most}
    with connection.cursor() as cursor:
        cursor.execute(TENANTS, values)
        found = [tenant for (tenant,) in cursor.fetchall()]
        if len(found) < most and last.int:
            cursor.execute(TENANTS, values | {"after": UUID(int=0), "most": most - len(found)})
            found += [tenant for (tenant,) in cursor.fetchall() if tenant not in found]
    return found


def release_due(*, now: datetime.datetime) -> set[str]:
    """Lets messages wait that were meant for later and are due; returns whose they are (slugs of providers).

    Its time of waiting begins when it was due, so a message that was scheduled a month ago is not a stuck one.
    """
    providers: set[str] = set()
    later = Message.objects.filter(status=Status.QUEUED, next_attempt_at__lte=now)
    while True:
        batch = dict(later.order_by("next_attempt_at").values_list("pk", "provider")[:5000])
        due = later.filter(pk__in=batch)
        if not due.update(status_changed_at=F("next_attempt_at"), next_attempt_at=None):
            return providers
        providers |= set(batch.values())
