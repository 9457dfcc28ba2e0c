"""The dashboard keeps nobody out: in light and dark, on a narrow screen, with a keyboard alone."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from accounts.models import User
from conftest import signed_in
from notifications import incidents
from notifications.models import Incident
from notifications.models.priority import Priority
from notifications.system_monitor import monitor
from notifications.tests import helpers
from sms.models import Status
from tenants.models import Tenant
from tests.browser.conftest import RULES, Visitor

pytestmark = pytest.mark.django_db(transaction=True)
DIALOGS = ("checks", "acknowledge", "assign", "resolve", "report", "plan", "cancel", "cleanup", "threshold")
#: What axe finds on Unfold's own pages, which are not ours to write: rule by rule why it stays.
UNFOLDS = {
    "landmark-one-main": "Unfold's pages have no main; the dashboard brings its own",
    "landmark-unique": "its scrolling areas are regions of the same name",
    "region": "its header, filters and rows are in no landmark",
    "color-contrast": "its links in read-only fields are a shade too dark in the dark (4.2 to 1)",
}
ON_THE_DASHBOARD = {"region": UNFOLDS["region"]}


@pytest.fixture
def busy(tenant: Tenant, other_tenant: Tenant, admin: User) -> Incident:
    """A platform with something in every part of the page."""
    helpers.account(tenant, 30, of=1000)
    helpers.account(other_tenant, 0, of=500)
    helpers.messages(tenant, 60, status=Status.UNDELIVERED, failure_reason="absent_subscriber")
    helpers.messages(tenant, 60, status=Status.DELIVERED, submitted_at=helpers.ago(seconds=4))
    monitor.check_health(is_scheduled=True)
    incident, _ = incidents.report_problem(
        reporter=admin, problem_type="Invoices", description="No VAT. " * 40, priority=Priority.HIGH, data={}
    )
    return incident


def violations(page: Page, within: str | None = None) -> dict[str, list[Any]]:
    found = Axe().run(page, context=within, options=RULES).response["violations"]
    return {one["id"]: [node["target"] for node in one["nodes"]] for one in found}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_dashboard_keeps_nobody_out(
    scheme: str, visit: Callable[..., Visitor], staff: User, busy: Incident
) -> None:
    visitor = visit(staff, color_scheme=scheme)
    page = visitor.tab("/admin/")
    expect(page.locator("html")).to_have_class("dark" if scheme == "dark" else "")
    page.evaluate("document.querySelectorAll('#dashboard details').forEach(one => { one.open = true; })")
    expect(page.locator(".dash-timeline").first).to_contain_text("Ada")
    # All dialogs at once, one below the other: a run for each would take a minute.
    page.evaluate(
        "document.querySelectorAll('.dash-dialog').forEach(one => { one.show(); one.style.position = 'static'; })"
    )
    found = violations(page)
    assert set(found) <= set(ON_THE_DASHBOARD)
    for target in (node[-1] for nodes in found.values() for node in nodes):
        assert page.evaluate("target => document.querySelector(target).closest('#dashboard') === null", target), target
    page.evaluate("document.querySelectorAll('.dash-dialog').forEach(one => one.close())")
    page.set_viewport_size({"width": 320, "height": 640})
    page.wait_for_function("document.documentElement.scrollWidth <= 320")  # charts shrink a moment later
    for name in DIALOGS:
        page.evaluate("name => document.getElementById(`dialog-${name}`).showModal()", name)
        assert page.evaluate("document.querySelector('dialog[open]').offsetWidth") <= 320, name
        page.keyboard.press("Escape")


def test_lists_and_pages_have_nothing_against_them_that_is_not_unfolds(
    visit: Callable[..., Visitor], staff: User, busy: Incident
) -> None:
    visitor = visit(staff, color_scheme="dark")
    for path in ("sms/message/", f"notifications/incident/{busy.pk}/change/"):
        page = visitor.tab(f"/admin/{path}")
        expect(page.get_by_role("heading").first).to_be_visible()
        assert set(violations(page)) <= set(UNFOLDS), path
        page.close()


def test_a_keyboard_is_led_past_the_menu(visit: Callable[..., Visitor], staff: User) -> None:
    page = visit(staff).tab("/admin/notifications/incident/")
    page.keyboard.press("Tab")
    link = page.get_by_role("link", name="Skip to the content")
    expect(link).to_be_focused()
    expect(link).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('#content').contains(document.activeElement)")


def test_it_is_worked_with_a_keyboard_alone(visit: Callable[..., Visitor], staff: User, busy: Incident) -> None:
    page = visit(staff, reduced_motion="reduce").tab("/admin/")
    opener = page.locator(f'[data-focus="resolve/{busy.pk}"]')
    opener.focus()
    page.keyboard.press("Enter")
    words = page.get_by_label("What ended it")
    expect(words).to_be_focused()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("Sent again.")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("[data-said]")).to_have_text("Incident resolved")
    expect(page.locator("[data-said]")).to_have_attribute("role", "status")
    reply = signed_in(staff).get(f"/api/notifications/system/incidents/{busy.pk}/").json()
    assert reply["incident"]["resolution"] == "Sent again."
    # What pressed it is gone with its incident; the keyboard goes on in the same part of the page.
    expect(page.locator("#dash-incidents")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_sign_out_is_reached_by_keyboard_and_an_empty_list_says_so(
    scheme: str, visit: Callable[..., Visitor], staff: User
) -> None:
    page = visit(staff, color_scheme=scheme).tab("/admin/notifications/webhookendpoint/?q=pigeon")
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    assert "color-contrast" not in violations(page, ".no-rows")
    account = page.get_by_role("button", name=staff.full_name)
    account.press("Enter")
    menu = page.get_by_role("navigation", name="Account")
    expect(menu).to_be_visible()
    assert "color-contrast" not in violations(page, ".account-open")  # what is in the menu is Unfold's
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(account).to_be_focused()
    account.press("Enter")
    menu.get_by_role("button", name="Log out").press("Enter")
    expect(page).to_have_url(re.compile("/sign-in/|logout"))
