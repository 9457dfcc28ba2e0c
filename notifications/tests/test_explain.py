"""What would happen, and why: the call and the command say the same, and what they say happens."""

import datetime
import io
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from conftest import signed_in
from notifications import preferences, services
from notifications.delivery.explaining import Explanation, explain
from notifications.kinds import KINDS, Announced, Kind, ProblemOpened, ProblemRepeated, SmsCreditLow
from notifications.models import Delivery, WebhookEndpoint
from notifications.models.choice import When
from notifications.models.priority import Priority
from notifications.preferences import Cell
from notifications.tests.delivering import Counting, counting
from notifications.tests.helpers import API
from tenants.models import Tenant
from tests.database import contents

__all__ = ["counting"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("counting")]
NOON = datetime.datetime(2026, 3, 10, 12, 0, tzinfo=datetime.UTC)
CREDITS = {
    "current_credits": 1,
    "total_credits": 100,
    "percentage": 1.0,
    "level": "critical",
    "threshold": 10,
}


def outcomes(one: Explanation) -> dict[str, str]:
    return {each.channel: each.outcome for each in one.channels}


def asked(client: APIClient, **query: str) -> Any:
    answer = client.get(f"{API}system/explain/", query)
    assert answer.status_code == 200, answer.content
    return answer.json()["explanation"]


def said(*options: str) -> str:
    out = io.StringIO()
    call_command("explain_notification", *options, stdout=out, no_color=True)
    return out.getvalue()


@pytest.mark.parametrize("priority", Priority)
@pytest.mark.parametrize("wish", ["nothing", "daily", "off", "quiet", "snoozed", "switched off", "storm", "sms"])
def test_what_is_said_is_what_happens(
    wish: str, priority: Priority, owner: User, tenant: Tenant, settings: Settings
) -> None:
    settings.NOTIFICATION_SMS_TENANT, settings.STORM_LIMIT = "acme", 1
    with time_machine.travel(NOON, tick=False):
        match wish:
            case "daily" | "off":
                preferences.choose(user=owner, cells=[Cell("sms_credit", "email", When(wish))])
            case "quiet":
                preferences.change(user=owner, quiet_hours=(datetime.time(11), datetime.time(13)))
            case "snoozed":
                preferences.snooze(user=owner, until=NOON + datetime.timedelta(hours=3))
            case "switched off":
                preferences.change_settings(user=owner, changes={"email_notifications_enabled": False})
            case "storm":
                services.notify(kind=SmsCreditLow, recipients=[owner], context=CREDITS, tenant=tenant)
            case "sms":
                User.objects.update(phone_number="+255754123456", phone_verified=True, sms_notifications=True)
        before = contents()
        explained = explain(user=owner, kind=SmsCreditLow, tenant=tenant, priority=priority)
        assert contents() == before, "explaining writes nothing"
        earlier = list(Delivery.objects.values_list("pk", flat=True))
        services.notify(kind=SmsCreditLow, recipients=[owner], context=CREDITS, tenant=tenant, priority=priority)
    real = {
        row.channel: (row.state, row.rule, row.together, row.due_at)
        for row in Delivery.objects.filter(channel__in=["email", "sms"]).exclude(pk__in=earlier)
    }
    for one in explained.channels:
        if one.channel in real:
            state, rule, together, due_at = real[one.channel]
            assert (one.rule, one.together, one.due_at or NOON) == (rule, together, due_at)
            expected = "skipped" if state == "skipped" else "sent" if one.due_at is None else "held"
            assert one.outcome == expected
    assert set(real) == {"email", "sms"}


def test_the_call_says_step_by_step_why(admin: User, owner: User, tenant: Tenant) -> None:
    User.objects.filter(pk=owner.pk).update(timezone="Africa/Dar_es_Salaam")
    preferences.choose_for_tenant(tenant_id=tenant.pk, cells=[Cell("sms_credit", "email", When.HOURLY)])
    preferences.change(user=owner, quiet_hours=(datetime.time(22), datetime.time(7)))
    body = asked(signed_in(admin), user="owner@acme.test", kind="sms_credit_low", at="2026-03-10T19:30:00Z")
    assert (body["category"], body["priority"], body["tenant"]["name"]) == ("sms_credit", "medium", "Acme")
    assert (body["is_reader"], body["readers"]) == (
        True,
        "Told to the owners and admins of Acme; Olu Owner is one of them.",
    )
    inbox, mail, sms, webhooks, operators = body["channels"]
    assert (operators["channel"], operators["outcome"]) == ("operators", "skipped")
    assert (inbox["channel"], inbox["outcome"]) == ("in_app", "sent")
    assert (mail["outcome"], mail["due_at"], mail["together"]) == ("held", "2026-03-11T04:00:00.000Z", "hourly")
    assert mail["steps"] == [
        "E-mail for SMS credits: in a digest each hour, your tenant's choice.",
        "Told in the hourly digest of 2026-03-10 23:00 (Africa/Dar_es_Salaam).",
        "Quiet hours from 22:00 to 07:00: held until 2026-03-11 07:00 (Africa/Dar_es_Salaam).",
    ]
    assert mail["rule"] == " ".join(mail["steps"])
    assert (sms["outcome"], sms["rule"]) == ("skipped", "No verified phone number.")
    assert (webhooks["outcome"], webhooks["rule"]) == ("skipped", "0 active endpoints of Acme for SMS credits.")


def test_a_person_and_a_tenant_are_named_as_it_suits(admin: User, owner: User, tenant: Tenant) -> None:
    client = signed_in(admin)
    found = [
        asked(client, user=user, kind="sms_credit_low", tenant=of, at="2026-03-10T19:30:00Z")
        for user in ("OWNER@acme.test", str(owner.pk))
        for of in ("acme", str(tenant.pk))
    ]
    assert found == [found[0]] * 4


