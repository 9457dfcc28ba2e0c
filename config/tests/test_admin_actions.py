"""What can be done in the admin, in lists and on the pages of rows."""

import datetime
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import models
from django.test import Client
from django.utils import timezone

from accounts.models import User
from config.tests.admin_rows import Cast, address
from notifications import models as told
from sms import models as sent
from sms.services import Addressee, queue_messages
from tenants.models import Tenant
from tenants.scope import all_tenants

pytestmark = pytest.mark.django_db
#: What Unfold's dialogs send along when they are filled in.
SENT = {"_form_submitted": "on"}


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
