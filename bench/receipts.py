"""Signed receipts over HTTP, one a call as most carriers post them, each settling a message and its credit."""

import itertools
import json
import time
from collections.abc import Collection, Mapping

from bench import house, load
from bench.measure import Bound, Found, Measure
from bench.stage import Stage
from bench.turns import in_turns, ratios

MESSAGES = 100_000
PATH = "/api/sms/receipts/simulator/"
ROWS = """
INSERT INTO sms_message (id, tenant_id, recipient, sender_id, text, segments, traffic, status, status_changed_at,
                         failure_reason, error_code, credits, provider, provider_message_id, attempts, handover_at,
                         submitted_at, deliver_before, created_at)
SELECT (lpad(to_hex(n), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid,
       %s, '+255754000001', 'Bench', 'Hello', 1, 'transactional', 'submitted', now(), '', '', 1, 'simulator',
       'bench-' || n, 1, now(), now(), now() + interval '1 day', now()
FROM generate_series(1, %s) AS n
"""


class Receipts(Measure):
    name = "posting"
    bounds = (Bound("receipts", ">=", 0.15, "signed receipts applied a second, one a call / empty POSTs"),)
    needs = (house.web,)

    def run(self, stage: Stage, keys: Collection[str]) -> Mapping[str, Found]:
        stage.say(f"{MESSAGES:,} messages wait for their receipts")
        _fill()
        port = stage.use(house.web)
        empty = (load.request(load.EMPTY, method="POST", body=b"{}"), b"200")
        numbers = itertools.count(1)

        def receipt(client: int, turn: int) -> load.Request | None:
            number = next(numbers)  # atomic: each is posted once
            return (_signed(number), b"200") if number <= MESSAGES else None

        found = in_turns(
            {
                "receipts": lambda: load.per_second(port, receipt),
                "empty": lambda: load.per_second(port, load.around([empty])),
            }
        )
        _assert_applied(next(numbers) - 1)
        return {"receipts": Found(ratios(found["receipts"], found["empty"]))}


def _fill() -> None:
    from django.db import connection

    from sms.models import CreditAccount
    from sms.services.credits import reserve, top_up
    from tenants.models import Tenant
    from tenants.scope import all_tenants

    tenant = Tenant.objects.create(name="Bench", slug="bench")
    with all_tenants(because="the bench fills the tables"):
        top_up(tenant_id=tenant.pk, credits=MESSAGES)
        reserve(tenant_id=tenant.pk, credits=MESSAGES, reference="bench")
        with connection.cursor() as cursor:
            cursor.execute(ROWS, [tenant.pk, MESSAGES])
        assert CreditAccount.objects.get().reserved == MESSAGES


def _signed(number: int) -> bytes:
    from sms.providers import simulator

    now = time.time()
    receipt = {"id": f"bench-{number}", "status": "DELIVRD", "error": "", "at": now}
    body = json.dumps({"receipts": [receipt]}).encode()
    headers = {simulator.SIGNATURE_HEADER: simulator.sign(body, at=int(now)), "Content-Type": "application/json"}
    return load.request(PATH, method="POST", headers=headers, body=body)


def _assert_applied(posted: int) -> None:
    """A fast call that applied nothing is no result."""
    from sms.models import CreditAccount, Message
    from tenants.scope import all_tenants

    with all_tenants(because="the bench looks at what became of its messages"):
        delivered = Message.objects.filter(status="delivered").count()
        # The last of a round may be cut off before they are sent.
        assert posted - load.CLIENTS * 21 <= delivered <= posted, (delivered, posted)
        assert CreditAccount.objects.get().reserved == MESSAGES - delivered
