# ruff: noqa: ARG005 (each maker is given the cast and a number, whether it needs them or not)
"""Every list of the admin: as many queries for thirty rows as for three, and bounded where the table is large."""

import datetime
import itertools
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.admin import base
from accounts.fields import first_id
from accounts.models import IdempotentReply, SignIn, SignInCount, User
from notifications import models as told
from sms import models as sent
from sms.services import Addressee, queue_messages
from tenants.models import Membership, Tenant
from tenants.scope import all_tenants

pytestmark = pytest.mark.django_db
NOW = datetime.datetime(2026, 3, 10, 12, tzinfo=datetime.UTC)
ROOMS = ("accounts", "tenants", "sms", "notifications")
#: Without a page: other people's replies word for word, and marks for programs that say nothing to a person.
HIDDEN: set[type[models.Model]] = {IdempotentReply, told.MissedChange, told.ReplayedEvent}
Row = dict[str, Any]
#: What Unfold's dialogs send along when they are filled in.
SENT = {"_form_submitted": "on"}


class Cast:
    """What the n-th row refers to: somebody and something of its own, so that whatever is asked a row shows."""

    def __init__(self) -> None:
        self.n = itertools.count()

    def user(self) -> User:
        return User.objects.create_user(f"person{next(self.n)}@acme.test")

    def tenant(self) -> Tenant:
        n = next(self.n)
        return Tenant.objects.create(name=f"Tenant {n}", slug=f"tenant-{n}")

    def make(self, model: type[models.Model]) -> Any:
        return model._default_manager.create(**MAKES[model](self, next(self.n)))


def hour(n: int) -> datetime.datetime:
    return NOW + datetime.timedelta(hours=n)


def message(cast: Cast, n: int) -> Row:
    return {"tenant": cast.tenant(), "recipient": "+255754123456", "sender_id": "ACME", "text": "Hi", "segments": 1}


def of_message(cast: Cast, n: int) -> Row:
    mine = cast.make(sent.Message)
    return {"tenant": mine.tenant, "message": mine, "number": 1, "provider": "p", "outcome": "accepted"} | {
        "started_at": NOW
    }


def member_of_group(cast: Cast, n: int) -> Row:
    group = cast.make(sent.ContactGroup)
    contact = sent.Contact.objects.create(tenant=group.tenant, phone_number=f"+25575{n:07}", raw_phone_number="x")
    return {"tenant": group.tenant, "group": group, "contact": contact}


def counted(n: int, **at: Any) -> Row:
    return {**at, "tenant_id": uuid4(), "provider": f"p{n}"}


