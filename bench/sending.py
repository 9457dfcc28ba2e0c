"""Ten thousand recipients in one call, over HTTP, until it is answered with the batch's id."""

import itertools
import json
import time
from collections.abc import Collection, Mapping
from contextlib import closing

from bench import house, load
from bench.measure import Bound, Found, Measure
from bench.people import sign_in
from bench.stage import Stage
from bench.turns import in_turns

RECIPIENTS = 10_000
PATH = "/api/sms/messages/"


class Sending(Measure):
    name = "sending"
    bounds = (Bound("send_accept", "<=", 1.0, f"seconds until {RECIPIENTS:,} recipients in one call are accepted"),)
    needs = (house.web,)

    def run(self, stage: Stage, keys: Collection[str]) -> Mapping[str, Found]:
        (person,) = sign_in(1)
        _open_tenant(person.id)
        stage.say(f"sending to {RECIPIENTS:,} at once, again and again")
        # As people write them: every other one as E.164, the others as they are dialled at home.
        numbers = [f"{'+255' if index % 2 else '0'}754{index:06d}" for index in range(RECIPIENTS)]
        calls = itertools.count()
        with closing(load.Connection(stage.use(house.web))) as connection:

            def send() -> float:
                call = next(calls)
                text = f"Your order {call} is ready. Thank you for shopping with us."
                body = json.dumps({"to": numbers, "text": text, "sender_id": "Acme"}).encode()
                headers = {"Content-Type": "application/json", "Idempotency-Key": f"call {call}"}
                raw = load.request(PATH, person.token, method="POST", headers=headers, body=body)
                started = time.perf_counter()
                status, _, reply = connection.ask(raw)
                seconds = time.perf_counter() - started
                assert (status, json.loads(reply)["accepted"]) == (b"202", RECIPIENTS), reply[:300]
                return seconds

            return {"send_accept": Found(in_turns({"send": send})["send"])}


def _open_tenant(user_id: object) -> None:
    """A tenant with credits for all of it, in which this person works."""
    from accounts.models import User
    from sms import services
    from tenants.models import Tenant
    from tenants.scope import tenant_scope
    from tenants.services import add_member

    tenant = Tenant.objects.create(name="Bench", slug="bench")
    add_member(tenant=tenant, user=User.objects.get(pk=user_id))
    with tenant_scope(tenant.pk):
        services.top_up(tenant_id=tenant.pk, credits=10**9)
