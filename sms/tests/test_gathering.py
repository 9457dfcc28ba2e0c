"""Calls of carriers that come at the same time share a transaction, and each answers for itself."""

import threading
import time
from typing import Any

import pytest
from django.db import DataError, OperationalError, connection

from sms import disk
from sms.models import Message, Receipt, Status
from sms.services.gathering import Gathering
from sms.tests.helpers import at_once, make_message, receipt
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("platform")]
TOO_LONG = "x" * 101


@pytest.fixture
def messages(tenant: Tenant, other_tenant: Tenant) -> None:
    for index in range(6):
        make_message(
            (tenant, other_tenant)[index % 2], provider_message_id=f"m{index}", status=Status.SUBMITTED, credits=0
        )


def meet(names: list[str]) -> list[int | str]:
    """What each call answered that came while another one had the turn."""
    gathering = Gathering()

    def work(index: int) -> int | str:
        try:
            return gathering.apply(provider="simulator", receipts=[receipt(names[index], Status.DELIVERED)])
        except DataError as error:
            return type(error).__name__

    def let_go() -> None:
        while len(gathering._waiting) < len(names):
            time.sleep(0.01)
        gathering._turn.release()

    gathering._turn.acquire()
    releasing = threading.Thread(target=let_go)
    releasing.start()
    try:
        return at_once(len(names), work)
    finally:
        releasing.join()


def transactions() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT xmin::text) FROM sms_receipt")
        (count,) = cursor.fetchone()
    return int(count)


def delivered() -> int:
    return int(Message.objects.filter(status=Status.DELIVERED).count())


def test_six_calls_are_one_transaction(messages: None) -> None:
    assert meet([f"m{index}" for index in range(6)]) == [1] * 6
    assert (delivered(), transactions()) == (6, 1)


def test_each_is_told_how_many_of_its_own_were_new(messages: None) -> None:
    answers = meet(["m0", "m0", "m1", "m0"])
    assert sorted(answers, key=str) == [0, 0, 1, 1]
    assert answers[2] == 1
    assert (delivered(), Receipt.objects.count()) == (2, 2)


def test_one_that_cannot_be_stored_fails_alone(messages: None) -> None:
    assert meet(["m0", TOO_LONG, "m1"]) == [1, "DataError", 1]
    assert delivered() == 2


def test_a_single_call_waits_for_nobody(messages: None) -> None:
    assert Gathering().apply(provider="simulator", receipts=[receipt("m3", Status.DELIVERED)]) == 1
    with pytest.raises(DataError):
        Gathering().apply(provider="simulator", receipts=[receipt(TOO_LONG, Status.DELIVERED)])
    assert delivered() == 1


def test_nobody_is_answered_before_it_is_on_the_disk(messages: None, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    real = disk.wait

    def noting() -> None:
        written.append(asked("SELECT pg_current_wal_insert_lsn()::text"))
        real()

    monkeypatch.setattr(disk, "wait", noting)
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")  # the tests' server is in a hurry
    assert Gathering().apply(provider="simulator", receipts=[receipt("m3", Status.DELIVERED)]) == 1
    assert asked("SELECT pg_current_wal_flush_lsn() >= %s::pg_lsn", written)
    connection.close()


def test_what_may_not_be_on_the_disk_is_done_again(messages: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise OperationalError

    monkeypatch.setattr(disk, "wait", broken)
    assert Gathering().apply(provider="simulator", receipts=[receipt("m3", Status.DELIVERED)]) == 0  # not new any more
    assert (delivered(), Receipt.objects.count()) == (1, 1)


def asked(question: str, values: list[str] | None = None) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(question, values or [])
        return cursor.fetchone()[0]


def test_a_connection_that_postgres_ended_meanwhile_is_replaced(messages: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()

    def end(_: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])

    at_once(1, end)
    assert Gathering().apply(provider="simulator", receipts=[receipt("m3", Status.DELIVERED)]) == 1
    assert delivered() == 1
