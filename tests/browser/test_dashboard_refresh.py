"""The dashboard refreshes itself, and takes nothing from who is at work on it; it keeps nobody out."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from notifications import incidents
from notifications.models import Incident
from notifications.models.priority import Priority
from tests.browser.conftest import Visitor

pytestmark = pytest.mark.django_db(transaction=True)
HALF_A_MINUTE = 31_000


def report(admin: User, problem_type: str) -> None:
    incidents.report_problem(
        reporter=admin, problem_type=problem_type, description="It is bad.", priority=Priority.HIGH, data={}
    )


def with_a_clock(visitor: Visitor) -> Page:
    """A tab whose time goes on when the test says so."""
    page = visitor.tab()
    page.clock.install()
    page.goto(f"{visitor.address}/admin/")
    expect(page.locator("[data-freshness]")).to_contain_text("Updated")
    page.clock.pause_at(page.evaluate("Date.now() / 1000 + 1"))
    return page


def test_it_refreshes_itself_and_loses_neither_text_nor_focus_nor_what_is_open(
    visit: Callable[..., Visitor], staff: User, admin: User
) -> None:
    report(admin, "Invoices")
    page = with_a_clock(visit(staff))
    listed = page.locator('[data-region="incidents"]')
    listed.get_by_text("Timeline and comments").click()
    expect(listed.locator(".dash-timeline")).to_contain_text("Ada")
    comment = listed.get_by_label("Comment")
    comment.fill("I am about to")

    report(admin, "Receipts")
    with page.expect_response("**/admin/dashboard/"):
        page.clock.run_for(HALF_A_MINUTE)
    expect(page.locator('[data-region="overall"]')).to_contain_text("2 open incidents")  # what nobody is at is new
    expect(comment).to_have_value("I am about to")
    expect(comment).to_be_focused()
    expect(listed.get_by_role("heading", name="Receipts")).to_have_count(0)
    expect(page.locator("[data-freshness]")).to_contain_text("the part that you are writing in waits")

    comment.fill("")
    summary = listed.get_by_text("Timeline and comments").first
    summary.focus()
    with page.expect_response("**/admin/dashboard/"):
        page.clock.run_for(HALF_A_MINUTE)
    expect(listed.get_by_role("heading", name="Receipts")).to_be_visible()
    expect(page.locator("[data-freshness]")).not_to_contain_text("waits")
    expect(listed.locator("details[open] summary")).to_be_focused()
    expect(listed.locator("details[open]")).to_contain_text("Ada")  # its timeline is still there

    page.get_by_role("button", name="Report a problem").click()
    page.get_by_label("What is wrong").fill("Half a sent")
    report(admin, "Refunds")
    with page.expect_response("**/admin/dashboard/"):
        page.clock.run_for(HALF_A_MINUTE)
    expect(page.locator('[data-region="overall"]')).to_contain_text("3 open incidents")
    expect(page.get_by_label("What is wrong")).to_have_value("Half a sent")
    expect(page.get_by_label("What is wrong")).to_be_focused()


def test_it_says_how_old_it_is_and_when_a_refresh_failed(visit: Callable[..., Visitor], staff: User) -> None:
    visitor = visit(staff)
    visitor.watched.allow("503", "ERR_FAILED", "ERR_INTERNET_DISCONNECTED")
    page = with_a_clock(visitor)
    page.clock.run_for(12_000)
    expect(page.locator("[data-freshness]")).to_have_text(re.compile(r"Updated 1\d s ago"))
    stale = page.locator("[data-stale]")
    expect(stale).to_be_hidden()
    page.route("**/admin/dashboard/", lambda route: route.fulfill(status=503, body="away"))
    page.get_by_role("button", name="Refresh").click()
    expect(stale).to_contain_text("The server answered with 503.")
    expect(page.locator("#dash-incidents")).to_be_visible()  # what was known stays
    page.unroute("**/admin/dashboard/")
    page.get_by_role("button", name="Refresh").click()
    expect(stale).to_be_hidden()

    visitor.context.clear_cookies()
    page.get_by_role("button", name="Refresh").click()
    expect(stale).to_contain_text("You are signed out.")


def test_a_hidden_tab_asks_for_nothing_until_it_is_looked_at(visit: Callable[..., Visitor], staff: User) -> None:
    page = with_a_clock(visit(staff))
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    show = "hidden => { Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});"
    show += " document.dispatchEvent(new Event('visibilitychange')); }"
    page.evaluate(show, True)
    page.clock.run_for(10 * HALF_A_MINUTE)
    assert [one for one in asked if one.endswith("/admin/dashboard/")] == []
    with page.expect_response("**/admin/dashboard/"):
        page.evaluate(show, False)
        page.clock.run_for(100)
    assert len([one for one in asked if one.endswith("/admin/dashboard/")]) == 1


def test_what_was_typed_outlives_the_session(visit: Callable[..., Visitor], staff: User) -> None:
    """Signed out while a dialog is open: told so, and sent after signing in again in another tab."""
    visitor = visit(staff)
    page = visitor.tab("/admin/")
    page.get_by_role("button", name="Report a problem").click()
    dialog = page.get_by_role("dialog", name="Report a problem")
    dialog.get_by_label("Type").fill("Invoices")
    dialog.get_by_label("What is wrong").fill("A long story.")
    visitor.watched.allow("401")
    page.context.clear_cookies()
    dialog.get_by_role("button", name="Report").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Sign in in another tab, then go on here")
    visitor.sign_in_as(staff)
    dialog.get_by_role("button", name="Report").click()
    expect(page.locator("[data-said]")).to_have_text("Problem reported successfully")
    assert Incident.objects.get().summary == "A long story."
