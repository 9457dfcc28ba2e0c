"""That the inbox keeps nobody out: by axe, on a phone, in the dark, right to left, and in the system's colours."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from accounts.models import User
from notifications.models.priority import Priority
from notifications.tests.helpers import problem, see, tell
from tests.browser.conftest import Visitor
from tests.browser.inboxes import fill, opened, pick, rows

pytestmark = pytest.mark.django_db(transaction=True)
Visit = Callable[..., Visitor]
LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverordnung" * 2


@pytest.fixture
def full(admin: User) -> User:
    """Of everything something, and some of it too long."""
    fill(admin, 3)
    tell(admin, LONG, message=LONG * 3, action_text=LONG[:60], action_url="/x/", priority="critical")
    see(problem(Priority.HIGH))
    return admin


VIEWS = {
    "list": ("", "#rows > li"),
    "statistics": ("?tab=statistics", "#charts svg"),
    "settings": ("?tab=settings", "#matrix select"),
    "empty": ("?search=nothing", "#empty"),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_view_keeps_nobody_out(scheme: str, full: User, visit: Visit, accessible: Callable[..., None]) -> None:
    visitor = visit(full, color_scheme=scheme, viewport={"width": 1200, "height": 900})
    page = visitor.tab()
    for query, shown in VIEWS.values():
        page.goto(f"{visitor.address}/inbox/{query}")
        expect(page.locator(shown).first).to_be_visible()
        accessible(page)
    page.goto(f"{visitor.address}/inbox/?priority=high")
    pick(page, "sms_service")
    rows(page).get_by_role("link").click()
    opened(page).get_by_text("How you were told").click()
    expect(page.locator(".deliveries li")).to_have_count(3)
    expect(page.locator("#detail").get_by_role("button", name="Mark unread")).to_be_visible()
    accessible(page)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    accessible(page)


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_nothing_is_wider_than_a_phone(direction: str, full: User, visit: Visit) -> None:
    visitor = visit(full, viewport={"width": 320, "height": 640})
    page = visitor.tab()
    page.add_init_script(f"document.addEventListener('DOMContentLoaded', () => (document.dir = '{direction}'))")
    for query, shown in VIEWS.values():
        page.goto(f"{visitor.address}/inbox/{query}")
        expect(page.locator(shown).first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, query
    page.goto(f"{visitor.address}/inbox/?priority=critical")
    pick(page, LONG)
    expect(page.locator("#bulk")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    rows(page).get_by_role("link").click()
    opened(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_what_is_selected_or_unread_is_seen_without_our_colours(full: User, visit: Visit) -> None:
    page = visit(full, forced_colors="active").tab("/inbox/?priority=critical")
    pick(page, LONG)
    chosen = rows(page).first
    assert chosen.evaluate("(one) => getComputedStyle(one).outlineStyle") == "solid"
    assert chosen.locator(".row-title").evaluate(
        "(one) => getComputedStyle(one, '::before').backgroundColor"
    ) != page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_nothing_moves_for_who_wants_it_still(full: User, visit: Visit) -> None:
    page = visit(full, reduced_motion="reduce").tab("/inbox/?tab=settings")
    switch = page.get_by_role("switch", name="E-mail")
    expect(switch).to_be_visible()
    assert switch.evaluate("(one) => getComputedStyle(one).transitionDuration") == "0s"
