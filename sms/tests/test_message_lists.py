"""Looking for what was sent, one by one and in batches, and calling it off."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient
from uuid_utils.compat import uuid7

from accounts.models import User
from sms.models import Attempt, Batch, Contact, CreditAccount, Message, Receipt, Status
from sms.models.states import COARSE
from sms.reasons import describe
from sms.tests.helpers import credits_of, make_message, number
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]
API = "/api/sms/"
ClientOf = Callable[[User], APIClient]


def send(api: APIClient, *numbers: str, **changes: Any) -> dict[str, Any]:
    response = api.post(f"{API}messages/", {"to": list(numbers), "text": "Hello", "sender_id": "Acme"} | changes)
    assert response.status_code == 202, response.content
    body: dict[str, Any] = response.json()
    return body


def recipients(response: Any) -> list[str]:
    assert response.status_code == 200, response.content
    return [one["to"] for one in response.json()["results"]]


# --- Lists -------------------------------------------------------------------------------------------------------


def test_messages_come_newest_first_in_pages(api: APIClient, tenant: Tenant) -> None:
    for index in range(5):
        make_message(tenant, recipient=number(index))
    address, pages = f"{API}messages/?page_size=2", []
    while address:
        response = api.get(address)
        pages.append(recipients(response))
        address = response.json()["next"]
    assert pages == [[number(4), number(3)], [number(2), number(1)], [number(0)]]


def test_a_strangers_messages_are_in_no_list(api: APIClient, other_tenant: Tenant) -> None:
    theirs = make_message(other_tenant)
    assert recipients(api.get(f"{API}messages/")) == []
    assert recipients(api.get(f"{API}messages/?recipient={theirs.recipient[1:]}")) == []


@pytest.mark.parametrize("status", Status.values)
def test_a_list_is_narrowed_by_state_fine_and_coarse(api: APIClient, tenant: Tenant, status: str) -> None:
    for index, one in enumerate(Status.values):
        make_message(tenant, recipient=number(index), status=one)
    assert recipients(api.get(f"{API}messages/?status={status}")) == [number(Status.values.index(status))]
    state = COARSE[Status(status)]
    found = recipients(api.get(f"{API}messages/?state={state}"))
    assert found == [number(i) for i in reversed(range(10)) if COARSE[Status(Status.values[i])] == state]


def test_a_list_is_narrowed_by_everything_else(api: APIClient, tenant: Tenant) -> None:
    batch = send(api, number(9))["batch_id"]
    make_message(tenant, recipient=number(1), sender_id="Other", provider="twilio", traffic="otp")
    make_message(tenant, recipient=number(2), created_at=timezone.now() - datetime.timedelta(days=3))
    day = (timezone.now() - datetime.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    for query, found in {
        f"batch={batch}": [9],
        f"batch={uuid7()}": [],
        "recipient=0754000002": [2],
        "recipient=%2B255754000002": [2],
        "sender_id=Other": [1],
        "provider=twilio": [1],
        "traffic=otp": [1],
        f"since={day}": [1, 9],
        f"until={day}": [2],
        "sender_id=Other&traffic=promotional": [],
    }.items():
        assert recipients(api.get(f"{API}messages/?{query}")) == [number(index) for index in found], query


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=pending", "status"),
        ("state=queued", "state"),
        ("batch=x", "batch"),
        ("recipient=abc", "recipient"),
        ("recipient=%00", "recipient"),
        ("traffic=bulk", "traffic"),
        ("since=yesterday", "since"),
        ("until=9", "until"),
        ("page_size=101", "page_size"),
        ("page_size=0", "page_size"),
        ("older_than=x", "older_than"),
        ("sender_id=" + "a" * 17, "sender_id"),
        ("provider=" + "a" * 31, "provider"),
        ("sender_id=a%00b", "sender_id"),
    ],
)
def test_a_bad_query_is_a_400_that_names_the_field(api: APIClient, query: str, field: str) -> None:
    response = api.get(f"{API}messages/?{query}")
    assert response.status_code == 400, response.content
    assert list(response.json()["errors"]) == [field]


@pytest.mark.parametrize("path", ["messages/", "batches/"])
def test_a_long_list_takes_as_many_queries_as_a_short_one(
    api: APIClient, tenant: Tenant, count_of: Any, path: str
) -> None:
    send(api, number(0))
    api.get(API + path)
    few = count_of(lambda: api.get(f"{API}{path}?page_size=50"))
    for index in range(10):
        send(api, number(index))
    assert count_of(lambda: api.get(f"{API}{path}?page_size=50")) == few


# --- One ---------------------------------------------------------------------------------------------------------


def test_a_timeline_tells_what_happened_and_what_to_do(api: APIClient, tenant: Tenant, count_of: Any) -> None:
    start = timezone.now() - datetime.timedelta(hours=1)
    minutes = [start + datetime.timedelta(minutes=index) for index in range(6)]
    message = make_message(
        tenant,
        status=Status.UNDELIVERED,
        failure_reason="absent_subscriber",
        created_at=start,
        provider="twilio",
        provider_message_id="SM2",
    )
    for index, (provider, name, outcome) in enumerate([("simulator", "", "temporary"), ("twilio", "SM2", "accepted")]):
        Attempt.objects.create(
            tenant=tenant,
            message=message,
            number=index + 1,
            provider=provider,
            outcome=outcome,
            provider_message_id=name,
            started_at=minutes[1 + index],
            finished_at=minutes[1 + index],
        )
    for status, at in ((Status.SENT, minutes[3]), (Status.UNDELIVERED, minutes[4])):
        Receipt.objects.create(
            provider="twilio",
            provider_message_id="SM2",
            status=status,
            raw={"MessageStatus": status},
            occurred_at=at,
            received_at=at,
            applied_at=at,
        )
    Receipt.objects.create(
        provider="simulator", provider_message_id="SM2", status=Status.SENT, occurred_at=start, raw={}
    )
    data = api.get(f"{API}messages/{message.pk}/").json()["data"]
    assert [(one["event"], one.get("outcome") or one.get("status")) for one in data["timeline"]] == [
        ("queued", None),
        ("attempt", "temporary"),
        ("attempt", "accepted"),
        ("receipt", "sent"),
        ("receipt", "undelivered"),
    ]
    assert data["timeline"][-1]["raw"] == {"MessageStatus": "undelivered"}
    meaning, advice = describe("absent_subscriber")
    assert data["explanation"] == {"reason": "absent_subscriber", "meaning": meaning, "advice": advice}
    assert count_of(lambda: api.get(f"{API}messages/{message.pk}/")) == 5  # who calls for whom; then three


def test_what_nobody_reported_is_in_the_timeline_too(api: APIClient, tenant: Tenant) -> None:
    (key,) = send(api, number(1))["message_ids"]
    api.post(f"{API}messages/{key}/cancel/")
    timeline = api.get(f"{API}messages/{key}/").json()["data"]["timeline"]
    assert [(one["event"], one.get("reason")) for one in timeline] == [
        ("queued", None),
        ("state", "cancelled_by_sender"),
    ]


def test_a_scheduled_message_says_when(api: APIClient) -> None:
    at = (timezone.now() + datetime.timedelta(days=1)).isoformat()
    (key,) = send(api, number(1), send_at=at)["message_ids"]
    timeline = api.get(f"{API}messages/{key}/").json()["data"]["timeline"]
    assert [one["event"] for one in timeline] == ["queued", "scheduled"]


def test_what_is_called_off_is_not_tried_again(api: APIClient) -> None:
    at = (timezone.now() + datetime.timedelta(days=1)).isoformat()
    (key,) = send(api, number(1), send_at=at)["message_ids"]
    assert api.post(f"{API}messages/{key}/cancel/").json()["data"]["next_attempt_at"] is None


# --- Calling off -------------------------------------------------------------------------------------------------


def test_a_queued_message_is_cancelled_and_paid_back(api: APIClient, tenant: Tenant) -> None:
    (key,) = send(api, number(1))["message_ids"]
    assert credits_of(tenant) == 99_999
    for _ in range(2):
        response = api.post(f"{API}messages/{key}/cancel/")
        assert (response.status_code, response.json()["data"]["state"]) == (200, "cancelled")
    assert credits_of(tenant) == 100_000
    assert CreditAccount.objects.get(tenant=tenant).reserved == 0


@pytest.mark.parametrize("status", [one for one in Status.values if one not in ("queued", "cancelled")])
def test_what_a_carrier_may_have_cannot_be_cancelled(api: APIClient, tenant: Tenant, status: str) -> None:
    message = make_message(tenant, status=status)
    response = api.post(f"{API}messages/{message.pk}/cancel/")
    assert (response.status_code, response.json()["code"]) == (409, "too_late")
    assert Message.objects.get().status == status


def test_a_strangers_message_cannot_be_cancelled(api: APIClient, other_tenant: Tenant) -> None:
    theirs = make_message(other_tenant)
    assert api.post(f"{API}messages/{theirs.pk}/cancel/").status_code == 404
    assert Message.objects.get().status == "queued"


def test_a_batch_is_cancelled_where_it_still_waits(api: APIClient, tenant: Tenant) -> None:
    body = send(api, *map(number, range(3)))
    Message.objects.filter(recipient=number(0)).update(status=Status.SENT)
    response = api.post(f"{API}batches/{body['batch_id']}/cancel/").json()
    assert (response["cancelled_count"], response["message"]) == (2, "Cancelled 2 messages")
    assert response["batch"]["progress"]["states"] == {
        "cancelled": 2,
        "delivered": 0,
        "failed": 0,
        "pending": 0,
        "sending": 1,
    }
    assert response["batch"]["cancelled_at"] is not None
    assert api.post(f"{API}batches/{body['batch_id']}/cancel/").json()["cancelled_count"] == 0
    assert credits_of(tenant) == 99_999


# --- Batches -----------------------------------------------------------------------------------------------------


def test_a_batch_says_how_far_it_has_come(api: APIClient, owner: User, count_of: Any) -> None:
    key = send(api, *map(number, range(4)))["batch_id"]
    for index, status in enumerate([Status.DELIVERED, Status.DELIVERED, Status.EXPIRED]):
        Message.objects.filter(recipient=number(index)).update(status=status)
    batch = api.get(f"{API}batches/{key}/").json()["batch"]
    assert (batch["author"], batch["accepted"], batch["segments"], batch["text"]) == (owner.email, 4, 4, "Hello")
    assert batch["progress"] == {
        "total": 4,
        "states": {"cancelled": 0, "delivered": 2, "failed": 1, "pending": 1, "sending": 0},
        "statuses": {"delivered": 2, "expired": 1, "queued": 1},
        "done_percent": 75.0,
        "delivery_rate": 66.7,
    }
    assert count_of(lambda: api.get(f"{API}batches/{key}/")) == 4  # who calls for whom; the batch, its counts


def test_batches_are_listed_newest_first_and_mine_alone(
    api: APIClient, outsider: User, client_of: ClientOf, tenant: Tenant
) -> None:
    first, second = send(api, number(1), sender_id="First"), send(api, number(2))
    theirs = send(client_of(outsider), number(3))["batch_id"]
    found = [one["id"] for one in api.get(f"{API}batches/").json()["results"]]
    assert found == [second["batch_id"], first["batch_id"]]
    only = [one["id"] for one in api.get(f"{API}batches/?sender_id=First").json()["results"]]
    assert only == [first["batch_id"]]
    assert api.get(f"{API}batches/{theirs}/").status_code == 404
    assert api.post(f"{API}batches/{theirs}/cancel/").status_code == 404
    assert Batch.objects.get(pk=theirs).cancelled_at is None


def test_members_look_and_call_off(api: APIClient, member: User, client_of: ClientOf) -> None:
    body = send(api, number(1), number(2))
    mina = client_of(member)
    for path in ("messages/", "batches/", f"batches/{body['batch_id']}/", f"messages/{body['message_ids'][0]}/"):
        assert mina.get(API + path).status_code == 200
    assert mina.post(f"{API}messages/{body['message_ids'][0]}/cancel/").status_code == 200
    assert mina.post(f"{API}batches/{body['batch_id']}/cancel/").status_code == 200


def test_an_opt_out_calls_off_what_waits_for_the_number(api: APIClient, tenant: Tenant, other_tenant: Tenant) -> None:
    contact = Contact.objects.create(tenant=tenant, phone_number=number(1), raw_phone_number=number(1))
    send(api, number(1), number(2))
    theirs = make_message(other_tenant, recipient=number(1))
    response = api.post(f"{API}contacts/{contact.pk}/opt-out/").json()
    assert (response["cancelled_count"], response["contact"]["opted_out_at"] is not None) == (1, True)
    assert Message.objects.get(tenant=tenant, recipient=number(1)).failure_reason == "opted_out"
    assert Message.objects.get(tenant=tenant, recipient=number(2)).status == "queued"
    theirs.refresh_from_db()
    assert (theirs.status, credits_of(tenant)) == ("queued", 99_999)
    assert api.post(f"{API}contacts/{contact.pk}/opt-out/").json()["cancelled_count"] == 0