@pytest.mark.parametrize(
    ("kind", "email", "is_reader"),
    [
        (ProblemOpened, "admin@acme.test", True),
        (ProblemOpened, "owner@acme.test", False),
        (SmsCreditLow, "owner@acme.test", True),
        (SmsCreditLow, "member@acme.test", False),
        (Announced, "member@acme.test", True),
    ],
)
def test_who_is_told_of_a_kind_at_all(
    kind: type[Kind], email: str, is_reader: bool, admin: User, owner: User, member: User
) -> None:
    explained = explain(user=User.objects.get(email=email), kind=kind)
    assert explained.is_reader is is_reader
    assert ("sent" in outcomes(explained).values()) is is_reader
    assert is_reader or {one.rule for one in explained.channels[:3]} == {explained.readers}


def test_who_is_inactive_is_told_nothing(admin: User) -> None:
    User.objects.update(is_active=False)
    admin.refresh_from_db()
    explained = explain(user=admin, kind=ProblemOpened)
    assert (explained.is_reader, explained.readers) == (False, "Ada is not active and is told nothing.")


def test_what_is_not_set_up_is_said(admin: User, settings: Settings) -> None:
    settings.EMAIL_IS_SET = False
    (mail,) = (one for one in explain(user=admin, kind=ProblemOpened).channels if one.channel == "email")
    assert (mail.outcome, mail.rule) == ("skipped", "This platform sends no e-mail: no mail server is set up.")


def test_high_ones_come_to_an_inbox_that_is_off(admin: User) -> None:
    preferences.change_settings(user=admin, changes={"in_app_notifications_enabled": False})
    for priority, outcome in ((Priority.MEDIUM, "skipped"), (Priority.HIGH, "sent")):
        assert outcomes(explain(user=admin, kind=ProblemOpened, priority=priority))["in_app"] == outcome


def test_endpoints_count_by_tenant_and_category(admin: User, tenant: Tenant) -> None:
    for fields in ({"tenant": tenant}, {}, {"categories": ["billing"]}, {"categories": ["system"]}):
        WebhookEndpoint.objects.create(url="https://a.test", secret="whsec_", **fields)
    (words,) = (one.rule for one in explain(user=admin, kind=ProblemOpened).channels if one.channel == "webhook")
    assert words == "2 active endpoints of the platform for system."


def test_operators_are_explained_as_they_are_told(admin: User, tenant: Tenant, settings: Settings) -> None:
    settings.ALERT_URLS, settings.ALERT_EMAILS = ["json://127.0.0.1:1/"], ["ops@example.com"]
    said = {
        (kind, of): explain(user=admin, kind=kind, tenant=of).channels[-1]
        for kind in (ProblemOpened, ProblemRepeated, Announced)
        for of in (None, tenant)
    }
    told = {key for key, one in said.items() if one.outcome == "sent"}
    assert told == {(ProblemOpened, None)}
    assert said[ProblemOpened, None].rule == "2 of ALERT_URLS and ALERT_EMAILS."


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.slug)
def test_every_kind_can_be_explained_by_both(kind: type[Kind], admin: User) -> None:
    body = asked(signed_in(admin), user=admin.email, kind=kind.slug)
    assert body["kind"] == kind.slug
    assert said("--user", admin.email, "--kind", kind.slug).startswith(f"{kind.slug} (")


def test_the_command_is_readable(owner: User, tenant: Tenant) -> None:
    preferences.choose(user=owner, cells=[Cell("sms_credit", "email", When.DAILY)])
    text = said(
        "--user", "owner@acme.test", "--kind", "sms_credit_low", "--tenant", "acme", "--at", "2026-03-10T12:00Z"
    )
    assert text.splitlines() == [
        "sms_credit_low (sms_credit, medium) for owner@acme.test",
        "  at 2026-03-10 12:00 (UTC), Acme",
        "  Told to the owners and admins of Acme; Olu Owner is one of them.",
        "Inbox: SENT",
        "  1. Inbox for SMS credits: at once, as it is built in.",
        "E-mail: HELD until 2026-03-11 08:00 (UTC)",
        "  1. E-mail for SMS credits: in a digest each day, your choice.",
        "  2. Told in the daily digest of 2026-03-11 08:00 (UTC).",
        "SMS: SKIPPED",
        "  1. No verified phone number.",
        "Webhooks: SKIPPED",
        "  1. 0 active endpoints of Acme for SMS credits.",
        "Operators' channels: SKIPPED",
        "  1. Operators are told when a problem of the platform opens, worsens and ends, and of nothing else.",
    ]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--user", "nobody@acme.test", "--kind", "announcement"], "There is no user nobody@acme.test."),
        (
            ["--user", "owner@acme.test", "--kind", "announcement", "--tenant", "x"],
            "There is no tenant x.",
        ),
        (["--user", "owner@acme.test", "--kind", "x"], "invalid choice"),
        (["--user", "owner@acme.test", "--kind", "announcement", "--at", "tomorrow"], "tomorrow is no time"),
    ],
)
def test_the_command_says_what_is_wrong(options: list[str], words: str, owner: User) -> None:
    with pytest.raises(CommandError, match=words):
        said(*options)


def test_it_is_explained_for_now_unless_a_time_is_given(admin: User) -> None:
    before = timezone.now()
    assert before <= explain(user=admin, kind=ProblemOpened).at <= timezone.now()
    assert Counting.told == []
