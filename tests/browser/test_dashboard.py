"""The dashboard: every button, as an admin who is no superuser, and what the API says of it afterwards."""

import datetime
import re
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from accounts.models import User
from conftest import signed_in
from notifications import incidents
from notifications.models import CheckResult, Incident, MonitorRun, Notification
from notifications.models.priority import Priority
from notifications.system_monitor import monitor
from notifications.tests import helpers
from notifications.tests.helpers import tell
from sms.models import Status
from tenants.models import Tenant
from tests.browser.conftest import Visitor

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEM = "/api/notifications/system/"


@pytest.fixture
def api(staff: User) -> Callable[[str], Any]:
    def get(path: str) -> Any:
        response = signed_in(staff).get(f"{SYSTEM}{path}")
        assert response.status_code == 200, response.content
        return response.json()

    return get


@pytest.fixture
def reported(admin: User) -> Incident:
    incident, _ = incidents.report_problem(
        reporter=admin, problem_type="Invoices", description="No VAT on them.", priority=Priority.HIGH, data={}
    )
    return incident


def region(page: Page, name: str) -> Locator:
    return page.locator(f'[data-region="{name}"]')


def said(page: Page, words: str) -> None:
    expect(page.locator("[data-said]")).to_have_text(words)


def dialog(page: Page, name: str) -> Locator:
    return page.get_by_role("dialog", name=name)


def test_an_incident_is_looked_after_from_its_first_minute_to_its_end(
    visit: Callable[..., Visitor], staff: User, reported: Incident, api: Callable[[str], Any]
) -> None:
    page = visit(staff).tab("/admin/")
    listed = region(page, "incidents")
    address = f"incidents/{reported.pk}/"

    listed.get_by_role("button", name="Acknowledge").click()
    dialog(page, "Acknowledge").get_by_label("For how long").select_option("4 hours")
    dialog(page, "Acknowledge").get_by_label("Comment").fill("Asking the bookkeepers.")
    dialog(page, "Acknowledge").get_by_role("button", name="Acknowledge").click()
    said(page, "Incident acknowledged")
    known = api(address)["incident"]
    assert (known["state"], known["acknowledged_by"]["email"]) == ("acknowledged", staff.email)
    assert known["acknowledged_until"] is not None
    expect(listed.get_by_text("Acknowledged", exact=True)).to_be_visible()

    listed.get_by_role("button", name="Assign").click()
    dialog(page, "Assign").get_by_label("To whom").select_option(f"Me ({staff.email})")
    dialog(page, "Assign").get_by_role("button", name="Assign").click()
    said(page, "Incident assigned to Sam")
    assert api(address)["incident"]["assignee"]["email"] == staff.email
    expect(listed).to_contain_text("Assigned to Sam")

    listed.get_by_text("Timeline and comments").click()
    expect(listed.locator(".dash-timeline")).to_contain_text("Asking the bookkeepers.")
    listed.get_by_label("Comment").fill("<b>They know.</b>")
    listed.get_by_role("button", name="Add comment").click()
    said(page, "Comment added")
    expect(listed.locator(".dash-timeline")).to_contain_text("<b>They know.</b>")  # as text: nothing became bold
    assert api(address)["incident"]["timeline"][0]["text"] == "<b>They know.</b>"

    listed.get_by_role("button", name="Resolve").click()
    dialog(page, "Resolve").get_by_label("What ended it").fill("Sent again.")
    dialog(page, "Resolve").get_by_role("button", name="Resolve").click()
    said(page, "Incident resolved")
    known = api(address)["incident"]
    assert (known["state"], known["resolution"]) == ("resolved", "Sent again.")
    expect(listed).to_contain_text("No incident is open.")


