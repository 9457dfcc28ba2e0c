"""The public status page: what everybody may know, and nothing else."""

import datetime
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.contrib.auth import SESSION_KEY
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from notifications import incidents, pages, status_page
from notifications.models import CheckResult, Incident, MaintenanceWindow, MonitorRun
from notifications.models.priority import Priority
from notifications.status_page import reading
from notifications.status_page.components import COMPONENTS
from notifications.status_page.reading import Day, Trouble
from notifications.system_monitor.fallback import check_health
from notifications.tests.helpers import ago, in_threads, messages, problem, resolve, see
from sms.models import Status
from tenants.models import Tenant

pytestmark = pytest.mark.django_db
HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)
HOSTILE = '<script>alert("Acme owes 4711")</script>'


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    status_page.forget()
    yield
    status_page.forget()


def page(client: Client) -> str:
    """What is read, in one line, each time anew."""
    status_page.forget()
    answer = client.get("/status/")
    assert answer.status_code == 200
    body = re.sub(r"<(style|script)[^>]*>.*?</\1>", "", answer.content.decode(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def picture() -> status_page.Picture:
    status_page.forget()
    return status_page.current().picture


def window(**fields: Any) -> MaintenanceWindow:
    plain = {"title": HOSTILE, "starts_at": timezone.now() + DAY, "minutes": 60}
    return MaintenanceWindow.objects.create(**plain | fields)


def fresh(settings: Settings) -> None:
    """Each reading is new."""
    settings.STATUS_PAGE_FRESH = datetime.timedelta()


# --- Who sees it, and what it costs ------------------------------------------------------------------------------


def test_everybody_sees_it_and_may_keep_it_for_a_while(client: Client) -> None:
    check_health()
    answer = client.get("/status/")
    assert (answer.status_code, answer["Cache-Control"]) == (200, "public, max-age=15")
    assert "Everything works" in answer.content.decode()
    assert not answer.cookies
    assert "Cookie" not in answer.get("Vary", "")
    again = client.get("/status/", headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content, again["Cache-Control"]) == (304, b"", "public, max-age=15")


def test_it_can_be_switched_off(client: Client, settings: Settings) -> None:
    settings.STATUS_PAGE = False
    assert client.get("/status/").status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_it_can_only_be_read(method: str, client: Client) -> None:
    assert getattr(client, method)("/status/").status_code == 405


def test_a_reading_costs_four_queries_whatever_there_is(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    check_health()
    with django_assert_num_queries(4):
        client.get("/status/")
    for kind in ("sms_service", "message_delivery", "failed_messages"):
        see(problem(kind=kind))
        window(checks=[kind], weekdays=[0, 1, 2])
    with CaptureQueriesContext(connection) as more:
        page_after = picture()
    assert len(more) == 0, "Redis still holds it"
    assert not page_after.open
    with time_machine.travel(timezone.now() + datetime.timedelta(seconds=30)), django_assert_num_queries(4):
        assert len(picture().open) == 3


def test_a_crowd_costs_nothing_more(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_health()
    client.get("/status/")
    monkeypatch.setattr(pages, "render_to_string", lambda *_: pytest.fail("It was written again."))
    with django_assert_num_queries(0):
        assert {client.get("/status/").status_code for _ in range(20)} == {200}


def test_who_is_signed_in_is_not_looked_up(
    client: Client, member: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    check_health()
    strangers = client.get("/status/").content
    client.force_login(member)
    assert client.session[SESSION_KEY]
    with django_assert_num_queries(0):
        assert client.get("/status/").content == strangers
    member.refresh_from_db()
    assert member.last_seen_at is None


@pytest.mark.django_db(transaction=True)
def test_many_at_once_are_told_from_one_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    check_health()
    read, readings = reading.read, []

    def counted(*, now: datetime.datetime) -> status_page.Picture:
        readings.append(now)
        return read(now=now)

    monkeypatch.setattr(reading, "read", counted)
    told = in_threads(8, lambda _: status_page.current())
    assert len({id(one) for one in told}) == 1
    assert len(readings) == 1


# --- What is private ---------------------------------------------------------------------------------------------


def test_nothing_that_anybody_typed_or_measured_is_on_it(
    client: Client, tenant: Tenant, other_tenant: Tenant, admin: User
) -> None:
    messages(tenant, 51, status=Status.UNDELIVERED)
    check_health()
    see(problem(Priority.HIGH, kind="sms_service", scope="beem"))
    Incident.objects.update(
        title=HOSTILE, summary=HOSTILE, advice=HOSTILE, resolution=HOSTILE, details={"worst_tenants": ["acme"]}
    )
    incidents.report_problem(
        reporter=admin, problem_type="Globex", description=HOSTILE, priority=Priority.CRITICAL, data={}
    )
    Incident.objects.create(tenant=tenant, kind="message_delivery", title=HOSTILE, summary="x", priority="high")
    Incident.objects.create(kind="sms_credits", title=HOSTILE, summary="x", priority="high")
    Incident.objects.create(kind="user_activity", title=HOSTILE, summary="x", priority="high")
    window(author=admin)
    window(tenant=tenant)
    status_page.forget()
    body = client.get("/status/").content.decode()
    for word in (HOSTILE, "alert(", "4711", "Acme", "acme", "Globex", "globex", "beem", "Ada", "51 ", "credit"):
        assert word not in body, word
    assert "Trouble with sending messages" in body
    assert "More messages than usual do not arrive" in body
    assert "Messages are delayed" not in body, "a tenant's own"
    assert "reported" not in body


def test_a_maintenance_window_is_told_by_what_it_concerns(client: Client, tenant: Tenant) -> None:
    window(checks=["sms_service", "sms_credits"])
    window(checks=["user_activity"])
    window(cancelled_at=timezone.now())
    window(tenant=tenant)
    window(starts_at=timezone.now() + 20 * DAY)
    (work,) = picture().works
    assert [one.check for one in work.components] == ["sms_service"]
    assert "Planned maintenance Maintenance : Sending messages" in page(client)


def test_maintenance_under_way_is_said_at_the_top(client: Client) -> None:
    window(starts_at=ago(minutes=10))
    assert "Planned maintenance is under way." in page(client)
    (work,) = picture().works
    assert work.components == COMPONENTS


# --- What is said ------------------------------------------------------------------------------------------------


def test_components_are_as_the_last_run_found_them(tenant: Tenant) -> None:
    messages(tenant, 51, status=Status.UNDELIVERED)
    check_health()
    states = {part.component.check: part.state.value for part in picture().parts}
    assert states["database"] == "ok"
    assert states["failed_messages"] == "critical"
    assert picture().state.value == "critical"


def test_what_is_open_is_not_called_well_before_it_is_over(client: Client) -> None:
    check_health()
    see(problem(Priority.HIGH))
    text = page(client)
    assert "Some things do not work as they should" in text
    assert "We are looking into it." in text
    assert "networks. Degraded" in text


def test_a_run_of_long_ago_says_nothing_of_now(client: Client, settings: Settings) -> None:
    fresh(settings)
    check_health()
    MonitorRun.objects.update(finished_at=ago(minutes=20))
    found = picture()
    assert {part.state.value for part in found.parts} == {"unknown"}
    assert {part.since for part in found.parts} == {found.checked_at}
    assert "We do not know at the moment" in page(client)


def test_before_the_first_run_nothing_is_known(client: Client) -> None:
    text = page(client)
    assert "We do not know at the moment Not checked yet" in text
    assert "not known" in text


def spans(troubles: tuple[Trouble, ...]) -> list[tuple[str, int, int | None]]:
    """Component, and begin and end in hours ago."""

    def hours(moment: datetime.datetime | None) -> int | None:
        return None if moment is None else round((timezone.now() - moment) / HOUR)

    return [(one.component.check, hours(one.began) or 0, hours(one.ended)) for one in troubles]


def over(kind: str, *, began: float, ended: float, scope: str = "") -> None:
    one = see(problem(kind=kind, scope=scope))
    resolve(one)
    Incident.objects.filter(pk=one.pk).update(opened_at=ago(hours=began), resolved_at=ago(hours=ended))


def test_what_overlaps_is_one_trouble() -> None:
    over("sms_service", began=30, ended=20, scope="a")
    over("sms_service", began=25, ended=18, scope="b")
    over("sms_service", began=10, ended=9)
    over("message_delivery", began=26, ended=19)
    over("sms_service", began=400, ended=380)  # more than two weeks ago
    found = picture()
    assert spans(found.over) == [("sms_service", 10, 9), ("message_delivery", 26, 19), ("sms_service", 30, 18)]
    assert found.open == ()


def test_what_is_open_goes_on_and_says_whether_somebody_is_at_it(client: Client, admin: User) -> None:
    over("sms_service", began=3, ended=1, scope="a")
    one = see(problem(scope="b"))
    Incident.objects.filter(pk=one.pk).update(opened_at=ago(hours=2))
    (trouble,) = picture().open
    assert spans((trouble,)) == [("sms_service", 3, None)]
    assert not trouble.is_known
    Incident.objects.filter(pk=one.pk).update(state="acknowledged", acknowledged_at=timezone.now())
    with time_machine.travel(timezone.now() + datetime.timedelta(seconds=30)):
        assert "We are working on it." in page(client)


def test_uptime_is_told_by_the_day_and_in_words(client: Client) -> None:
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    CheckResult.objects.create(check_slug="database", span="hour", at=now - 3 * DAY, ok=6000, critical=1)
    CheckResult.objects.create(check_slug="database", span="hour", at=now - 5 * DAY, ok=54, critical=6)
    CheckResult.objects.create(check_slug="database", span="hour", at=now - 100 * DAY, critical=60)
    CheckResult.objects.create(check_slug="sms_credits", span="hour", at=now - 3 * DAY, critical=60)
    part = picture().parts[0]
    known = {day.date: (day.kind, day.percent) for day in part.days if day.percent is not None}
    assert known == {(now - 3 * DAY).date(): ("good", 99.983), (now - 5 * DAY).date(): ("bad", 90.0)}
    body = client.get("/status/").content.decode()
    assert "Website and API, the last 90 days: 99.88 %; well on 1, trouble on 1, not known on 88." in body
    assert f"{(now - 5 * DAY):%-d %b %Y}: 90.00 %" in body
    assert "99.88 % of 2 days" in page(client)


@pytest.mark.parametrize(("percent", "kind"), [(None, "unknown"), (100, "good"), (99.8, "fair"), (94.9, "bad")])
def test_a_day_has_a_kind(percent: float | None, kind: str) -> None:
    assert Day(datetime.date(2026, 3, 10), percent).kind == kind


# --- When something is away --------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_without_postgres_it_says_what_it_knew_and_since_when(client: Client, away: Callable[[], None]) -> None:
    check_health()
    client.get("/status/")
    away()
    status_page.forget()  # another process, which has only Redis
    with time_machine.travel(timezone.now() + datetime.timedelta(seconds=40), tick=False):
        answer = client.get("/status/")
        body = answer.content.decode()
        assert (answer.status_code, answer["Cache-Control"]) == (200, "public, max-age=5")
        assert "We cannot look at the moment." in body
        assert body.count("Unknown, since") == 3
        assert "There are problems" in body
        assert "Last checked" in body
    away()
    with time_machine.travel(timezone.now() + datetime.timedelta(seconds=50)):
        assert "Everything works" in client.get("/status/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_without_postgres_and_without_any_memory_it_is_503(client: Client, away: Callable[[], None]) -> None:
    away()
    answer = client.get("/status/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "We cannot look at the moment." in answer.content.decode()
    assert "ETag" not in answer


def test_without_redis_each_process_reads_for_itself(
    client: Client, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    check_health()
    dead = settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1"}
    settings.CACHES = {"default": dead}
    with django_assert_num_queries(4):
        assert "Everything works" in client.get("/status/").content.decode()
    with django_assert_num_queries(0):
        assert client.get("/status/").status_code == 200
