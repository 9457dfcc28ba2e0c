"""Celery's way in. A Celery message is only a hint: losing or repeating one loses and repeats nothing."""

import pytest
from celery import current_app
from pytest_django import DjangoCaptureOnCommitCallbacks

from sms import tasks
from sms.models import Message, Status
from sms.providers import simulator
from sms.services import Addressee, dispatch, queue_messages
from sms.tests.helpers import hints, make_message, number
from tenants.models import Tenant
from tenants.scope import TenantScopeMissing, all_tenants, current_scope

pytestmark = pytest.mark.django_db


def test_dispatching_says_how_many_ended_how(tenant: Tenant, other_tenant: Tenant) -> None:
    make_message(tenant)
    make_message(other_tenant)
    make_message(tenant, recipient="invalid")
    make_message(tenant, status=Status.SENT)
    assert tasks.dispatch("simulator") == {"accepted": 2, "permanent": 1}


def test_a_repeated_hint_sends_nothing_twice(tenant: Tenant) -> None:
    make_message(tenant)
    assert tasks.dispatch("simulator") == {"accepted": 1}
    assert tasks.dispatch("simulator") == {}
    assert simulator.counters() == {"accepted": 1, "duplicates": 0}


def test_the_sweep_tends_every_tenant(tenant: Tenant, other_tenant: Tenant) -> None:
    for one in (tenant, other_tenant):
        make_message(one, status=Status.UNKNOWN)
    swept = tasks.sweep()
    assert (swept["asked"], swept["hinted"]) == (2, 1)


def test_squashing_says_how_many_rows_it_saved(tenant: Tenant) -> None:
    for _ in range(3):
        make_message(tenant, status_changed_at="2026-01-02T10:00:00Z")
    assert tasks.squash_counts() == {"merged": 3, "coarsened": 2}


def test_tasks_leave_no_scope_behind(tenant: Tenant) -> None:
    make_message(tenant)
    tasks.dispatch("simulator")
    tasks.sweep()
    assert current_scope() is None


def test_a_worker_that_forgot_its_scope_is_told_so(tenant: Tenant) -> None:
    make_message(tenant)
    with pytest.raises(TenantScopeMissing):
        dispatch(provider="simulator")


def test_a_hint_on_the_broker_is_all_that_a_worker_needs(
    tenant: Tenant, topped_up: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    addressees = [Addressee(number(index), "Hello") for index in (1, 2)]
    with all_tenants(because="the test plays the API"), django_capture_on_commit_callbacks(execute=True):
        queued = queue_messages(tenant_id=tenant.pk, addressees=addressees, sender_id="Acme")
    (provider,) = hints()
    assert current_app.tasks["sms.tasks.dispatch"](provider) == {"accepted": 2}
    with all_tenants(because="the test looks at its messages"):
        assert set(Message.objects.values_list("id", "status")) == {(key, "submitted") for key in queued.ids}
