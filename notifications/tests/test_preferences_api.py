"""The whole matrix in one call, and changes of single cells."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from notifications import preferences
from notifications.models import ChannelChoice, Delivery, Notification, NotificationSettings
from notifications.models.choice import When
from notifications.preferences import Cell
from notifications.tests.conftest import Get
from notifications.tests.helpers import API
from tenants.models import Membership, Tenant

ClientOf = Callable[[User], APIClient]
MINE, TENANTS, PLATFORMS = "preferences/", "preferences/tenant/", "preferences/platform/"
DAILY = {"cells": [{"category": "billing", "channel": "email", "when": "daily"}]}


def change(client: APIClient, path: str, body: dict[str, Any], method: str = "patch") -> Any:
    response = getattr(client, method)(API + path, body)
    assert response.status_code == 200, response.content
    return response.json()["data"]


def cell(data: Any, category: str, channel: str) -> Any:
    (row,) = (one for one in data["categories"] if one["category"] == category)
    (found,) = (one for one in row["cells"] if one["channel"] == channel)
    return found


def test_where_the_platform_has_a_channel_it_says_what_the_person_lacks(
    get: Get, member: User, tenant: Tenant, settings: Settings
) -> None:
    settings.EMAIL_IS_SET, settings.NOTIFICATION_SMS_TENANT = True, tenant.slug
    found = {one["channel"]: (one["is_reachable"], one["why_not"]) for one in get(member, MINE)["data"]["channels"]}
    assert found["email"] == (True, "")
    assert found["sms"] == (False, "There is no phone number, or it is not verified.")


def test_one_call_has_all_that_a_page_shows(get: Get, member: User, tenant: Tenant) -> None:
    data = get(member, MINE)["data"]
    assert data["tenant"] == {"id": str(tenant.pk), "name": "Acme"}
    assert [one["category"] for one in data["categories"]] == Notification.Type.values
    assert all(one["title"] and one["about"] for one in data["categories"])
    assert {tuple(one["channel"] for one in row["cells"]) for row in data["categories"]} == {
        ("in_app", "email", "sms")
    }
    assert data["channels"] == [
        {
            "channel": "in_app",
            "title": "Inbox",
            "is_on": True,
            "choices": ["at_once", "off"],
            "is_reachable": True,
            "address": None,
            "why_not": "",
        },
        {
            "channel": "email",
            "title": "E-mail",
            "is_on": True,
            "choices": When.values,
            "is_reachable": False,
            "address": "member@acme.test",
            "why_not": "This platform sends no e-mail: no mail server is set up.",
        },
        {
            "channel": "sms",
            "title": "SMS",
            "is_on": False,
            "choices": When.values,
            "is_reachable": False,
            "address": None,
            "why_not": "This platform sends no notifications by SMS: no account is set up that pays for them.",
        },
    ]
    assert cell(data, "billing", "sms") == {
        "channel": "sms",
        "when": "off",
        "whose": "built_in",
        "default_when": "off",
        "default_whose": "built_in",
        "is_mandatory": False,
        "rule": "SMS for billing: off, as it is built in.",
    }
    assert cell(data, "security", "email")["is_mandatory"]
    assert "cannot be switched off" in cell(data, "security", "email")["rule"]
    assert not cell(data, "security", "sms")["is_mandatory"]
    times = {name: data[name] for name in ("timezone", "quiet_hours", "daily_digest_at", "snoozed_until")}
    assert times == {"timezone": "UTC", "quiet_hours": None, "daily_digest_at": "08:00", "snoozed_until": None}


def test_without_a_tenant_there_is_a_matrix_too(get: Get, admin: User) -> None:
    assert get(admin, MINE)["data"]["tenant"] is None


@pytest.mark.parametrize("method", ["put", "patch"])
def test_what_is_not_sent_keeps_its_value(method: str, client_of: ClientOf, member: User) -> None:
    client = client_of(member)
    night = {"from": "22:00", "until": "07:00"}
    change(client, MINE, {"quiet_hours": night}, method)
    change(client, MINE, {"daily_digest_at": "18:30"}, method)
    data = change(client, MINE, DAILY, method)
    assert (data["quiet_hours"], data["daily_digest_at"]) == (night, "18:30")
    assert cell(data, "billing", "email")["when"] == "daily"
    assert cell(data, "campaign", "email")["whose"] == "built_in"
    data = change(client, MINE, {"quiet_hours": None}, method)
    assert (data["quiet_hours"], data["daily_digest_at"]) == (None, "18:30")
    assert change(client, MINE, {}, method) == data


def test_a_cell_says_whose_it_is_and_what_taking_it_back_would_bring(
    client_of: ClientOf, member: User, tenant: Tenant
) -> None:
    preferences.choose_for_tenant(tenant_id=tenant.pk, cells=[Cell("billing", "email", When.HOURLY)])
    client = client_of(member)
    shown = cell(change(client, MINE, DAILY), "billing", "email")
    assert (shown["when"], shown["whose"]) == ("daily", "yours")
    assert (shown["default_when"], shown["default_whose"]) == ("hourly", "tenant")
    back = {"cells": [{"category": "billing", "channel": "email", "when": None}]}
    shown = cell(change(client, MINE, back), "billing", "email")
    assert (shown["when"], shown["whose"]) == ("hourly", "tenant")
    assert not ChannelChoice.objects.filter(user=member).exists()


def test_all_of_a_change_or_none_of_it(refused: Get, member: User) -> None:
    mandatory = {"category": "security", "channel": "email", "when": "off"}
    body = {"cells": [*DAILY["cells"], mandatory], "daily_digest_at": "18:30"}
    answer = refused(member, "patch", MINE, body)
    assert answer["errors"] == {"cells": ["E-mail for security is mandatory and cannot be switched off."]}
    assert not ChannelChoice.objects.exists()
    assert not NotificationSettings.objects.exists()


def test_flat_settings_and_matrix_show_the_same(client_of: ClientOf, get: Get, member: User) -> None:
    client = client_of(member)
    data = client.patch(API + "settings/", {"email_notifications_enabled": False}).json()["data"]
    assert data["email_notifications_enabled"] is False
    shown = get(member, MINE)["data"]
    assert [one["is_on"] for one in shown["channels"]] == [True, False, False]
    assert cell(shown, "billing", "email")["rule"] == "You switched e-mail off."
    change(client, MINE, DAILY)
    assert get(member, "settings/")["data"]["email_notifications_enabled"] is True


def test_snoozing_and_ending_it(client_of: ClientOf, post: Get, member: User) -> None:
    until = (timezone.now() + datetime.timedelta(hours=2)).isoformat()
    body = post(member, MINE + "snooze/", {"until": until})
    assert (body["message"], bool(body["data"]["snoozed_until"])) == ("Snoozed", True)
    body = post(member, MINE + "snooze/", {"until": None})
    assert (body["message"], body["data"]["snoozed_until"]) == ("No longer snoozed", None)


def test_nobody_snoozes_for_longer_than_is_allowed(refused: Get, member: User, settings: Any) -> None:
    settings.SNOOZE_LONGEST = datetime.timedelta(days=2)
    until = (timezone.now() + datetime.timedelta(days=3)).isoformat()
    answer = refused(member, "post", MINE + "snooze/", {"until": until})
    assert answer["errors"] == {"until": ["At most 2 days ahead."]}


# --- Defaults -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Membership.Role.OWNER, Membership.Role.ADMIN])
def test_defaults_of_a_tenant_hold_for_its_members_and_nobody_else(
    role: str, client_of: ClientOf, get: Get, owner: User, member: User, outsider: User
) -> None:
    Membership.objects.filter(user=owner).update(role=role)
    shown = cell(change(client_of(owner), TENANTS, DAILY), "billing", "email")
    assert (shown["when"], shown["whose"], shown["default_when"]) == ("daily", "tenant", "at_once")
    seen = {user: cell(get(user, MINE)["data"], "billing", "email")["when"] for user in (member, outsider)}
    assert seen == {member: "daily", outsider: "at_once"}


def test_members_of_a_tenant_do_not_set_its_defaults(client_of: ClientOf, member: User, admin: User) -> None:
    for user in (member, admin):  # a platform's admin works in no tenant here
        client = client_of(user)
        answers = [client.get(API + TENANTS), client.patch(API + TENANTS, DAILY), client.put(API + TENANTS, DAILY)]
        assert [one.status_code for one in answers] == [403] * 3
    assert not ChannelChoice.objects.exists()


def test_defaults_of_the_platform_are_its_admins_and_hold_for_everybody(
    client_of: ClientOf, get: Get, staff: User, owner: User, outsider: User
) -> None:
    assert client_of(owner).patch(API + PLATFORMS, DAILY).status_code == 403
    shown = cell(change(client_of(staff), PLATFORMS, DAILY), "billing", "email")
    assert (shown["when"], shown["whose"]) == ("daily", "platform")
    for user in (owner, outsider):
        shown = cell(get(user, MINE)["data"], "billing", "email")
        assert (shown["when"], shown["whose"]) == ("daily", "platform")


def test_defaults_have_no_address_and_no_times(get: Get, owner: User, staff: User) -> None:
    for user, path in ((owner, TENANTS), (staff, PLATFORMS)):
        data = get(user, path)["data"]
        assert set(data) == {"tenant", "channels", "categories"}
        assert set(data["channels"][0]) == {"channel", "title", "is_on", "choices"}


def test_nothing_is_sent_by_choosing(client_of: ClientOf, member: User) -> None:
    change(client_of(member), MINE, DAILY)
    assert not Delivery.objects.exists()
