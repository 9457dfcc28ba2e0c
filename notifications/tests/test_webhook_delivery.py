"""From what happens to a receiver's door and back: notify, the outbox, a worker, and a real receiver."""

import datetime
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from conftest import signed_in
from notifications import incidents, services, webhooks
from notifications.channels.webhook import Webhook
from notifications.delivery import dispatch
from notifications.models import Delivery, Notification, WebhookEndpoint
from notifications.models.priority import Priority
from notifications.tests import helpers
from notifications.tests.webhook_receivers import receiver, verified
from sms.tests.gateway import Gateway, answer, drop
from tenants.models import Tenant

__all__ = ["receiver"]
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def endpoint(receiver: Gateway, owner: User, tenant: Tenant) -> WebhookEndpoint:
    return webhooks.create(tenant_id=tenant.pk, owner=owner, url=f"{receiver.url}/tenant")


@pytest.fixture
def platforms(receiver: Gateway, admin: User) -> WebhookEndpoint:
    return webhooks.create(tenant_id=None, owner=admin, url=f"{receiver.url}/platform")


def tell(people: list[User], tenant: Tenant | None, **fields: Any) -> None:
    context = {"title": "Hello", "message": "Something happened."}
    services.notify(kind=helpers.Note, recipients=people, context=context, tenant=tenant, **fields)


def hand_over(*, after: datetime.timedelta | None = None) -> dict[str, int]:
    if after is None:
        return dispatch.hand_over(slug="webhook")
    with time_machine.travel(timezone.now() + after):
        return dispatch.hand_over(slug="webhook")


def test_an_event_is_told_once_to_an_endpoint_however_many_people_are_told(
    receiver: Gateway, endpoint: WebhookEndpoint, owner: User, member: User, tenant: Tenant
) -> None:
    for _ in range(2):  # and whoever tells it again
        tell([owner, member], tenant, event="happened")
    assert hand_over() == {"accepted": 1}
    body = verified(receiver.calls[0], endpoint.secret)
    assert body["type"] == "notification.created"
    data = body["data"]
    assert (data["title"], data["category"], data["priority"]) == ("Hello", "info", "medium")
    assert "notification_id" not in data, "nobody's own row of their inbox"
    assert {member.email, owner.email} & set(str(body).split("'")) == set()


def test_a_problem_of_the_platform_is_told_to_its_own_endpoints_alone(
    receiver: Gateway, endpoint: WebhookEndpoint, platforms: WebhookEndpoint, admin: User
) -> None:
    incident = helpers.see(helpers.problem(Priority.HIGH))
    incidents.resolve(incident=incident, summary="Now: all is well.", now=timezone.now())
    assert hand_over() == {"accepted": 2}
    bodies = [verified(call, platforms.secret) for call in receiver.calls]
    assert [body["type"] for body in bodies] == ["incident.opened", "incident.resolved"]
    assert {body["data"]["incident"] for body in bodies} == {str(incident.pk)}
    assert {call.target for call in receiver.calls} == {"/platform"}


def test_a_failure_is_tried_again_under_the_same_id_and_all_of_it_is_on_record(
    receiver: Gateway, endpoint: WebhookEndpoint, owner: User, tenant: Tenant
) -> None:
    receiver.will(answer(500), drop, answer(200))
    tell([owner], tenant)
    assert hand_over() == {"try_again": 1}
    assert hand_over() == {}, "not before its time"
    assert hand_over(after=HOUR) == {"unknown": 1}
    assert hand_over(after=2 * HOUR) == {"accepted": 1}
    assert len({call.headers["webhook-id"] for call in receiver.calls}) == 1
    page = signed_in(owner).get(f"/api/notifications/webhooks/{endpoint.pk}/deliveries/").json()
    (shown,) = page["results"]
    assert (shown["state"], shown["id"]) == ("sent", receiver.calls[0].headers["webhook-id"])
    assert [(one["number"], one["outcome"], one["reason"]) for one in shown["tries"]] == [
        (1, "try_again", "HTTP 500 Internal Server Error."),
        (2, "unknown", "It broke the connection off, or answered with something that is no HTTP."),
        (3, "accepted", ""),
    ]


def test_what_was_given_up_is_sent_again_by_a_replay(
    receiver: Gateway, endpoint: WebhookEndpoint, owner: User, tenant: Tenant
) -> None:
    receiver.will(answer(500))
    tell([owner], tenant)
    for attempt in range(Webhook.attempts):
        assert hand_over(after=attempt * 48 * HOUR) == {"try_again": 1}
    row = Delivery.objects.get(channel="webhook")
    assert (row.state, row.attempts) == ("dead", Webhook.attempts)
    receiver.will(answer(200))
    webhooks.enable(endpoint_id=endpoint.pk)
    path = f"/api/notifications/webhooks/{endpoint.pk}/replay/"
    wish = {"since": (timezone.now() - HOUR).isoformat(), "only_failed": True}
    assert signed_in(owner).post(path, wish).json()["replayed_count"] == 1
    assert hand_over() == {"accepted": 1}
    assert {call.headers["webhook-id"] for call in receiver.calls} == {str(row.pk)}


def test_a_test_is_handed_over_and_changes_nobodys_inbox(
    receiver: Gateway, endpoint: WebhookEndpoint, owner: User
) -> None:
    sent = signed_in(owner).post(f"/api/notifications/webhooks/{endpoint.pk}/test/").json()["delivery"]
    assert hand_over() == {"accepted": 1}
    (call,) = receiver.calls
    assert call.headers["webhook-id"] == sent["id"]
    assert verified(call, endpoint.secret)["type"] == "webhook.test"
    assert not Notification.objects.exists()


def test_one_that_is_full_does_not_keep_the_others_waiting(
    receiver: Gateway, endpoint: WebhookEndpoint, owner: User, tenant: Tenant
) -> None:
    """Ten messages behind one that asked for patience cost no further call of it."""
    receiver.will(answer(429, Retry_After="300"))
    for _ in range(10):
        tell([owner], tenant)
    assert hand_over() == {"try_again": 10}
    assert len(receiver.calls) == 1
    receiver.will(answer(200))
    assert hand_over(after=HOUR) == {"accepted": 10}


def test_that_one_was_disabled_is_told_to_the_others(
    receiver: Gateway, endpoint: WebhookEndpoint, owner: User, tenant: Tenant
) -> None:
    receiver.will(answer(410), answer(200))
    tell([owner], tenant)
    second = webhooks.create(tenant_id=tenant.pk, owner=owner, url=f"{receiver.url}/second", categories=["error"])
    assert hand_over() == {"refused": 1, "accepted": 1}
    assert verified(receiver.calls[1], second.secret)["data"]["kind"] == "webhook_disabled"
    assert Notification.objects.get(kind="webhook_disabled").recipient == owner
