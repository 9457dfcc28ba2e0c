"""The inbox and the bell above it tell each other what changed."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from accounts.models import User
from notifications.tests.helpers import tell
from tests.browser.bell import Bell, until
from tests.browser.conftest import Visitor
from tests.browser.inboxes import fill, opened, pick, row, shows, status_of

pytestmark = pytest.mark.django_db(transaction=True)
Visit = Callable[..., Visitor]


def test_what_is_done_in_the_list_changes_the_badge_and_the_other_way_round(member: User, visit: Visit) -> None:
    fill(member, 3)
    bell = Bell.at(visit(member), alone=False)
    page = bell.page
    shows(page, ["Note 2", "Note 1", "Note 0"])
    bell.says("Notifications, 3 unread")
    pick(page, "Note 0", "Note 1")
    page.get_by_role("group", name="With the selected").get_by_role("button", name="Archive").click()
    bell.says("Notifications, 1 unread")
    page.locator("#toast").get_by_role("button", name="Undo").click()
    bell.says("Notifications, 3 unread")
    bell.open()
    bell.press("Mark all read")
    expect(row(page, "Note 2")).to_have_class("row")
    expect(row(page, "Note 0")).to_have_class("row")


def test_what_the_bell_hears_of_is_offered_by_the_list(member: User, visit: Visit) -> None:
    fill(member, 1)
    bell = Bell.at(visit(member), alone=False)
    bell.says("Notifications, 1 unread")
    shows(bell.page, ["Note 0"])
    tell(member, "New")
    bell.run("bell.refresh()")
    bell.page.get_by_role("button", name="Show 1 new").click()
    shows(bell.page, ["New", "Note 0"])


def test_who_signs_in_after_somebody_else_finds_nothing_of_theirs(member: User, owner: User, visit: Visit) -> None:
    (minas,) = fill(member, 1, "For Mina")
    fill(owner, 1, "For Olu")
    visitor = visit(member)
    bell = Bell.at(visitor, alone=False)
    shows(bell.page, ["For Mina 0"])
    visitor.context.clear_cookies()
    visitor.sign_in_as(owner)
    bell.run("bell.refresh()")  # as when the tab is looked at again
    shows(bell.page, ["For Olu 0"])
    expect(bell.page.get_by_role("banner")).to_contain_text("Olu")
    assert status_of(minas) == ["unread"]


def test_who_signs_out_in_another_tab_leaves_nothing_in_this_one(member: User, visit: Visit) -> None:
    fill(member, 1)
    visitor = visit(member)
    visitor.watched.allow("status of 401")
    bell = Bell.at(visitor, "/inbox/?status=unread", alone=False)
    shows(bell.page, ["Note 0"])
    visitor.tab("/inbox/").get_by_role("button", name="Sign out").click()
    bell.run("bell.refresh()")
    bell.page.wait_for_url("**/sign-in/?next=/inbox/%3Fstatus%3Dunread")


def test_what_is_opened_in_the_bell_is_opened_here(member: User, visit: Visit) -> None:
    (one, other) = fill(member, 2)
    bell = Bell.at(visit(member), alone=False)
    bell.says("Notifications, 2 unread")
    bell.open()
    bell.item("Note 0").get_by_role("button", name="Note 0").first.click()
    expect(opened(bell.page).locator("h2")).to_have_text("Note 0")
    bell.says("Notifications, 1 unread")
    until(bell.page, lambda: status_of(one, other) == ["read", "unread"])  # the bell shows it before it is done
