"""The bell: one page, one person."""

import gzip
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from accounts.models import User
from notifications.models import Notification
from notifications.tests.helpers import SystemNote, ago, tell
from tests.browser.bell import MODULE, Bell, until
from tests.browser.conftest import Visitor

pytestmark = pytest.mark.django_db(transaction=True)
Visit = Callable[..., Visitor]


def unread(user: User) -> int:
    return Notification.objects.filter(recipient=user, status="unread").count()


def until_unread(user: User, count: int, bell: Bell) -> None:
    """The server knows it too: the bell shows what was clicked before that."""
    bell.run("bell.refresh()")
    bell.says(f"Notifications, {count} unread" if count else "Notifications")
    until(bell.page, lambda: unread(user) == count)


def refuse(bell: Bell, path: str, status: int = 500) -> None:
    bell.page.route(path, lambda route: route.fulfill(status=status, json={"detail": "No."}))


def test_it_is_small() -> None:
    assert len(gzip.compress(MODULE.read_bytes(), 9)) < 10_000


def test_the_count_rises_by_itself_and_what_is_new_is_said_once(visit: Visit, member: User) -> None:
    visitor = visit(member)
    visitor.context.clock.install()
    bell = Bell.at(visitor)
    bell.says("Notifications")
    bell.listen()
    status = bell.element.get_by_role("status")
    expect(status).to_be_empty()
    tell(member, "First", created_at=ago(minutes=3))
    visitor.context.clock.fast_forward(34_000)  # X-Poll-Interval, and some jitter
    bell.says("Notifications, 1 unread")
    expect(status).to_have_text("New notifications: 1. First")
    expect(bell.page).to_have_title("(1) Inbox - Bellwether")
    bell.run("bell.shadowRoot.querySelector('[role=status]').textContent = ''")
    visitor.context.clock.fast_forward(34_000)
    bell.run("bell.refresh()")
    expect(status).to_be_empty()
    tell(member, "Second")
    tell(member, "Third")
    bell.run("bell.refresh()")
    expect(status).to_have_text("New notifications: 2. Third")
    assert [one["count"] for one in bell.heard("count")] == [1, 3]

    bell.open()
    when = bell.item("First").locator("time")
    expect(when).to_have_text("4 minutes ago")
    bell.page.context.clock.run_for(120_000)  # without a poll
    expect(when).to_have_text("6 minutes ago")


def test_opening_acting_and_marking(visit: Visit, member: User) -> None:
    tell(member, "Old", status="read")
    tell(member, "Third", kind=SystemNote, priority="critical")
    tell(member, "Second", action_url="/inbox/?from=bell", action_text="Look")
    tell(member, "First", message="word " * 100)
    bell = Bell.at(visit(member))
    bell.says("Notifications, 3 unread")
    expect(bell.button).to_have_attribute("aria-expanded", "false")
    bell.open()
    expect(bell.button).to_have_attribute("aria-expanded", "true")
    expect(bell.items).to_have_count(4)
    expect(bell.item("Third")).to_contain_text("System")
    expect(bell.item("Third")).to_contain_text("Critical")

    bell.listen()
    first = bell.item("First").locator(".open")
    first.click()
    expect(first).to_have_attribute("aria-expanded", "true")
    bell.says("Notifications, 2 unread")
    until_unread(member, 2, bell)
    assert bell.heard("open")[0]["notification"]["title"] == "First"

    bell.press("Mark as unread: First")
    bell.says("Notifications, 3 unread")
    until_unread(member, 3, bell)
    bell.press("Mark as read: First")
    until_unread(member, 2, bell)

    bell.item("Second").get_by_role("link", name="Look").click()
    bell.page.wait_for_url("**/inbox/?from=bell")
    bell.says("Notifications, 1 unread")

    bell.listen(prevent=True)
    bell.open()
    bell.item("Third").locator(".open").click()
    assert bell.heard("open")[0]["notification"]["title"] == "Third"
    assert unread(member) == 1  # whoever prevents it does it


