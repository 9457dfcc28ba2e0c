"""Whom a tenant writes to: contacts, groups and templates."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient
from uuid_utils.compat import uuid7

from accounts.models import User
from sms.models import Contact, ContactGroup, GroupMember, MessageTemplate
from sms.services import contacts as services
from sms.tests.helpers import at_once, number
from sms.tests.test_send_options import contact, group, template
from tenants.models import Membership, Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]
API = "/api/sms/"
ClientOf = Callable[[User], APIClient]


def refused(response: Any, status: int = 400) -> dict[str, Any]:
    assert response.status_code == status, response.content
    body: dict[str, Any] = response.json()
    return body


def names(response: Any) -> list[str]:
    assert response.status_code == 200, response.content
    return [one["name"] for one in response.json()["results"]]


# --- Contacts ----------------------------------------------------------------------------------------------------


def test_a_contact_is_kept_as_e164_and_as_it_was_given(api: APIClient, tenant: Tenant) -> None:
    friends = group(tenant)
    body = {"phone_number": " 0754 000 001 ", "name": "Asha", "groups": [friends.pk]}
    response = api.post(f"{API}contacts/", body)
    assert response.status_code == 201
    made = Contact.objects.get()
    assert (made.phone_number, made.raw_phone_number, made.tenant_id) == (number(1), "0754 000 001", tenant.pk)
    shown = response.json()["contact"]
    assert shown["groups"] == [{"id": str(friends.pk), "name": "Friends"}]
    assert api.get(f"{API}contacts/{made.pk}/").json()["contact"] == shown


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"phone_number": "123"}, "phone_number"),
        ({"phone_number": ""}, "phone_number"),
        ({"phone_number": None}, "phone_number"),
        ({"phone_number": []}, "phone_number"),
        ({"phone_number": "+255754000001" + " " * 300 + "x"}, "phone_number"),
        ({"name": "a" * 151}, "name"),
        ({"name": None}, "name"),
        ({"groups": "x"}, "groups"),
        ({"groups": ["x"]}, "groups.0"),
        ({"groups": [str(uuid7())]}, "groups.0"),
        ({"groups": [str(uuid7())] * 51}, "groups"),
    ],
)
def test_a_bad_contact_is_refused_by_field(api: APIClient, change: dict[str, Any], field: str) -> None:
    body = refused(api.post(f"{API}contacts/", {"phone_number": number(1)} | change))
    assert list(body["errors"]) == [field]
    assert Contact.objects.count() == 0


def test_a_number_is_one_contact_for_each_tenant(api: APIClient, tenant: Tenant, other_tenant: Tenant) -> None:
    contact(other_tenant, 1)
    assert api.post(f"{API}contacts/", {"phone_number": number(1)}).status_code == 201
    again = refused(api.post(f"{API}contacts/", {"phone_number": number(1)}))
    assert again["errors"] == {"phone_number": ["Another contact has this number."]}


def test_a_strangers_group_cannot_be_joined(api: APIClient, other_tenant: Tenant) -> None:
    theirs = group(other_tenant)
    body = refused(api.post(f"{API}contacts/", {"phone_number": number(1), "groups": [theirs.pk]}))
    assert body["errors"] == {"groups.0": ["There is no such one."]}


@pytest.mark.parametrize("method", ["put", "patch"])
def test_what_is_not_sent_keeps_its_value(api: APIClient, tenant: Tenant, method: str) -> None:
    old, new = group(tenant, name="Old"), group(tenant, name="New")
    one = contact(tenant, 1)
    GroupMember.objects.create(tenant=tenant, group=old, contact=one)
    address = f"{API}contacts/{one.pk}/"
    assert getattr(api, method)(address, {"name": "Other"}).json()["contact"]["groups"][0]["name"] == "Old"
    shown = getattr(api, method)(address, {"phone_number": "0754000009", "groups": [new.pk]}).json()["contact"]
    assert (shown["name"], shown["phone_number"], shown["raw_phone_number"]) == ("Other", number(9), "0754000009")
    assert [one["name"] for one in shown["groups"]] == ["New"]


def test_a_number_that_another_contact_has_cannot_be_taken(api: APIClient, tenant: Tenant) -> None:
    contact(tenant, 1)
    mine = contact(tenant, 2)
    body = refused(api.patch(f"{API}contacts/{mine.pk}/", {"phone_number": number(1)}))
    assert body["errors"] == {"phone_number": ["Another contact has this number."]}


def test_whoever_opted_out_keeps_their_number_and_stays(api: APIClient, tenant: Tenant) -> None:
    gone = contact(tenant, 1, opted_out_at=timezone.now())
    address = f"{API}contacts/{gone.pk}/"
    assert refused(api.patch(address, {"phone_number": number(2)}), 409)["code"] == "opted_out"
    assert refused(api.delete(address), 409)["code"] == "opted_out"
    assert api.patch(address, {"name": "Still here"}).status_code == 200
    kept = Contact.objects.get()
    assert (kept.phone_number, kept.name, kept.opted_out_at) == (number(1), "Still here", gone.opted_out_at)


def test_opting_in_again_lets_them_be_written_to(api: APIClient, tenant: Tenant) -> None:
    gone = contact(tenant, 1, opted_out_at=timezone.now())
    for _ in range(2):
        assert api.post(f"{API}contacts/{gone.pk}/opt-in/").json()["contact"]["opted_out_at"] is None
    body = {"to": [number(1)], "text": "Hi", "sender_id": "Acme"}
    assert api.post(f"{API}messages/", body).status_code == 202


def test_contacts_are_searched_and_narrowed(api: APIClient, tenant: Tenant, other_tenant: Tenant) -> None:
    contact(other_tenant, 1, name="Asha")
    friends = group(tenant, contact(tenant, 1, name="Asha"), contact(tenant, 2, name="Baraka"))
    contact(tenant, 3, name="Chau", opted_out_at=timezone.now())
    for query, found in {
        "": ["Chau", "Baraka", "Asha"],
        "search=ash": ["Asha"],
        "search=0754 000 002": ["Baraka"],
        "search=%2B255754000003": ["Chau"],
        "search=%25": [],
        f"group={friends.pk}": ["Baraka", "Asha"],
        f"group={uuid7()}": [],
        "opted_out=true": ["Chau"],
        "opted_out=false": ["Baraka", "Asha"],
        f"group={friends.pk}&search=asha": ["Asha"],
    }.items():
        assert names(api.get(f"{API}contacts/?{query}")) == found, query


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("opted_out=maybe", "opted_out"),
        ("group=x", "group"),
        ("search=" + "a" * 101, "search"),
        ("search=%00", "search"),
    ],
)
def test_a_bad_query_is_a_400_that_names_the_field(api: APIClient, query: str, field: str) -> None:
    assert list(refused(api.get(f"{API}contacts/?{query}"))["errors"]) == [field]


@pytest.mark.parametrize("path", ["contacts/", "groups/", "templates/"])
def test_a_long_list_takes_as_many_queries_as_a_short_one(
    api: APIClient, tenant: Tenant, count_of: Any, path: str
) -> None:
    def more(first: int, last: int) -> None:
        for index in range(first, last):
            group(tenant, contact(tenant, index), name=f"G{index}")
            template(tenant, "x", name=f"T{index}")

    more(0, 1)
    api.get(API + path)
    few = count_of(lambda: api.get(f"{API}{path}?page_size=50"))
    more(1, 12)
    assert count_of(lambda: api.get(f"{API}{path}?page_size=50")) == few


@pytest.mark.django_db(transaction=True)
def test_of_two_opt_outs_and_a_deletion_at_once_the_wish_survives(tenant: Tenant) -> None:
    for index in range(6):
        one = contact(tenant, index)

        def work(turn: int, key: Any = one.pk) -> str:
            if turn:
                return "out" if services.opt_out(contact_id=key) else "gone"
            try:
                return "deleted" if services.delete_contact(contact_id=key) else "gone"
            except services.OptedOut:
                return "kept"

        outcomes = at_once(3, work)
        kept = Contact.objects.filter(pk=one.pk).first()
        assert (kept is None) == (outcomes[0] == "deleted")
        assert kept is None or kept.opted_out_at is not None


# --- Groups ------------------------------------------------------------------------------------------------------


def test_a_group_is_filled_and_emptied(api: APIClient, tenant: Tenant) -> None:
    made = api.post(f"{API}groups/", {"name": "Friends"})
    assert (made.status_code, made.json()["group"]["member_count"]) == (201, 0)
    address = f"{API}groups/{made.json()['group']['id']}/"
    people = [str(contact(tenant, index).pk) for index in range(3)]
    first = api.post(f"{address}add/", {"contacts": people[:2]}).json()
    second = api.post(f"{address}add/", {"contacts": people}).json()
    assert (first["added_count"], second["added_count"], second["group"]["member_count"]) == (2, 1, 3)
    assert api.post(f"{address}remove/", {"contacts": people[1:]}).json()["removed_count"] == 2
    assert api.post(f"{address}remove/", {"contacts": people[1:]}).json()["removed_count"] == 0
    assert api.patch(address, {"name": "Best friends"}).json()["group"]["name"] == "Best friends"
    assert api.delete(address).status_code == 200
    assert (ContactGroup.objects.count(), Contact.objects.count()) == (0, 3)


def test_a_stranger_cannot_be_made_a_member(api: APIClient, tenant: Tenant, other_tenant: Tenant) -> None:
    mine, theirs = group(tenant), contact(other_tenant, 1)
    body = refused(api.post(f"{API}groups/{mine.pk}/add/", {"contacts": [str(contact(tenant, 2).pk), str(theirs.pk)]}))
    assert body["errors"] == {"contacts.1": ["There is no such one."]}
    assert GroupMember.objects.count() == 0


@pytest.mark.parametrize("contacts", [None, [], "x", ["x"], [str(uuid7())] * 1001])
def test_members_are_ids_and_not_too_many(api: APIClient, tenant: Tenant, contacts: Any) -> None:
    mine = group(tenant)
    for action in ("add", "remove"):
        body = refused(api.post(f"{API}groups/{mine.pk}/{action}/", {"contacts": contacts}))
        assert all(name.startswith("contacts") for name in body["errors"])


def test_a_name_is_taken_once_in_a_tenant(api: APIClient, tenant: Tenant, other_tenant: Tenant) -> None:
    group(other_tenant)
    template(other_tenant, "x")
    for path, body in (("groups", {"name": "Friends"}), ("templates", {"name": "Ready", "text": "x"})):
        assert api.post(f"{API}{path}/", body).status_code == 201
        assert list(refused(api.post(f"{API}{path}/", body))["errors"]) == ["name"]
        other = api.post(f"{API}{path}/", body | {"name": "Other"}).json()
        key = next(iter(one["id"] for one in other.values() if isinstance(one, dict)))
        assert list(refused(api.patch(f"{API}{path}/{key}/", body))["errors"]) == ["name"]


# --- Templates ---------------------------------------------------------------------------------------------------


def test_a_template_names_its_variables(api: APIClient) -> None:
    made = api.post(f"{API}templates/", {"name": "Code", "text": "$name: ${code}, $name, $$5"})
    assert made.status_code == 201
    shown = made.json()["template"]
    assert (shown["variables"], shown["text"]) == (["name", "code"], "$name: ${code}, $name, $$5")
    address = f"{API}templates/{shown['id']}/"
    assert api.patch(address, {"text": "Hi"}).json()["template"]["variables"] == []
    assert api.get(address).json()["template"]["name"] == "Code"
    assert api.delete(address).status_code == 200
    assert MessageTemplate.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "x", "text": "costs $5"}, "text"),
        ({"name": "x", "text": "${broken"}, "text"),
        ({"name": "x", "text": " "}, "text"),
        ({"name": "x", "text": "a" * 1601}, "text"),
        ({"name": "", "text": "a"}, "name"),
        ({"name": "a" * 101, "text": "a"}, "name"),
    ],
)
def test_a_template_that_could_not_be_sent_is_refused(api: APIClient, body: dict[str, str], field: str) -> None:
    assert list(refused(api.post(f"{API}templates/", body))["errors"]) == [field]


# --- Who ---------------------------------------------------------------------------------------------------------


def test_members_manage_and_only_managers_destroy(
    api: APIClient, member: User, client_of: ClientOf, tenant: Tenant
) -> None:
    one, friends, ready = contact(tenant, 1), group(tenant), template(tenant, "x")
    mina = client_of(member)
    addresses = [f"{API}contacts/{one.pk}/", f"{API}groups/{friends.pk}/", f"{API}templates/{ready.pk}/"]
    for address in addresses:
        assert mina.patch(address, {"name": "Changed"}).status_code == 200
        assert mina.delete(address).status_code == 403
    assert mina.post(f"{API}contacts/{one.pk}/opt-out/").status_code == 200
    assert mina.post(f"{API}contacts/{one.pk}/opt-in/").status_code == 403
    assert mina.get(f"{API}contacts/export.csv").status_code == 403
    Membership.objects.filter(user=member).update(role="admin")
    assert mina.post(f"{API}contacts/{one.pk}/opt-in/").status_code == 200
    for address in addresses:
        assert mina.delete(address).status_code == 200


def test_what_belongs_to_a_stranger_does_not_exist(api: APIClient, other_tenant: Tenant) -> None:
    theirs = [
        f"contacts/{contact(other_tenant, 1).pk}/",
        f"groups/{group(other_tenant).pk}/",
        f"templates/{template(other_tenant, 'x').pk}/",
    ]
    for path in theirs:
        for method in ("get", "put", "patch", "delete"):
            assert getattr(api, method)(API + path).status_code == 404
    for path in (f"{theirs[0]}opt-out/", f"{theirs[0]}opt-in/", f"{theirs[1]}add/", f"{theirs[1]}remove/"):
        assert api.post(API + path).status_code == 404
    assert Contact.objects.get().opted_out_at is None
