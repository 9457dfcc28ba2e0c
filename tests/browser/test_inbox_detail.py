"""One notification in full: what it says, what can be done, and how its reader was told."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from accounts.models import User
from notifications.models import Notification
from notifications.models.priority import Priority
from notifications.tests.helpers import problem, see, tell
from tests.browser.conftest import Visitor
from tests.browser.inboxes import HOSTILE, fill, opened, row, rows, shows, status_of

pytestmark = pytest.mark.django_db(transaction=True)
Visit = Callable[..., Visitor]


def test_opening_one_reads_it_and_back_closes_it(member: User, visit: Visit) -> None:
    one, other = fill(member, 2)
    page = visit(member).tab("/inbox/?status=unread")
    row(page, "Note 0").get_by_role("link").click()
    detail = opened(page)
    expect(detail.locator("h2")).to_have_text("Note 0")
    expect(detail.locator("h2")).to_be_focused()
    expect(detail.get_by_role("button", name="Mark unread")).to_be_visible()
    assert status_of(one, other) == ["read", "unread"]
    shows(page, ["Note 1", "Note 0"])  # it keeps its place until the list is loaded again
    page.go_back()
    expect(detail).to_be_hidden()
    page.go_forward()
    expect(opened(page).locator("h2")).to_have_text("Note 0")
    detail.get_by_role("button", name="Close").click()
    expect(row(page, "Note 0").get_by_role("link")).to_be_focused()


def test_what_is_done_to_it_is_done(member: User, visit: Visit) -> None:
    (one, two) = fill(member, 2)
    page = visit(member).tab(f"/inbox/?open={one.pk}")
    detail = opened(page)
    detail.get_by_role("button", name="Mark unread").click()
    expect(detail.get_by_role("button", name="Mark read")).to_be_visible()
    assert status_of(one) == ["unread"]
    detail.get_by_role("button", name="Archive").click()
    expect(detail).to_be_hidden()
    shows(page, ["Note 1"])
    assert status_of(one) == ["archived"]
    page.locator("#toast").get_by_role("button", name="Undo").click()
    shows(page, ["Note 1", "Note 0"])
    assert status_of(one) == ["unread"]
    row(page, "Note 1").get_by_role("link").click()
    opened(page).get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    shows(page, ["Note 0"])
    assert status_of(one, two) == ["unread", "gone"]


def test_its_action_leads_somewhere_and_only_where_it_may(member: User, visit: Visit) -> None:
    one = tell(member, "Low", action_text="Top up", action_url="/top-up/")
    bad = tell(member, "Bad", action_text="Go", action_url="javascript:alert(1)")
    worse = tell(member, "Worse", action_text="Go", action_url="//evil.example/")
    page = visit(member).tab(f"/inbox/?open={one.pk}")
    link = opened(page).get_by_role("link", name="Top up")
    assert link.get_attribute("href") == "/top-up/"
    for other in (bad, worse):
        row(page, other.title).get_by_role("link").click()
        expect(page.locator("#detail h2")).to_have_text(other.title)
        expect(page.locator("#detail").get_by_role("link")).to_have_count(0)


def test_admins_are_led_to_the_incident(admin: User, member: User, visit: Visit) -> None:
    incident = see(problem(Priority.HIGH))
    mine = Notification.objects.get(recipient=admin, incident=incident)
    page = visit(admin).tab(f"/inbox/?open={mine.pk}")
    opened(page).get_by_role("link", name="Open the incident").click()
    page.wait_for_url(f"**/admin/notifications/incident/{incident.pk}/change/")
    theirs = tell(member, "Yours", incident=incident)
    page = visit(member).tab(f"/inbox/?open={theirs.pk}")
    expect(opened(page).get_by_role("link")).to_have_count(0)


def test_it_says_how_its_reader_was_told(member: User, visit: Visit) -> None:
    one = tell(member)
    page = visit(member).tab(f"/inbox/?open={one.pk}")
    opened(page).get_by_text("How you were told").click()
    lines = page.locator(".deliveries li")
    expect(lines).to_have_count(3)
    assert [line.split("\n")[0] for line in lines.all_inner_texts()] == [
        "Inbox Sent",
        "E-mail Not sent",
        "SMS Not sent",
    ]


def test_what_is_not_there_is_said_and_no_link_shows_anothers(member: User, outsider: User, visit: Visit) -> None:
    secret = tell(outsider, "Secret")
    visitor = visit(member)
    visitor.watched.allow("status of 404")
    page = visitor.tab(f"/inbox/?open={secret.pk}")
    expect(opened(page).locator("h2")).to_have_text("It is not here any more")
    assert "Secret" not in page.content()
    page.goto(f"{visitor.address}/inbox/?open=../settings")
    expect(opened(page).locator("h2")).to_have_text("It is not here any more")


def test_what_looks_like_html_is_text_everywhere(member: User, visit: Visit) -> None:
    hostile: dict[str, Any] = {
        "message": HOSTILE,
        "action_text": HOSTILE[:60],
        "action_url": '/x/?a="><script>alert(3)</script>',
    }
    one = tell(member, HOSTILE, **hostile)
    page = visit(member).tab("/inbox/")
    expect(rows(page).locator(".row-title")).to_have_text([HOSTILE])
    rows(page).get_by_role("link").click()
    detail = opened(page)
    expect(detail.locator("h2")).to_have_text(HOSTILE)
    expect(detail.locator(".detail-text")).to_have_text(HOSTILE)
    detail.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog")).to_contain_text(HOSTILE)
    page.get_by_role("button", name="Keep").click()
    page.goto(page.url.split("?")[0] + '?search="><script>alert(4)</script>&open=' + str(one.pk))
    expect(page.locator("#empty")).to_be_visible()
    assert page.locator("main :is(script, img, iframe)").count() == 0


def test_it_stands_beside_the_list_or_in_its_place(member: User, visit: Visit) -> None:
    one = tell(member)
    page = visit(member, viewport={"width": 1200, "height": 800}).tab(f"/inbox/?open={one.pk}")
    opened(page)
    expect(rows(page).first).to_be_visible()
    page.set_viewport_size({"width": 500, "height": 800})
    expect(rows(page).first).to_be_hidden()
    expect(page.locator("#detail h2")).to_be_in_viewport()
