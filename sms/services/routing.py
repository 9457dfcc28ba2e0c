"""Which provider a message goes to, and moving traffic away from one that does badly and back."""

import datetime
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone

from sms import counts
from sms.models import Attempt, Batch, Message, ProviderState, Route, RouteMove, Status
from sms.models.states import FAILED
from sms.signals import provider_moved

BATCH = 1000
FULL = 100


class NoOtherRoute(Exception):
    """Every route of the tenant goes through the provider that is to be avoided."""

    def __init__(self, provider: str) -> None:
        super().__init__(f"Every route goes through {provider}.")


def choose(*, tenant_id: UUID, count: int, avoid: str = "") -> list[str]:
    """A provider for each of so many messages of a tenant, by the weights of its routes and what each is fit for.

    Never `avoid`: raises NoOtherRoute.
    """
    shares = {slug: share for slug, share in _shares(tenant_id).items() if slug != avoid}
    if not shares:
        raise NoOtherRoute(avoid)
    if len(shares) == 1:
        return list(shares) * count
    return random.choices(list(shares), weights=list(shares.values()), k=count)  # noqa: S311


def other_than(provider: str, *, tenant_id: UUID, avoid: str = "") -> str:
    """Where a message goes that this provider refused for now: another one, where the tenant has one that is not to
    be avoided."""
    others = {slug: share for slug, share in _shares(tenant_id).items() if slug not in (provider, avoid)}
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
    shares = {slug: weight * fit.get(slug, FULL) for slug, weight in weights.items()}
    # Where none is well there is no better one to flee to.
    return {slug: share for slug, share in shares.items() if share} or weights


def providers_in_use() -> list[str]:
    """Every provider that some route names, and the one that serves where there is no route."""
    return sorted({settings.SMS_PROVIDER, *Route.objects.filter(weight__gt=0).values_list("provider", flat=True)})


# --- Away from a provider that does badly, and back --------------------------------------------------------------


@dataclass(frozen=True)
class Showing:
    """How one provider did in the last SMS_FAILOVER_WINDOW."""

    attempts: int = 0
    errors: int = 0
    """Attempts that its gateway refused for now or left without a clear answer."""
    settled: int = 0
    failed: int = 0
    p95_seconds: float | None = None

    def complaint(self) -> str:
        """What is bad about it, in numbers; "" when nothing is."""
        most, least = settings.SMS_FAILOVER_ERROR_PERCENT, settings.SMS_FAILOVER_MIN_SAMPLE
        if self.attempts >= least and self.errors * 100 >= most * self.attempts:
            return f"{self.errors} of {self.attempts} submissions got no clear yes or no ({most} % is too many)"
        if self.settled >= least and self.failed * 100 >= most * self.settled:
            return f"{self.failed} of {self.settled} settled messages failed ({most} % is too many)"
        slowest = settings.SMS_FAILOVER_DELIVERY_SECONDS
        if self.settled >= least and self.p95_seconds is not None and self.p95_seconds > slowest:
            return f"95 % of deliveries took up to {self.p95_seconds:.0f} s ({slowest} s is too long)"
        return ""


def review_providers() -> list[RouteMove]:
    """Moves traffic away from providers that did badly, and a step back to those that stayed well; returns the moves.

    A provider that does badly keeps SMS_FAILOVER_SHARE, so that it shows when it is well again. After
    SMS_FAILOVER_COOLDOWN it gets SMS_FAILOVER_STEP more at each review. Each move is recorded, with what was measured,
    in the transaction that makes it; of two reviews at once one moves.
    """
    now = timezone.now()
    slugs = providers_in_use()
    if len(slugs) < 2:  # nowhere to go
        return []
    shown = _showings(slugs, since=now - settings.SMS_FAILOVER_WINDOW)
    ProviderState.objects.bulk_create([ProviderState(provider=slug) for slug in slugs], ignore_conflicts=True)
    moves = [
        _review(state, shown.get(state.provider, Showing()), now=now)
        for state in ProviderState.objects.filter(provider__in=slugs).order_by("provider")
    ]
    return [move for move in moves if move is not None]


