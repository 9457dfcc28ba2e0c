"""Books of credits that do not agree, as problems of the platform: one a tenant, over when they agree again."""

import datetime
from collections.abc import Sequence

from django.utils import timezone

from notifications import incidents
from notifications.models import Incident
from notifications.models.priority import Priority
from sms.signals import Difference

KIND = "credit_books"


def see(*, differences: Sequence[Difference], now: datetime.datetime | None = None) -> None:
    """Opens an incident for each tenant whose books differ, and closes those of tenants whose books agree again."""
    now = now or timezone.now()
    gone = {incident.scope: incident for incident in Incident.objects.unresolved().filter(tenant=None, kind=KIND)}
    # Sorted, so that two that see the same lock the same incidents in the same order.
    for difference in sorted(differences, key=lambda one: one.tenant_id):
        gone.pop(str(difference.tenant_id), None)
        incidents.see_problem(problem=_problem(difference), now=now)
    for _, incident in sorted(gone.items()):
        incidents.resolve(incident=incident, summary="The books agree again.", now=now)


def _problem(one: Difference) -> incidents.Problem:
    return incidents.Problem(
        kind=KIND,
        scope=str(one.tenant_id),
        priority=Priority.HIGH,
        title=f"SMS Credits: the books of {one.tenant_name} do not agree"[:200],
        summary=(
            f"Available: {one.available} in the account, {one.ledger_available} in the ledger. Reserved: "
            f"{one.reserved} in the account, {one.ledger_reserved} in the ledger, {one.on_their_way} for messages on "
            f"their way. In all: {one.available + one.reserved} in the account, {one.granted} in grants."
        ),
        advice="Stop adjusting this account by hand; the ledger says what happened (docs/credits.md).",
        details={
            "available": one.available,
            "reserved": one.reserved,
            "ledger_available": one.ledger_available,
            "ledger_reserved": one.ledger_reserved,
            "granted": one.granted,
            "on_their_way": one.on_their_way,
        },
    )
