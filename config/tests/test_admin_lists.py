"""Every list of the admin: as many queries for thirty rows as for three, and bounded where the table is large."""

import datetime
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.admin import base
from accounts.fields import first_id
from accounts.models import IdempotentReply, SignIn, User
from config.tests.admin_rows import MAKES, Cast, address, message
from notifications import models as told
from sms import models as sent
from tenants.scope import all_tenants

pytestmark = pytest.mark.django_db
ROOMS = ("accounts", "tenants", "sms", "notifications")
#: Without a page: other people's replies word for word, and marks for programs that say nothing to a person.
HIDDEN: set[type[models.Model]] = {IdempotentReply, told.MissedChange, told.ReplayedEvent}
#: Tables that grow with messages, people's days or the monitor's runs: never counted, never sorted.
LARGE = [
    *(sent.Message, sent.Batch, sent.Attempt, sent.Receipt, sent.CreditEntry, sent.CreditFall, sent.Contact),
    *(sent.GroupMember, sent.NumberReview, sent.MessageCount, sent.PlatformCount, sent.TenantCount),
    *(told.Notification, told.Delivery, told.DeliveryAttempt, told.Incident, told.IncidentEvent, told.MonitorRun),
    *(told.CheckResult, told.IncidentAudience, SignIn),
]
HISTORY = [
    *(told.MonitorRun, told.IncidentEvent, told.DeliveryAttempt, told.CheckResult, told.ThresholdChange, SignIn),
    *(sent.Attempt, sent.Receipt, sent.CreditEntry, sent.CreditGrant, sent.CreditFall, sent.RouteMove, sent.Message),
]


def test_every_model_of_ours_has_its_list_but_for_these() -> None:
    ours = {model for room in ROOMS for model in apps.get_app_config(room).get_models()}
    assert ours - set(admin.site._registry) == HIDDEN
    assert set(MAKES) == set(admin.site._registry)


@pytest.mark.parametrize("model", MAKES, ids=lambda model: model._meta.model_name)
def test_thirty_rows_cost_what_three_do(model: type[models.Model], client: Client, staff: User) -> None:
    client.force_login(staff)
    cast = Cast()

    def cost(rows: int) -> int:
        with all_tenants(because="rows of many tenants"):
            while model._default_manager.count() < rows:
                cast.make(model)
        with CaptureQueriesContext(connection) as asked:
            reply = client.get(address(model))
        assert reply.status_code == 200
        assert reply.context["cl"].result_count == model_count(model)
        return len(asked)

    cost(3)  # the first page of a session has to find out more
    assert cost(3) == cost(30)


def model_count(model: type[models.Model]) -> int:
    with all_tenants(because="the test counts"):
        return int(model._default_manager.count())


@pytest.mark.parametrize("model", LARGE, ids=lambda model: model._meta.model_name)
def test_a_large_table_is_neither_counted_nor_sorted(
    model: type[models.Model], client: Client, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "MOST_COUNTED", 2)
    client.force_login(staff)
    cast = Cast()
    with all_tenants(because="rows of many tenants"):
        for _ in range(3):
            cast.make(model)
    with CaptureQueriesContext(connection) as asked:
        listed = client.get(address(model)).context["cl"]
    assert (listed.result_count, listed.sortable_by) == (2, ())
    counts = [one["sql"] for one in asked if "COUNT(*)" in one["sql"] and f'"{model._meta.db_table}"' in one["sql"]]
    assert len(counts) == 1
    assert "LIMIT 2" in counts[0]
    assert admin.site._registry[model].get_ordering(None) == ("-id",)  # type: ignore[arg-type]


@pytest.mark.parametrize("model", HISTORY, ids=lambda model: model._meta.model_name)
def test_nobody_changes_history(model: type[models.Model], client: Client, admin: User) -> None:
    with all_tenants(because="a row of some tenant"):
        row = Cast().make(model)
    client.force_login(admin)
    assert client.get(address(model, "add")).status_code == 403
    assert client.post(address(model, "change", row.pk), {"text": "Never happened"}).status_code == 403
    assert client.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403


def test_an_id_finds_its_row_and_times_go_by_ids(client: Client, staff: User) -> None:
    client.force_login(staff)
    with all_tenants(because="messages of two tenants"):
        cast = Cast()
        mine = cast.make(sent.Message)
        old = first_id(timezone.now() - datetime.timedelta(hours=2))
        sent.Message.objects.create(pk=old, **message(cast, 0) | {"tenant": mine.tenant})

    def found(query: str) -> set[Any]:
        reply = client.get(address(sent.Message) + query)
        assert reply.status_code == 200
        return {row.pk for row in reply.context["cl"].result_list}

    assert found(f"?q={mine.pk}") == {mine.pk}
    assert found("?q=%2B255754123456") == {mine.pk, old}
    assert found("?lately=1") == {mine.pk}
    assert found("?lately=24") == {mine.pk, old}
    assert found(f"?tenant__id__exact={mine.tenant_id}&status__exact=queued&provider=twilio") == set()


def test_an_empty_list_offers_to_reset_only_what_is_set(client: Client, staff: User) -> None:
    client.force_login(staff)
    empty = client.get(address(told.WebhookEndpoint)).content.decode()
    assert "Nothing here yet" in empty
    assert "Reset filters" not in empty
    for narrowed in ("?q=pigeon", "?is_active__exact=1"):
        page = client.get(address(told.WebhookEndpoint) + narrowed).content.decode()
        assert "Nothing matches" in page
        assert "Reset filters" in page
