import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from notifications.models import Incident, MaintenanceWindow, MonitorRun, Notification
from notifications.system_monitor.monitor import check_health
from notifications.tests.helpers import messages
from sms.models import Message, Route, Status
from sms.services import Addressee, queue_messages
from tenants.models import Tenant
from tenants.scope import all_tenants


@pytest.fixture
def some_rows(topped_up: None, tenant: Tenant, other_tenant: Tenant, admin: User) -> None:
    with all_tenants(because="rows of both tenants"):
        for one in (tenant, other_tenant):
            queue_messages(tenant_id=one.pk, addressees=[Addressee("+255754123456", "hi")], sender_id="ACME")
    Notification.objects.create(recipient=admin, kind="x", notification_type="info", title="Hello", message="")


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["admin", "staff"])
def test_every_list_and_every_page_opens_for_platform_admins(
    who: str, some_rows: None, client: Client, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(who))
    for model, model_admin in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        assert client.get(reverse(f"{name}_changelist")).status_code == 200, model
        with all_tenants(because="the test looks for a row to open"):
            row = model_admin.get_queryset(None).first()  # type: ignore[arg-type]
        if row is not None:
            page = client.get(reverse(f"{name}_change", args=[row.pk]))
            assert page.status_code == 200, model
            assert b"md5$" not in page.content


@pytest.mark.django_db
def test_people_read_words_where_programs_have_slugs(client: Client, staff: User, tenant: Tenant) -> None:
    client.force_login(staff)
    messages(tenant, 51, status=Status.UNDELIVERED, failure_reason="absent_subscriber")
    check_health()
    window = MaintenanceWindow.objects.create(
        title="Night", checks=["failed_messages"], weekdays=[0, 2], starts_at=timezone.now(), minutes=60
    )

    def page(name: str, *args: object) -> str:
        return client.get(reverse(f"admin:{name}", args=args)).content.decode()

    run = page("notifications_monitorrun_change", MonitorRun.objects.get().pk)
    assert "<strong>Failed Messages</strong> (error): 51 messages failed" in run
    assert ">Failed Messages<" in page(
        "notifications_incident_change", Incident.objects.get(kind="failed_messages").pk
    )
    night = page("notifications_maintenancewindow_change", window.pk)
    assert "failed_messages" not in night
    assert "every Monday, Wednesday" in night
    assert "absent subscriber" in page("sms_message_changelist")
    with all_tenants(because="the test looks for a row to open"):
        message = Message.objects.first()
    assert message is not None
    assert "The phone was off or without a network" in page("sms_message_change", message.pk)


@pytest.mark.django_db
def test_others_are_sent_to_sign_in(owner: User, client: Client) -> None:
    client.force_login(owner)
    assert client.get("/admin/").status_code == 302


@pytest.mark.django_db
def test_platform_admins_decide_which_carriers_share_the_messages(client: Client, staff: User, tenant: Tenant) -> None:
    client.force_login(staff)
    add = reverse("admin:sms_route_add")
    assert client.post(add, {"provider": "twilio", "weight": "30", "tenant": tenant.pk}).status_code == 302
    assert client.post(add, {"provider": "pigeon", "weight": "70"}).status_code == 200  # there is none of that name
    with all_tenants(because="the test looks at the routes"):
        assert list(Route.objects.values_list("provider", "tenant", "weight")) == [("twilio", tenant.pk, 30)]


@pytest.mark.django_db
def test_a_filter_in_the_address_tells_no_letter_of_what_is_secret(client: Client, staff: User) -> None:
    client.force_login(staff)
    secret = [
        (model, field.name)
        for model in admin.site._registry
        for field in model._meta.concrete_fields
        if any(word in field.name for word in ("password", "secret")) and not field.name.endswith("_until")
    ]
    assert {name for _, name in secret} == {"password", "secret", "previous_secret"}
    for model, name in secret:
        page = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for lookup in (name, f"{name}__startswith", f"{name}__regex"):
            assert client.get(page, {lookup: "md5$"}).status_code == 400, (model, lookup)


@pytest.mark.django_db
def test_a_search_for_what_postgres_cannot_hold_finds_nothing(client: Client, staff: User) -> None:
    client.force_login(staff)
    of = {"app_label": "tenants", "model_name": "membership", "field_name": "user"}
    assert client.get(reverse("admin:autocomplete"), {**of, "term": "\0nobody"}).json()["results"] == []