def test_an_incident_is_resolved_on_its_own_page_as_well(
    visit: Callable[..., Visitor], staff: User, reported: Incident, api: Callable[[str], Any]
) -> None:
    page = visit(staff).tab(f"/admin/notifications/incident/{reported.pk}/change/")
    page.get_by_role("link", name="Resolve").click()
    page.get_by_label("What ended it").fill("Sent again.")
    page.get_by_role("button", name="Resolve").click()
    expect(page.get_by_text("Incident resolved.")).to_be_visible()
    known = api(f"incidents/{reported.pk}/")["incident"]
    assert (known["state"], known["resolution"]) == ("resolved", "Sent again.")


def test_a_problem_is_reported_and_a_refusal_is_said_where_it_was_typed(
    visit: Callable[..., Visitor], staff: User, api: Callable[[str], Any]
) -> None:
    visitor = visit(staff)
    visitor.watched.allow("400 (Bad Request)")
    page = visitor.tab("/admin/")
    page.get_by_role("button", name="Report a problem").click()
    form = dialog(page, "Report a problem")
    form.get_by_label("Type").fill("Invoices")
    form.get_by_label("What is wrong").fill("a\u0000b")
    form.get_by_role("button", name="Report").click()
    expect(form.get_by_role("alert")).to_contain_text("description")
    assert api("incidents/")["results"] == []
    form.get_by_label("What is wrong").fill("The April invoices show no VAT.")
    form.get_by_label("Priority").select_option("High")
    form.get_by_role("button", name="Report").click()
    said(page, "Problem reported successfully")
    (known,) = api("incidents/")["results"]
    assert (known["title"], known["priority"], known["reporter"]["email"]) == (
        "Problem reported: Invoices",
        "high",
        staff.email,
    )
    expect(region(page, "incidents")).to_contain_text("The April invoices show no VAT.")
    expect(region(page, "overall")).to_contain_text("1 open incident")


def test_maintenance_is_planned_after_a_look_at_its_times_and_cancelled(
    visit: Callable[..., Visitor], staff: User, api: Callable[[str], Any]
) -> None:
    page = visit(staff).tab("/admin/")
    listed = region(page, "maintenance")
    expect(listed).to_contain_text("No maintenance is on or planned.")
    listed.get_by_role("button", name="Plan maintenance").click()
    form = dialog(page, "Plan maintenance")
    begins = (timezone.now() + datetime.timedelta(days=40)).astimezone(ZoneInfo("Africa/Nairobi"))
    form.get_by_label("Title").fill("Database upgrade")
    form.get_by_label("Begins").fill(f"{begins:%Y-%m-%dT02:30}")
    form.get_by_label("By the clock of").fill("Africa/Nairobi")
    form.get_by_label("Minutes", exact=True).fill("90")
    form.get_by_label("Sun").check()
    form.get_by_label("Database", exact=True).check()
    form.get_by_role("button", name="When is that?").click()
    expect(form.locator("[data-preview] li")).to_have_count(5)
    first = form.locator("[data-preview] li").first
    there, utc = r"Sun \d+ \w+, 02:30 to 04:00", r"Sat \d+ \w+, 23:30 to Sun \d+ \w+, 01:00 UTC"
    expect(first).to_have_text(re.compile(rf"^{there} \({utc}\)$"))
    assert api("maintenance/")["results"] == []
    form.get_by_role("button", name="Plan it").click()
    said(page, "Maintenance planned")
    (window,) = api("maintenance/")["results"]
    assert (window["title"], window["minutes"], window["weekdays"], window["checks"], window["timezone"]) == (
        *("Database upgrade", 90, ["sunday"], ["database"]),
        "Africa/Nairobi",
    )
    expect(listed).to_contain_text("Database upgrade")
    expect(listed).to_contain_text("For the platform: Database.")

    listed.get_by_role("button", name="Change it").click()
    form = dialog(page, "Change maintenance")
    expect(form.get_by_label("Begins")).to_have_value(f"{begins:%Y-%m-%dT02:30}")  # by its own clock
    expect(form.get_by_label("Sun")).to_be_checked()
    form.get_by_label("Minutes", exact=True).fill("30")
    form.get_by_label("SMS Service").check()
    form.get_by_role("button", name="Save").click()
    said(page, "Maintenance changed")
    (changed,) = api("maintenance/")["results"]
    assert (changed.pop("minutes"), changed.pop("checks")) == (30, ["database", "sms_service"])
    assert [changed[one] for one in ("id", "title", "starts_at", "weekdays", "timezone")] == [
        window[one] for one in ("id", "title", "starts_at", "weekdays", "timezone")
    ]
    expect(listed).to_contain_text("30 minutes")
    listed.get_by_role("button", name="Cancel it").click()
    dialog(page, "Cancel maintenance?").get_by_role("button", name="Cancel it").click()
    said(page, "Maintenance cancelled")
    assert api("maintenance/?cancelled=true")["results"][0]["state"] == "cancelled"
    expect(listed).to_contain_text("No maintenance is on or planned.")