def test_all_that_was_seen_is_read_and_that_is_undone(visit: Visit, member: User) -> None:
    for number in range(3):
        tell(member, f"Seen {number}")
    bell = Bell.at(visit(member))
    bell.open()
    expect(bell.items).to_have_count(3)
    tell(member, "Arrived since")
    bell.press("Mark all read")
    bell.says("Notifications, 1 unread")
    left = Notification.objects.filter(status="unread").values_list("title", flat=True)
    until(bell.page, lambda: list(left.all()) == ["Arrived since"])
    expect(bell.element.get_by_role("status")).to_contain_text("Arrived since")
    bell.press("Undo")
    until_unread(member, 4, bell)


def test_without_all_their_ids_nothing_is_undone_by_half(visit: Visit, member: User) -> None:
    for number in range(12):
        tell(member, f"Number {number}")
    bell = Bell.at(visit(member))
    bell.says("Notifications, 12 unread")
    bell.open()
    bell.press("Mark all read")
    until_unread(member, 0, bell)
    expect(bell.panel).to_contain_text("Marked as read: 12.")
    expect(bell.panel.get_by_role("button", name="Undo")).to_have_count(0)


def test_what_fails_is_taken_back_and_said(visit: Visit, member: User) -> None:
    tell(member, "Kept")
    visitor = visit(member)
    visitor.watched.allow("500")
    bell = Bell.at(visitor)
    bell.says("Notifications, 1 unread")
    held: list[Route] = []
    bell.page.route("**/mark-read/", lambda route: held.append(route))  # noqa: PLW0108 (Playwright marks it)
    bell.open()
    bell.listen()
    bell.press("Mark as read: Kept")
    bell.says("Notifications")  # at once
    until(bell.page, lambda: held)
    held.pop().fulfill(status=500, json={})
    bell.says("Notifications, 1 unread")
    expect(bell.panel).to_contain_text("That did not work. Nothing was changed.")
    assert [one["status"] for one in bell.heard("error")] == [500]
    bell.page.unroute("**/mark-read/")
    refuse(bell, "**/mark-all-read/", 503)
    visitor.watched.allow("503")
    bell.press("Mark all read")
    expect(bell.panel).to_contain_text("That did not work. Nothing was changed.")
    until_unread(member, 1, bell)


def test_a_poll_that_is_older_than_a_click_is_not_believed(visit: Visit, member: User) -> None:
    tell(member, "Clicked")
    bell = Bell.at(visit(member))
    bell.open()
    held: list[tuple[Route, Any]] = []
    bell.page.route("**/recent/**", lambda route: held.append((route, route.fetch())))
    bell.run("{ bell.refresh(); }")
    until(bell.page, lambda: held)
    with bell.page.expect_event("requestfinished", lambda request: "mark-read" in request.url):
        bell.press("Mark as read: Clicked")
    bell.page.evaluate("fetch('/healthz')")  # what came has been taken by now
    route, before = held.pop()
    route.fulfill(response=before)
    until(bell.page, lambda: held)  # it asked again
    bell.says("Notifications")
    route, after = held.pop()
    route.fulfill(response=after)
    bell.says("Notifications")


def test_a_failed_poll_keeps_the_count_and_says_how_old_it_is(visit: Visit, member: User) -> None:
    tell(member)
    visitor = visit(member)
    visitor.watched.allow("500", "429", "ERR_INTERNET_DISCONNECTED")
    clock = visitor.context.clock
    clock.install()
    bell = Bell.at(visitor)
    bell.says("Notifications, 1 unread")
    bell.listen()
    refuse(bell, "**/recent/**")
    bell.run("bell.refresh()")
    bell.says("Notifications, 1 unread, may be out of date")
    (error,) = bell.heard("error")
    assert (error["status"], error["wait"]) == (500, 30)
    clock.fast_forward(34_000)
    until(bell.page, lambda: len(bell.heard("error")) > 1)
    assert bell.heard("error")[1]["wait"] == 60  # it asks ever more seldom
    bell.open()
    expect(bell.panel).to_contain_text("Could not refresh. Last time: ")
    expect(bell.items).to_have_count(1)

    bell.page.unroute("**/recent/**")
    asked: list[Route] = []
    bell.page.route("**/recent/**", lambda route: asked.append(route))  # noqa: PLW0108
    bell.press("Try again")
    until(bell.page, lambda: asked)
    asked.pop().fulfill(status=429, headers={"Retry-After": "200"}, json={})
    until(bell.page, lambda: bell.heard("error")[-1]["status"] == 429)
    clock.fast_forward(190_000)
    assert asked == []
    clock.fast_forward(40_000)
    until(bell.page, lambda: asked)
    asked.pop().continue_()
    bell.says("Notifications, 1 unread")

    bell.page.unroute("**/recent/**")
    visitor.context.set_offline(True)
    bell.says("Notifications, 1 unread, may be out of date")
    tell(member)
    visitor.context.set_offline(False)
    bell.says("Notifications, 2 unread")


