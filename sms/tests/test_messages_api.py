import datetime
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient
from uuid_utils.compat import uuid7

from accounts.models import User
from sms.models import CreditAccount, Message, Status
from sms.reasons import describe
from sms.tests.helpers import ERROR_KEYS, credits_of, make_message, number
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]
URL = "/api/sms/messages/"
ClientOf = Callable[[User], APIClient]


def sending(**changes: Any) -> dict[str, Any]:
    return {"to": ["+255754123456"], "text": "Hello", "sender_id": "Acme"} | changes


def refusal(response: Any, status: int) -> dict[str, Any]:
    """The body of an error reply, after its shape was looked at; a refused batch writes and costs nothing."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert set(body) - {"errors"} == ERROR_KEYS
    assert (body["success"], body["status"], body["error"]) == (False, status, body["detail"])
    assert Message.objects.count() == 0
    return body


# --- Sending -----------------------------------------------------------------------------------------------------


def test_a_batch_is_accepted_with_what_it_cost_and_its_ids(api: APIClient, tenant: Tenant) -> None:
    response = api.post(URL, sending(to=["+255754123456", "+16502530000"], text="a" * 161))
    assert response.status_code == 202
    body = response.json()
    ids = list(Message.objects.order_by("id").values_list("id", flat=True))
    assert body == {
        "success": True,
        "message": "Accepted 2 messages",
        "batch_id": str(Message.objects.values_list("batch_id", flat=True).distinct().get()),
        "accepted": 2,
        "credits": 4,
        "message_ids": [str(one) for one in ids],
        "duplicates": 0,
        "opted_out": 0,
        "segments": 4,
        "scheduled_for": None,
        "valid_until": None,
    }
    assert credits_of(tenant) == 99_996


def test_messages_belong_to_the_senders_tenant(api: APIClient, tenant: Tenant, other_tenant: Tenant) -> None:
    api.post(URL, sending())
    assert Message.objects.get().tenant_id == tenant.pk
    assert credits_of(other_tenant) == 100_000


def test_any_member_of_a_tenant_may_send(
    api: APIClient, member: User, client_of: ClientOf, tenant: Tenant, other_tenant: Tenant
) -> None:
    assert client_of(member).post(URL, sending()).status_code == 202
    assert (credits_of(tenant), credits_of(other_tenant)) == (99_999, 100_000)


@pytest.mark.parametrize("written", ["0754 123 456", "255754123456", "+255-754-123-456", " +255 (754) 123456 "])
def test_recipients_are_stored_as_e164(api: APIClient, written: str) -> None:
    assert api.post(URL, sending(to=[written])).status_code == 202
    assert Message.objects.get().recipient == "+255754123456"


def test_the_same_number_written_three_ways_is_sent_to_and_paid_once(api: APIClient, tenant: Tenant) -> None:
    response = api.post(URL, sending(to=["+255754123456", "0754123456", "+255 754 123 456", "+255754000001"]))
    assert (response.json()["accepted"], response.json()["credits"]) == (2, 2)
    assert credits_of(tenant) == 99_998


def test_the_text_is_stored_as_it_was_written(api: APIClient) -> None:
    api.post(URL, sending(text="  Two words \n"))
    assert Message.objects.get().text == "  Two words \n"


@pytest.mark.parametrize("sender_id", ["Acme", "ACME SHOP 1", "15000", "+255754123456", "123456789012345"])
def test_a_sender_id_is_11_letters_and_digits_or_a_number(api: APIClient, sender_id: str) -> None:
    assert api.post(URL, sending(sender_id=sender_id)).status_code == 202
    assert Message.objects.get().sender_id == sender_id


@pytest.mark.parametrize("sender_id", ["Twelve chars", "Açme", "Acme!", "+2", "1234567890123456", "", "   ", None, []])
def test_any_other_sender_id_is_refused_by_name(api: APIClient, sender_id: Any) -> None:
    assert set(refusal(api.post(URL, sending(sender_id=sender_id)), 400)["errors"]) == {"sender_id"}


def test_one_sentence_says_what_a_sender_id_may_be(api: APIClient) -> None:
    words = ["Up to 11 letters, digits and spaces, or a number of 3 to 15 digits."]
    for sender_id in ("Acacia Pharmacy Ltd", "Açme"):
        assert refusal(api.post(URL, sending(sender_id=sender_id)), 400)["errors"] == {"sender_id": words}


# --- Refusing ----------------------------------------------------------------------------------------------------


def test_bad_recipients_are_named_by_index_and_nothing_is_sent(api: APIClient, tenant: Tenant) -> None:
    body = refusal(api.post(URL, sending(to=["+255754123456", "123", "0800-FLOWERS", "+255754000001"])), 400)
    assert body["errors"] == {
        "to.1": ["Too short for a phone number. Begin with the country code. Write it like +255754123456."],
        "to.2": ["Letters in a phone number. Write it like +255754123456."],
    }
    assert body["code"] == "invalid"
    assert (
        body["detail"]
        == "to.1: Too short for a phone number. Begin with the country code. Write it like +255754123456."
    )
    assert credits_of(tenant) == 100_000


@pytest.mark.parametrize(
    "written",
    [
        "2.55754E+11",
        "+1 555 0100",
        "+255754123456;ext=3",
        "1" * 33,
        "",
        None,
        True,
        {},
    ],
)
def test_what_is_not_surely_a_number_is_refused(api: APIClient, written: Any) -> None:
    assert set(refusal(api.post(URL, sending(to=["+255754123456", written])), 400)["errors"]) == {"to.1"}


@pytest.mark.parametrize("missing", ["to", "text", "sender_id"])
def test_a_missing_field_is_named(api: APIClient, missing: str) -> None:
    given = sending()
    del given[missing]
    assert refusal(api.post(URL, given), 400)["errors"] == {missing: ["This field is required."]}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("to", []),
        ("to", "+255754123456"),
        ("to", None),
        ("text", ""),
        ("text", None),
        ("text", "a" * 1601),
        ("text", {}),
    ],
)
def test_a_field_without_a_usable_value_is_named(api: APIClient, field: str, value: Any) -> None:
    assert set(refusal(api.post(URL, sending(**{field: value})), 400)["errors"]) == {field}


def test_ten_thousand_recipients_are_taken(api: APIClient, tenant: Tenant) -> None:
    response = api.post(URL, sending(to=[number(index) for index in range(10_000)]))
    assert response.json()["accepted"] == 10_000
    assert credits_of(tenant) == 90_000


def test_ten_thousand_and_one_recipients_are_too_many(api: APIClient) -> None:
    body = refusal(api.post(URL, sending(to=[number(index) for index in range(10_001)])), 400)
    assert body["errors"] == {"to": ["Ensure this field has no more than 10000 elements."]}


def test_of_many_bad_recipients_the_first_are_named_and_all_counted(api: APIClient) -> None:
    body = refusal(api.post(URL, sending(to=["+255754123456", *map(str, range(500))])), 400)
    assert list(body["errors"]) == [*(f"to.{index}" for index in range(1, 21)), "to"]
    assert body["errors"]["to"] == ["500 recipients are no phone numbers; the first 20 are named."]


@pytest.mark.parametrize("body", ["[]", "5", "{", "\xff"])
def test_a_body_that_is_no_usable_object_is_refused(api: APIClient, body: str) -> None:
    response = api.post(URL, body.encode("latin-1"), content_type="application/json")
    assert refusal(response, 400)["code"] == "parse_error"


@pytest.mark.parametrize("text", ['"\\u0000"', '"\\ud800"', "1e400"])
def test_what_cannot_be_stored_is_refused_and_named(api: APIClient, text: str) -> None:
    response = api.post(URL, f'{{"text": {text}}}', content_type="application/json")
    assert set(refusal(response, 400)["errors"]) == {"text"}


def test_a_batch_that_costs_too_much_is_402_and_writes_nothing(api: APIClient, tenant: Tenant) -> None:
    CreditAccount.objects.filter(tenant=tenant).update(available=1)
    body = refusal(api.post(URL, sending(to=["+255754123456", "+255754000001"])), 402)
    assert body["code"] == "not_enough_credits"
    assert body["detail"] == "This needs 2 credits, and the account has 1 left. Top up first."
    assert credits_of(tenant) == 1


def test_a_person_without_a_tenant_may_not_send(api: APIClient, admin: User, client_of: ClientOf) -> None:
    body = refusal(client_of(admin).post(URL, sending()), 403)
    assert (body["code"], body["detail"]) == ("no_tenant", "You work in no tenant. Choose one of yours first.")


def test_a_suspended_tenant_may_not_send(api: APIClient, tenant: Tenant) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(suspended_at=timezone.now())
    refusal(api.post(URL, sending()), 403)
    assert credits_of(tenant) == 100_000


def test_nobody_sends_without_signing_in(anonymous: APIClient) -> None:
    refusal(anonymous.post(URL, sending()), 401)


def test_a_batch_of_500_takes_as_many_queries_as_one_of_1(api: APIClient) -> None:
    api.post(URL, sending())  # the first call of a session also notes that its person was seen
    counted = []
    for size in (1, 500):
        with CaptureQueriesContext(connection) as queries:
            assert api.post(URL, sending(to=[number(index) for index in range(size)])).status_code == 202
        counted.append([re.findall("SELECT|UPDATE|INSERT INTO", query["sql"])[:1] for query in queries])
    assert counted[0] == counted[1]
    assert (
        counted[0].count(["INSERT INTO"]) == 2
    )  # the batch, and all messages in one; the ledger entry is part of the spending


# --- Looking -----------------------------------------------------------------------------------------------------


def test_a_message_is_shown_to_its_tenant(api: APIClient, tenant: Tenant) -> None:
    message = make_message(
        tenant,
        status=Status.UNDELIVERED,
        failure_reason="absent_subscriber",
        created_at=datetime.datetime(2026, 1, 2, 10, 0, tzinfo=datetime.UTC),
        status_changed_at=datetime.datetime(2026, 1, 2, 10, 0, 7, 123_456, tzinfo=datetime.UTC),
    )
    response = api.get(f"{URL}{message.pk}/")
    assert response.status_code == 200
    assert response.json() == {
        "success": True,
        "data": {
            "id": str(message.pk),
            "batch_id": None,
            "to": "+255754000001",
            "sender_id": "Acme",
            "text": "Hello",
            "segments": 1,
            "state": "failed",
            "status": "undelivered",
            "status_changed_at": "2026-01-02T10:00:07.123Z",
            "failure_reason": "absent_subscriber",
            "created_at": "2026-01-02T10:00:00.000Z",
            "error_code": "",
            "traffic": "transactional",
            "credits": 0,
            "provider": "simulator",
            "attempts": 0,
            "next_attempt_at": None,
            "valid_until": None,
            "submitted_at": None,
            "explanation": {
                "reason": "absent_subscriber",
                "meaning": describe("absent_subscriber")[0],
                "advice": describe("absent_subscriber")[1],
            },
            "timeline": [{"at": "2026-01-02T10:00:00.000Z", "event": "queued"}],
        },
    }


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("queued", "pending"),
        ("claimed", "sending"),
        ("submitted", "sending"),
        ("sent", "sending"),
        ("unknown", "sending"),
        ("delivered", "delivered"),
        ("undelivered", "failed"),
        ("rejected", "failed"),
        ("expired", "failed"),
        ("cancelled", "cancelled"),
    ],
)
def test_people_are_told_one_of_five_states(api: APIClient, tenant: Tenant, status: str, state: str) -> None:
    message = make_message(tenant, status=status)
    assert api.get(f"{URL}{message.pk}/").json()["data"]["state"] == state


def test_a_message_of_another_tenant_does_not_exist(api: APIClient, other_tenant: Tenant) -> None:
    theirs = make_message(other_tenant)
    response = api.get(f"{URL}{theirs.pk}/")
    assert response.status_code == 404
    never = api.get(f"{URL}{uuid7()}/")
    assert never.status_code == 404
    assert response.json() | {"request_id": ""} == never.json() | {"request_id": ""}


def test_a_message_is_hidden_from_people_without_a_tenant(
    api: APIClient, tenant: Tenant, admin: User, anonymous: APIClient, client_of: ClientOf
) -> None:
    message = make_message(tenant)
    assert client_of(admin).get(f"{URL}{message.pk}/").status_code == 403
    assert anonymous.get(f"{URL}{message.pk}/").status_code == 401


def test_a_malformed_id_is_404_in_the_one_error_shape(api: APIClient) -> None:
    response = api.get(f"{URL}not-a-uuid/")
    assert response.status_code == 404
    assert set(response.json()) == ERROR_KEYS


def test_the_ids_of_a_batch_can_be_asked_for(api: APIClient) -> None:
    (key,) = api.post(URL, sending()).json()["message_ids"]
    assert api.get(f"{URL}{UUID(key)}/").json()["data"]["state"] == "pending"