def test_nothing_is_cleaned_up_that_was_not_shown_before(
    visit: Callable[..., Visitor], staff: User, owner: User, api: Callable[[str], Any]
) -> None:
    tell(owner, "Old", status="read", read_at=helpers.ago(days=40))
    tell(owner, "Newer", status="read", read_at=helpers.ago(days=20))
    tell(owner, "Unread", created_at=helpers.ago(days=400))
    page = visit(staff).tab("/admin/")
    page.get_by_role("button", name="Clean up").click()
    form = dialog(page, "Clean up notifications")
    delete = form.get_by_role("button", name="Delete")
    expect(delete).to_be_disabled()
    form.get_by_role("button", name="Show what would go").click()
    expect(form).to_contain_text("1 notification would be deleted.")
    expect(form).to_contain_text("1 were read")
    form.get_by_label("More than so many days ago").fill("10")
    expect(delete).to_be_disabled()  # of ten days nothing was shown yet
    form.get_by_role("button", name="Show what would go").click()
    expect(form).to_contain_text("2 notifications would be deleted.")
    form.get_by_label("More than so many days ago").fill("30")
    form.get_by_role("button", name="Show what would go").click()
    expect(form).to_contain_text("1 notification would be deleted.")
    assert Notification.objects.count() == 3
    delete.click()
    said(page, "Deleted 1 notifications older than 30 days")
    assert set(Notification.objects.values_list("title", flat=True)) == {"Newer", "Unread"}


def test_a_threshold_is_tried_before_it_is_decided_and_taken_back(
    visit: Callable[..., Visitor], staff: User, admin: User, api: Callable[[str], Any]
) -> None:
    start = timezone.now().replace(second=0, microsecond=0) - datetime.timedelta(hours=2)
    for minute in range(30):  # half an hour with 20 failed messages, which 50 allows
        at = start + datetime.timedelta(minutes=minute)
        numbers = {"measured": 20, "lowest": 20, "highest": 20, "measured_minutes": 1, "sample": 20}
        CheckResult.objects.create(check_slug="failed_messages", span="minute", at=at, ok=1, **numbers)

    def limit() -> tuple[int, str, int]:
        (found,) = [one for one in api("thresholds/")["thresholds"] if one["check"] == "failed_messages"]
        return found["value"], found["source"], found["version"]

    visitor = visit(staff)
    visitor.watched.allow("409 (Conflict)")
    page = visitor.tab("/admin/")
    change = page.get_by_role("button", name=re.compile("Change Failed Messages"))
    change.click()
    form = dialog(page, "Change a threshold")
    backtest = form.locator("[data-backtest]")
    expect(backtest).to_contain_text("With the new value (50): 0 incidents")
    form.get_by_label("New value").fill("10")
    expect(backtest).to_contain_text("With the new value (10): 1 incident")
    expect(backtest).to_contain_text("In force (50): 0 incidents")
    expect(backtest).to_contain_text("Failed Messages: too many")
    form.get_by_label("New value").fill("-1")
    expect(backtest).to_contain_text("Give a value in its range")
    assert limit() == (50, "environment", 0)

    form.get_by_label("New value").fill("10")
    form.get_by_label("Why").fill("Ten are too many for us.")
    form.get_by_role("button", name="Save").click()
    said(page, "Threshold set")
    assert limit() == (10, "decided", 1)
    expect(region(page, "thresholds")).to_contain_text("10 messages")

    change.click()
    signed_in(admin).put(f"{SYSTEM}thresholds/failed_messages/warning/", {"value": 12})
    form.get_by_label("New value").fill("15")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_contain_text("It was changed meanwhile")
    assert limit() == (12, "decided", 2)
    form.get_by_role("button", name="Back", exact=True).click()
    page.get_by_role("button", name="Refresh").click()
    expect(region(page, "thresholds")).to_contain_text("12 messages")
    change.click()
    form.get_by_role("button", name="Back to the default").click()
    said(page, "Threshold reset")
    assert limit() == (50, "environment", 3)

    page.get_by_role("button", name=re.compile("Change SMS Credits: Credits under")).click()
    expect(backtest).to_contain_text("No backtest is possible.")


