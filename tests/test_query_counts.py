"""How many queries each read costs: a number that is written down, and that more rows do not change."""

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from conftest import signed_in
from notifications import incidents, thresholds
from notifications.delivery import to_endpoints
from notifications.models import (
    CheckResult,
    Delivery,
    DeliveryAttempt,
    Incident,
    IncidentAudience,
    MaintenanceOccurrence,
    MaintenanceWindow,
    NotificationTemplate,
    WebhookEndpoint,
)
from notifications.tests import helpers
from notifications.tests.helpers import tell
from sms import services as sms
from sms.models import Contact, ContactGroup, MessageTemplate
from sms.tests.helpers import make_message, number
from tenants import services as tenants
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests import routes

API, SMS = "api/notifications/", "api/sms/"
#: Every GET, and its queries. One of them finds the session and whose it is.
COSTS = {
    "api/auth/profile/": 2,
    "api/auth/settings/profile/": 2,
    "api/tenants/": 2,
    "api/tenants/<uuid:tenant_id>/members/": 3,  # whether I am one, and all of them
    f"{SMS}messages/<uuid:message_id>/": 4,  # which tenant I work in, the message, and its timeline
    f"{SMS}messages/": 3,
    f"{SMS}batches/": 3,
    f"{SMS}batches/<uuid:batch_id>/": 4,
    f"{SMS}contacts/": 4,
    f"{SMS}contacts/<uuid:contact_id>/": 4,
    f"{SMS}contacts/export.csv": 3,
    f"{SMS}groups/": 3,
    f"{SMS}groups/<uuid:group_id>/": 3,
    f"{SMS}templates/": 3,
    f"{SMS}templates/<uuid:template_id>/": 3,
    f"{SMS}balance/": 3,
    f"{SMS}ledger/": 3,
    f"{SMS}ledger/statement.csv": 3,
    f"{SMS}statistics/": 4,
    API: 2,
    f"{API}recent/": 0,  # stored
    f"{API}real/": 2,
    f"{API}unread-count/": 2,
    f"{API}stats/": 5,
    f"{API}<uuid:notification_id>/": 2,
    f"{API}<uuid:notification_id>/deliveries/": 4,  # the notification, its deliveries, and their attempts
    f"{API}settings/": 5,  # which tenant I work in, my wishes and the choices that they are made of, and the row
    f"{API}preferences/": 4,
    f"{API}preferences/tenant/": 3,
    f"{API}preferences/platform/": 2,
    # whom, the tenant they work in and whether they manage it, endpoints, their wishes (for the inbox and again for
    # the plan); and the storm brake, where a channel is set up
    f"{API}system/explain/": 9,
    f"{API}templates/": 2,
    f"{API}templates/<uuid:template_id>/": 2,
    f"{API}system/health-check/": 2,  # again within HEALTH_CHECK_MAX_AGE
    f"{API}system/create/<uuid:job_id>/": 2,
    f"{API}system/history/": 2,
    f"{API}system/uptime/": 2,
    f"{API}system/thresholds/": 2,
    f"{API}system/thresholds/<slug:check>/<slug:name>/history/": 2,
    f"{API}system/incidents/": 4,  # the page, and how many are in which state
    f"{API}system/incidents/<uuid:incident_id>/": 6,  # its timeline, what came of it, who was told and how many
    f"{API}system/incidents/<uuid:incident_id>/timeline/": 3,
    f"{API}system/maintenance/": 2,
    f"{API}system/maintenance/<uuid:window_id>/": 3,
    f"{API}system/maintenance/<uuid:window_id>/occurrences/": 3,
    f"{API}webhooks/": 3,
    f"{API}webhooks/<uuid:endpoint_id>/": 3,
    f"{API}webhooks/<uuid:endpoint_id>/deliveries/": 5,  # the webhook, what it was sent, and every attempt
    f"{API}system/webhooks/": 2,
    f"{API}system/webhooks/<uuid:endpoint_id>/": 2,
    f"{API}system/webhooks/<uuid:endpoint_id>/deliveries/": 4,
}
#: Sent on to its own process, which is counted in notifications/tests/test_stream.py.
ELSEWHERE = f"{API}stream/"
#: What a read cannot do without.
QUERIES = {f"{API}system/explain/": "?user=owner@acme.test&kind=sms_credit_low"}
FEW, MANY = 2, 20


