"""Webhooks in the Django admin: tended there, and their secrets shown nowhere."""

import datetime

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from notifications import webhooks
from notifications.delivery import to_endpoints
from notifications.models import Delivery, WebhookEndpoint
from tenants.models import Tenant

LIST = "admin:notifications_webhookendpoint_changelist"
URL = "https://hooks.example.com/"


@pytest.fixture
def endpoint(owner: User, tenant: Tenant) -> WebhookEndpoint:
    return webhooks.create(tenant_id=tenant.pk, owner=owner, url=URL)


@pytest.fixture
def page(client: Client, staff: User, endpoint: WebhookEndpoint) -> str:
    client.force_login(staff)
    return reverse("admin:notifications_webhookendpoint_change", args=[endpoint.pk])


def test_no_page_shows_a_secret(client: Client, page: str, endpoint: WebhookEndpoint) -> None:
    webhooks.rotate(endpoint_id=endpoint.pk, overlap=datetime.timedelta(hours=1))
    endpoint.refresh_from_db()
    for address in (page, reverse(LIST), page.replace("change", "history"), page.replace("change", "delete")):
        answer = client.get(address)
        assert answer.status_code == 200
        for secret in (endpoint.secret, endpoint.previous_secret):
            assert secret.removeprefix("whsec_") not in answer.content.decode()


def test_it_is_changed_under_the_same_rules_as_by_the_api(
    client: Client, page: str, endpoint: WebhookEndpoint
) -> None:
    secret = endpoint.secret
    wish = {"url": "https://10.0.0.1/", "description": "Theirs", "categories": ["error"]}
    assert b"This is no public address." in client.post(page, wish).content
    assert client.post(page, wish | {"url": "https://b.example.com/"}).status_code == 302
    endpoint.refresh_from_db()
    found = (endpoint.url, endpoint.description, endpoint.categories, endpoint.secret)
    assert found == ("https://b.example.com/", "Theirs", ["error"], secret)


def test_it_is_disabled_enabled_and_tested(client: Client, page: str, endpoint: WebhookEndpoint) -> None:
    def act(name: str) -> None:
        assert client.post(reverse(LIST), {"action": name, "_selected_action": [endpoint.pk]}).status_code == 302

    act("disable")
    assert not WebhookEndpoint.objects.get().is_active
    act("send_test")
    assert not Delivery.objects.exists()
    act("enable")
    act("send_test")
    assert WebhookEndpoint.objects.get().is_active
    assert Delivery.objects.get().content["type"] == "webhook.test"


def test_it_is_deleted_with_the_record_of_what_it_was_sent(
    client: Client, page: str, endpoint: WebhookEndpoint
) -> None:
    to_endpoints.ping(endpoint=endpoint)
    assert client.post(page.replace("change", "delete"), {"post": "yes"}).status_code == 302
    assert not WebhookEndpoint.objects.exists()
    assert not Delivery.objects.exists()


def test_none_is_made_there_because_its_secret_could_not_be_shown(client: Client, page: str) -> None:
    assert client.get(reverse("admin:notifications_webhookendpoint_add")).status_code == 403
