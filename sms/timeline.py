"""What happened to one message, as far as it is known, in the order in which it happened."""

import datetime
import functools
import operator
from typing import Any

from django.db.models import Q

from sms.models import Attempt, Message, Receipt, Status
from sms.reasons import describe
from sms.serializers.messages import AttemptSerializer, ReceiptSerializer

#: What no attempt and no receipt tells of: the states that a message reaches by our own hand.
OUR_OWN = (Status.CANCELLED, Status.EXPIRED, Status.UNKNOWN)


def of(message: Message) -> list[dict[str, Any]]:
    """Entries `{at, event, ...}` with event queued, scheduled, attempt, receipt or state. Two queries."""
    attempts = list(message.timeline.order_by("pk"))
    entries = [_entry(message.created_at, "queued")]
    if message.status == Status.QUEUED and message.next_attempt_at:
        entries.append(_entry(message.next_attempt_at, "scheduled"))
    entries += [_entry(one.started_at, "attempt", **AttemptSerializer(one).data) for one in attempts]
    receipts = _receipts(message, attempts)
    entries += [_entry(one.received_at, "receipt", **ReceiptSerializer(one).data) for one in receipts]
    if message.status in OUR_OWN and message.status not in {one.status for one in receipts}:
        entries.append(
            _entry(message.status_changed_at, "state", status=message.status, reason=message.failure_reason)
        )
    return sorted(entries, key=operator.itemgetter("at"))


def explanation(message: Message) -> dict[str, str] | None:
    """What its failure means, and what its sender can do; None while nothing failed."""
    if not message.failure_reason:
        return None
    meaning, advice = describe(message.failure_reason)
    return {"reason": message.failure_reason, "meaning": meaning, "advice": advice}


def _entry(at: datetime.datetime, event: str, **more: Any) -> dict[str, Any]:
    return {"at": at, "event": event, **more}


def _receipts(message: Message, attempts: list[Attempt]) -> list[Receipt]:
    """Those about any id that a carrier gave this message: after a failover there may be several."""
    carriers: list[Message | Attempt] = [message, *attempts]
    names = {(one.provider, one.provider_message_id) for one in carriers if one.provider_message_id}
    if not names:
        return []
    mine = functools.reduce(
        operator.or_, (Q(provider=provider, provider_message_id=name) for provider, name in sorted(names))
    )
    return list(Receipt.objects.filter(mine).order_by("received_at", "pk"))