MAKES: dict[type[models.Model], Callable[[Cast, int], Row]] = {
    User: lambda cast, n: {"email": f"somebody{n}@acme.test"},
    SignIn: lambda cast, n: {"user": cast.user(), "email": f"p{n}@acme.test", "method": "page", "outcome": "success"},
    SignInCount: lambda cast, n: {"hour": hour(n), "outcome": "success", "attempts": 1},
    Tenant: lambda cast, n: {"name": f"T{n}", "slug": f"t-{n}"},
    Membership: lambda cast, n: {"user": cast.user(), "tenant": cast.tenant()},
    sent.Message: message,
    sent.Batch: lambda cast, n: {
        "tenant": cast.tenant(),
        "author": cast.user(),
        "text": "Hi",
        "sender_id": "ACME",
        "accepted": 1,
        "segments": 1,
        "credits": 1,
    },
    sent.Attempt: of_message,
    sent.Receipt: lambda cast, n: {
        "provider": "p",
        "provider_message_id": str(n),
        "status": "delivered",
        "occurred_at": NOW,
    },
    sent.CreditAccount: lambda cast, n: {"tenant": cast.tenant(), "available": n, "balance_after_last_top_up": n % 2},
    sent.CreditEntry: lambda cast, n: {
        "tenant": cast.tenant(),
        "kind": "top_up",
        "reference": str(n),
        "available_delta": 1,
        "actor": cast.user(),
    },
    sent.CreditGrant: lambda cast, n: {"tenant": cast.tenant(), "amount": 2, "remaining": 1},
    sent.CreditFall: lambda cast, n: {
        "tenant": cast.tenant(),
        "top_up": n,
        "percent_before": 30,
        "percent": 20,
        "available": 1,
        "balance_after_top_up": 5,
    },
    sent.Contact: lambda cast, n: {
        "tenant": cast.tenant(),
        "phone_number": f"+25575{n:07}",
        "raw_phone_number": "x",
    },
    sent.ContactGroup: lambda cast, n: {"tenant": cast.tenant(), "name": f"Group {n}"},
    sent.GroupMember: member_of_group,
    sent.MessageTemplate: lambda cast, n: {"tenant": cast.tenant(), "name": f"Template {n}", "text": "Hi"},
    sent.NumberReview: lambda cast, n: {
        "run_id": uuid4(),
        "subject": "contact",
        "subject_id": uuid4(),
        "raw": "x",
        "outcome": "refused",
    },
    sent.Route: lambda cast, n: {"tenant": cast.tenant(), "provider": "simulator"},
    sent.ProviderState: lambda cast, n: {"provider": f"p{n}"},
    sent.RouteMove: lambda cast, n: {
        "provider": "p",
        "share_before": 100,
        "share_after": 0,
        "reason": "It is silent.",
    },
    sent.MessageCount: lambda cast, n: counted(n, minute=NOW) | {"status": "sent", "failure_reason": "", "delta": 1},
    sent.PlatformCount: lambda cast, n: {
        "span": "hour",
        "at": hour(n),
        "provider": "p",
        "status": "sent",
        "failure_reason": "",
        "messages": 1,
    },
    sent.TenantCount: lambda cast, n: counted(n, hour=NOW) | {"status": "sent", "failure_reason": "", "messages": 1},
    sent.TenantTally: lambda cast, n: {"slot": NOW, "tenant_id": uuid4(), "delivered": 1},
    sent.DeliveryTime: lambda cast, n: counted(n, minute=NOW) | {"bucket": 1, "delta": 1},
    sent.PlatformDeliveryTime: lambda cast, n: {
        "span": "hour",
        "at": hour(n),
        "provider": "p",
        "bucket": 1,
        "messages": 1,
    },
    sent.TenantDeliveryTime: lambda cast, n: counted(n, hour=NOW) | {"bucket": 1, "messages": 1},
    told.Notification: lambda cast, n: {
        "recipient": cast.user(),
        "tenant": cast.tenant(),
        "kind": "note",
        "notification_type": "info",
        "title": "Hello",
        "message": "",
    },
    told.Announcement: lambda cast, n: {
        "author": cast.user(),
        "audience": "admins",
        "title": "Hello",
        "message": "",
        "target_count": 1,
        "notification_type": "info",
        "priority": "low",
    },
    told.Incident: lambda cast, n: {
        "kind": "sms_service",
        "scope": str(n),
        "priority": "high",
        "title": "It is bad",
        "summary": "Very.",
        "assignee": cast.user(),
    },
    told.IncidentEvent: lambda cast, n: {
        "incident": cast.make(told.Incident),
        "kind": "opened",
        "actor": cast.user(),
    },
    told.IncidentAudience: lambda cast, n: {
        "incident": cast.make(told.Incident),
        "user": cast.user(),
        "was_told": True,
    },
    told.Suspicion: lambda cast, n: {"tenant": cast.tenant(), "kind": "sms_service", "scope": str(n), "since": NOW},
    told.MaintenanceWindow: lambda cast, n: {
        "title": "Upgrade",
        "starts_at": NOW,
        "minutes": 5,
        "tenant": cast.tenant(),
        "author": cast.user(),
    },
    told.MaintenanceOccurrence: lambda cast, n: {
        "window": cast.make(told.MaintenanceWindow),
        "starts_at": hour(n),
        "ends_at": hour(n + 1),
    },
    told.MonitorRun: lambda cast, n: {"started_at": NOW, "finished_at": NOW, "state": "ok", "report": {}},
    told.MonitorLease: lambda cast, n: {"name": f"lease{n}", "token": n, "holder": "me", "expires_at": NOW},
    told.CheckResult: lambda cast, n: {"check_slug": "database", "span": "hour", "at": hour(n), "ok": 60},
    told.Threshold: lambda cast, n: {
        "tenant": cast.tenant(),
        "check_slug": "sms_credits",
        "name": "low",
        "value": 1,
    },
    told.ThresholdChange: lambda cast, n: {
        "tenant": cast.tenant(),
        "check_slug": "sms_credits",
        "name": "low",
        "version": 1,
        "actor": cast.user(),
    },
    told.Delivery: lambda cast, n: {
        "key": str(n),
        "channel": "email",
        "recipient": cast.user(),
        "priority": "low",
        "content": {},
    },
    told.DeliveryAttempt: lambda cast, n: {
        "delivery": cast.make(told.Delivery),
        "number": 1,
        "outcome": "accepted",
    },
    told.SmsSpending: lambda cast, n: {"day": (NOW + datetime.timedelta(days=n)).date(), "credits": 1},
    told.WebhookEndpoint: lambda cast, n: {
        "tenant": cast.tenant(),
        "owner": cast.user(),
        "url": "https://hooks.example.com/",
        "secret": "whsec_x",
    },
    told.NotificationTemplate: lambda cast, n: {
        "name": f"Words {n}",
        "kind": f"kind{n}",
        "title": "Hi",
        "message": "",
        "priority": "low",
        "notification_type": "info",
    },
    told.NotificationSettings: lambda cast, n: {"user": cast.user()},
    told.ChannelChoice: lambda cast, n: {
        "user": cast.user(),
        "category": "info",
        "channel": "email",
        "when": "off",
    },
}
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


