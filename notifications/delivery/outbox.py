"""From something that is told to what leaves the house: one row for each recipient and channel, also where a rule
says that nothing goes out, and one for each endpoint and operator. Written by whoever tells, in their transaction."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from uuid_utils.compat import uuid7

from notifications import webhooks
from notifications.channels import operators
from notifications.delivery import content, planning, rules
from notifications.delivery.hints import hint
from notifications.models import Channel, Delivery, Notification
from notifications.models.priority import Priority

State = Delivery.State
#: What operators are told of a problem of the platform: that it opens, worsens and ends. Reports count from the first.
FOR_OPERATORS = ("opened", "reopened", "escalated", "resolved")
FIRST_REPORT = "reported:1"


@dataclass(frozen=True)
class _Row:
    to: str
    """Whom or what, as it stands in the key."""
    channel: Channel
    rule: str
    recipient: UUID | None = None
    endpoint: UUID | None = None
    notification: UUID | None = None
    state: State = State.WAITING
    together: str = ""
    due_at: Any = None
    own: dict[str, Any] = field(default_factory=dict)
    """What its content has besides what all of them say, or instead."""


def write(*, told: Notification, people: Mapping[UUID, UUID | None]) -> None:
    """Writes what goes out to these people (with the ids of their notifications, if they have one in their inbox), to
    the endpoints of the tenant or platform, and to the operators.

    In the caller's transaction and in the same number of statements for one as for ten thousand. `told` is any one of
    the notifications, or one that was not stored. The same event is written once for each of them, whoever else
    writes it at this moment; workers are asked after the commit.
    """
    rows = [*_to_people(told, people), *_to_endpoints(told), *_to_operators(told)]
    if not rows:
        return
    waiting = _insert(told, rows)
    if waiting:
        transaction.on_commit(lambda: hint(channels=waiting))


def _stem(told: Notification) -> str:
    """What is told: the same for everybody who tells the same, whether people have it in their inbox or not."""
    if told.announcement_id:
        return f"announcement:{told.announcement_id}"
    if not told.event:
        return f"once:{uuid7()}"
    if told.incident_id:
        return f"incident:{told.incident_id}:{told.event}"
    return f"{told.tenant_id or 'platform'}:{told.kind}:{told.event}"


def _to_people(told: Notification, people: Mapping[UUID, UUID | None]) -> Iterator[_Row]:
    priority = Priority(told.priority)
    about: Any = {"category": told.notification_type, "priority": priority, "now": timezone.now()}
    planned = planning.plan(user_ids=people, tenant_id=told.tenant_id, **about)
    for person in sorted(people):
        row = people[person]
        for one in planned.get(person) or rules.decide(wishes=rules.Wishes(), **about):
            yield _Row(
                str(person),
                one.channel,
                one.rule,
                recipient=person,
                notification=row,
                state=one.state,
                together=one.digest,
                due_at=one.due_at,
                own={"notification_id": str(row) if row else None},
            )


def _to_endpoints(told: Notification) -> Iterator[_Row]:
    own = {"type": content.what_happened(told), "notification_id": None}
    for one in webhooks.endpoints_for(tenant_id=told.tenant_id, category=told.notification_type):
        rule = "An active endpoint is told of every event of its categories."
        yield _Row(str(one.pk), Channel.WEBHOOK, rule, endpoint=one.pk, own=own)


def _to_operators(told: Notification) -> Iterator[_Row]:
    if told.incident is None or told.tenant_id is not None:
        return
    if "outage" in told.incident.details:  # told out of band when it was, and when it was over
        return
    event = told.event.partition(":")[0]
    if event in FOR_OPERATORS or told.event == FIRST_REPORT:
        for name in operators.everybody():
            rule = "Operators are told when a problem of the platform opens, worsens and ends."
            yield _Row(name, Channel.OPERATORS, rule, own={"operator": name, "notification_id": None})


INSERT = """
WITH written AS (
    INSERT INTO notifications_delivery (
        id, key, channel, notification_id, recipient_id, endpoint_id, tenant_id, incident_id, priority, content, state,
        together, rule, reason, reference, due_at, attempts, created_at, finished_at
    )
    SELECT given.id, given.key, given.channel, given.notification, given.recipient, given.endpoint, %(tenant)s,
           %(incident)s, %(priority)s,
           CASE WHEN given.state = 'skipped' THEN '{}' ELSE %(content)s::jsonb || given.own END, given.state,
           given.together, given.rule, '', '', coalesce(given.due_at, %(now)s), 0, %(now)s,
           CASE WHEN given.state = 'skipped' THEN %(now)s END
    FROM unnest(%(ids)s::uuid[], %(keys)s::text[], %(channels)s::text[], %(notifications)s::uuid[],
                %(recipients)s::uuid[], %(endpoints)s::uuid[], %(own)s::jsonb[], %(states)s::text[],
                %(together)s::text[], %(rules)s::text[], %(due)s::timestamptz[])
         AS given (id, key, channel, notification, recipient, endpoint, own, state, together, rule, due_at)
    ON CONFLICT (key) DO NOTHING
    RETURNING channel, state, due_at
)
SELECT DISTINCT channel FROM written WHERE state = 'waiting' AND due_at <= %(now)s
"""


def _insert(told: Notification, rows: list[_Row]) -> list[str]:
    """Returns the channels on which something is due."""
    stem = _stem(told)
    values: dict[str, Any] = {
        "tenant": told.tenant_id,
        "incident": told.incident_id,
        "priority": told.priority,
        "content": json.dumps(content.of_notification(told)),
        "now": timezone.now(),
        "ids": [str(uuid7()) for _ in rows],
        "keys": [f"{stem}:{row.to}:{row.channel.value}" for row in rows],
        "channels": [row.channel.value for row in rows],
        "notifications": [_text(row.notification) for row in rows],
        "recipients": [_text(row.recipient) for row in rows],
        "endpoints": [_text(row.endpoint) for row in rows],
        "own": [json.dumps(row.own) for row in rows],
        "states": [row.state.value for row in rows],
        "together": [row.together for row in rows],
        "rules": [row.rule[:500] for row in rows],
        "due": [row.due_at for row in rows],
    }
    with connection.cursor() as cursor:
        cursor.execute(INSERT, values)
        return [channel for (channel,) in cursor.fetchall()]


def _text(key: UUID | None) -> str | None:
    return str(key) if key else None
