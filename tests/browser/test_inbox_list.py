"""The list: what is shown, in which order, how it goes on, and what is done to many at once."""

import datetime
from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from notifications.models import Notification
from notifications.models.priority import Priority
from notifications.tests.helpers import SystemNote, ago, tell
from tenants.models import Tenant
from tenants.services import add_member
from tests.browser.conftest import Visitor
from tests.browser.inboxes import arrive, fill, pick, row, rows, shows, status_of

pytestmark = pytest.mark.django_db(transaction=True)
Visit = Callable[..., Visitor]


@pytest.fixture
def told_apart(member: User, outsider: User) -> User:
    """Somebody with rows that each filter tells apart; another tenant's person has one that matches all."""
    tell(member, "put away", status="archived", archived_at=timezone.now())
    tell(member, "oldest", created_at=ago(days=9), status="read", read_at=timezone.now())
    tell(member, "lost", message="The GATEWAY is down.", notification_type="error", created_at=ago(days=5))
    tell(member, "worst", priority=Priority.CRITICAL)
    tell(member, "platform's", kind=SystemNote, priority=Priority.LOW)
    tell(outsider, "not mine", kind=SystemNote, notification_type="error", priority=Priority.CRITICAL)
    return member


def which(page: Page, name: str) -> None:
    page.locator("#filters .segments").get_by_text(name, exact=True).click()


def test_each_filter_changes_the_list_and_stands_in_the_address(told_apart: User, visit: Visit) -> None:
    page = visit(told_apart).tab("/inbox/")
    everything = ["platform's", "worst", "lost", "oldest"]
    shows(page, everything)
    which(page, "Unread")
    shows(page, ["platform's", "worst", "lost"])
    assert page.url.endswith("/inbox/?status=unread")
    which(page, "Read")
    shows(page, ["oldest"])
    which(page, "Archive")
    shows(page, ["put away"])
    which(page, "Inbox")
    shows(page, everything)

    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("Type").select_option("Errors")
    shows(page, ["lost"])
    page.get_by_label("Type").select_option("All types")
    page.get_by_label("Priority").select_option("Critical")
    shows(page, ["worst"])
    page.get_by_role("button", name="Clear filters").first.click()
    shows(page, everything)
    page.locator("#filters").get_by_label("From").select_option("The platform")
    shows(page, ["platform's"])
    page.locator("#filters").get_by_label("From").select_option("Personal")
    shows(page, ["worst", "lost", "oldest"])
    page.locator("#filters").get_by_label("From").select_option("Everywhere")
    page.locator("#filters").get_by_label("Since").fill(f"{timezone.now() - datetime.timedelta(days=7):%Y-%m-%d}")
    shows(page, ["platform's", "worst", "lost"])
    page.locator("#filters").get_by_label("Until").fill(f"{timezone.now() - datetime.timedelta(days=3):%Y-%m-%d}")
    shows(page, ["lost"])
    page.get_by_role("button", name="Clear filters").first.click()
    page.get_by_label("Search").fill("gateway")
    shows(page, ["lost"])
    expect(page.locator("#said")).to_have_text("1 notification shown.")
    page.get_by_label("Search").fill("nothing like it")
    expect(page.locator("#empty")).to_contain_text("Nothing matches these filters.")


def test_back_forward_and_a_link_lead_to_the_same_list(told_apart: User, visit: Visit) -> None:
    visitor = visit(told_apart)
    page = visitor.tab("/inbox/?status=unread&priority=critical")
    shows(page, ["worst"])
    assert page.get_by_label("Priority").input_value() == "critical"
    page.get_by_label("Priority").select_option("")
    shows(page, ["platform's", "worst", "lost"])
    page.go_back()
    shows(page, ["worst"])
    assert page.get_by_label("Priority").input_value() == "critical"
    page.go_forward()
    shows(page, ["platform's", "worst", "lost"])
    page.get_by_role("link", name="Settings").click()
    expect(page.get_by_role("heading", name="How you are told")).to_be_visible()
    page.go_back()
    expect(rows(page).first).to_be_visible()