def address(model: type[models.Model], page: str = "changelist", *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


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


# --- What can be done --------------------------------------------------------------------------------------------


@pytest.fixture
def act(client: Client, staff: User) -> Callable[..., str]:
    """Does an action to rows as somebody who is no superuser; returns what is said of it."""
    client.force_login(staff)

    def does(model: type[models.Model], action: str, *rows: Any) -> str:
        wish = {"action": action, "_selected_action": [row.pk for row in rows]}
        reply = client.post(address(model), wish, follow=True)
        return " ".join(str(one) for one in reply.context["messages"])

    return does


def test_incidents_are_acknowledged_and_resolved(act: Callable[..., str], staff: User, client: Client) -> None:
    incident = Cast().make(told.Incident)
    assert act(told.Incident, "acknowledge", incident) == "1 acknowledged."
    incident.refresh_from_db()
    assert (incident.state, incident.acknowledged_by) == ("acknowledged", staff)
    assert act(told.Incident, "resolve", incident).startswith("1 resolved.")
    incident.refresh_from_db()
    assert (incident.state, incident.resolved_by, incident.resolution) == ("resolved", staff, "Resolved by Sam.")
    assert "1 are resolved" in act(told.Incident, "acknowledge", incident)
    assert act(told.Incident, "resolve", incident).startswith("0 resolved.")
    page = client.get(address(told.Incident, "change", incident.pk)).content.decode()
    assert "Resolved by Sam." in page  # the timeline is on its page


def test_an_incident_is_commented_and_resolved_on_its_page_in_ones_own_words(client: Client, staff: User) -> None:
    incident = Cast().make(told.Incident)
    client.force_login(staff)
    assert client.post(address(told.Incident, "comment_on_it", incident.pk), SENT | {"text": " "}).status_code == 200
    assert not incident.timeline.exists()  # an empty one is asked for again
    reply = client.post(address(told.Incident, "comment_on_it", incident.pk), SENT | {"text": "On it."})
    assert reply.headers["HX-Redirect"] == address(told.Incident, "change", incident.pk)
    assert client.get(address(told.Incident, "resolve_it", incident.pk)).status_code == 200
    client.post(address(told.Incident, "resolve_it", incident.pk), SENT | {"resolution": "Sent again."})
    incident.refresh_from_db()
    assert (incident.resolution, incident.resolved_by) == ("Sent again.", staff)
    assert [one.text for one in incident.timeline.order_by("id")] == ["On it.", "Sent again."]
    for wrong in (uuid4(), "pigeon"):
        assert client.post(address(told.Incident, "resolve_it", wrong), SENT | {"resolution": "x"}).status_code == 404


def test_an_empty_list_offers_to_reset_only_what_is_set(client: Client, staff: User) -> None:
    client.force_login(staff)
    empty = client.get(address(told.WebhookEndpoint)).content.decode()
    assert "Nothing here yet" in empty
    assert "Reset filters" not in empty
    for narrowed in ("?q=pigeon", "?is_active__exact=1"):
        page = client.get(address(told.WebhookEndpoint) + narrowed).content.decode()
        assert "Nothing matches" in page
        assert "Reset filters" in page


def test_what_is_over_is_reopened_on_its_page_unless_it_opened_anew(client: Client, staff: User) -> None:
    incident = Cast().make(told.Incident)
    client.force_login(staff)
    resolve, reopen = (address(told.Incident, name, incident.pk) for name in ("resolve_it", "reopen_it"))

    def offered() -> list[str]:
        page = client.get(address(told.Incident, "change", incident.pk)).content.decode()
        return [one for one in (resolve, reopen) if one in page]

    assert offered() == [resolve]
    client.post(resolve, SENT | {"resolution": "Sent again."})
    assert offered() == [reopen]
    assert client.post(reopen, SENT | {"reason": "Still no VAT."}).headers["HX-Redirect"]
    incident.refresh_from_db()
    assert (incident.state, incident.reopens, incident.resolution) == ("open", 1, "")
    assert incident.timeline.latest("id").text == "Still no VAT."


def test_credits_are_added_once_a_reference(client: Client, staff: User, topped_up: None, tenant: Tenant) -> None:
    client.force_login(staff)
    page = address(sent.CreditAccount, "top_up", tenant.pk)
    assert b"admin-" in client.get(page).content  # each dialog brings a reference of its own
    for wrong in ("0", "-5", "many", "1.5", ""):
        assert "HX-Redirect" not in client.post(page, SENT | {"credits": wrong, "reference": "a"}).headers
    for _ in range(2):
        assert client.post(page, SENT | {"credits": "50", "reference": "payment 7"}).headers["HX-Redirect"]
    client.post(page, SENT | {"credits": "51", "reference": "payment 7"})
    said = [str(one) for one in client.get(address(sent.CreditAccount)).context["messages"]]
    assert said == [
        "50 credits were added.",
        "They were added before; nothing changed.",
        "This reference stands for another number of credits.",
    ]
    with all_tenants(because="the test looks"):
        assert sent.CreditAccount.objects.get(tenant=tenant).available == 100_050
        assert sent.CreditEntry.objects.get(reference="payment 7").actor == staff


def test_a_message_is_cancelled_and_its_credits_come_back(
    act: Callable[..., str], topped_up: None, tenant: Tenant
) -> None:
    with all_tenants(because="a message of a tenant"):
        queue_messages(tenant_id=tenant.pk, addressees=[Addressee("+255754123456", "hi")], sender_id="ACME")
        mine = sent.Message.objects.get()
    assert act(sent.Message, "cancel", mine) == "1 of 1 cancelled; their credits are given back."
    assert act(sent.Message, "cancel", mine).startswith("0 of 1")
    with all_tenants(because="the test looks"):
        assert sent.Message.objects.get().status == "cancelled"
        assert sent.CreditAccount.objects.get(tenant=tenant).available == 100_000


def test_a_person_is_signed_out_everywhere(act: Callable[..., str], member: User, client_of: Any) -> None:
    theirs = client_of(member)
    assert theirs.get("/api/auth/profile/").status_code == 200
    assert act(User, "sign_out_everywhere", member) == "1 session ended."
    assert theirs.get("/api/auth/profile/").status_code == 401


def test_maintenance_is_cancelled_and_what_is_over_stays(act: Callable[..., str]) -> None:
    cast = Cast()
    coming, over = (cast.make(told.MaintenanceWindow) for _ in range(2))
    told.MaintenanceWindow.objects.filter(pk=coming.pk).update(starts_at=timezone.now() + datetime.timedelta(days=1))
    told.MaintenanceWindow.objects.filter(pk=over.pk).update(starts_at=timezone.now() - datetime.timedelta(days=1))
    assert act(told.MaintenanceWindow, "cancel", coming, over) == "1 cancelled. 1 are over already."
    coming.refresh_from_db()
    over.refresh_from_db()
    assert coming.cancelled_at is not None
    assert over.cancelled_at is None
