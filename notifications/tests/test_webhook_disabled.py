"""Webhooks that are not called any more: which, and who is told."""

import datetime
import json
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from notifications import webhooks
from notifications.channels.base import Refused, TryAgain
from notifications.models import Notification, WebhookEndpoint
from notifications.tests.helpers import in_threads
from notifications.tests.webhook_receivers import (
    endpoint,
    receiver,
    send,
)
from notifications.webhooks import standing
from sms.tests.gateway import Gateway, answer
from tenants.models import Membership

__all__ = ["endpoint", "receiver"]
DAY = datetime.timedelta(days=1)


def test_410_disables_it_at_once_and_its_owner_is_told(
    receiver: Gateway, endpoint: WebhookEndpoint, owner: User
) -> None:
    receiver.will(answer(410))
    with pytest.raises(Refused, match="410 Gone"):
        send(endpoint)
    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.disabled_reason) == (False, "It answered 410 Gone.")
    (row,) = Notification.objects.filter(recipient=owner)
    assert (row.kind, row.priority, row.tenant_id) == ("webhook_disabled", "high", endpoint.tenant_id)
    assert row.title == f"A webhook was disabled: {endpoint.url.partition('?')[0]}"  # with its port
    assert "tenants-own" not in row.title + row.message + json.dumps(row.data)
    with pytest.raises(Refused, match="disabled"):
        send(endpoint)
    assert len(receiver.calls) == 1


def fail(endpoint: WebhookEndpoint, times: int) -> None:
    for _ in range(times):
        endpoint.refresh_from_db()
        with pytest.raises((TryAgain, Refused)):
            send(endpoint)


def test_it_is_disabled_when_both_many_calls_and_a_long_time_went_by_without_one_success(
    receiver: Gateway, endpoint: WebhookEndpoint, owner: User, settings: Any
) -> None:
    settings.WEBHOOK_DISABLE_FAILURES, settings.WEBHOOK_DISABLE_AFTER = 4, DAY
    receiver.will(answer(500))
    fail(endpoint, 6)  # many at once are one bad moment
    endpoint.refresh_from_db()
    assert endpoint.is_active
    with time_machine.travel(timezone.now() + DAY):
        fail(endpoint, 1)
    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.failures) == (False, 7)
    (row,) = Notification.objects.filter(recipient=owner)
    assert row.message.startswith("HTTP 500 Internal Server Error. 7 calls in a row failed.")


def test_few_failures_over_a_long_time_do_not_disable_it(
    receiver: Gateway, endpoint: WebhookEndpoint, settings: Any
) -> None:
    settings.WEBHOOK_DISABLE_FAILURES, settings.WEBHOOK_DISABLE_AFTER = 4, DAY
    receiver.will(answer(500))
    fail(endpoint, 2)
    with time_machine.travel(timezone.now() + 10 * DAY):
        fail(endpoint, 1)
    endpoint.refresh_from_db()
    assert endpoint.is_active


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_disable_it_once_and_tell_once(
    receiver: Gateway, endpoint: WebhookEndpoint, owner: User, settings: Any
) -> None:
    settings.WEBHOOK_DISABLE_FAILURES, settings.WEBHOOK_DISABLE_AFTER = 1, datetime.timedelta()

    def fail_once(_: int) -> None:
        mine = WebhookEndpoint.objects.get(pk=endpoint.pk)
        standing.failed(endpoint=mine, reason="HTTP 500 Internal Server Error.")
        standing.gone(endpoint=mine)

    in_threads(8, fail_once)
    assert Notification.objects.filter(recipient=owner, kind="webhook_disabled").count() == 1


def test_each_time_it_is_disabled_its_owner_is_told_again(
    receiver: Gateway, endpoint: WebhookEndpoint, owner: User
) -> None:
    receiver.will(answer(410))
    for times in (1, 2):
        webhooks.enable(endpoint_id=endpoint.pk)
        with pytest.raises(Refused):
            send(endpoint)
        assert Notification.objects.filter(recipient=owner).count() == times


def test_enabled_again_it_begins_anew(receiver: Gateway, endpoint: WebhookEndpoint) -> None:
    receiver.will(answer(410), answer(204))
    with pytest.raises(Refused):
        send(endpoint)
    assert webhooks.enable(endpoint_id=endpoint.pk)
    assert not webhooks.enable(endpoint_id=endpoint.pk), "it is already"
    send(endpoint)
    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.disabled_at, endpoint.disabled_reason) == (True, None, "")


def test_a_late_answer_of_the_old_address_says_nothing_of_the_new_one(endpoint: WebhookEndpoint) -> None:
    before = WebhookEndpoint.objects.get(pk=endpoint.pk)
    webhooks.change(endpoint_id=endpoint.pk, changes={"url": "https://new.example.com/"})
    standing.gone(endpoint=before)
    standing.failed(endpoint=before, reason="HTTP 500", rest=DAY)
    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.failures, endpoint.resting_until) == (True, 0, None)


Responsible = Callable[[WebhookEndpoint], set[str]]


@pytest.fixture
def told_of(db: None) -> Responsible:
    def told(endpoint: WebhookEndpoint) -> set[str]:
        standing.gone(endpoint=endpoint)
        found = Notification.objects.filter(kind="webhook_disabled", data__webhook=str(endpoint.pk))
        return set(found.values_list("recipient__email", flat=True))

    return told


def test_who_left_the_tenant_is_not_told_but_those_who_can_mend_it(
    endpoint: WebhookEndpoint, owner: User, member: User, outsider: User, told_of: Responsible
) -> None:
    Membership.objects.filter(user=owner).delete()
    Membership.objects.filter(user=member).update(role=Membership.Role.ADMIN)
    assert told_of(endpoint) == {member.email}


def test_of_the_platforms_its_maker_is_told_and_else_all_admins(
    admin: User, staff: User, owner: User, told_of: Responsible
) -> None:
    mine, theirs = (webhooks.create(tenant_id=None, owner=one, url="https://a.test/") for one in (staff, owner))
    assert told_of(mine) == {staff.email}
    assert told_of(theirs) == {admin.email, staff.email}, "its maker is no admin any more"
