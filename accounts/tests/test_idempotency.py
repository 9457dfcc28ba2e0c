"""Idempotency-Key, by the two calls that most depend on it; tests/test_hostile_input.py repeats every other one."""

import datetime
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import IdempotentReply, User
from notifications.models import Incident
from sms.models import Message
from tenants.scope import all_tenants

REPORT, SEND = "/api/notifications/system/report-problem/", "/api/sms/messages/"
ClientOf = Callable[[User], APIClient]
PROBLEM = {"problem_type": "Invoices", "description": "No VAT."}
MESSAGE = {"to": ["+255754123456"], "text": "Hi", "sender_id": "ACME"}


def occurrences() -> int:
    return Incident.objects.get().occurrences


def test_a_replay_gets_the_first_reply_and_does_nothing(client_of: ClientOf, admin: User) -> None:
    client = client_of(admin)
    first, again = (client.post(REPORT, PROBLEM, HTTP_IDEMPOTENCY_KEY="k1") for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()
    assert (first.get("Idempotency-Replayed"), again["Idempotency-Replayed"]) == (None, "true")
    assert occurrences() == 1


def test_without_a_key_or_with_another_it_is_done_again(client_of: ClientOf, admin: User) -> None:
    client = client_of(admin)
    client.post(REPORT, PROBLEM)
    client.post(REPORT, PROBLEM)
    client.post(REPORT, PROBLEM, HTTP_IDEMPOTENCY_KEY="k1")
    client.post(REPORT, PROBLEM, HTTP_IDEMPOTENCY_KEY="k2")
    assert occurrences() == 4


def test_another_body_under_the_same_key_is_a_422_and_writes_nothing(client_of: ClientOf, admin: User) -> None:
    client = client_of(admin)
    client.post(REPORT, PROBLEM, HTTP_IDEMPOTENCY_KEY="k1")
    response = client.post(REPORT, PROBLEM | {"description": "Other."}, HTTP_IDEMPOTENCY_KEY="k1")
    assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")
    assert response["Content-Type"] == "application/problem+json"
    assert occurrences() == 1


def test_the_order_of_the_keys_in_the_body_does_not_matter(client_of: ClientOf, admin: User) -> None:
    client = client_of(admin)
    client.post(REPORT, PROBLEM, HTTP_IDEMPOTENCY_KEY="k1")
    assert client.post(REPORT, dict(reversed(PROBLEM.items())), HTTP_IDEMPOTENCY_KEY="k1").status_code == 200


def test_a_key_is_each_persons_own(client_of: ClientOf, admin: User, staff: User) -> None:
    for person in (admin, staff):
        assert client_of(person).post(REPORT, PROBLEM, HTTP_IDEMPOTENCY_KEY="k1").status_code == 200
    assert occurrences() == 2


def test_what_was_refused_is_not_remembered(client_of: ClientOf, admin: User) -> None:
    client = client_of(admin)
    assert client.post(REPORT, {}, HTTP_IDEMPOTENCY_KEY="k1").status_code == 400
    assert not IdempotentReply.objects.exists()
    assert client.post(REPORT, PROBLEM, HTTP_IDEMPOTENCY_KEY="k1").status_code == 200


def test_a_key_is_kept_for_24_hours(client_of: ClientOf, admin: User) -> None:
    now = timezone.now()
    for hours, count in ((0, 1), (23.9, 1), (24.1, 2)):
        with time_machine.travel(now + datetime.timedelta(hours=hours)):
            client_of(admin).post(REPORT, PROBLEM, HTTP_IDEMPOTENCY_KEY="k1")
        assert occurrences() == count


@pytest.mark.parametrize("key", ["", "x" * 201, "ключ", "a\tb"])
def test_a_key_that_is_none_is_a_400(client_of: ClientOf, admin: User, key: str) -> None:
    response = client_of(admin).post(REPORT, PROBLEM, HTTP_IDEMPOTENCY_KEY=key)
    assert list(response.json()["errors"]) == ["Idempotency-Key"]


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_send_once(client_of: ClientOf, member: User, topped_up: None) -> None:
    token = str(vars(client_of(member))["_credentials"]["HTTP_AUTHORIZATION"])

    def send(_: int) -> Any:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=token)
        try:
            return client.post(SEND, MESSAGE, HTTP_IDEMPOTENCY_KEY="k1").json()
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(send, range(8)))
    assert {reply["batch_id"] for reply in replies} == {replies[0]["batch_id"]}
    with all_tenants(because="the test counts"):
        assert Message.objects.count() == 1