class Reader:
    """An admin who owns a tenant, with one of everything and then some."""

    def __init__(self, user: User, tenant: Tenant) -> None:
        self.user, self.tenant = user, tenant
        self.things = routes.real_things(user=user, tenant=tenant)
        self.client: APIClient = signed_in(user)
        self.rows = 0

    def grow(self, rows: int) -> None:
        """So many of each thing that a read could stumble over one by one."""
        for index in range(self.rows, rows):
            tell(self.user, f"Number {index}", tenant=self.tenant, status=["unread", "read", "archived"][index % 3])
            helpers.see(helpers.problem(scope=f"tenant:{index}"))
            self._grow_incidents(index)
            words = {"kind": "announcement", "title": "$title", "message": "$message", "notification_type": "info"}
            NotificationTemplate.objects.create(name=f"Number {index}", priority="low", is_active=False, **words)
            other = Tenant.objects.create(name=f"Number {index}", slug=f"number-{index}")
            tenants.add_member(tenant=other, user=self.user)
            colleague = User.objects.create_user(f"number-{index}@acme.test")
            tenants.add_member(tenant=self.tenant, user=colleague)
            make_message(self.tenant, batch_id=self.things["batch_id"])
            self._grow_sms(index)
            self._grow_history(index, other)
            self._grow_webhooks()
        self.rows = rows

    def _grow_history(self, index: int, tenant: Tenant) -> None:
        now = timezone.now()
        for span, age in (("minute", index), ("hour", 60 * index)):
            at = now - datetime.timedelta(minutes=age)
            CheckResult.objects.create(check_slug="database", span=span, at=at, ok=1, more={f"number_{index}": 1})
        thresholds.set_threshold(check="sms_credits", name="warning", value=50 + index, actor=self.user, tenant=tenant)

    def _grow_incidents(self, index: int) -> None:
        """Each in the hands of others, and one with a long story."""
        admin = User.objects.create_user(f"admin-{index}@acme.test", is_staff=True)
        mine = helpers.see(helpers.problem(scope=f"number:{index}"))
        incidents.acknowledge(incident=mine, actor=admin)
        incidents.assign(incident=mine, actor=admin, assignee=admin)
        if index % 2:
            incidents.close(incident=mine, actor=admin, resolution="Done.")
        told_of = Incident.objects.get(pk=self.things["incident_id"])
        incidents.comment(incident=told_of, actor=admin, text=f"Number {index}")
        IncidentAudience.objects.create(incident=told_of, user=admin, was_told=True)
        began = timezone.now() - datetime.timedelta(days=index + 1)
        kept = {f"Number {number}": number + 1 for number in range(index)}
        window = MaintenanceWindow.objects.create(
            title=f"Number {index}",
            author=admin,
            tenant=self.tenant,
            starts_at=began,
            minutes=60,
            weekdays=[index % 7],
        )
        for one in (window.pk, self.things["window_id"]):
            MaintenanceOccurrence.objects.create(window_id=one, starts_at=began, ends_at=began, suppressed=kept)

    def _grow_webhooks(self) -> None:
        for name in ("endpoint_id", "system_endpoint_id"):
            endpoint = WebhookEndpoint.objects.get(pk=self.things[name])
            colleague = User.objects.filter(email__startswith="number-").last()
            WebhookEndpoint.objects.create(tenant_id=endpoint.tenant_id, owner=colleague, url=endpoint.url, secret="x")
            sent = to_endpoints.ping(endpoint=endpoint)
            Delivery.objects.filter(pk=sent.pk).update(state="sent")
            for number_of in (1, 2):
                DeliveryAttempt.objects.create(delivery=sent, number=number_of, outcome="try_again")

    def _grow_sms(self, index: int) -> None:
        with tenant_scope(self.tenant.pk):
            mine: dict[str, Any] = {"tenant": self.tenant, "name": f"Number {index}"}
            group = ContactGroup.objects.create(**mine)
            to = number(100 + index)
            contact = Contact.objects.create(phone_number=to, raw_phone_number=to, **mine)
            for key in (group.pk, self.things["group_id"]):
                contact.groups.create(tenant=self.tenant, group_id=key)
            group.members.create(tenant=self.tenant, contact_id=self.things["contact_id"])
            MessageTemplate.objects.create(text="Hi $name", **mine)
            sms.top_up(tenant_id=self.tenant.pk, credits=100, actor=self.user)
            sms.queue_messages(
                tenant_id=self.tenant.pk, addressees=[sms.Addressee(to, "Hi")], sender_id="Acme", author=self.user
            )

    def cost(self, path: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            answer = self.client.get(path)
            content = answer.getvalue()  # a file is read while it is sent
        assert answer.status_code == 200, content
        return len(queries)


@pytest.fixture
def reader(owner: User, tenant: Tenant, settings: Settings) -> Reader:
    settings.HEALTH_CHECK_MAX_AGE = settings.IDEMPOTENCY_KEPT
    owner.is_staff = True
    owner.save()
    return Reader(owner, tenant)


@pytest.mark.parametrize("rows", [FEW, MANY])
def test_every_read_costs_what_it_did_however_many_rows_there_are(rows: int, reader: Reader) -> None:
    reader.grow(rows)
    found = {}
    for route in COSTS:
        path = routes.address(route, reader.things) + QUERIES.get(route, "")
        reader.client.get(path)  # the first time makes settings, runs the checks, stores the poll
        found[route] = reader.cost(path)
    assert found == COSTS


@pytest.mark.django_db(transaction=True)
def test_a_poll_of_a_changed_inbox_costs_one_query_however_many_rows_there_are(reader: Reader) -> None:
    path = f"/{API}recent/?limit=50"
    for rows in (FEW, MANY):
        reader.grow(rows)
        reader.client.get(path)
        tell(reader.user)
        assert [reader.cost(path), reader.cost(path)] == [1, 0]


def test_filters_and_full_pages_cost_no_more(reader: Reader) -> None:
    reader.grow(MANY)
    for route, size in ((API, "page_size"), (f"{API}real/", "limit")):
        for filters in ("status=unread&type=info&priority=medium&is_system=false", "search=number", ""):
            assert reader.cost(f"/{route}?{size}=100&{filters}") == COSTS[route], (route, filters)


def test_every_read_has_its_costs(reader: Reader) -> None:
    reads: set[Any] = {
        route for route in routes.WITH_DATA if "get" in routes.methods(reader.client, route, reader.things)
    }
    assert reads == {*COSTS, ELSEWHERE}
