"""The inbox without a mouse."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.browser.conftest import Visitor
from tests.browser.inboxes import fill, opened, row, rows, shows, status_of

pytestmark = pytest.mark.django_db(transaction=True)
Visit = Callable[..., Visitor]


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def focused(page: Page, title: str) -> None:
    expect(row(page, title).get_by_role("link")).to_be_focused()


def test_a_morning_of_keys_alone(member: User, visit: Visit) -> None:
    (zero, one, two, three, four) = made = fill(member, 5)
    page = visit(member, viewport={"width": 1200, "height": 800}).tab("/inbox/")
    expect(rows(page)).to_have_count(5)
    press(page, "j")
    focused(page, "Note 4")
    press(page, "j", "ArrowDown", "k")
    focused(page, "Note 3")
    press(page, "x", "j", "x")
    expect(page.locator("#picked")).to_have_text("2 selected")
    press(page, "e")
    shows(page, ["Note 4", "Note 1", "Note 0"])
    assert status_of(*made) == ["unread", "unread", "archived", "archived", "unread"]
    focused(page, "Note 1")
    page.locator("#toast").get_by_role("button", name="Undo").focus()
    press(page, "Enter")
    focused(page, "Note 3")
    press(page, "x", "j", "x", "e")
    shows(page, ["Note 4", "Note 1", "Note 0"])
    focused(page, "Note 1")
    press(page, "Enter")
    expect(opened(page).locator("h2")).to_have_text("Note 1")
    expect(page.locator("#detail").get_by_role("button", name="Mark unread")).to_be_visible()
    press(page, "j")  # the next one, open
    expect(page.locator("#detail h2")).to_have_text("Note 0")
    expect(page.locator("#detail").get_by_role("button", name="Mark unread")).to_be_visible()
    press(page, "u")
    expect(page.locator("#detail").get_by_role("button", name="Mark read")).to_be_visible()
    assert status_of(zero, one) == ["unread", "read"]
    press(page, "Escape")
    focused(page, "Note 0")
    press(page, "#")
    expect(page.get_by_role("dialog")).to_be_visible()
    press(page, "Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    press(page, "#")
    press(page, "Tab", "Enter")
    shows(page, ["Note 4", "Note 1"])
    assert status_of(zero, two, three, four) == ["gone", "archived", "archived", "unread"]
    focused(page, "Note 1")


def test_searching_and_leaving_it_again(member: User, visit: Visit) -> None:
    fill(member, 2)
    page = visit(member).tab("/inbox/")
    expect(rows(page)).to_have_count(2)
    press(page, "/")
    page.keyboard.type("e 1 x e u #")  # typed, not obeyed
    search = page.get_by_label("Search")
    expect(search).to_have_value("e 1 x e u #")
    search.fill("e 1")
    shows(page, ["Note 1"])
    press(page, "Escape")
    expect(search).not_to_be_focused()


def test_help_says_what_there_is_and_keys_can_be_switched_off(member: User, visit: Visit) -> None:
    (one,) = fill(member, 1)
    page = visit(member).tab("/inbox/")
    expect(rows(page)).to_have_count(1)
    press(page, "?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_contain_text("archive")
    dialog.get_by_role("switch", name="Use single keys").uncheck()
    press(page, "Escape")
    page.reload()
    row(page, "Note 0").get_by_role("link").focus()
    press(page, "e", "x")
    expect(page.locator("#picked")).to_have_text("Select all")
    assert status_of(one) == ["unread"]


def test_keys_with_a_modifier_are_the_browsers(member: User, visit: Visit) -> None:
    (one,) = fill(member, 1)
    page = visit(member).tab("/inbox/")
    row(page, "Note 0").get_by_role("link").focus()
    press(page, "Control+e", "Alt+e", "Meta+x")
    expect(page.locator("#picked")).to_have_text("Select all")
    assert status_of(one) == ["unread"]


def test_tab_reaches_every_row_and_the_way_past_them(member: User, visit: Visit) -> None:
    fill(member, 2)
    page = visit(member).tab("/inbox/")
    expect(rows(page)).to_have_count(2)
    page.get_by_role("button", name="Mark all read").focus()
    press(page, "Tab")
    expect(row(page, "Note 1").get_by_role("checkbox")).to_be_focused()
    press(page, "Tab")
    focused(page, "Note 1")
    press(page, "Tab", "Space")
    expect(row(page, "Note 0").get_by_role("checkbox")).to_be_checked()
