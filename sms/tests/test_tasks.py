"""Celery's way in. A Celery message is only a hint: losing or repeating one loses and repeats nothing."""

import pytest
from celery import current_app
from pytest_django import DjangoCaptureOnCommitCallbacks
from uuid_utils.compat import uuid7

from sms import tasks
from sms.models import Message, Status
from sms.providers import simulator
from sms.services import deliver, queue_messages
from sms.tests.helpers import hints, make_message, number
from tenants.models import Tenant
from tenants.scope import TenantScopeMissing, all_tenants, current_scope

pytestmark = pytest.mark.django_db


def test_delivering_says_how_many_ended_how(tenant: Tenant, other_tenant: Tenant) -> None:
    messages = [
        make_message(tenant),
        make_message(other_tenant),
        make_message(tenant, recipient="invalid"),
        make_message(tenant, status=Status.SENT),
    ]
    ids = [*(str(message.pk) for message in messages), str(uuid7())]
    assert tasks.deliver_messages(ids) == {"submitted": 2, "rejected": 1, "taken": 2}


def test_a_repeated_hint_sends_nothing_twice(tenant: Tenant) -> None:
    ids = [str(make_message(tenant).pk)]
    assert tasks.deliver_messages(ids + ids) == {"submitted": 1, "taken": 1}
    assert tasks.deliver_messages(ids) == {"taken": 1}
    assert simulator.counters() == {"accepted": 1, "duplicates": 0}


def test_the_sweep_tends_every_tenant(tenant: Tenant, other_tenant: Tenant) -> None:
    for one in (tenant, other_tenant):
        make_message(one, status=Status.UNKNOWN)
    assert tasks.sweep() == {"lost_claims": 0, "asked": 2, "expired": 0, "handed_out": 2, "parked": 0}


def test_squashing_says_how_many_rows_it_saved(tenant: Tenant) -> None:
    for _ in range(3):
        make_message(tenant, status_changed_at="2026-01-02T10:00:00Z")
    assert tasks.squash_counts() == {"merged": 2}


def test_tasks_leave_no_scope_behind(tenant: Tenant) -> None:
    tasks.deliver_messages([str(make_message(tenant).pk)])
    tasks.sweep()
    assert current_scope() is None


def test_a_worker_that_forgot_its_scope_is_told_so(tenant: Tenant) -> None:
    message = make_message(tenant)
    with pytest.raises(TenantScopeMissing):
        deliver(message_id=message.pk)


def test_a_hint_on_the_broker_is_all_that_a_worker_needs(
    tenant: Tenant, topped_up: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with all_tenants(because="the test plays the API"), django_capture_on_commit_callbacks(execute=True):
        batch = queue_messages(tenant_id=tenant.pk, recipients=[number(1), number(2)], text="Hello", sender_id="Acme")
    ids = [message.pk for message in batch.messages]
    (mine,) = [chunk for chunk in hints() if set(chunk) & set(ids)]
    task = current_app.tasks["sms.tasks.deliver_messages"]
    assert task([str(key) for key in mine]) == {"submitted": 2}
    with all_tenants(because="the test looks at its messages"):
        assert set(Message.objects.values_list("id", "status")) == {(key, "submitted") for key in ids}
