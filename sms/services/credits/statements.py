"""What happened to a tenant's credits, line by line."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Sum
from django.db.models.functions import Coalesce

from sms.models import CreditEntry
from tenants.scope import tenant_scope

CHUNK = 2000


@dataclass(frozen=True)
class Line:
    """An entry, and what the account held after it."""

    entry: CreditEntry
    available: int
    reserved: int


@dataclass(frozen=True)
class Statement:
    """What an account held at the beginning, and every line since. `lines()` reads some thousand at a time."""

    tenant_id: UUID
    since: datetime.datetime | None
    until: datetime.datetime | None
    available: int
    reserved: int

    def lines(self) -> Iterator[Line]:
        available, reserved = self.available, self.reserved
        for entry in self._entries():
            available += entry.available_delta
            reserved += entry.reserved_delta
            yield Line(entry, available, reserved)

    def _entries(self) -> Iterator[CreditEntry]:
        after: UUID | None = None
        while True:
            # The scope is entered for each chunk: whoever streams the lines may be outside of it by then.
            with tenant_scope(self.tenant_id):
                rows = CreditEntry.objects.between(self.since, self.until).select_related("actor").oldest_first()
                chunk = list((rows if after is None else rows.filter(pk__gt=after))[:CHUNK])
            yield from chunk
            if len(chunk) < CHUNK:
                return
            after = chunk[-1].pk


def statement(
    tenant_id: UUID, since: datetime.datetime | None = None, until: datetime.datetime | None = None
) -> Statement:
    """From `since` (included; None: the beginning) to `until` (not included; None: now), the oldest first."""
    totals = {"available": 0, "reserved": 0}
    if since is not None:
        with tenant_scope(tenant_id):
            totals = CreditEntry.objects.between(None, since).aggregate(
                available=Coalesce(Sum("available_delta"), 0), reserved=Coalesce(Sum("reserved_delta"), 0)
            )
    return Statement(tenant_id, since, until, **{name: int(total) for name, total in totals.items()})
