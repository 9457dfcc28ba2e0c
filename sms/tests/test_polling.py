"""Gateways that post no receipts are asked for them."""

import datetime
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from sms.models import Message, Receipt, Status
from sms.services import poll_reports
from sms.tasks import poll_reports as task
from sms.tests import gateway as gateways
from sms.tests.gateway import Gateway, answer
from sms.tests.helpers import make_message, number
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]


@pytest.fixture
def gateway(gateway: Gateway, settings: Settings) -> Gateway:
    settings.SMS_HTTP_GATEWAYS = {
        "beem": {
            "profile": "beem",
            "api_key": "k",
            "secret_key": "s",
            "report_url": f"{gateway.url}/reports?dest_addr={{digits}}&request_id={{id}}",
        },
        "at": {"profile": "africas_talking", "username": "u", "api_key": "k", "send_url": gateway.url},
    }
    return gateway


def on_its_way(tenant: Tenant, index: int, *, minutes: float = 6, **fields: Any) -> Message:
    plain: dict[str, Any] = {
        "provider": "beem",
        "provider_message_id": str(index),
        "recipient": number(index),
        "status": Status.SUBMITTED,
        "submitted_at": timezone.now() - datetime.timedelta(minutes=minutes),
        "batch_id": None,
    }
    return make_message(tenant, **plain | fields)


def says(*words: str) -> gateways.Reply:
    """Reports the n-th word of the message with the number n."""

    def reply(handler: gateways.Handler) -> None:
        name = handler.path.rpartition("=")[2]
        answer(200, [{"request_id": name, "dest_addr": "1", "status": words[int(name) % len(words)]}])(handler)

    return reply


def states(*messages: Message) -> list[str]:
    for message in messages:
        message.refresh_from_db()
    return [message.status for message in messages]


def test_what_a_gateway_reports_is_applied_like_any_receipt(
    gateway: Gateway, tenant: Tenant, other_tenant: Tenant
) -> None:
    gateway.will(says("PENDING", "DELIVERED", "UNDELIVERED"))
    messages = [on_its_way(one, index) for index, one in enumerate([tenant, other_tenant] * 3)]
    assert poll_reports() == {"beem": 6}
    assert states(*messages) == ["sent", "delivered", "undelivered"] * 2
    assert Receipt.objects.filter(applied_at=None).count() == 0
    assert {call.query["dest_addr"] for call in gateway.calls} == {number(index)[1:] for index in range(6)}


def test_a_message_is_asked_about_after_five_minutes_and_then_every_five(
    gateway: Gateway, tenant: Tenant, time_machine: Any
) -> None:
    time_machine.move_to("2026-03-01T12:00:00Z", tick=False)
    gateway.will(says("PENDING"))
    on_its_way(tenant, 0, minutes=4.9)
    asked = []
    for minute in (0, 1, 3, 7, 12.1):
        time_machine.move_to(f"2026-03-01T12:{int(minute):02d}:{round(minute % 1 * 60):02d}Z", tick=False)
        poll_reports()
        asked.append(len(gateway.calls))
    assert asked == [0, 1, 1, 2, 3]


def test_only_what_is_on_its_way_through_a_silent_gateway_is_asked_about(gateway: Gateway, tenant: Tenant) -> None:
    gateway.will(says("DELIVERED"))
    settled: list[dict[str, Any]] = [{"status": "delivered"}, {"status": "expired"}, {"provider": "at"}]
    for index, fields in enumerate(settled):
        on_its_way(tenant, index, **fields)
    assert poll_reports() == {"beem": 0}
    assert gateway.calls == []


@pytest.mark.parametrize("reply", [answer(500), answer(429), answer(401), gateways.drop, answer(200, [{"status": 1}])])
def test_a_gateway_that_is_not_well_is_left_alone_until_the_next_turn(
    gateway: Gateway, tenant: Tenant, reply: gateways.Reply
) -> None:
    gateway.will(reply)
    messages = [on_its_way(tenant, index) for index in range(20)]
    assert poll_reports() == {"beem": 0}
    assert states(*messages) == ["submitted"] * 20
    gateway.will(says("DELIVERED"))
    Message.objects.update(asked_at=None)
    assert poll_reports() == {"beem": 20}


def test_a_gateway_that_is_not_well_is_not_asked_about_every_message(gateway: Gateway, tenant: Tenant) -> None:
    gateway.will(answer(503))
    for index in range(20):
        on_its_way(tenant, index)
    poll_reports()
    assert len(gateway.calls) == 8  # as many as run at once
    assert Message.objects.filter(asked_at=None).count() == 12


def test_the_task_asks_for_the_whole_platform(gateway: Gateway, tenant: Tenant, other_tenant: Tenant) -> None:
    gateway.will(says("DELIVERED"))
    for index, one in enumerate((tenant, other_tenant)):
        on_its_way(one, index)
    assert task() == {"beem": 2}
