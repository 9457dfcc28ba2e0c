"""How somebody is told, chosen on the page and read back from the API's side; and their inbox in numbers."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import Settings

from accounts.models import User
from conftest import signed_in
from notifications.categories import CATEGORIES
from notifications.models.choice import Column
from notifications.tests.helpers import API, ago, tell
from tests.browser.conftest import Visitor
from tests.browser.inboxes import fill

pytestmark = pytest.mark.django_db(transaction=True)
Visit = Callable[..., Visitor]


@pytest.fixture
def visit(visit: Visit) -> Visit:
    """A browser logs every refusal, and most of these tests provoke one."""

    def make(user: User) -> Visitor:
        visitor = visit(user)
        visitor.watched.allow("status of 400")
        return visitor

    return make


def stored(user: User, path: str = "preferences/") -> Any:
    return signed_in(user).get(API + path).json()["data"]


def cell(user: User, category: str, channel: str) -> dict[str, Any]:
    (row,) = [one for one in stored(user)["categories"] if one["category"] == category]
    (found,) = [one for one in row["cells"] if one["channel"] == channel]
    return dict(found)


def settings_of(user: User, visit: Visit) -> Page:
    page = visit(user).tab("/inbox/?tab=settings")
    expect(page.get_by_label("Billing by E-mail")).to_be_visible()
    return page


def said(page: Page, form: str) -> Any:
    return expect(page.locator(f"#{form} .form-said"))


def test_every_cell_is_there_and_each_choice_is_saved_and_read_back(member: User, visit: Visit) -> None:
    page = settings_of(member, visit)
    expect(page.locator("#matrix select")).to_have_count(len(CATEGORIES) * len(Column))
    billing = page.get_by_label("Billing by E-mail")
    expect(billing.locator("option")).to_have_text(["Default: at once", "At once", "Each hour", "Each day", "Off"])
    billing.select_option("Each day")
    expect(page.locator("#cell-billing-email-said")).to_have_text("Saved")
    assert cell(member, "billing", "email")["when"] == "daily"
    page.reload()
    expect(page.get_by_label("Billing by E-mail")).to_have_value("daily")
    page.get_by_label("Billing by E-mail").select_option("Default: at once")
    expect(page.locator("#cell-billing-email-said")).to_have_text("Saved")
    assert cell(member, "billing", "email")["whose"] == "built_in"


def test_what_is_mandatory_offers_no_off_and_what_is_refused_says_so_in_its_cell(member: User, visit: Visit) -> None:
    page = settings_of(member, visit)
    security = page.get_by_label("Security by E-mail")
    assert "Off" not in security.locator("option").all_inner_texts()
    expect(page.locator("#cell-security-email-rule")).to_have_text("Cannot be off")
    # A page that is older than the rule, which the API knows better.
    security.evaluate("(one) => one.append(new Option('Off', 'off'))")
    with page.expect_response("**/preferences/") as answer:
        security.select_option("Off")
    assert answer.value.status == 400
    mandatory = "E-mail for security is mandatory and cannot be switched off."
    expect(page.locator("#cell-security-email-said")).to_have_text(mandatory)
    expect(security).to_have_value("")
    assert cell(member, "security", "email")["when"] == "at_once"


def test_a_channel_is_switched_off_and_on(member: User, visit: Visit, settings: Settings) -> None:
    settings.EMAIL_IS_SET, settings.NOTIFICATION_SMS_TENANT = True, "acme"
    page = settings_of(member, visit)
    switch = page.get_by_role("switch", name="E-mail")
    expect(page.locator("#channels")).to_contain_text("member@acme.test")
    expect(page.locator("#channels")).to_contain_text("There is no phone number, or it is not verified.")
    switch.uncheck()
    expect(page.locator("#toast")).to_contain_text("E-mail is off.")
    assert stored(member, "settings/")["email_notifications_enabled"] is False
    expect(page.get_by_label("Billing by E-mail")).to_have_value("off")
    page.reload()
    expect(switch).not_to_be_checked()
    switch.check()
    expect(page.locator("#toast")).to_contain_text("E-mail is on.")
    assert stored(member, "settings/")["email_notifications_enabled"] is True


def test_quiet_hours_and_the_digest_are_saved_and_read_back(member: User, visit: Visit) -> None:
    page = settings_of(member, visit)
    times = page.locator("#times")
    expect(times.get_by_label("From")).to_be_disabled()
    times.get_by_role("switch", name="Quiet hours").check()
    times.get_by_label("From").fill("23:00")
    times.get_by_label("Until").fill("23:00")
    times.get_by_role("button", name="Save times").click()
    expect(times.locator(".field-error")).to_have_text("They must end at another time than they begin at.")
    expect(times.get_by_label("From")).to_be_focused()
    expect(times.get_by_label("From")).to_have_accessible_description(
        "They must end at another time than they begin at."
    )
    assert stored(member)["quiet_hours"] is None
    times.get_by_label("Until").fill("06:30")
    times.get_by_label("Daily digest at").fill("09:15")
    times.get_by_role("button", name="Save times").click()
    said(page, "times").to_have_text("Saved.")
    expect(times.locator(".field-error")).to_have_count(0)
    found = stored(member)
    assert (found["quiet_hours"], found["daily_digest_at"]) == ({"from": "23:00", "until": "06:30"}, "09:15")
    page.reload()
    expect(times.get_by_label("Until")).to_have_value("06:30")
    times.get_by_role("switch", name="Quiet hours").uncheck()
    times.get_by_role("button", name="Save times").click()
    said(page, "times").to_have_text("Saved.")
    assert stored(member)["quiet_hours"] is None


def test_thresholds_are_refused_at_their_field_and_saved(member: User, visit: Visit) -> None:
    page = settings_of(member, visit)
    form = page.locator("#thresholds")
    warning, critical = form.get_by_label("Warning at (%)"), form.get_by_label("Critical at (%)")
    expect(warning).to_have_value("25")
    for given, refusal in (
        ("30", "Must be below the warning threshold (25)."),
        ("ten", "A valid integer is required."),
    ):
        critical.fill(given)
        form.get_by_role("button", name="Save thresholds").click()
        expect(form.locator(".field:has([name=sms_credit_critical_threshold]) .field-error")).to_have_text(refusal)
        expect(critical).to_have_attribute("aria-invalid", "true")
    critical.fill("15")
    warning.fill("40")
    form.get_by_role("button", name="Save thresholds").click()
    said(page, "thresholds").to_have_text("Saved.")
    expect(form.locator(".field-error")).to_have_count(0)
    found = stored(member, "settings/")
    assert (found["sms_credit_warning_threshold"], found["sms_credit_critical_threshold"]) == (40, 15)


def test_snoozing_and_ending_it(member: User, visit: Visit) -> None:
    page = settings_of(member, visit)
    form = page.locator("#snooze")
    form.get_by_role("button", name="Snooze", exact=True).click()
    expect(form.locator(".field-error")).to_have_text("Choose a day and a time.")
    form.get_by_label("Until").fill("2020-01-01T10:00")
    form.get_by_role("button", name="Snooze", exact=True).click()
    expect(form.locator(".field-error")).to_have_text("Must be in the future.")
    form.get_by_role("button", name="Eight hours").click()
    said(page, "snooze").to_have_text("Snoozed.")
    expect(page.locator("#snoozed")).to_contain_text("Snoozed until")
    until = datetime.datetime.fromisoformat(stored(member)["snoozed_until"])
    assert datetime.timedelta(hours=7) < until - timezone.now() < datetime.timedelta(hours=9)
    form.get_by_role("button", name="End snooze").click()
    said(page, "snooze").to_have_text("No longer snoozed.")
    assert stored(member)["snoozed_until"] is None


def test_statistics_are_the_inboxs_own_in_pictures_and_in_tables(member: User, outsider: User, visit: Visit) -> None:
    fill(member, 3, notification_type="billing")
    tell(member, "Read", status="read", read_at=timezone.now(), created_at=ago(hours=2), priority="high")
    fill(outsider, 5)
    page = visit(member).tab("/inbox/?tab=statistics")
    tiles = page.locator("#numbers .tile")
    expect(tiles).to_have_text(
        ["All4", "Unread3", "Last 7 days4", "From the platform0", "Read25 %", "Usually read within2 hours"]
    )
    by_type = page.get_by_role("table", name="By type")
    assert by_type.get_by_role("row").all_inner_texts()[1:] == ["Billing\t3", "Other news\t1"]
    assert page.get_by_role("table", name="Notifications by day").get_by_role("row").count() == 31
    assert page.locator("svg.columns rect:not(.none)").count() in (1, 2)  # around midnight they are of two days


def test_statistics_of_nothing_say_so(member: User, visit: Visit) -> None:
    page = visit(member).tab("/inbox/?tab=statistics")
    for title in ("By type", "By priority"):
        expect(page.get_by_role("figure", name=title)).to_contain_text("Nothing yet.")
