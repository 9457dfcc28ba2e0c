"""A person at a browser in front of `make up`: live traffic goes bad, and every page that is open knows."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import Visitor
from tests.browser.screenshots import sign_in
from tests.house import House

#: Milliseconds; a carrier that degrades is found out within half of it on an idle machine.
PATIENCE = 120_000
LOW_RATE = "SMS Service: the success rate is low"


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    one = House(tmp_path_factory.mktemp("house") / "data", DEMO_STORY="healthy:15,degraded:600")
    one.start()
    yield one
    one.end()


def bell(page: Page) -> Locator:
    return page.locator("notification-bell")


def button(page: Page) -> Locator:
    return bell(page).get_by_role("button", name=re.compile("^Notifications"))


def unread(page: Page) -> int:
    found = re.search(r"(\d+) unread", button(page).get_attribute("aria-label") or "")
    return int(found[1]) if found else 0


def test_when_the_carrier_degrades_every_open_page_knows(chromium: Browser, house: House) -> None:
    visitor = Visitor(chromium.new_context(), house.url)
    inbox = visitor.context.new_page()
    sign_in(inbox, house, "admin@example.com")
    inbox.goto(f"{house.url}/inbox/")
    other, dashboard = visitor.tab("/inbox/?tab=settings"), visitor.tab("/admin/")

    # Nobody reloads anything from here on.
    inbox.bring_to_front()
    button(inbox).click()
    item = bell(inbox).get_by_role("button", name=re.compile(f"Unread: {LOW_RATE}"))
    expect(item).to_be_visible(timeout=PATIENCE)
    before = unread(inbox)
    assert before >= 2
    expect(button(other)).to_have_accessible_name(button(inbox).get_attribute("aria-label") or "")
    dashboard.bring_to_front()
    expect(dashboard.locator("#dashboard")).to_contain_text("SMS Service and", timeout=PATIENCE)
    expect(dashboard.locator("#dashboard").get_by_role("link", name=LOW_RATE)).to_be_visible(timeout=PATIENCE)

    inbox.bring_to_front()
    bell(inbox).get_by_role("button", name="Mark all read").click()
    for page in (inbox, other, dashboard):
        page.bring_to_front()
        expect(button(page)).not_to_have_accessible_name(re.compile(f"{before} unread"), timeout=PATIENCE)
    told = house.get("/api/notifications/unread-count/", headers=house.sign_in()).json()["unread_count"]
    assert told < before
    assert visitor.watched.unexpected() == []
    visitor.context.close()
