"""Telling the rooms above that a balance fell, after the transaction that took the credits."""

from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone

from sms.models import CreditAccount, CreditFall
from sms.signals import credits_fell
from tenants.scope import tenant_scope

log = structlog.get_logger(__name__)


def announce_falls(*, tenant_id: UUID) -> int:
    """Announces what fell and was not announced, in the order in which it fell; returns how many falls.

    Whoever listens writes in the same transaction, so a fall is told exactly when it is marked. What a later top-up
    has overtaken is told nobody any more.
    """
    with tenant_scope(tenant_id), transaction.atomic():
        waiting = CreditFall.objects.filter(tenant_id=tenant_id, announced_at=None).order_by("id")
        falls = list(waiting.select_for_update(no_key=True, of=("self",)))
        top_ups = CreditAccount.objects.values_list("top_ups", flat=True).filter(tenant_id=tenant_id).first()
        current = [fall for fall in falls if fall.top_up == top_ups]
        for fall in current:
            _announce(fall)
        CreditFall.objects.filter(pk__in=[fall.pk for fall in falls]).update(announced_at=timezone.now())
    return len(current)


def _announce(fall: CreditFall) -> None:
    credits_fell.send(
        sender=CreditFall,
        tenant_id=fall.tenant_id,
        top_up=fall.top_up,
        percent_before=fall.percent_before,
        percent=fall.percent,
        available=fall.available,
        balance_after_top_up=fall.balance_after_top_up,
        band=fall.band,
    )


def announce_waiting_falls() -> int:
    """Announces what a crash between the commit and the announcement left; returns how many falls."""
    waiting = CreditFall.objects.filter(announced_at=None).order_by("tenant_id")
    tenants = list(waiting.values_list("tenant_id", flat=True).distinct())
    return sum(_announce_safely(tenant_id) for tenant_id in tenants)


def _announce_safely(tenant_id: UUID) -> int:
    try:
        return announce_falls(tenant_id=tenant_id)
    except Exception:
        # One tenant whose listener fails must not keep the others from being told.
        log.exception("announcing a fall of credits failed", tenant=str(tenant_id))
        return 0