def test_checks_are_run_now_and_the_numbers_move(
    visit: Callable[..., Visitor], staff: User, tenant: Tenant, api: Callable[[str], Any]
) -> None:
    page = visit(staff).tab("/admin/")
    expect(region(page, "overall")).to_contain_text("The monitor has not run yet")
    card = page.locator(".dash-card", has_text="Failed Messages")
    expect(card).to_contain_text("Not asked yet")
    helpers.messages(tenant, 60, status=Status.UNDELIVERED, failure_reason="absent_subscriber")

    card.get_by_role("button", name="Check now").click()
    result = dialog(page, "Failed Messages")
    expect(result).to_contain_text("60 messages failed")
    expect(result).to_contain_text("Critical")
    result.get_by_role("button", name="Close").click()
    expect(card.get_by_role("button", name="Check now")).to_be_focused()
    assert not MonitorRun.objects.exists()  # asked by itself it leaves nothing
    assert not Incident.objects.exists()

    page.get_by_role("button", name="Run all checks").click()
    result = dialog(page, "Health check")
    expect(result.get_by_role("heading", name="User Activity")).to_be_visible()
    result.get_by_role("button", name="Close").click()
    assert api("incidents/")["results"][0]["kind"] == "failed_messages"
    expect(card.locator(".dash-measure")).to_have_text("60 messages")
    expect(card).to_contain_text("1 open incident")
    expect(region(page, "charts")).to_contain_text("Messages by status")
    expect(page.locator('[data-chart="volume"] tbody tr').first).to_contain_text("60")

    helpers.messages(tenant, 5, status=Status.DELIVERED)
    MonitorRun.objects.update(finished_at=helpers.ago(hours=1))  # else the one of a moment ago still counts
    monitor.check_health()
    page.get_by_role("button", name="Refresh").click()
    expect(page.locator(".dash-card", has_text="SMS Service").locator(".dash-measure")).to_have_text("7.7 %")
    expect(page.locator('[data-chart="success"] tbody tr').first).to_contain_text("7.7")
    page.get_by_role("button", name="1 hour").click()
    expect(page.get_by_role("heading", name="The last hour")).to_be_visible()
    expect(page.get_by_role("button", name="1 hour")).to_be_focused()
    expect(page.get_by_role("button", name="1 hour")).to_have_attribute("aria-pressed", "true")
    labels = "Chart.getChart(document.querySelector('[data-chart=success] canvas')).data.labels.length"
    assert page.evaluate(labels) == 60
    page.reload()
    expect(page.get_by_role("heading", name="The last hour")).to_be_visible()
    page.get_by_role("button", name="24 hours").click()
    expect(page.get_by_role("heading", name="The last 24 hours")).to_be_visible()
    assert page.evaluate(labels) == 24
    values = page.evaluate(
        "Chart.getChart(document.querySelector('[data-chart=success] canvas')).data.datasets[0].data"
    )
    assert [one for one in values if one is not None][-1] == 7.7