def test_a_filter_that_cannot_be_is_refused_at_its_field(told_apart: User, visit: Visit) -> None:
    visitor = visit(told_apart)
    visitor.watched.allow("status of 400")
    page = visitor.tab("/inbox/?since=yesterday")
    expect(page.locator("#error-since")).to_have_text("Enter a valid date/time.")
    expect(page.locator("#trouble")).to_be_hidden()


def test_scrolling_brings_the_next_page_and_so_does_a_button(member: User, visit: Visit) -> None:
    made = fill(member, 65)
    page = visit(member, viewport={"width": 1000, "height": 700}).tab("/inbox/")
    expect(rows(page)).to_have_count(20)
    page.mouse.move(500, 500)
    page.mouse.wheel(0, 20_000)
    expect(rows(page)).to_have_count(40)
    more = page.get_by_role("button", name="Load more")
    more.focus()  # which brings it into sight as well
    expect(rows(page)).to_have_count(60)
    page.mouse.wheel(0, 20_000)
    expect(rows(page)).to_have_count(65)
    expect(more).to_be_hidden()
    assert page.locator("#rows .row-title").all_inner_texts() == [one.title for one in made[::-1]]


def test_the_button_alone_is_enough_where_nothing_is_observed(member: User, visit: Visit) -> None:
    fill(member, 25)
    visitor = visit(member)
    visitor.context.add_init_script("window.IntersectionObserver = class { observe() {} };")
    page = visitor.tab("/inbox/")
    expect(rows(page)).to_have_count(20)
    page.get_by_role("button", name="Load more").click()
    expect(rows(page)).to_have_count(25)
    expect(row(page, "Note 4").get_by_role("link")).to_be_focused()  # the first of the new ones


def test_what_arrives_is_offered_and_moves_nothing(member: User, visit: Visit) -> None:
    made = fill(member, 30)
    page = visit(member, viewport={"width": 1000, "height": 700}).tab("/inbox/")
    expect(rows(page)).to_have_count(20)
    page.mouse.move(500, 500)
    page.mouse.wheel(0, 500)
    row(page, "Note 20").get_by_role("checkbox").check()
    before = row(page, "Note 20").bounding_box()
    tell(member, "New")
    Notification.objects.filter(pk=made[29].pk).update(status="read")
    arrive(page)
    offer = page.get_by_role("button", name="Show 1 new")
    expect(offer).to_be_visible()
    expect(row(page, "Note 29")).not_to_have_class("row unread")  # read elsewhere meanwhile
    assert rows(page).count() >= 20
    expect(row(page, "New")).to_have_count(0)
    assert row(page, "Note 20").bounding_box() == before
    offer.click()
    expect(rows(page).first.locator(".row-title")).to_have_text("New")
    expect(row(page, "New").get_by_role("link")).to_be_focused()
    expect(row(page, "Note 20").get_by_role("checkbox")).to_be_checked()


def test_an_empty_inbox_says_so_and_offers_what_comes(member: User, visit: Visit) -> None:
    page = visit(member).tab("/inbox/")
    expect(page.locator("#empty")).to_be_visible()
    expect(page.locator("#empty-words")).to_have_text("You are all caught up.")
    tell(member, "First")
    arrive(page)
    page.get_by_role("button", name="Show 1 new").click()
    shows(page, ["First"])
    expect(page.locator("#empty")).to_be_hidden()


# --- Many at once ------------------------------------------------------------------------------------------------


def bulk(page: Page, name: str) -> None:
    page.get_by_role("group", name="With the selected").get_by_role("button", name=name, exact=True).click()


def said(page: Page, text: str) -> None:
    expect(page.locator("#toast")).to_contain_text(text)


def undo(page: Page) -> None:
    page.locator("#toast").get_by_role("button", name="Undo").click()
    said(page, "Undone.")


