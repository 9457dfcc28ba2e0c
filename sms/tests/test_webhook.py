"""The address that carriers post receipts to."""

import datetime
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient
from twilio.request_validator import RequestValidator
from uuid_utils.compat import uuid7

from sms.models import Message, Receipt, Status
from sms.providers.simulator import sign
from sms.tests.helpers import ERROR_KEYS, make_message
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]
URL = "/api/sms/receipts/simulator/"
AT = 1_767_312_000  # 2026-01-02T00:00:00Z


def body_of(*receipts: dict[str, Any]) -> bytes:
    return json.dumps({"receipts": list(receipts)}).encode()


def a_receipt(**changes: Any) -> dict[str, Any]:
    return {"id": "one", "status": "DELIVRD", "error": "", "at": AT} | changes


def post(client: APIClient, body: bytes, signature: str | None, url: str = URL) -> Any:
    headers = {} if signature is None else {"X-Simulator-Signature": signature}
    return client.post(url, body, content_type="application/json", headers=headers)


def signed(client: APIClient, body: bytes) -> Any:
    return post(client, body, sign(body, at=int(time.time())))


def refusal(response: Any, status: int) -> dict[str, Any]:
    """The body of an error reply, after its shape was looked at; what is refused changes nothing."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert set(body) == ERROR_KEYS
    assert (body["success"], body["status"], body["error"]) == (False, status, body["detail"])
    assert Receipt.objects.count() == 0
    assert set(Message.objects.values_list("status", flat=True)) == {"submitted"}
    return body


@pytest.fixture(autouse=True)
def message(tenant: Tenant, other_tenant: Tenant) -> Message:
    make_message(other_tenant, provider_message_id="theirs", status=Status.SUBMITTED, batch_id=None)
    return make_message(tenant, provider_message_id="one", status=Status.SUBMITTED, batch_id=None)


def test_a_signed_receipt_is_applied(anonymous: APIClient, message: Message) -> None:
    response = signed(anonymous, body_of(a_receipt()))
    assert response.status_code == 200
    assert response.json() == {"success": True, "received": 1, "new": 1}
    message.refresh_from_db()
    assert message.status == "delivered"
    assert Receipt.objects.get().occurred_at == datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)


def test_one_call_carries_receipts_of_several_tenants(anonymous: APIClient) -> None:
    response = signed(anonymous, body_of(a_receipt(), a_receipt(id="theirs"), a_receipt(id="nobody's"), a_receipt()))
    assert response.json() == {"success": True, "received": 4, "new": 3}
    assert set(Message.objects.values_list("status", flat=True)) == {"delivered"}


@pytest.mark.parametrize(
    ("word", "status", "reason"),
    [
        ("ENROUTE", "sent", ""),
        ("DELIVRD", "delivered", ""),
        ("UNDELIV", "undelivered", "absent_subscriber"),
        ("REJECTD", "rejected", "blocked_by_operator"),
        ("EXPIRED", "expired", "too_old"),
    ],
)
def test_the_carriers_words_become_ours(
    anonymous: APIClient, message: Message, word: str, status: str, reason: str
) -> None:
    signed(anonymous, body_of(a_receipt(status=word, error=reason)))
    message.refresh_from_db()
    assert (message.status, message.failure_reason) == (status, reason)


def test_a_receipt_offered_again_is_200_and_nothing_new(anonymous: APIClient) -> None:
    signed(anonymous, body_of(a_receipt()))
    assert signed(anonymous, body_of(a_receipt())).json() == {"success": True, "received": 1, "new": 0}


def test_a_carriers_own_credentials_are_not_taken_for_a_sign_in(anonymous: APIClient) -> None:
    anonymous.credentials(HTTP_AUTHORIZATION="Bearer of the carrier's own kind")
    assert signed(anonymous, body_of(a_receipt())).status_code == 200


# --- Signatures --------------------------------------------------------------------------------------------------


def test_a_receipt_without_a_signature_is_refused(anonymous: APIClient) -> None:
    body = refusal(post(anonymous, body_of(a_receipt()), None), 403)
    assert (body["code"], body["detail"]) == ("bad_signature", "The signature is missing.")


@pytest.mark.parametrize(
    "signature",
    ["", "t=", "v1=abc", "t=abc,v1=abc", "t=-1,v1=abc", "t=1e3,v1=abc", "t=" + "9" * 13, "t=²,v1=abc", "t=٣,v1=abc"],
)
def test_a_signature_without_a_time_is_refused(anonymous: APIClient, signature: str) -> None:
    assert refusal(post(anonymous, body_of(a_receipt()), signature), 403)["code"] == "bad_signature"


@pytest.mark.parametrize(
    "digest", ["", "0" * 64, "é", "é" * 64, "\udcff", "0" * 64 + ",v1=" + "0" * 64, "\uff10" * 64, "0" * 10_000]
)
def test_a_wrong_signature_is_refused(anonymous: APIClient, digest: str) -> None:
    body = refusal(post(anonymous, body_of(a_receipt()), f"t={int(time.time())},v1={digest}"), 403)
    assert (body["code"], body["detail"]) == ("bad_signature", "The signature is wrong.")


def test_the_signature_of_another_body_is_refused(anonymous: APIClient) -> None:
    elsewhere = sign(body_of(a_receipt(status="UNDELIV")), at=int(time.time()))
    assert refusal(post(anonymous, body_of(a_receipt()), elsewhere), 403)["detail"] == "The signature is wrong."


def test_the_signature_of_another_time_is_refused(anonymous: APIClient) -> None:
    now, body = int(time.time()), body_of(a_receipt())
    moved = sign(body, at=now - 10).replace(f"t={now - 10}", f"t={now}")
    assert refusal(post(anonymous, body, moved), 403)["detail"] == "The signature is wrong."


def test_a_signature_made_with_another_secret_is_refused(anonymous: APIClient, settings: Settings) -> None:
    body = body_of(a_receipt())
    settings.SIMULATOR_SECRET = "somebody else's"
    signature = sign(body, at=int(time.time()))
    settings.SIMULATOR_SECRET = "ours"
    assert refusal(post(anonymous, body, signature), 403)["detail"] == "The signature is wrong."


@pytest.mark.parametrize(
    "change",
    [
        *(str.upper, lambda text: text + " ", lambda text: text + ",", lambda text: f'"{text}"'),
        *(lambda text: text.replace("v1=", "v0="), lambda text: text.replace("t=", "t=0")),
        lambda text: text.replace(",", ";"),
    ],
)
def test_a_signature_that_is_written_otherwise_is_refused(anonymous: APIClient, change: Callable[[str], str]) -> None:
    body = body_of(a_receipt())
    refusal(post(anonymous, body, change(sign(body, at=int(time.time())))), 403)


def test_the_signature_of_another_provider_is_refused(anonymous: APIClient, settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN = "12345"
    body = body_of(a_receipt())
    theirs = RequestValidator("12345").compute_signature(f"{settings.PUBLIC_URL}{URL}", {})
    for headers in ({"X-Twilio-Signature": theirs}, {"X-Simulator-Signature": theirs}):
        refusal(anonymous.post(URL, body, content_type="application/json", headers=headers), 403)
    query = f"{URL}?token={settings.SIMULATOR_SECRET}&signature={sign(body, at=int(time.time()))}"
    refusal(post(anonymous, body, None, query), 403)


def test_an_old_call_that_was_signed_is_refused_when_it_is_posted_again(
    anonymous: APIClient, time_machine: Any
) -> None:
    body, at = body_of(a_receipt(status="ENROUTE")), int(time.time())
    signature = sign(body, at=at)
    assert post(anonymous, body, signature).status_code == 200
    assert post(anonymous, body, signature).json()["new"] == 0
    time_machine.move_to(at + 301)
    Receipt.objects.all().delete()
    Message.objects.update(status=Status.SUBMITTED)
    assert refusal(post(anonymous, body, signature), 403)["detail"] == "The signature is too old."


def test_without_a_secret_every_signature_is_refused(anonymous: APIClient, settings: Settings) -> None:
    settings.SIMULATOR_SECRET = ""
    refusal(signed(anonymous, body_of(a_receipt())), 403)


@pytest.mark.parametrize(("seconds", "status"), [(299, 200), (302, 403), (-299, 200), (-302, 403)])
def test_a_signature_holds_for_five_minutes(anonymous: APIClient, seconds: int, status: int) -> None:
    body = body_of(a_receipt())
    with time_machine.travel(timezone.now(), tick=False):
        signature = sign(body, at=int(time.time()) - seconds)
        response = post(anonymous, body, signature)
    assert response.status_code == status
    if status == 403:
        assert refusal(response, 403)["detail"] == "The signature is too old."


# --- Bodies ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"5",
        b"{}",
        b'{"receipts": 5}',
        b'{"receipts": [5]}',
        b'{"receipts": ["one"]}',
        b'{"receipts": null}',
        b"[" * 200_000,
        body_of({"id": "one", "status": "DELIVRD"}),
        body_of({"status": "DELIVRD", "at": AT}),
        body_of(a_receipt(status="ARRIVED")),
        body_of(a_receipt(status=[])),
        body_of(a_receipt(at="noon")),
        body_of(a_receipt(at=None)),
        body_of(a_receipt(at=float("nan"))),
        body_of(a_receipt(at=float("inf"))),
        body_of(a_receipt(at=1e18)),
        body_of(a_receipt(at=-1e14)),
        body_of(a_receipt(id="NUL \x00")),
        body_of(a_receipt(error="NUL \x00")),
        body_of(a_receipt(id="\ud800")),
        body_of(a_receipt(reference="one")),
        body_of(a_receipt(reference=5)),
        body_of(a_receipt(), a_receipt(id="theirs", status="ARRIVED")),
    ],
    ids=lambda body: repr(body[:60]),
)
def test_a_signed_body_that_is_no_receipt_is_400_and_writes_nothing(anonymous: APIClient, body: bytes) -> None:
    assert refusal(signed(anonymous, body), 400)["code"] == "parse_error"


@pytest.mark.parametrize("length", [513 * 1024, 2_600_000])
def test_a_body_of_half_a_megabyte_is_413(anonymous: APIClient, length: int) -> None:
    refusal(signed(anonymous, body_of(a_receipt(error="x" * length))), 413)


def test_a_call_with_a_thousand_receipts_is_taken(anonymous: APIClient) -> None:
    response = signed(anonymous, body_of(*(a_receipt(id=f"sim-{n}", reference=str(uuid7())) for n in range(1000))))
    assert response.json() == {"success": True, "received": 1000, "new": 1000}


# --- Receipts about messages that we do not have -----------------------------------------------------------------


def test_a_receipt_about_an_unknown_message_is_kept_and_counted(anonymous: APIClient) -> None:
    unknown = [a_receipt(id="nobody's"), a_receipt(id="nobody's", status="ENROUTE"), a_receipt(id="nor this")]
    response = signed(anonymous, body_of(a_receipt(), *unknown))
    assert response.json() == {"success": True, "received": 4, "new": 4}
    assert Receipt.objects.unknown().count() == 3
    kept = Receipt.objects.unknown().get(provider_message_id="nor this")
    assert (kept.status, kept.raw["at"], kept.applied_at) == ("delivered", AT, None)


def test_our_reference_in_a_receipt_makes_a_lost_message_known(anonymous: APIClient, tenant: Tenant) -> None:
    lost = make_message(tenant, status=Status.UNKNOWN, batch_id=None)
    assert signed(anonymous, body_of(a_receipt(id="new", reference=str(lost.pk)))).status_code == 200
    lost.refresh_from_db()
    assert (lost.status, lost.provider_message_id) == ("delivered", "new")


@pytest.mark.django_db(transaction=True)
def test_200_says_that_it_is_committed(anonymous: APIClient, message: Message) -> None:
    assert signed(anonymous, body_of(a_receipt())).status_code == 200
    with ThreadPoolExecutor(1) as elsewhere:
        assert elsewhere.submit(_looked_up).result() == [("one", "delivered", True)]


def _looked_up() -> list[tuple[str, str, bool]]:
    """What another connection sees."""
    try:
        found = Receipt.objects.values_list("provider_message_id", "status", "applied_at")
        return [(name, status, applied is not None) for name, status, applied in found]
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("losses", [1, 2])
def test_a_connection_that_is_lost_before_the_commit_is_replaced_once(
    anonymous: APIClient, message: Message, losses: int
) -> None:
    """Then it is no 200, and nothing is stored: the carrier offers it again."""

    def posted() -> Any:
        try:
            return signed(anonymous, body_of(a_receipt()))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as carrier:
        with transaction.atomic():
            Message.objects.select_for_update().get(pk=message.pk)  # it waits for us, its receipt already written
            waiting = carrier.submit(posted)
            for _ in range(losses):
                end_who_waits()
        answer = waiting.result()
    if losses == 1:
        assert (answer.status_code, answer.json()["new"]) == (200, 1)
        assert Receipt.objects.count() == 1
    else:
        refusal(answer, 503)


def end_who_waits() -> None:
    with connection.cursor() as cursor:
        for _ in range(400):
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # else a transaction sees the same one again
            cursor.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchall():
                return
            time.sleep(0.05)


def test_an_unknown_carrier_is_404(anonymous: APIClient) -> None:
    body = body_of(a_receipt())
    response = post(anonymous, body, sign(body, at=int(time.time())), "/api/sms/receipts/retired/")
    assert refusal(response, 404)["detail"] == "No such provider."


def test_receipts_are_posted_and_nothing_else(anonymous: APIClient) -> None:
    refusal(anonymous.get(URL), 405)


# --- Receipts switched off ---------------------------------------------------------------------------------------


def test_switched_off_receipts_are_503_and_nothing_becomes_delivered(
    anonymous: APIClient, settings: Settings, message: Message
) -> None:
    settings.SMS_RECEIPTS_ENABLED = False
    response = signed(anonymous, body_of(a_receipt()))
    assert refusal(response, 503)["code"] == "receipts_off"
    assert response["Retry-After"] == "60"
    settings.SMS_RECEIPTS_ENABLED = True
    signed(anonymous, body_of(a_receipt()))
    message.refresh_from_db()
    assert message.status == "delivered"  # it was neither lost nor remembered as seen