def test_a_stream_that_keeps_failing_does_not_put_off_the_next_try(visit: Visit, member: User) -> None:
    tell(member)
    visitor = visit(member)
    visitor.watched.allow("429")
    visitor.context.clock.install()
    refused: list[Route] = []

    def refuse_stream(route: Route) -> None:
        refused.append(route)
        route.abort()

    visitor.context.route("**/stream/**", refuse_stream)
    bell = Bell.at(visitor)
    bell.says("Notifications, 1 unread")
    asked: list[Route] = []
    bell.page.route("**/recent/**", lambda route: asked.append(route))  # noqa: PLW0108
    bell.run("void bell.refresh()")
    until(bell.page, lambda: asked)
    asked.pop().fulfill(status=429, headers={"Retry-After": "100"}, json={})
    bell.says("Notifications, 1 unread, may be out of date")
    for _ in range(24):
        visitor.context.clock.fast_forward(5_000)
        bell.page.wait_for_timeout(50)
        if asked:
            break
    assert len(refused) > 3, "and each time later than the poll had failed"
    assert len(asked) == 1
    asked.pop().continue_()
    bell.says("Notifications, 1 unread")


def test_a_session_that_is_over_stops_it(visit: Visit, member: User) -> None:
    tell(member, "Not for others")
    visitor = visit(member)
    visitor.watched.allow("401")
    visitor.context.clock.install()
    bell = Bell.at(visitor)
    bell.says("Notifications, 1 unread")
    bell.listen()
    visitor.context.clear_cookies()
    visitor.context.clock.fast_forward(34_000)
    bell.says("Notifications, You are signed out.")
    expect(bell.page).to_have_title("Inbox - Bellwether")
    assert [one["status"] for one in bell.heard("error")] == [401]
    assert bell.heard("count")[-1]["count"] is None  # not nought: nobody knows
    asked = bell.polls
    visitor.context.clock.run_for(3_600_000)
    assert bell.polls == asked
    bell.open()
    expect(bell.items).to_have_count(0)
    expect(bell.panel.get_by_role("link", name="Sign in")).to_have_attribute(
        "href", re.compile(r"/sign-in/\?next=/inbox/$")
    )
    visitor.sign_in_as(member)
    bell.page.evaluate("dispatchEvent(new Event('focus'))")
    bell.says("Notifications, 1 unread")


def test_what_looks_like_markup_stays_text(visit: Visit, member: User) -> None:
    payload = "<img src=x onerror=alert(1)><script>alert(2)</script>&lt;b&gt;"
    for address in (
        "javascript:alert(3)",
        "//evil.example/",
        "/\\evil.example/",
        "data:text/html,x",
        "/\t/evil.example",
    ):
        tell(member, payload, message=payload, action_text=payload[:60], action_url=address, priority="critical")
    tell(member, "Good", action_url="https://example.com/a", action_text="Go")
    page = visit(member).tab("/inbox/")
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    bell = Bell(page)
    bell.run("bell.setAttribute('toasts', '')")
    bell.open()
    expect(bell.items).to_have_count(6)
    expect(bell.items.nth(1).locator(".name")).to_contain_text(payload)
    expect(bell.items.nth(1).locator(".text")).to_have_text(payload)
    links = bell.items.get_by_role("link")
    assert [one.get_attribute("href") for one in links.all()] == ["https://example.com/a"]
    page.evaluate("document.activeElement.blur()")  # wherever the focus is
    page.keyboard.press("Escape")
    expect(bell.panel).to_be_hidden()
    tell(member, payload, message=payload, priority="critical")
    bell.run("bell.refresh()")
    expect(bell.toasts.locator(".text")).to_have_text(payload)
    assert bell.run("bell.shadowRoot.querySelectorAll('img, script, b').length") == 0