def test_what_is_done_to_the_selected_is_done_and_can_be_undone(member: User, visit: Visit) -> None:
    (one, two, three) = made = fill(member, 3)
    page = visit(member).tab("/inbox/")
    pick(page, "Note 0", "Note 1")
    expect(page.locator("#picked")).to_have_text("2 selected")
    bulk(page, "Mark read")
    said(page, "2 notifications marked read.")
    assert status_of(*made) == ["read", "read", "unread"]
    undo(page)
    assert status_of(*made) == ["unread", "unread", "unread"]

    page.get_by_label("Select all").check()
    bulk(page, "Archive")
    said(page, "3 notifications archived.")
    shows(page, [])
    assert status_of(*made) == ["archived"] * 3
    undo(page)
    shows(page, ["Note 2", "Note 1", "Note 0"])
    assert status_of(*made) == ["unread"] * 3

    Notification.objects.filter(pk=two.pk).update(status="read", read_at=timezone.now())
    page.reload()
    pick(page, "Note 1")
    bulk(page, "Archive")
    said(page, "1 notification archived.")
    undo(page)
    assert status_of(one, two, three) == ["unread", "read", "unread"]


def test_what_can_be_done_stays_in_sight_of_the_last_one_selected(member: User, visit: Visit) -> None:
    fill(member, 20)
    page = visit(member, viewport={"width": 320, "height": 640}).tab("/inbox/")
    expect(rows(page)).to_have_count(20)
    pick(page, "Note 0")
    expect(page.get_by_role("button", name="Archive", exact=True)).to_be_in_viewport()


def test_deleting_asks_first_and_is_for_good(member: User, visit: Visit) -> None:
    made = fill(member, 3)
    page = visit(member).tab("/inbox/")
    pick(page, "Note 0", "Note 2")
    bulk(page, "Delete")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("2 notifications are deleted for good.")
    dialog.get_by_role("button", name="Keep").click()
    assert status_of(*made) == ["unread"] * 3
    bulk(page, "Delete")
    dialog.get_by_role("button", name="Delete").click()
    said(page, "2 notifications deleted.")
    expect(page.locator("#toast").get_by_role("button", name="Undo")).to_have_count(0)
    shows(page, ["Note 1"])
    assert status_of(*made) == ["gone", "unread", "gone"]


def test_a_range_is_selected_with_shift(member: User, visit: Visit) -> None:
    fill(member, 5)
    page = visit(member).tab("/inbox/")
    row(page, "Note 4").get_by_role("checkbox").click()
    row(page, "Note 1").get_by_role("checkbox").click(modifiers=["Shift"])
    expect(page.locator("#picked")).to_have_text("4 selected")


def test_marking_all_read_leaves_what_the_page_has_not_shown(member: User, visit: Visit) -> None:
    made = fill(member, 25)
    page = visit(member).tab("/inbox/")
    expect(rows(page).first).to_be_visible()
    late = tell(member, "Late")
    page.get_by_role("button", name="Mark all read").click()
    said(page, "25 notifications marked read.")
    assert set(status_of(*made)) == {"read"}
    assert status_of(late) == ["unread"]
    page.get_by_label("Search").fill("Note")
    expect(page.get_by_role("button", name="Mark all read")).to_be_hidden()  # it would mark more than is shown


def test_the_bell_is_told_to_look_again(member: User, visit: Visit) -> None:
    fill(member, 1)
    page = visit(member).tab("/inbox/")
    pick(page, "Note 0")
    page.evaluate("document.querySelector('notification-bell').refresh = () => (window.refreshed = true)")
    bulk(page, "Mark read")
    page.wait_for_function("window.refreshed")


def test_who_works_for_several_tenants_changes_over_in_the_head(
    member: User, tenant: Tenant, other_tenant: Tenant, visit: Visit
) -> None:
    add_member(tenant=other_tenant, user=member)
    tell(member, "Of Acme", tenant=tenant)
    tell(member, "Of Globex", tenant=other_tenant)
    page = visit(member).tab("/inbox/")
    shows(page, ["Of Acme"])
    page.get_by_label("You work in").select_option("Globex")
    shows(page, ["Of Globex"])
    expect(page.get_by_label("You work in")).to_have_value(str(other_tenant.pk))
