"""What somebody asks to have sent to a webhook endpoint: a test, or again what was sent or given up before."""

import contextlib
import datetime
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from uuid_utils.compat import uuid7

from notifications import webhooks
from notifications.delivery.hints import hint
from notifications.models import Channel, Delivery, WebhookEndpoint
from notifications.models.delivery import DeliveryQuerySet
from notifications.models.priority import Priority
from notifications.webhooks.signing import TEST

#: Deliveries that one replay may send again; who wants more narrows the time down, and knows how many it is.
MOST_AT_ONCE = 10_000
#: Of an endpoint's newest deliveries, among which a test that is still on its way is looked for.
NEWEST = 20
#: As if it had never been handed over.
FRESH: Mapping[str, Any] = {
    "state": Delivery.State.WAITING,
    "attempts": 0,
    "reason": "",
    "reference": "",
    "finished_at": None,
    "handled_at": None,
}


class NotActive(Exception):
    """A disabled endpoint is sent nothing."""


class TooMany(Exception):
    """The time range holds more than MOST_AT_ONCE."""


def ping(*, endpoint: WebhookEndpoint) -> Delivery:
    """Sends it a test, which goes the way of every other message and is on record like one. One that is on its way
    still is that test, and goes now: each costs a worker the time that a receiver takes. Raises NotActive."""
    _require_active(endpoint)
    now, key = timezone.now(), uuid7()
    with _asking(endpoint):  # of two at once the second finds the first's
        if test := _on_its_way(endpoint):
            Delivery.objects.filter(pk=test.pk, state=Delivery.State.WAITING).update(due_at=now)
            return test
        return Delivery.objects.create(
            id=key,
            key=f"webhook test {key}",
            channel=Channel.WEBHOOK,
            endpoint=endpoint,
            tenant_id=endpoint.tenant_id,
            priority=Priority.LOW,
            rule="A test that was asked for.",
            content={
                "type": TEST,
                "message": "This is a test. Nothing has happened.",
                "created_at": now.isoformat(),
            },
            due_at=now,
        )


def replay(
    *,
    endpoint: WebhookEndpoint,
    delivery_id: UUID | None = None,
    since: datetime.datetime | None = None,
    until: datetime.datetime | None = None,
    only_failed: bool = False,
    dry_run: bool = False,
) -> int:
    """Sends one delivery again, or those that were written in a time range, each under its id of then and with all its
    attempts ahead of it; returns how many. What is on its way already is left alone. A dry run only counts.

    Raises NotActive or TooMany.
    """
    _require_active(endpoint)
    wanted = endpoint.deliveries.filter(
        state__in=[Delivery.State.DEAD] if only_failed else [Delivery.State.DEAD, Delivery.State.SENT]
    )
    wanted = wanted.filter(pk=delivery_id) if delivery_id else _between(wanted, since, until)
    count = wanted.order_by()[: MOST_AT_ONCE + 1].count()
    if count > MOST_AT_ONCE:
        raise TooMany(f"More than {MOST_AT_ONCE} messages. Choose a shorter time.")
    if dry_run:
        return count
    with _asking(endpoint):
        return wanted.update(**FRESH, due_at=timezone.now(), rule="A replay that was asked for.")


def _on_its_way(endpoint: WebhookEndpoint) -> Delivery | None:
    newest = endpoint.deliveries.order_by("-id").prefetch_related("tries")[:NEWEST]
    under_way = (Delivery.State.WAITING, Delivery.State.CLAIMED)
    return next((one for one in newest if one.content.get("type") == TEST and one.state in under_way), None)


@contextlib.contextmanager
def _asking(endpoint: WebhookEndpoint) -> Iterator[None]:
    """In one transaction: nobody who asks is told that the endpoint rests; workers are asked after the commit."""
    with transaction.atomic():
        webhooks.wake(endpoint_id=endpoint.pk)
        yield
        transaction.on_commit(lambda: hint(channels=[Channel.WEBHOOK]))


def _between(
    rows: DeliveryQuerySet, since: datetime.datetime | None, until: datetime.datetime | None
) -> DeliveryQuerySet:
    if since is not None:
        rows = rows.filter(created_at__gte=since)
    return rows if until is None else rows.filter(created_at__lt=until)


def _require_active(endpoint: WebhookEndpoint) -> None:
    if not endpoint.is_active:
        raise NotActive("This webhook is disabled. Enable it first.")
