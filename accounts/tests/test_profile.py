"""What people see and change of themselves."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.fields import time_zones
from accounts.models import User
from accounts.serializers import UserSerializer
from accounts.tests.test_login import USER_KEYS
from tenants.models import Tenant

PROFILE, SETTINGS = "/api/auth/profile/", "/api/auth/settings/profile/"
ClientOf = Callable[[User], APIClient]


@pytest.fixture
def client(client_of: ClientOf, member: User) -> APIClient:
    return client_of(member)


def stored(user: User) -> User:
    found: User = User.objects.get(pk=user.pk)
    return found


def test_the_profile_is_the_bare_user(client: APIClient, member: User) -> None:
    response = client.get(PROFILE)

    assert response.status_code == 200
    assert set(response.json()) == USER_KEYS
    assert (response.json()["id"], response.json()["email"]) == (str(member.pk), "member@acme.test")


def test_the_settings_profile_is_the_same_user_in_an_envelope(client: APIClient) -> None:
    response = client.get(SETTINGS)

    assert response.status_code == 200
    assert response.json() == {"success": True, "data": client.get(PROFILE).json()}


def test_the_profile_costs_two_queries(client: APIClient, django_assert_num_queries: Any) -> None:
    """The session with its user, and the memberships with their tenants."""
    with django_assert_num_queries(2):
        client.get(PROFILE)


def test_a_patch_changes_what_it_names_and_answers_the_bare_user(client: APIClient, member: User) -> None:
    response = client.patch(PROFILE, {"last_name": "Moss", "bio": "Pharmacist", "sms_notifications": True})

    assert response.status_code == 200
    assert set(response.json()) == USER_KEYS
    assert (response.json()["full_name"], response.json()["first_name"]) == ("Mina Moss", "Mina")
    member = stored(member)
    assert (member.last_name, member.bio, member.sms_notifications) == ("Moss", "Pharmacist", True)


def test_a_put_answers_in_the_envelope_and_may_leave_fields_out(client: APIClient, member: User) -> None:
    response = client.put(SETTINGS, {"timezone": "Africa/Dar_es_Salaam", "avatar": "https://cdn.test/mina.png"})

    assert response.status_code == 200
    assert set(response.json()) == {"success", "data"}
    assert response.json()["success"] is True
    assert set(response.json()["data"]) == USER_KEYS
    assert response.json()["data"]["timezone"] == "Africa/Dar_es_Salaam"
    assert (stored(member).avatar, stored(member).first_name) == ("https://cdn.test/mina.png", "Mina")


def test_the_whole_profile_can_be_sent_back_as_it_came(client: APIClient, member: User) -> None:
    """As forms do that know nothing of read-only fields."""
    whole = client.get(PROFILE).json()

    response = client.put(SETTINGS, whole | {"bio": "New"})

    assert response.status_code == 200
    assert response.json()["data"] | {"updated_at": ""} == whole | {"bio": "New", "updated_at": ""}


def test_an_empty_patch_changes_nothing(client: APIClient) -> None:
    before = client.get(PROFILE).json()

    assert client.patch(PROFILE, {}).json() | {"updated_at": ""} == before | {"updated_at": ""}


def test_changing_moves_updated_at_and_looking_does_not(client: APIClient, member: User) -> None:
    before = stored(member).updated_at

    client.get(PROFILE)
    assert stored(member).updated_at == before

    client.patch(PROFILE, {"bio": "x"})
    assert stored(member).updated_at > before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "0199d0f0-0000-7000-8000-000000000000"),
        ("email", "admin@acme.test"),
        ("full_name", "Somebody Else"),
        ("short_name", "Somebody"),
        ("is_verified", True),
        ("phone_verified", True),
        ("is_staff", True),
        ("is_superuser", True),
        ("tenants", []),
        ("tenant", None),
        ("created_at", "2001-01-01T00:00:00Z"),
        ("last_login_at", "2001-01-01T00:00:00Z"),
    ],
)
@pytest.mark.parametrize("path", [PROFILE, SETTINGS])
def test_a_read_only_field_cannot_be_changed(client: APIClient, field: str, value: Any, path: str) -> None:
    before = client.get(PROFILE).json()[field]
    send = client.patch if path == PROFILE else client.put

    assert send(path, {field: value}).status_code == 200
    assert client.get(PROFILE).json()[field] == before


def test_what_is_not_in_the_profile_cannot_be_changed_through_it(
    client: APIClient, member: User, other_tenant: Tenant
) -> None:
    before = stored(member)

    client.patch(PROFILE, {"is_active": False, "password": "x", "current_tenant_id": str(other_tenant.pk)})

    after = stored(member)
    assert (after.is_active, after.password, after.current_tenant_id) == (
        True,
        before.password,
        before.current_tenant_id,
    )


def test_nobody_elses_profile_moves(client: APIClient, owner: User, outsider: User) -> None:
    others = User.objects.filter(pk__in=[owner.pk, outsider.pk]).order_by("pk").values()
    before = list(others.all())

    client.patch(PROFILE, {"first_name": "X", "phone_number": "+255754123456", "timezone": "Asia/Tokyo"})

    assert list(others.all()) == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phone_number", "call me"),
        ("phone_number", "12"),
        ("phone_number", None),
        ("phone_number", "+255754123456" + "0" * 30),
        ("timezone", "Mars/Olympus_Mons"),
        ("timezone", "africa/dar_es_salaam"),
        ("timezone", "localtime"),
        ("timezone", "../../etc/passwd"),
        ("timezone", ""),
        ("timezone", None),
        ("avatar", "not a url"),
        ("avatar", "javascript:alert(1)"),
        ("avatar", "data:text/html,x"),
        ("avatar", "https://cdn.test/" + "a" * 500),
        ("bio", "x" * 1001),
        ("first_name", "x" * 151),
        ("first_name", None),
        ("last_name", ["x"]),
        ("email_notifications", "perhaps"),
        ("email_notifications", None),
        ("sms_notifications", {}),
    ],
)
def test_bad_input_is_a_400_that_names_the_field_and_changes_nothing(
    client: APIClient, member: User, field: str, value: Any
) -> None:
    response = client.patch(PROFILE, {"bio": "y"} | {field: value})

    assert response.status_code == 400
    assert set(response.json()["errors"]) == {field}
    assert response.json()["detail"].startswith(f"{field}: ")
    assert stored(member).bio == ""


def test_what_is_wrong_is_said_for_people(client: APIClient) -> None:
    errors = client.patch(PROFILE, {"phone_number": "12", "timezone": "Mars"}).json()["errors"]

    assert errors == {
        "phone_number": ["Too short for a phone number. Begin with the country code. Write it like +255754123456."],
        "timezone": ["Unknown time zone. Use an IANA name such as Africa/Dar_es_Salaam."],
    }


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("+255754123456", "+255754123456"),
        ("0754 123 456", "+255754123456"),
        ("+255 (754) 123-456", "+255754123456"),
        ("+1 650 253 0000", "+16502530000"),
        ("", ""),
    ],
)
def test_a_phone_number_is_kept_as_e164(client: APIClient, member: User, typed: str, kept: str) -> None:
    response = client.patch(PROFILE, {"phone_number": typed})

    assert response.json()["phone_number"] == kept
    assert stored(member).phone_number == kept


def test_a_national_number_is_read_in_the_configured_region(client: APIClient, settings: Any) -> None:
    settings.SMS_DEFAULT_REGION = "KE"

    assert client.patch(PROFILE, {"phone_number": "0712 345678"}).json()["phone_number"] == "+254712345678"


@pytest.fixture
def verified(member: User) -> User:
    User.objects.filter(pk=member.pk).update(phone_number="+255754123456", phone_verified=True)
    return member


@pytest.mark.parametrize("typed", ["+255713111222", ""])
def test_a_new_phone_number_is_no_longer_a_verified_one(client: APIClient, verified: User, typed: str) -> None:
    assert client.patch(PROFILE, {"phone_number": typed}).json()["phone_verified"] is False
    assert stored(verified).phone_verified is False


@pytest.mark.parametrize("change", [{"phone_number": "0754 123 456"}, {"bio": "x"}])
def test_the_same_phone_number_stays_verified(client: APIClient, verified: User, change: dict[str, str]) -> None:
    assert client.patch(PROFILE, change).json()["phone_verified"] is True
    assert stored(verified).phone_verified is True


@pytest.mark.parametrize(("method", "path"), [("put", PROFILE), ("delete", PROFILE), ("patch", SETTINGS)])
def test_other_methods_are_405(client: APIClient, method: str, path: str) -> None:
    assert getattr(client, method)(path, {}).status_code == 405


def test_the_session_of_a_page_reads_the_profile_too(member: User) -> None:
    client = APIClient()
    client.force_login(member)

    assert client.get(PROFILE).json()["email"] == "member@acme.test"


def test_the_session_of_a_page_needs_a_csrf_token_to_write(member: User) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(member)

    assert client.patch(PROFILE, {"bio": "x"}).status_code == 403
    assert stored(member).bio == ""


def test_in_a_list_every_user_has_their_own_tenants(owner: User, outsider: User, admin: User) -> None:
    listed = UserSerializer([owner, outsider, admin], many=True).data

    assert [[tenant["slug"] for tenant in user["tenants"]] for user in listed] == [["acme"], ["globex"], []]
    assert [user["tenant"] and user["tenant"]["slug"] for user in listed] == ["acme", "globex", None]


def test_a_suspended_tenant_is_not_in_the_profile(client: APIClient, tenant: Tenant) -> None:
    tenant.suspended_at = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    tenant.save()

    reply = client.get(PROFILE).json()
    assert (reply["tenants"], reply["tenant"]) == ([], None)


def test_the_servers_own_zone_is_no_time_zone_of_a_person() -> None:
    assert {"UTC", "Africa/Dar_es_Salaam", "America/Argentina/Buenos_Aires"} <= time_zones()
    assert not {"localtime", "Factory", "posixrules"} & time_zones()