def test_by_keyboard_alone(visit: Visit, member: User) -> None:
    for title in ("Third", "Second", "First"):
        tell(member, title)
    bell = Bell.at(visit(member))
    bell.says("Notifications, 3 unread")
    press = bell.page.keyboard.press

    def is_at(title: str) -> None:
        expect(bell.item(title).locator(".open")).to_be_focused()

    bell.page.get_by_role("link", name="Inbox").focus()
    press("Tab")
    expect(bell.button).to_be_focused()
    press("Enter")
    is_at("First")
    press("ArrowDown")
    is_at("Second")
    press("Tab")
    press("ArrowDown")  # also from what stands beside it
    is_at("Third")
    press("ArrowDown")
    is_at("Third")
    press("Home")
    is_at("First")
    press("End")
    is_at("Third")
    press("ArrowUp")
    is_at("Second")
    press("Enter")
    bell.says("Notifications, 2 unread")
    bell.run("bell.refresh()")
    is_at("Second")
    tell(member, "Newest")
    bell.run("bell.refresh()")
    expect(bell.items).to_have_count(4)
    is_at("Second")
    press("Escape")
    expect(bell.panel).to_be_hidden()
    expect(bell.button).to_be_focused()

    press("Space")
    is_at("Newest")
    for _ in range(9):
        press("Tab")
    expect(bell.panel).to_be_hidden()  # the focus went on beyond it
    assert bell.page.evaluate("document.activeElement.textContent") == "Sign out"


def test_keys_in_its_panel_are_not_the_pages(visit: Visit, member: User) -> None:
    tell(member, "First")
    bell = Bell.at(visit(member), alone=False)
    bell.open()
    expect(bell.item("First").locator(".open")).to_be_focused()
    bell.page.keyboard.press("?")
    expect(bell.page.locator("dialog[open]")).to_have_count(0)
    bell.page.keyboard.press("Escape")
    expect(bell.panel).to_be_hidden()
    expect(bell.button).to_be_focused()
    bell.open()
    bell.item("First").locator(".open").click()  # which the inbox shows itself
    expect(bell.page).to_have_url(re.compile(r"\?open="))


def test_urgent_ones_are_toasts_that_wait_while_somebody_looks(visit: Visit, member: User) -> None:
    tell(member, "There before", priority="critical")
    visitor = visit(member)
    visitor.context.clock.install()
    bell = Bell.at(visitor)
    bell.says("Notifications, 1 unread")
    bell.run("bell.setAttribute('toasts', '')")
    bell.says("Notifications, 1 unread")
    tell(member, "Quiet", priority="medium")
    tell(member, "Urgent", priority="high")
    tell(member, "Worst", priority="critical")
    bell.run("bell.refresh()")
    expect(bell.toasts).to_have_count(2)
    expect(bell.toasts.first).to_contain_text("Critical")
    bell.toasts.first.hover()
    visitor.context.clock.run_for(60_000)
    expect(bell.toasts).to_have_count(2)
    bell.toasts.first.get_by_role("button", name="Dismiss: Worst").click()
    expect(bell.toasts).to_have_count(1)
    bell.page.mouse.move(0, 0)
    bell.page.get_by_role("link", name="Inbox").focus()
    visitor.context.clock.run_for(11_000)
    expect(bell.toasts).to_have_count(0)
    bell.run("bell.refresh()")
    bell.says("Notifications, 4 unread")
    expect(bell.toasts).to_have_count(0)
