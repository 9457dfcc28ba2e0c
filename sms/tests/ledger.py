"""What the tests of credits share: batches, how they end, and the books after it."""

import datetime
from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from sms import services
from sms.models import CreditAccount, CreditEntry, CreditFall, CreditGrant, Message, Status
from sms.models.states import sources
from sms.services.credits import close_reservations
from sms.tests.helpers import number
from tenants.models import Tenant
from tenants.scope import all_tenants


def send(tenant: Tenant, recipients: int = 1, *, text: str = "Hello") -> list[UUID]:
    """One batch of so many messages; their ids."""
    to = [services.Addressee(number(index), text) for index in range(recipients)]
    return services.queue_messages(tenant_id=tenant.pk, addressees=to, sender_id="Acme").ids


def end(
    ids: Collection[UUID], status: Status, *, taken: bool = True, now: datetime.datetime | None = None
) -> datetime.datetime:
    """Moves messages to a final state as the services do; `taken`: by a carrier, before. Returns when."""
    now = now or timezone.now()
    rows = Message.objects.filter(pk__in=ids)
    with transaction.atomic():
        rows.update(submitted_at=now if taken else None)
        if taken:
            rows.filter(status=Status.QUEUED).update(status=Status.SUBMITTED)
        froms = sources(status)
        moved = rows.filter(status__in=froms)
        mine = list(moved.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
        moved.move(status, froms=froms, at=now)
        close_reservations(ids=mine, now=now)
    return now


def entries(tenant: Tenant, *kinds: str) -> list[tuple[str, int, int]]:
    """(kind, available, reserved) of a tenant's entries, oldest first."""
    rows = CreditEntry.objects.filter(tenant=tenant).oldest_first()
    rows = rows.filter(kind__in=kinds) if kinds else rows
    return list(rows.values_list("kind", "available_delta", "reserved_delta"))


def grants(tenant: Tenant) -> list[int]:
    """What a tenant's grants still hold, oldest first."""
    rows = CreditGrant.objects.filter(tenant=tenant).order_by("id")
    return list(rows.values_list("remaining", flat=True))


def balance(tenant: Tenant) -> tuple[int, int]:
    """(available, reserved), where all books agree on it."""
    with all_tenants(because="a test looks at any tenant's books"):
        account = CreditAccount.objects.get(tenant=tenant)
        ledger = CreditEntry.objects.filter(tenant=tenant).aggregate(a=Sum("available_delta"), r=Sum("reserved_delta"))
        unsettled = Message.objects.filter(tenant=tenant, credits_settled_at=None).aggregate(n=Sum("credits"))["n"]
        held = sum(grants(tenant))
    found = (account.available, account.reserved)
    assert found == (ledger["a"] or 0, ledger["r"] or 0)
    assert sum(found) == held
    assert account.reserved == (unsettled or 0)
    return found


def falls(tenant: Tenant) -> list[tuple[int, str]]:
    """(percent, band) of each fall, oldest first."""
    rows = CreditFall.objects.filter(tenant=tenant).order_by("id")
    return list(rows.values_list("percent", "band"))


def account_of(tenant: Tenant) -> CreditAccount:
    account: CreditAccount = CreditAccount.objects.get(tenant=tenant)
    return account


def top_up(tenant: Tenant, credits: int, **fields: Any) -> bool:
    return services.top_up(tenant_id=tenant.pk, credits=credits, **fields)
