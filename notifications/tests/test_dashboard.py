"""What the dashboard shows: stored numbers and no others, in as many statements whatever there is of them."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from notifications import incidents, maintenance, thresholds
from notifications.dashboard.charts import HOUR
from notifications.dashboard.reading import MOST_INCIDENTS, Picture, read
from notifications.models import CheckResult, Incident, MonitorRun
from notifications.models.priority import Priority
from notifications.system_monitor import history, monitor
from notifications.system_monitor.checks import CHECKS
from notifications.tests import helpers
from notifications.tests.helpers import ago, messages, problem, see
from sms import services as sms
from sms.models import Status
from tenants.models import Tenant

pytestmark = pytest.mark.django_db
AN_HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)
PAGE, REGIONS = "/admin/", "/admin/dashboard/"


@pytest.fixture
def picture(platform: None) -> Callable[..., Picture]:
    return read


def card(found: Picture, slug: str) -> Any:
    return next(one for one in found.cards if one.slug == slug)


def chart(found: Picture, key: str) -> dict[str, list[float | None]]:
    (mine,) = [one for one in found.charts if one.key == key]
    return {line.name: list(line.values) for line in mine.lines}


def result(at: datetime.datetime, *, check: str = "database", span: str = "minute", **states: int) -> None:
    CheckResult.objects.create(check_slug=check, span=span, at=at.replace(second=0, microsecond=0), **states)


# --- Nothing, and a lot ------------------------------------------------------------------------------------------


def test_an_empty_platform_is_told_in_words(client: Client, staff: User, picture: Callable[..., Picture]) -> None:
    found = picture()
    assert found.headline == "The monitor has not run yet"
    assert {one.word for one in found.cards} == {"Not asked yet"}
    assert all(one.is_empty and one.rows == [] for one in found.charts)
    client.force_login(staff)
    page = client.get(PAGE).content.decode()
    for words in (
        *("No incident is open.", "No maintenance is on or planned.", "No run has looked at credits yet."),
        *(one.empty for one in found.charts),
    ):
        assert words in page
    assert "<canvas" not in page
    assert page.count("Nothing was measured") == len(CHECKS)


def statements(**how: Any) -> int:
    with CaptureQueriesContext(connection) as asked:
        read(**how)
    return len(asked)


def test_it_costs_eleven_statements_whatever_there_is(platform: None, tenant: Tenant, admin: User) -> None:
    messages(tenant, 1, status=Status.DELIVERED)
    helpers.account(tenant, 1, of=1000)
    monitor.check_health()
    assert statements() == statements(scale=HOUR) == 11
    for number, one in enumerate(helpers.tenants(12)):
        helpers.account(one, number, of=1000)
        messages(one, 3, status=Status.UNDELIVERED, provider=f"p{number}")
        see(problem(kind=f"kind{number}"))
        fields = {"title": str(number), "starts_at": timezone.now() + DAY, "minutes": 5}
        maintenance.create_window(author=admin, fields=fields)
        result(ago(minutes=number + 5), check="database", ok=1)
        thresholds.set_threshold(check="sms_credits", name="low", value=number, actor=admin, tenant=one)
    MonitorRun.objects.update(finished_at=ago(hours=1))
    monitor.check_health()
    assert statements() == statements(scale=HOUR) == 11


# --- Cards -------------------------------------------------------------------------------------------------------


def test_a_card_says_what_the_last_run_stored(tenant: Tenant, picture: Callable[..., Picture]) -> None:
    messages(tenant, 60, status=Status.UNDELIVERED)
    monitor.check_health(is_scheduled=True)
    found = picture()
    mine = card(found, "failed_messages")
    assert (mine.measure, mine.word, mine.incidents) == ("60 messages", "Critical", 1)
    assert (mine.details["threshold"], mine.details["sample"]) == ("at most 50", 60)
    assert found.headline == "Critical: SMS Service and Failed Messages"
    messages(tenant, 500, status=Status.UNDELIVERED)
    assert card(picture(), "failed_messages").measure == "60 messages"  # no run has seen the others yet


def test_since_when_goes_by_the_last_minute_that_was_otherwise(picture: Callable[..., Picture]) -> None:
    now = timezone.now().replace(second=0, microsecond=0)
    monitor.check_health()
    CheckResult.objects.all().delete()
    result(now - 3 * DAY, span="hour", ok=60)
    result(now - 50 * datetime.timedelta(minutes=1), critical=1)
    result(now - 20 * datetime.timedelta(minutes=1), unknown=1)
    result(now, ok=1)
    assert card(picture(), "database").since == now - 19 * datetime.timedelta(minutes=1)
    assert card(picture(), "sms_credits").since is None  # of it nothing is stored
    CheckResult.objects.exclude(ok=1).exclude(ok=60).delete()
    assert card(picture(), "database").since == now - 3 * DAY  # it never was otherwise, as far as is known


def test_what_got_well_within_a_minute_is_well_since_it_was_measured(picture: Callable[..., Picture]) -> None:
    monitor.check_health()
    CheckResult.objects.update(ok=0, critical=1)  # a run before it in the same minute was not well
    mine = card(picture(), "database")
    assert mine.since == mine.measured_at


def test_the_headline_names_the_worst_first(tenant: Tenant, picture: Callable[..., Picture]) -> None:
    monitor.check_health()
    assert picture().headline == "All is well"
    helpers.account(tenant, 0, of=1000)
    messages(tenant, 60, status=Status.UNDELIVERED)
    MonitorRun.objects.update(finished_at=ago(hours=1))
    monitor.check_health()
    assert picture().headline == "Critical: SMS Service and Failed Messages. Warning: SMS Credits"


def test_the_next_run_is_the_schedules_or_after_the_cadence(
    settings: Settings, picture: Callable[..., Picture]
) -> None:
    settings.MONITOR_INTERVAL_SECONDS = 60
    monitor.check_health()
    assert card(picture(), "database").next_at is None  # somebody asked; nobody runs it by itself yet
    monitor.check_health(is_scheduled=True)
    found = picture()
    assert found.known.last_scheduled is not None
    assert card(found, "database").next_at == found.known.last_scheduled + datetime.timedelta(minutes=1)
    activity = card(found, "user_activity")
    assert activity.next_at == activity.measured_at + datetime.timedelta(minutes=5)


def test_a_monitor_that_stopped_is_told(picture: Callable[..., Picture]) -> None:
    monitor.check_health(is_scheduled=True)
    assert not picture().is_late
    MonitorRun.objects.update(finished_at=ago(hours=2))
    assert picture().is_late


# --- Charts and strips -------------------------------------------------------------------------------------------


def test_the_charts_are_sums_of_both_tenants_before_and_after_they_are_merged(
    tenant: Tenant, other_tenant: Tenant, picture: Callable[..., Picture]
) -> None:
    now = timezone.now()
    messages(tenant, 3, status=Status.DELIVERED, at=now)
    messages(other_tenant, 1, status=Status.UNDELIVERED, at=now, provider="other")
    messages(tenant, 2, status=Status.QUEUED, at=now - 2 * AN_HOUR)
    messages(tenant, 9, status=Status.DELIVERED, at=now - 30 * AN_HOUR)
    before = picture(now=now)
    volume, success = chart(before, "volume"), chart(before, "success")
    assert [volume[name][-1] for name in ("Delivered", "Failed", "Pending")] == [3, 1, 0]
    assert volume["Pending"][-3] == 2
    assert sum(value or 0 for value in volume["Delivered"]) == 3  # not what was before the 24 hours
    assert success["Delivered"][-1] == 75.0
    assert set(success["Delivered"][:-1]) == {None}  # nothing was settled, which is not nothing delivered
    sms.squash_counts()
    after = picture(now=now)
    assert [chart(after, one.key) for one in after.charts] == [chart(before, one.key) for one in before.charts]


def test_the_last_hour_is_told_by_the_minute_and_has_the_same_sums(
    tenant: Tenant, picture: Callable[..., Picture]
) -> None:
    helpers.account(tenant, 0, of=1000)
    monitor.check_health()
    now = timezone.now()
    messages(tenant, 4, status=Status.DELIVERED, at=now, submitted_at=now - datetime.timedelta(seconds=4))
    messages(tenant, 2, status=Status.DELIVERED, at=now - datetime.timedelta(minutes=30))
    messages(tenant, 1, status=Status.UNDELIVERED, at=now - datetime.timedelta(minutes=30))
    for _ in range(2):  # before they are merged, and after
        found = picture(now=now, scale=HOUR)
        volume = chart(found, "volume")
        assert (volume["Delivered"][-1], volume["Delivered"][-31], volume["Failed"][-31]) == (4, 2, 1)
        assert sum(value or 0 for value in volume["Delivered"]) == 6
        assert chart(found, "success")["Delivered"][-31] == 66.7
        assert chart(found, "times")["Half within"][-1] == 4.0
        assert 1 in chart(found, "credits")["Out of credits"]
        sms.squash_counts()


def test_times_are_those_of_the_histogram(tenant: Tenant, picture: Callable[..., Picture]) -> None:
    now = timezone.now()
    sent = now - datetime.timedelta(seconds=4)
    messages(tenant, 10, status=Status.DELIVERED, at=now, submitted_at=sent)
    lines = chart(picture(now=now), "times")
    assert lines["Half within"][-1] == 4.0  # in the bucket from 3 to 5 seconds
    assert lines["95 % within"][-1] == pytest.approx(4.9)


def test_credits_are_what_the_check_found(tenant: Tenant, picture: Callable[..., Picture]) -> None:
    helpers.account(tenant, 0, of=1000)
    monitor.check_health()
    found = picture()
    assert 1 in chart(found, "credits")["Out of credits"]
    assert (found.by_credit[0]["name"], found.by_credit[0]["band"]) == (tenant.name, "empty")


def test_where_nobody_is_low_the_tenants_with_the_least_are_shown_as_having_enough(
    client: Client, tenant: Tenant, staff: User, picture: Callable[..., Picture]
) -> None:
    helpers.account(tenant, 900, of=1000)
    monitor.check_health()
    found = picture()
    assert [(one["tenant"], one["band"], one["lasts"]) for one in found.by_credit] == [(tenant.slug, "enough", "")]
    client.force_login(staff)
    shown = client.get(PAGE).content.decode()
    assert "Every tenant has enough. The 1 with the least" in shown
    assert f">{tenant.name}</a>" in shown


def test_the_strip_is_the_uptime_of_the_api(admin: User, get: Any, picture: Callable[..., Picture]) -> None:
    now = timezone.now()
    result(now - 2 * DAY, span="hour", ok=57, critical=3)
    result(now - 40 * DAY, span="hour", critical=60)
    monitor.check_health()
    found = picture()
    mine = card(found, "database")
    (told,) = [one for one in get(admin, "system/uptime/")["checks"] if one["check"] == "database"]
    assert mine.uptime == told["uptime_percent"]
    assert [day.minutes.uptime_percent for day in mine.days] == [day["uptime_percent"] for day in told["days"]]
    assert (mine.days[-3].state, mine.days[0].state, mine.days[-1].state) == ("critical", "none", "ok")
    assert mine.days[-3].told == "95 % well, 3 min critical"
    history.roll_up(now=now + 3 * DAY)
    assert card(picture(), "database").uptime == mine.uptime


# --- Lists -------------------------------------------------------------------------------------------------------


def test_open_incidents_are_bounded_and_the_newest_come_first(picture: Callable[..., Picture]) -> None:
    made = [see(problem(kind=f"kind{n:02}")) for n in range(MOST_INCIDENTS + 1)]
    incidents.resolve(incident=made[-1], summary="Over.", now=timezone.now())
    found = picture()
    assert [one.pk for one in found.incidents] == [one.pk for one in made[-2::-1]]
    assert not found.more_incidents
    see(problem(kind="one more"))
    assert picture().more_incidents


def test_maintenance_that_is_on_or_to_come_is_listed_the_next_first(
    admin: User, picture: Callable[..., Picture]
) -> None:
    now = timezone.now()

    def plan(title: str, starts_at: datetime.datetime, **more: Any) -> Any:
        fields = {"title": title, "starts_at": starts_at, "minutes": 60}
        return maintenance.create_window(author=admin, fields=fields | more)

    plan("later", now + 9 * DAY)
    plan("on", now - datetime.timedelta(minutes=30))
    plan("weekly", now - 21 * DAY + AN_HOUR, weekdays=[(now + AN_HOUR).weekday()])
    maintenance.cancel_window(window=plan("cancelled", now + DAY))
    over = plan("over", now + DAY)
    type(over).objects.filter(pk=over.pk).update(starts_at=now - 2 * AN_HOUR)
    assert [(one.row.title, one.is_on) for one in picture().windows] == [
        *(("on", True), ("weekly", False), ("later", False)),
    ]


def test_limits_are_those_in_force(admin: User, tenant: Tenant, picture: Callable[..., Picture]) -> None:
    thresholds.set_threshold(check="sms_service", name="warning", value=91, actor=admin)
    thresholds.set_threshold(check="sms_credits", name="low", value=7, actor=admin, tenant=tenant)
    found = {(one.check, one.limit.name): one for one in picture().bounds}
    assert len(found) == sum(len(check.limits) for check in CHECKS)
    mine = found["sms_service", "warning"]
    assert (mine.value, mine.version, mine.is_decided) == (91, 1, True)
    low = found["sms_credits", "low"]
    assert (low.value, low.is_decided, low.of_tenants) == (100, False, 1)  # a tenant's own is no platform's


# --- The pages ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [PAGE, REGIONS, "/admin/dashboard/checks/database/"])
def test_it_is_for_platform_admins_alone(path: str, client: Client, owner: User) -> None:
    assert client.get(path).status_code == 302
    client.force_login(owner)
    for reply in (client.get(path), client.post(path)):
        assert (reply.status_code, b"dash-card" in reply.content) == (302, False)


def test_a_tenant_in_scope_hides_nothing_and_the_scope_ends_with_the_page(
    client: Client, staff: User, other_tenant: Tenant
) -> None:
    messages(other_tenant, 60, status=Status.UNDELIVERED)
    monitor.check_health()
    client.force_login(staff)
    reply = client.get(REGIONS)
    assert reply.status_code == 200
    assert b"60 messages failed" in reply.content
    assert b"no-store" in reply.headers["Cache-Control"].encode()
    assert client.post(REGIONS).status_code == 405


def test_what_people_wrote_is_text(client: Client, staff: User) -> None:
    incidents.report_problem(
        reporter=staff,
        problem_type='"><script>alert(1)</script>',
        description="<img src=x onerror=alert(1)>",
        priority=Priority.HIGH,
        data={},
    )
    client.force_login(staff)
    page = client.get(PAGE).content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert 'href="javascript' not in page


@pytest.mark.django_db(transaction=True)
def test_one_check_is_asked_by_itself_and_leaves_nothing(client: Client, staff: User, tenant: Tenant) -> None:
    messages(tenant, 60, status=Status.UNDELIVERED)
    client.force_login(staff)
    reply = client.post("/admin/dashboard/checks/failed_messages/").json()
    assert reply["success"] is True
    assert (reply["check"]["check"], reply["check"]["status"]) == ("failed_messages", "ERROR")
    assert reply["check"]["details"]["measured"] == 60
    assert [model.objects.count() for model in (MonitorRun, Incident, CheckResult)] == [0, 0, 0]
    assert client.get("/admin/dashboard/checks/failed_messages/").status_code == 405
    assert client.post("/admin/dashboard/checks/pigeons/").status_code == 404
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(staff)
    assert strict.post("/admin/dashboard/checks/failed_messages/").status_code == 403


def test_reading_it_changes_nothing(client: Client, staff: User, tenant: Tenant) -> None:
    client.force_login(staff)
    before = (MonitorRun.objects.count(), Incident.objects.count(), CheckResult.objects.count())
    for _ in range(3):
        client.get(PAGE)
        client.get(REGIONS)
    assert (MonitorRun.objects.count(), Incident.objects.count(), CheckResult.objects.count()) == before
