"""What a batch can be besides a text to some numbers: groups, templates, later, for a while, of one kind."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient
from uuid_utils.compat import uuid7

from accounts.models import User
from sms.models import Batch, Contact, ContactGroup, GroupMember, Message, MessageTemplate
from sms.tests.helpers import credits_of, number
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]
URL = "/api/sms/messages/"
ClientOf = Callable[[User], APIClient]


def contact(tenant: Tenant, index: int, **fields: Any) -> Contact:
    plain = {"phone_number": number(index), "raw_phone_number": number(index), "name": f"Person {index}"}
    made: Contact = Contact.objects.create(tenant=tenant, **plain | fields)
    return made


def group(tenant: Tenant, *members: Contact, name: str = "Friends") -> ContactGroup:
    made: ContactGroup = ContactGroup.objects.create(tenant=tenant, name=name)
    for one in members:
        GroupMember.objects.create(tenant=tenant, group=made, contact=one)
    return made


def template(tenant: Tenant, text: str, name: str = "Ready") -> MessageTemplate:
    made: MessageTemplate = MessageTemplate.objects.create(tenant=tenant, name=name, text=text)
    return made


def texts() -> dict[str, str]:
    return dict(Message.objects.values_list("recipient", "text"))


def refused(response: Any) -> dict[str, list[str]]:
    assert response.status_code == 400, response.content
    assert Message.objects.count() == 0
    assert Batch.objects.count() == 0
    errors: dict[str, list[str]] = response.json()["errors"]
    return errors


# --- To whom -----------------------------------------------------------------------------------------------------


def test_a_group_is_written_to_without_those_who_opted_out(api: APIClient, tenant: Tenant) -> None:
    gone = contact(tenant, 3, opted_out_at=timezone.now())
    friends = group(tenant, contact(tenant, 1), contact(tenant, 2), gone)
    body = api.post(URL, {"group": friends.pk, "text": "Hi", "sender_id": "Acme"}).json()
    assert (body["accepted"], body["opted_out"]) == (2, 1)
    assert set(texts()) == {number(1), number(2)}
    assert Batch.objects.get().group_name == "Friends"


def test_a_number_that_opted_out_is_left_out_of_a_list_too(api: APIClient, tenant: Tenant) -> None:
    contact(tenant, 1, opted_out_at=timezone.now())
    body = api.post(URL, {"to": [number(1), number(2)], "text": "Hi", "sender_id": "Acme"}).json()
    assert (body["accepted"], body["opted_out"], body["credits"]) == (1, 1, 1)


def test_a_wish_towards_another_tenant_is_not_mine(api: APIClient, other_tenant: Tenant) -> None:
    contact(other_tenant, 1, opted_out_at=timezone.now())
    assert api.post(URL, {"to": [number(1)], "text": "Hi", "sender_id": "Acme"}).json()["accepted"] == 1


def test_when_everybody_opted_out_nothing_is_sent(api: APIClient, tenant: Tenant) -> None:
    contact(tenant, 1, opted_out_at=timezone.now())
    response = api.post(URL, {"to": [number(1)], "text": "Hi", "sender_id": "Acme"})
    assert refused(response) == {"to": ["Everybody you named has opted out."]}
    assert credits_of(tenant) == 100_000


def test_a_strangers_group_does_not_exist(api: APIClient, other_tenant: Tenant) -> None:
    theirs = group(other_tenant, contact(other_tenant, 1))
    for key in (theirs.pk, uuid7()):
        response = api.post(URL, {"group": key, "text": "Hi", "sender_id": "Acme"})
        assert refused(response) == {"group": ["There is no such group."]}


def test_an_empty_group_is_refused(api: APIClient, tenant: Tenant) -> None:
    nobody = group(tenant, contact(tenant, 1, phone_number="", raw_phone_number="12"))
    response = api.post(URL, {"group": nobody.pk, "text": "Hi", "sender_id": "Acme"})
    assert refused(response) == {"group": ["Nobody in it has a phone number."]}


@pytest.mark.parametrize(
    ("both", "field"),
    [
        ({"to": [number(1)], "group": str(uuid7()), "text": "Hi"}, "group"),
        ({"to": [number(1)], "text": "Hi", "template": str(uuid7())}, "template"),
        ({"to": [number(1)], "text": "Hi", "variables": {"code": "1"}}, "variables"),
    ],
)
def test_what_excludes_each_other_is_refused(api: APIClient, both: dict[str, Any], field: str) -> None:
    assert set(refused(api.post(URL, {"sender_id": "Acme", **both}))) == {field}


def test_duplicates_are_counted(api: APIClient) -> None:
    body = api.post(URL, {"to": [number(1), number(1), number(2)], "text": "Hi", "sender_id": "Acme"}).json()
    assert (body["accepted"], body["duplicates"]) == (2, 1)
    assert Batch.objects.get().duplicates == 1


# --- What --------------------------------------------------------------------------------------------------------


def test_a_template_is_filled_in_for_each(api: APIClient, tenant: Tenant) -> None:
    ready = template(tenant, "Hi $name ($phone_number): $code costs $$5")
    contact(tenant, 1, name="Asha")
    contact(tenant, 2, name="Baraka")
    body = {"to": [number(1), number(2)], "template": ready.pk, "variables": {"code": 42}, "sender_id": "Acme"}
    assert api.post(URL, body).status_code == 202
    assert texts() == {
        number(1): f"Hi Asha ({number(1)}): 42 costs $5",
        number(2): f"Hi Baraka ({number(2)}): 42 costs $5",
    }
    batch = Batch.objects.get()
    assert (batch.template_name, batch.text) == ("Ready", ready.text)


def test_what_a_variable_holds_is_not_filled_in_again(api: APIClient, tenant: Tenant) -> None:
    ready = template(tenant, "$a")
    api.post(URL, {"to": [number(1)], "template": ready.pk, "variables": {"a": "$phone_number"}, "sender_id": "Acme"})
    assert list(texts().values()) == ["$phone_number"]


def test_what_a_contact_has_is_not_overruled(api: APIClient, tenant: Tenant) -> None:
    ready = template(tenant, "$name $phone_number")
    contact(tenant, 1, name="Asha")
    given = {"name": "Somebody", "phone_number": "+1"}
    api.post(URL, {"to": [number(1)], "template": ready.pk, "variables": given, "sender_id": "Acme"})
    assert list(texts().values()) == [f"Asha {number(1)}"]


def test_a_plain_text_keeps_its_dollar_signs(api: APIClient) -> None:
    api.post(URL, {"to": [number(1)], "text": "$name for $5", "sender_id": "Acme"})
    assert list(texts().values()) == ["$name for $5"]


def test_each_pays_for_its_own_length(api: APIClient, tenant: Tenant) -> None:
    ready = template(tenant, "$name")
    contact(tenant, 1, name="a" * 150)
    body = {"to": [number(1), number(2)], "template": ready.pk, "variables": {"name": "b" * 161}, "sender_id": "Acme"}
    assert api.post(URL, body).json()["credits"] == 3


def test_a_missing_variable_is_named(api: APIClient, tenant: Tenant) -> None:
    ready = template(tenant, "$code $when")
    body = {"to": [number(1)], "template": ready.pk, "variables": {"code": "1"}, "sender_id": "Acme"}
    assert refused(api.post(URL, body)) == {"variables.when": ["The template needs it."]}


def test_a_missing_name_is_counted_and_can_be_given_for_all(api: APIClient, tenant: Tenant) -> None:
    ready = template(tenant, "Hi $name")
    contact(tenant, 1, name="Asha")
    body = {"to": [number(1), number(2), number(3)], "template": ready.pk, "sender_id": "Acme"}
    assert refused(api.post(URL, body)) == {
        "variables.name": [f"Recipients without a name: 2, first {number(2)}. Give one here."]
    }
    assert api.post(URL, body | {"variables": {"name": "friend"}}).status_code == 202
    assert texts() == {number(1): "Hi Asha", number(2): "Hi friend", number(3): "Hi friend"}


def test_a_text_that_became_too_long_is_refused(api: APIClient, tenant: Tenant) -> None:
    ready = template(tenant, "$a$a")
    body = {"to": [number(1)], "template": ready.pk, "variables": {"a": "a" * 801}, "sender_id": "Acme"}
    assert refused(api.post(URL, body)) == {
        "template": [f"For {number(1)} it becomes 1602 characters, more than 1600."]
    }


def test_a_text_that_became_empty_is_refused(api: APIClient, tenant: Tenant) -> None:
    ready = template(tenant, "$a")
    body = {"to": [number(1)], "template": ready.pk, "variables": {"a": " "}, "sender_id": "Acme"}
    assert refused(api.post(URL, body)) == {"template": [f"For {number(1)} nothing is left to send."]}


@pytest.mark.parametrize(
    "variables", [[], "x", {"a": None}, {"a": {}}, {"a": ["b"]}, {"a": "b" * 1601}, {str(n): "" for n in range(51)}]
)
def test_variables_are_few_and_plain(api: APIClient, tenant: Tenant, variables: Any) -> None:
    ready = template(tenant, "$a")
    body = {"to": [number(1)], "template": ready.pk, "variables": variables, "sender_id": "Acme"}
    assert all(name.startswith("variables") for name in refused(api.post(URL, body)))


def test_a_strangers_template_does_not_exist(api: APIClient, other_tenant: Tenant) -> None:
    theirs = template(other_tenant, "Hi")
    response = api.post(URL, {"to": [number(1)], "template": theirs.pk, "sender_id": "Acme"})
    assert refused(response) == {"template": ["There is no such template."]}


# --- When --------------------------------------------------------------------------------------------------------


def test_a_batch_for_later_waits_until_then(api: APIClient) -> None:
    at = timezone.now() + datetime.timedelta(hours=2)
    body = api.post(
        URL, {"to": [number(1)], "text": "Hi", "sender_id": "Acme", "send_at": at.isoformat(), "valid_for": 600}
    ).json()
    message = Message.objects.get()
    assert (message.next_attempt_at, message.valid_until) == (at, at + datetime.timedelta(minutes=10))
    assert datetime.datetime.fromisoformat(body["scheduled_for"]) - at < datetime.timedelta(milliseconds=1)


def test_validity_begins_now_where_nothing_is_scheduled(api: APIClient) -> None:
    before = timezone.now()
    api.post(URL, {"to": [number(1)], "text": "Hi", "sender_id": "Acme", "valid_for": 60})
    message = Message.objects.get()
    assert message.valid_until - before - datetime.timedelta(seconds=60) < datetime.timedelta(seconds=30)
    assert message.next_attempt_at is None


@pytest.mark.parametrize(
    "at", ["2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "soon", 5, "0001-01-01T00:00:00+14:00", "", []]
)
def test_a_moment_that_is_past_too_far_or_none_is_refused(api: APIClient, at: Any) -> None:
    response = api.post(URL, {"to": [number(1)], "text": "Hi", "sender_id": "Acme", "send_at": at})
    assert set(refused(response)) == {"send_at"}


@pytest.mark.parametrize("seconds", [0, 29, -1, 604_801, 1e9, "x", True, 60.5])
def test_a_validity_out_of_bounds_is_refused(api: APIClient, seconds: Any) -> None:
    response = api.post(URL, {"to": [number(1)], "text": "Hi", "sender_id": "Acme", "valid_for": seconds})
    assert set(refused(response)) == {"valid_for"}


@pytest.mark.parametrize("traffic", ["otp", "transactional", "promotional"])
def test_the_kind_of_traffic_is_kept(api: APIClient, traffic: str) -> None:
    api.post(URL, {"to": [number(1)], "text": "Hi", "sender_id": "Acme", "traffic": traffic})
    assert (Message.objects.get().traffic, Batch.objects.get().traffic) == (traffic, traffic)


@pytest.mark.parametrize("traffic", ["bulk", "", None, 1, []])
def test_another_kind_of_traffic_is_refused(api: APIClient, traffic: Any) -> None:
    response = api.post(URL, {"to": [number(1)], "text": "Hi", "sender_id": "Acme", "traffic": traffic})
    assert set(refused(response)) == {"traffic"}


# --- Once --------------------------------------------------------------------------------------------------------


def test_a_batch_that_is_sent_again_under_its_key_is_sent_once(api: APIClient, tenant: Tenant) -> None:
    body = {"to": [number(1), number(2)], "text": "Hi", "sender_id": "Acme"}
    first = api.post(URL, body, HTTP_IDEMPOTENCY_KEY="one")
    again = api.post(URL, body, HTTP_IDEMPOTENCY_KEY="one")
    assert again["Idempotency-Replayed"] == "true"
    assert again.json() == first.json()
    assert Message.objects.count() == 2
    assert credits_of(tenant) == 99_998


def test_a_template_for_500_takes_as_many_queries_as_for_1(api: APIClient, tenant: Tenant, count_of: Any) -> None:
    ready = template(tenant, "Hi $name")
    Contact.objects.bulk_create(
        [Contact(tenant=tenant, phone_number=number(index), name=f"P{index}") for index in range(500)]
    )
    api.post(URL, {"to": [number(0)], "template": ready.pk, "sender_id": "Acme"})
    few, many = (
        count_of(
            lambda size=size: api.post(
                URL, {"to": list(map(number, range(size))), "template": str(ready.pk), "sender_id": "Acme"}
            )
        )
        for size in (1, 500)
    )
    assert few == many
