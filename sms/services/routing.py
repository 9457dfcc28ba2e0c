"""Which provider a message goes to."""

import random
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from sms.models import ProviderState, Route


def choose(*, tenant_id: UUID, count: int) -> list[str]:
    """A provider for each of so many messages of a tenant, by the weights of its routes and what each is fit for."""
    shares = _shares(tenant_id)
    if len(shares) == 1:
        return list(shares) * count
    return random.choices(list(shares), weights=list(shares.values()), k=count)  # noqa: S311


def other_than(provider: str, *, tenant_id: UUID) -> str:
    """Where a message goes that this provider refused for now: another one, where the tenant has one."""
    others = {slug: share for slug, share in _shares(tenant_id).items() if slug != provider}
    if not others:
        return provider
    return random.choices(list(others), weights=list(others.values()))[0]  # noqa: S311


def _shares(tenant_id: UUID) -> dict[str, float]:
    """The tenant's own routes, else the platform's, else SMS_PROVIDER; each with the share of traffic it gets now."""
    rows = list(Route.objects.filter(Q(tenant_id=tenant_id) | Q(tenant=None), weight__gt=0))
    mine = [row for row in rows if row.tenant_id] or rows
    weights = {row.provider: float(row.weight) for row in mine} or {settings.SMS_PROVIDER: 1.0}
    if len(weights) == 1:
        return weights
    fit = dict(ProviderState.objects.filter(provider__in=weights).values_list("provider", "share_percent"))
    shares = {slug: weight * fit.get(slug, 100) for slug, weight in weights.items()}
    # Where none is well there is no better one to flee to.
    return {slug: share for slug, share in shares.items() if share} or weights
