"""The worker is killed again and again in the middle of ten thousand messages: none is lost, none goes out twice."""

import contextlib
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg2
import pytest

from config import embedded
from tests.house import House

MESSAGES, KILLS = 10_000, 3
QUEUE = f"""
from sms import services
from tenants.models import Tenant
from tenants.scope import tenant_scope
tenant = Tenant.objects.get(slug="acacia-pharmacy")
with tenant_scope(tenant.pk):
    addressees = [services.Addressee(f"+255754{{n:06d}}", "Hello") for n in range({MESSAGES})]
    services.queue_messages(tenant_id=tenant.pk, addressees=addressees, sender_id="ACACIA")
"""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    # A rate, so that there is a middle to be killed in; short leases, so that what was lost is found soon.
    rules = {"SMS_RATES": "simulator:1200", "SMS_CLAIM_LEASE_SECONDS": "3", "SMS_SWEEP_SECONDS": "2"}
    one = House(tmp_path / "data", DEMO_STORY="healthy:600", **rules)
    try:
        one.start()
        yield one
    finally:
        one.end()


def ask(house: House, sql: str) -> int:
    """As the owner, whom no tenant's scope binds."""
    place = f"host={house.where.postgres_sockets} dbname={embedded.DATABASE} user={embedded.OWNER_ROLE}"
    with contextlib.closing(psycopg2.connect(place)) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        (answer,) = cursor.fetchone() or (0,)
    return int(answer)


def submitted(house: House) -> int:
    return ask(house, "SELECT count(*) FROM sms_message WHERE provider_message_id <> ''")


def kill_worker(house: House) -> int:
    """With -9, the main process and all that hand messages over; returns how many those were."""
    killed = 0
    for process in house.family():
        with contextlib.suppress(psutil.NoSuchProcess):
            if "worker" in process.cmdline():
                os.kill(process.pid, signal.SIGKILL)
                killed += 1
    return killed


def test_a_worker_killed_three_times_loses_nothing_and_sends_nothing_twice(house: House) -> None:
    before = submitted(house)
    house.run("manage.py", "shell", "-v", "0", "-c", QUEUE).check_returncode()
    for number in range(1, KILLS + 1):
        house.wait_until(lambda number=number: submitted(house) - before > number * 2000, seconds=60)
        assert kill_worker(house) >= 1  # the others may end with the first
    assert submitted(house) - before < MESSAGES  # it was in the middle of it
    in_flight = "SELECT count(*) FROM sms_message WHERE status IN ('queued', 'claimed', 'unknown')"
    house.wait_until(lambda: ask(house, in_flight) < 20, seconds=90)  # the demo's own go on
    wanted = "batch_id = (SELECT id FROM sms_batch ORDER BY accepted DESC LIMIT 1)"
    house.wait_until(
        lambda: (
            ask(house, f"SELECT count(*) FROM sms_message WHERE {wanted} AND provider_message_id <> ''") == MESSAGES
        ),
        seconds=30,
    )
    status = house.run("manage.py", "simulator", "status").stdout
    assert re.search(r"^Handed over twice +0$", status, re.MULTILINE), status
    assert ask(house, f"SELECT count(DISTINCT id) FROM sms_message WHERE {wanted}") == MESSAGES
    done = house.run("manage.py", "reconcile_credits")
    assert done.returncode == 0, done.stdout + done.stderr