def _review(state: ProviderState, shown: Showing, *, now: datetime.datetime) -> RouteMove | None:
    rested = now - state.changed_at >= settings.SMS_FAILOVER_COOLDOWN
    complaint = shown.complaint()
    if complaint and state.share_percent > settings.SMS_FAILOVER_SHARE_PERCENT:
        return _move(state, settings.SMS_FAILOVER_SHARE_PERCENT, complaint, now=now)
    if not complaint and state.share_percent < FULL and (rested or state.share_percent > _least()):
        share = min(state.share_percent + settings.SMS_FAILOVER_STEP_PERCENT, FULL)
        return _move(state, share, "It did well since the last move", now=now)
    return None


def _least() -> int:
    return int(settings.SMS_FAILOVER_SHARE_PERCENT)


def _move(state: ProviderState, share: int, reason: str, *, now: datetime.datetime) -> RouteMove | None:
    before = state.share_percent
    with transaction.atomic():
        same = ProviderState.objects.filter(pk=state.pk, share_percent=before, changed_at=state.changed_at)
        if not same.update(share_percent=share, changed_at=now):
            return None
        requeued = _hand_to_others(state.provider) if share < before else 0
        move = RouteMove.objects.create(
            provider=state.provider,
            share_before=before,
            share_after=share,
            reason=reason,
            requeued=requeued,
            created_at=now,
        )
        provider_moved.send(sender=RouteMove, move=move)
    return move


def _showings(slugs: list[str], *, since: datetime.datetime) -> dict[str, Showing]:
    """Three sums for all providers together."""
    unclear = Q(outcome__in=[Attempt.Outcome.TEMPORARY, Attempt.Outcome.UNCERTAIN])
    recent = Attempt.objects.filter(finished_at__gte=since, provider__in=slugs).values("provider").order_by()
    tried = {row["provider"]: row for row in recent.annotate(n=Count("pk"), errors=Count("pk", filter=unclear))}
    ended = counts.of_platform(since=since, statuses=(Status.DELIVERED, *FAILED))
    times = counts.delivery_times(since=since)
    return {slug: _showing(slug, tried.get(slug), ended, times.get(slug, {})) for slug in slugs}


def _showing(
    slug: str, tried: Mapping[str, int] | None, ended: Sequence[counts.Count], times: dict[int, int]
) -> Showing:
    mine = [one for one in ended if one.provider == slug]
    return Showing(
        attempts=tried["n"] if tried else 0,
        errors=tried["errors"] if tried else 0,
        settled=sum(one.messages for one in mine),
        failed=sum(one.messages for one in mine if one.status in FAILED),
        p95_seconds=counts.percentile(times, 0.95),
    )


GIVE = """
UPDATE sms_message AS message SET provider = given.provider
FROM unnest(%s::uuid[], %s::text[]) AS given (id, provider)
WHERE message.id = given.id AND message.status = 'queued'
"""


def _hand_to_others(provider: str) -> int:
    """Gives what waits for a provider to the other routes of its tenants; returns how many messages moved.

    The few that must avoid one of those are left where they wait.
    """
    choosy = Batch.objects.filter(pk=OuterRef("batch_id")).exclude(avoid="")
    waiting = Message.objects.filter(~Exists(choosy), status=Status.QUEUED, provider=provider)
    count = 0
    for tenant_id in list(waiting.order_by("tenant_id").values_list("tenant_id", flat=True).distinct()):
        if len(_shares(tenant_id)) < 2:
            continue
        last = UUID(int=0)
        while True:
            mine = waiting.filter(tenant_id=tenant_id, pk__gt=last).order_by("pk")
            ids = list(mine.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)[:BATCH])
            if not ids:
                break
            chosen = choose(tenant_id=tenant_id, count=len(ids))
            with connection.cursor() as cursor:
                cursor.execute(GIVE, [[str(key) for key in ids], chosen])
            count += sum(slug != provider for slug in chosen)
            last = ids[-1]
    return count
