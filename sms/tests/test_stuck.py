"""`Message.objects.stuck()`: what is on its way for too long, though nothing explains it."""

import datetime
from typing import Any

import pytest

from sms.models import Message
from sms.tests.helpers import make_message
from tenants.models import Tenant
from tenants.scope import tenant_scope

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]
NOW = datetime.datetime(2027, 1, 2, 10, 0, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)
SECOND = datetime.timedelta(seconds=1)


def is_stuck(tenant: Tenant, **fields: Any) -> bool:
    message = make_message(tenant, **{"status_changed_at": NOW - HOUR - SECOND} | fields)
    return message in Message.objects.stuck(now=NOW, after=HOUR)


@pytest.mark.parametrize("status", ["queued", "claimed", "submitted", "sent", "unknown"])
def test_what_is_pending_or_sending_for_longer_is_stuck(tenant: Tenant, status: str) -> None:
    assert is_stuck(tenant, status=status)


@pytest.mark.parametrize("status", ["delivered", "undelivered", "rejected", "expired", "cancelled"])
def test_what_is_settled_is_not_stuck(tenant: Tenant, status: str) -> None:
    assert not is_stuck(tenant, status=status)


@pytest.mark.parametrize(("age", "stuck"), [(HOUR - SECOND, False), (HOUR, False), (HOUR + SECOND, True)])
def test_exactly_as_long_is_not_longer(tenant: Tenant, age: datetime.timedelta, stuck: bool) -> None:
    assert is_stuck(tenant, status="sent", status_changed_at=NOW - age) is stuck


def test_the_age_is_that_of_the_state_and_not_of_the_message(tenant: Tenant) -> None:
    assert not is_stuck(tenant, created_at=NOW - 5 * HOUR, status_changed_at=NOW - SECOND)


@pytest.mark.parametrize(("when", "stuck"), [(NOW + SECOND, False), (NOW - HOUR + SECOND, False), (NOW - HOUR, True)])
def test_what_was_scheduled_waits_since_it_was_due(tenant: Tenant, when: datetime.datetime, stuck: bool) -> None:
    assert is_stuck(tenant, status="queued", next_attempt_at=when) is stuck


@pytest.mark.parametrize(("until", "stuck"), [(NOW + SECOND, False), (NOW, True), (NOW - SECOND, True)])
def test_what_the_carrier_still_has_time_for_is_not_stuck(
    tenant: Tenant, until: datetime.datetime, stuck: bool
) -> None:
    assert is_stuck(tenant, status="sent", deliver_before=until) is stuck


def test_a_passed_schedule_does_not_hide_behind_a_deadline(tenant: Tenant) -> None:
    assert not is_stuck(tenant, status="sent", next_attempt_at=NOW - HOUR, deliver_before=NOW + SECOND)
    assert is_stuck(tenant, status="sent", next_attempt_at=NOW - HOUR, deliver_before=NOW - SECOND)


def test_the_platform_sees_every_tenants_and_a_tenant_its_own(tenant: Tenant, other_tenant: Tenant) -> None:
    for one in (tenant, tenant, other_tenant):
        assert is_stuck(one)
    assert Message.objects.stuck(now=NOW, after=HOUR).count() == 3
    with tenant_scope(other_tenant.pk):
        assert Message.objects.stuck(now=NOW, after=HOUR).count() == 1
