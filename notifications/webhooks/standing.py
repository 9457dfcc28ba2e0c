"""What its calls say of an endpoint: it is well, it fails, it is to rest, it is not to be called any more.

Every change asks whether the endpoint still leads to the address that was called: an answer that comes late says
nothing of a new one.
"""

import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce
from django.dispatch import Signal
from django.utils import timezone

from notifications.models import WebhookEndpoint
from notifications.webhooks.endpoints import FRESH

#: Sent in the transaction that disables one by itself: `endpoint`, as it is now.
endpoint_disabled = Signal()


def took(*, endpoint: WebhookEndpoint) -> None:
    """A call was taken: whatever went wrong before is over."""
    _same(endpoint).exclude(**FRESH).update(**FRESH)


def failed(*, endpoint: WebhookEndpoint, reason: str, rest: datetime.timedelta | None = None) -> None:
    """A call was not taken; with a rest nothing is sent there for so long.

    When WEBHOOK_DISABLE_FAILURES in a row failed over at least WEBHOOK_DISABLE_AFTER, it is disabled and its owner is
    told; once, however many workers see it at this moment.
    """
    now = timezone.now()
    fields: dict[str, Any] = {"failures": F("failures") + 1, "failing_since": Coalesce("failing_since", now)}
    if rest is not None:
        fields["resting_until"] = now + rest
    with transaction.atomic():
        _same(endpoint).update(**fields)
        hopeless = _same(endpoint).filter(
            failures__gte=settings.WEBHOOK_DISABLE_FAILURES, failing_since__lte=now - settings.WEBHOOK_DISABLE_AFTER
        )
        _disable(hopeless, endpoint, reason, now)


def gone(*, endpoint: WebhookEndpoint) -> None:
    """It answered that it is not there any more (410): it is disabled, and its owner is told."""
    with transaction.atomic():
        _disable(_same(endpoint), endpoint, "It answered 410 Gone.", timezone.now())


def _same(endpoint: WebhookEndpoint) -> "QuerySet[WebhookEndpoint]":
    return WebhookEndpoint.objects.filter(pk=endpoint.pk, url=endpoint.url, is_active=True)


def _disable(
    rows: "QuerySet[WebhookEndpoint]", endpoint: WebhookEndpoint, reason: str, now: datetime.datetime
) -> None:
    if rows.update(is_active=False, disabled_at=now, disabled_reason=reason[:200], updated_at=now):
        endpoint.refresh_from_db()
        endpoint_disabled.send(sender=WebhookEndpoint, endpoint=endpoint)
