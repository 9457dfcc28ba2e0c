"""The only writers of WebhookEndpoint, beside what its calls do to its standing (notifications.webhooks.standing)."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User
from notifications.models import WebhookEndpoint
from notifications.webhooks.addresses import check_url
from notifications.webhooks.signing import new_secret

#: How an endpoint begins, and begins again when it is enabled or leads elsewhere.
FRESH: Mapping[str, Any] = {"failures": 0, "failing_since": None, "resting_until": None}
CHANGEABLE = frozenset({"url", "description", "categories", "is_active"})


class TooMany(Exception):
    """A tenant, or the platform, has as many as it may."""


class SecretStillChanging(Exception):
    """The secret before the present one still signs: another change would end it before its time."""


# Locked as the foreign keys of deliveries would lock them anyway; so none is deleted before those are committed.
TOLD = """
SELECT endpoint.*
FROM notifications_webhookendpoint AS endpoint LEFT JOIN tenants_tenant AS tenant ON tenant.id = endpoint.tenant_id
WHERE endpoint.tenant_id IS NOT DISTINCT FROM %s AND endpoint.is_active AND tenant.suspended_at IS NULL
  AND (endpoint.categories = '[]'::jsonb OR endpoint.categories ? %s)
ORDER BY endpoint.id FOR KEY SHARE OF endpoint
"""


def endpoints_for(*, tenant_id: UUID | None, category: str) -> list[WebhookEndpoint]:
    """The endpoints that are told of this: the tenant's, or with None the platform's. One query; none of them can be
    deleted until the caller's transaction ends. A suspended tenant is told nothing."""
    return list(WebhookEndpoint.objects.raw(TOLD, [tenant_id, category]))


def create(
    *, tenant_id: UUID | None, owner: User, url: str, description: str = "", categories: Sequence[str] = ()
) -> WebhookEndpoint:
    """Makes one for a tenant, or with None for the platform; its secret is told in no other reply but the one of
    `rotate`. Raises UrlRefused or TooMany."""
    check_url(url)
    with transaction.atomic():
        with connection.cursor() as cursor:  # of two at once the second counts when the first is through
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"webhooks of {tenant_id}"])
        if WebhookEndpoint.objects.filter(tenant=tenant_id).count() >= settings.WEBHOOK_ENDPOINTS_LIMIT:
            raise TooMany(f"There are {settings.WEBHOOK_ENDPOINTS_LIMIT} webhooks, and no more are allowed.")
        return WebhookEndpoint.objects.create(
            tenant_id=tenant_id,
            owner=owner,
            url=url,
            description=description,
            categories=_once_each(categories),
            secret=new_secret(),
        )


def change(*, endpoint_id: UUID, changes: Mapping[str, Any]) -> bool:
    """Changes any of url, description, categories and is_active; False when there is no such endpoint. Raises
    UrlRefused. Of two who change the same field at once the last one wins; other fields are left alone."""
    unknown = changes.keys() - CHANGEABLE
    if unknown:
        raise TypeError(f"Not to be changed like this: {sorted(unknown)}")
    changes = dict(changes)
    if "url" in changes:
        check_url(changes["url"])
    if "categories" in changes:
        changes["categories"] = _once_each(changes["categories"])
    is_active = changes.pop("is_active", None)
    mine = WebhookEndpoint.objects.filter(pk=endpoint_id)
    with transaction.atomic():
        if "url" in changes:  # what the old address did says nothing of the new one
            mine.exclude(url=changes["url"]).update(**FRESH)
        if is_active is not None:
            (enable if is_active else disable)(endpoint_id=endpoint_id)
        return bool(mine.update(**changes, updated_at=timezone.now()))


def enable(*, endpoint_id: UUID) -> bool:
    """Calls it again from now on; what it missed waits to be replayed. False when it was enabled already."""
    off = WebhookEndpoint.objects.filter(pk=endpoint_id, is_active=False)
    return bool(off.update(**FRESH, is_active=True, disabled_at=None, disabled_reason="", updated_at=timezone.now()))


def disable(*, endpoint_id: UUID) -> bool:
    """Calls it no more, at somebody's wish. False when it was disabled already; the reason stays what it was."""
    now = timezone.now()
    on = WebhookEndpoint.objects.filter(pk=endpoint_id, is_active=True)
    return bool(on.update(is_active=False, disabled_at=now, disabled_reason="By hand.", updated_at=now))


def wake(*, endpoint_id: UUID) -> None:
    """Ends its rest: somebody wants something sent there now."""
    WebhookEndpoint.objects.filter(pk=endpoint_id).update(resting_until=None)


def rotate(*, endpoint_id: UUID, overlap: datetime.timedelta) -> str | None:
    """Makes a new secret and returns it; the present one signs as well for the overlap. None when there is no such
    endpoint.

    Raises SecretStillChanging within the overlap of an earlier change, so that two owners who press at once do not
    throw away the secret that receivers have. An overlap of nothing always goes through: then the present secret is
    known to somebody, and ends at once.
    """
    now, secret = timezone.now(), new_secret()
    mine = WebhookEndpoint.objects.filter(pk=endpoint_id)
    if not overlap:
        changed = mine.update(secret=secret, previous_secret="", previous_secret_until=None, updated_at=now)
        return secret if changed else None
    settled = mine.filter(Q(previous_secret_until=None) | Q(previous_secret_until__lte=now))
    if settled.update(previous_secret=F("secret"), previous_secret_until=now + overlap, secret=secret, updated_at=now):
        return secret
    until = mine.values_list("previous_secret_until", flat=True).first()
    if until is None:
        return None
    raise SecretStillChanging(
        f"The secret was changed lately, and the one before signs until {until:%Y-%m-%d %H:%M} UTC. "
        "With an overlap of 0 hours both end at once."
    )


def delete(*, endpoint_id: UUID) -> bool:
    """Deletes it with the record of what it was sent; False when there is no such endpoint."""
    return bool(WebhookEndpoint.objects.filter(pk=endpoint_id).delete()[0])


def _once_each(categories: Sequence[str]) -> list[str]:
    return sorted(set(categories))
