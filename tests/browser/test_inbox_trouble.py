"""What the page says and does when something is in the way, and that it comes back by itself."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from accounts.models import User
from conftest import PASSWORD
from tests.browser.conftest import Visitor
from tests.browser.inboxes import fill, pick, row, rows, shows, status_of

pytestmark = pytest.mark.django_db(transaction=True)
Visit = Callable[..., Visitor]


def test_offline_and_back(member: User, visit: Visit) -> None:
    (one,) = fill(member, 1)
    visitor = visit(member)
    visitor.watched.allow("ERR_INTERNET_DISCONNECTED")
    page = visitor.tab("/inbox/")
    shows(page, ["Note 0"])
    visitor.context.set_offline(True)
    trouble = page.locator("#trouble")
    expect(trouble).to_contain_text("You are offline.")
    pick(page, "Note 0")
    page.get_by_role("group", name="With the selected").get_by_role("button", name="Archive").click()
    expect(trouble).to_contain_text("You are offline.")
    shows(page, ["Note 0"])  # nothing is shown as done that was not
    page.locator("#filters").get_by_text("Read", exact=True).click()
    expect(trouble.get_by_role("button", name="Try again")).to_be_visible()
    assert status_of(one) == ["unread"]
    visitor.context.set_offline(False)
    expect(trouble).to_be_hidden()  # it tried again by itself
    expect(page.locator("#empty")).to_have_text("Nothing here was read.", use_inner_text=True)


def test_a_server_that_comes_back_is_noticed(member: User, visit: Visit) -> None:
    fill(member, 1)
    visitor = visit(member)
    visitor.watched.allow("ERR_CONNECTION_REFUSED")
    page = visitor.tab("/inbox/")
    shows(page, ["Note 0"])
    page.route("**/api/**", lambda route: route.abort("connectionrefused"))
    pick(page, "Note 0")
    page.get_by_role("group", name="With the selected").get_by_role("button", name="Archive").click()
    expect(page.locator("#trouble")).to_contain_text("Bellwether does not answer.")
    shows(page, ["Note 0"])
    page.unroute_all()
    expect(page.locator("#trouble")).to_be_hidden()


def test_a_session_that_is_over_leads_to_the_sign_in_and_back(member: User, visit: Visit) -> None:
    fill(member, 2)
    visitor = visit(member)
    visitor.watched.allow("status of 401", "status of 403")
    page = visitor.tab("/inbox/?status=unread")
    expect(rows(page)).to_have_count(2)
    visitor.context.clear_cookies(name="sessionid")
    row(page, "Note 0").get_by_role("link").click()
    trouble = page.locator("#trouble")
    expect(trouble).to_contain_text("Your session is over.")
    trouble.get_by_role("link", name="Sign in again").click()
    page.get_by_label("E-mail").fill(member.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/inbox/?status=unread&open=*")
    expect(page.locator("#detail h2")).to_have_text("Note 0")


def refusing(status: int, retry_after: str = "") -> Callable[[Route], None]:
    headers = {"Retry-After": retry_after} if retry_after else {}
    body = {"detail": "It is <b>broken</b>.", "request_id": "abc-123"}

    def answer(route: Route) -> None:
        route.fulfill(status=status, headers=headers, json=body)

    return answer


def test_too_many_calls_are_waited_for_and_then_tried_again(member: User, visit: Visit) -> None:
    fill(member, 1)
    visitor = visit(member)
    visitor.watched.allow("status of 429")
    page = visitor.tab()
    page.route("**/api/notifications/?*", refusing(429, "2"))
    page.goto(f"{visitor.address}/inbox/")
    expect(page.locator("#trouble")).to_contain_text("Too many calls.")
    expect(page.locator("#trouble")).to_contain_text("Wait ")
    page.unroute_all()
    shows(page, ["Note 0"])
    expect(page.locator("#trouble")).to_be_hidden()


def test_a_fault_of_ours_is_said_with_what_finds_it_in_the_log(member: User, visit: Visit) -> None:
    fill(member, 1)
    visitor = visit(member)
    visitor.watched.allow("status of 500")
    page = visitor.tab()
    page.route("**/api/notifications/?*", refusing(500))
    page.goto(f"{visitor.address}/inbox/")
    trouble = page.locator("#trouble")
    expect(trouble).to_contain_text("It is <b>broken</b>. Quote the request abc-123 when you report it.")
    page.unroute_all()
    trouble.get_by_role("button", name="Try again").click()
    shows(page, ["Note 0"])
    expect(trouble).to_be_hidden()


def test_going_back_after_a_sign_out_shows_nothing(member: User, visit: Visit) -> None:
    fill(member, 1, "Secret")
    page = visit(member).tab("/inbox/")
    shows(page, ["Secret 0"])
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in/")
    page.go_back()
    page.wait_for_url("**/sign-in/?next=/inbox/")
    assert "Secret" not in page.content()


def test_nobody_who_is_not_signed_in_sees_the_page(visit: Visit) -> None:
    page = visit().tab("/inbox/?status=unread")
    page.wait_for_url("**/sign-in/?next=/inbox/%3Fstatus%3Dunread")
