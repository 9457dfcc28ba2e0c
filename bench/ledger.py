"""Batch spends on one account, against the bare conditional UPDATE that any ledger has to make."""

import itertools
import threading
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from uuid import UUID

from bench.measure import Bound, Found, Measure
from bench.stage import Stage
from bench.turns import in_turns, ratios

#: Each with a connection of its own, all on one account.
THREADS = 8
SECONDS = 1.5
BALANCE = 10**12

BARE = """
UPDATE sms_creditaccount SET available = available - %(credits)s, reserved = reserved + %(credits)s
WHERE tenant_id = %(tenant)s AND available >= %(credits)s
"""


class Ledger(Measure):
    name = "spending"
    bounds = (Bound("ledger", ">=", 0.5, f"batch spends / bare conditional UPDATEs, {THREADS} threads, one account"),)

    def run(self, stage: Stage, keys: Collection[str]) -> Mapping[str, Found]:
        from django.db import connection

        from sms.services.credits import reserve, top_up
        from tenants.models import Tenant
        from tenants.scope import tenant_scope

        tenant = Tenant.objects.create(name="Bench", slug="bench")
        with tenant_scope(tenant.pk):
            top_up(tenant_id=tenant.pk, credits=BALANCE)
        numbers = itertools.count()

        def spend() -> None:
            assert reserve(tenant_id=tenant.pk, credits=1, reference=f"batch {next(numbers)}")

        def bare() -> None:
            with connection.cursor() as cursor:
                cursor.execute(BARE, {"credits": 1, "tenant": tenant.pk})
                assert cursor.rowcount == 1

        stage.say(f"spending in turns: the ledger's way, the bare one; {THREADS} threads")
        speeds = in_turns(
            {"spend": lambda: _per_second(spend, tenant.pk), "bare": lambda: _per_second(bare, tenant.pk)}
        )
        with tenant_scope(tenant.pk):
            _check_books(tenant.pk)
        each = f"{median(speeds['spend']):,.0f} / {median(speeds['bare']):,.0f} a second"
        return {"ledger": Found(ratios(speeds["spend"], speeds["bare"]), each)}


def _per_second(work: Callable[[], None], tenant_id: UUID) -> float:
    """Commits a second of all threads together; each call is a transaction of its own."""
    from django.db import connection

    from tenants.scope import tenant_scope

    together = threading.Barrier(THREADS)

    def client(_: int) -> tuple[int, float]:
        try:
            with tenant_scope(tenant_id):
                work()  # a first one, which connects
                together.wait(timeout=30)
                begun, count = time.perf_counter(), 0
                while time.perf_counter() - begun < SECONDS:
                    work()
                    count += 1
                return count, time.perf_counter() - begun
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(count / seconds for count, seconds in pool.map(client, range(THREADS)))


def _check_books(tenant_id: UUID) -> None:
    """Fast and wrong would be worth nothing."""
    from django.db.models import Sum

    from sms.models import CreditEntry

    spent = CreditEntry.objects.filter(kind="reserve").aggregate(n=Sum("reserved_delta"))["n"]
    assert spent == CreditEntry.objects.filter(kind="reserve").count()
