"""How many queries each read costs: a number that is written down, and that more rows do not change."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from conftest import signed_in
from notifications.models import NotificationTemplate
from notifications.tests import helpers
from notifications.tests.helpers import tell
from sms.tests.helpers import make_message
from tenants import services as tenants
from tenants.models import Tenant
from tests import routes

API = "api/notifications/"
#: Every GET, and its queries. One of them finds the session and whose it is.
COSTS = {
    "api/auth/profile/": 2,
    "api/auth/settings/profile/": 2,
    "api/tenants/": 2,
    "api/tenants/<uuid:tenant_id>/members/": 3,  # whether I am one, and all of them
    "api/sms/messages/<uuid:message_id>/": 3,  # which tenant I work in, and the message
    API: 2,
    f"{API}recent/": 0,  # stored
    f"{API}real/": 2,
    f"{API}unread-count/": 2,
    f"{API}stats/": 5,
    f"{API}<uuid:notification_id>/": 2,
    f"{API}settings/": 2,
    f"{API}templates/": 2,
    f"{API}templates/<uuid:template_id>/": 2,
    f"{API}system/health-check/": 2,  # again within HEALTH_CHECK_MAX_AGE
    f"{API}system/create/<uuid:job_id>/": 2,
}
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
        for number in range(self.rows, rows):
            tell(self.user, f"Number {number}", tenant=self.tenant, status=["unread", "read", "archived"][number % 3])
            helpers.see(helpers.problem(scope=f"tenant:{number}"))
            words = {"kind": "announcement", "title": "$title", "message": "$message", "notification_type": "info"}
            NotificationTemplate.objects.create(name=f"Number {number}", priority="low", is_active=False, **words)
            other = Tenant.objects.create(name=f"Number {number}", slug=f"number-{number}")
            tenants.add_member(tenant=other, user=self.user)
            colleague = User.objects.create_user(f"number-{number}@acme.test")
            tenants.add_member(tenant=self.tenant, user=colleague)
            make_message(self.tenant)
        self.rows = rows

    def cost(self, path: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            answer = self.client.get(path)
        assert answer.status_code == 200, answer.content
        return len(queries)


@pytest.fixture
def reader(owner: User, tenant: Tenant, settings: Settings) -> Reader:
    settings.HEALTH_CHECK_MAX_AGE = settings.IDEMPOTENCY_KEPT
    owner.is_staff = True
    owner.save()
    return Reader(owner, tenant)


@pytest.mark.parametrize("route", COSTS)
def test_a_read_costs_what_it_did_however_many_rows_there_are(route: str, reader: Reader) -> None:
    path = routes.address(route, reader.things)
    costs = []
    for rows in (FEW, MANY):
        reader.grow(rows)
        reader.client.get(path)  # the first time makes settings, runs the checks, stores the poll
        costs.append(reader.cost(path))
    assert costs == [COSTS[route], COSTS[route]]


@pytest.mark.django_db(transaction=True)
def test_a_poll_of_a_changed_inbox_costs_one_query_however_many_rows_there_are(reader: Reader) -> None:
    path = f"/{API}recent/?limit=50"
    for rows in (FEW, MANY):
        reader.grow(rows)
        reader.client.get(path)
        tell(reader.user)
        assert [reader.cost(path), reader.cost(path)] == [1, 0]


@pytest.mark.parametrize("filters", ["status=unread&type=info&priority=medium&is_system=false", "search=number", ""])
@pytest.mark.parametrize("route", [API, f"{API}real/"])
def test_filters_and_full_pages_cost_no_more(route: str, filters: str, reader: Reader) -> None:
    size = "page_size" if route == API else "limit"
    reader.grow(MANY)
    assert reader.cost(f"/{route}?{size}=100&{filters}") == COSTS[route]


def test_every_read_has_its_costs(reader: Reader) -> None:
    reads: set[Any] = {
        route for route in routes.WITH_DATA if "get" in routes.methods(reader.client, route, reader.things)
    }
    assert reads == set(COSTS)
