"""What is written when somebody is told something."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import User
from notifications import announcements, incidents, preferences, services
from notifications.channels.base import InTransaction
from notifications.kinds import Announced
from notifications.models import Delivery, Incident, Notification, WebhookEndpoint
from notifications.models.choice import When
from notifications.models.priority import Priority
from notifications.tests.delivering import Counting, counting, deliver, wants
from notifications.tests.helpers import Note, in_threads, problem, resolve, see, tell
from notifications.tests.test_announcements import announce, people
from tenants.models import Tenant

__all__ = ["counting"]


def rows(**fields: object) -> list[tuple[str, str]]:
    return list(Delivery.objects.filter(**fields).order_by("channel").values_list("channel", "state"))


def test_each_recipient_has_a_row_on_each_channel_and_each_says_by_which_rule(
    counting: type[Counting], member: User
) -> None:
    row = tell(member, "Hello")
    assert rows(notification=row, recipient=member) == [("email", "waiting"), ("sms", "skipped")]
    rules = dict(Delivery.objects.values_list("channel", "rule"))
    assert rules == {"email": "E-mail for other news: at once, as it is built in.", "sms": "No verified phone number."}
    skipped = Delivery.objects.get(channel="sms")
    assert (skipped.content, skipped.finished_at is not None, skipped.attempts) == ({}, True, 0)
    waiting = Delivery.objects.get(channel="email")
    assert (waiting.content["title"], waiting.content["notification_id"]) == ("Hello", str(row.pk))


def test_a_channel_that_is_not_set_up_says_so(member: User) -> None:
    tell(wants(member, email_notifications_enabled=True))
    assert Delivery.objects.get(channel="email").rule == "This platform sends no e-mail: no mail server is set up."
    assert rows() == [("email", "skipped"), ("sms", "skipped")]


def test_who_has_no_inbox_still_gets_mail_and_is_told_once(
    counting: type[Counting], member: User, tenant: Tenant
) -> None:
    wants(member, in_app_notifications_enabled=False)
    for _ in range(2):
        services.notify(
            kind=Note, recipients=[member], context={"title": "A", "message": "B"}, tenant=tenant, event="once"
        )
    assert not Notification.objects.exists()
    mine = Delivery.objects.get(channel="email")
    assert (mine.notification, mine.recipient, mine.content["notification_id"]) == (None, member, None)
    assert deliver() == {"accepted": 1}


def test_telling_the_same_again_writes_nothing_again(counting: type[Counting], admin: User, staff: User) -> None:
    incident = see(problem())
    before = set(Delivery.objects.values_list("pk", flat=True))
    incidents.tell_newcomers(now=timezone.now())
    see(problem())
    assert set(Delivery.objects.values_list("pk", flat=True)) == before
    resolve(incident)
    keys = Delivery.objects.filter(recipient=admin, channel="email").order_by("id").values_list("key", flat=True)
    assert list(keys) == [f"incident:{incident.pk}:{event}:{admin.pk}:email" for event in ("opened", "resolved")]


def test_deleting_counts_notifications_and_takes_along_what_was_sent_of_them(
    counting: type[Counting], member: User
) -> None:
    ids = [tell(member).pk for _ in range(3)]
    assert services.bulk(user=member, ids=ids, action=services.BulkAction.DELETE) == 3
    assert not Delivery.objects.exists()


def test_what_is_no_event_is_told_as_often_as_it_is_told(counting: type[Counting], member: User) -> None:
    tell(member)
    tell(member)
    assert Delivery.objects.filter(channel="email").count() == 2


def test_it_costs_the_same_for_one_as_for_many(counting: type[Counting], admin: User) -> None:
    people(60)
    costs = []
    for recipients in ([admin], list(User.objects.all())):
        with CaptureQueriesContext(connection) as queries:
            services.notify(kind=Note, recipients=recipients, context={"title": "A", "message": "B"})
        costs.append(len(queries))
    assert costs[0] == costs[1]
    assert Delivery.objects.count() == 2 * 62


def test_nothing_leaves_the_house_when_what_it_tells_of_is_rolled_back(
    counting: type[Counting], member: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    def told_in_vain() -> None:
        with transaction.atomic():
            tell(member)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        told_in_vain()
    assert not Delivery.objects.exists()
    with django_capture_on_commit_callbacks() as hints:
        tell(member)
    assert len(hints) == 2  # the poll's version, and a worker


def test_active_endpoints_of_the_tenant_are_told_of_their_categories_once(tenant: Tenant, member: User) -> None:
    def endpoint(**fields: object) -> WebhookEndpoint:
        return WebhookEndpoint.objects.create(url="https://a.test", secret="whsec_", **fields)

    mine = [endpoint(tenant=tenant), endpoint(tenant=tenant, categories=["info", "error"])]
    for other in ({"categories": ["error"]}, {"is_active": False}):
        endpoint(tenant=tenant, **other)
    of_platform = endpoint()
    wanted = {"kind": Note, "context": {"title": "A", "message": "B"}, "event": "x", "recipients": [member]}
    for _ in range(2):
        services.notify(tenant=tenant, **wanted)  # type: ignore[arg-type]
    told = Delivery.objects.filter(channel="webhook")
    assert sorted(told.values_list("endpoint", flat=True)) == [one.pk for one in mine]
    assert {one.tenant_id for one in told} == {tenant.pk}
    assert {one.content["type"] for one in told} == {"notification.created"}
    incident = see(problem())
    ours = Delivery.objects.get(endpoint=of_platform)
    assert (ours.content["type"], ours.incident) == ("incident.opened", incident)


def test_operators_are_told_that_a_problem_opens_worsens_and_ends_and_of_nothing_else(
    settings: Settings, admin: User, tenant: Tenant
) -> None:
    settings.ALERT_URLS, settings.ALERT_EMAILS = ["json://127.0.0.1:1/"], ["ops@example.com"]
    incident = see(problem())
    see(problem(Priority.HIGH))
    see(problem(Priority.MEDIUM))
    resolve(incident)
    tell(admin, tenant=tenant)
    theirs = Incident.objects.create(tenant=tenant, kind="theirs", priority="high", title="Theirs", summary="Theirs.")
    words = {"title": "Theirs", "message": "Theirs."}
    services.notify(kind=Note, recipients=[admin], context=words, tenant=tenant, incident=theirs, event="opened")
    told = Delivery.objects.filter(channel="operators").order_by("id")
    events = ["opened", "opened", "escalated:1", "escalated:1", "resolved", "resolved"]
    assert [one.content["event"] for one in told] == events
    assert len({one.content["operator"] for one in told}) == 2


def test_a_reported_problem_is_one_for_operators_once(settings: Settings, admin: User) -> None:
    settings.ALERT_EMAILS = ["ops@example.com"]
    for _ in range(2):
        incidents.report_problem(
            reporter=admin, problem_type="Slow", description="It is.", priority=Priority.LOW, data={}
        )
    assert [one.content["event"] for one in Delivery.objects.filter(channel="operators")] == ["reported:1"]


def test_an_announcement_reaches_mailboxes_also_of_those_without_an_inbox(
    counting: type[Counting], admin: User, member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcements, "AT_ONCE", 0)
    monkeypatch.setattr(announcements, "CHUNK", 5)
    people(12)
    wants(member, in_app_notifications_enabled=False)
    key = announce(admin).pk
    assert announcements.fan_out(announcement_id=key) == 13
    mail = Delivery.objects.filter(channel="email")
    assert mail.values("recipient").distinct().count() == mail.count() == 14
    assert mail.filter(notification=None).get().recipient == member
    assert {one.content["kind"] for one in mail} == {Announced.slug}


def test_a_digest_is_left_to_the_digest(counting: type[Counting], member: User, tenant: Tenant) -> None:
    preferences.choose(user=member, cells=[preferences.Cell("info", "email", When.HOURLY)])
    tell(member)
    assert (rows(channel="email"), deliver()) == ([("email", "held")], {})


@pytest.mark.django_db(transaction=True)
def test_8_that_open_the_same_problem_at_once_write_it_once(counting: type[Counting], admin: User) -> None:
    in_threads(8, lambda _: see(problem()))
    assert Incident.objects.count() == 1
    assert Delivery.objects.filter(channel="email", content__event="opened").count() == 1


@pytest.mark.django_db(transaction=True)
def test_no_channel_is_called_in_a_transaction(counting: type[Counting], member: User) -> None:
    tell(member)
    with pytest.raises(InTransaction), transaction.atomic():
        deliver()
    assert rows(channel="email") == [("email", "waiting")]
