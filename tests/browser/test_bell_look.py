"""How the bell looks, for everybody: narrow, dark, from right to left, without motion, without our colours."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from accounts.models import User
from notifications.tests.helpers import SystemNote, ago, tell
from tests.browser.bell import Bell
from tests.browser.conftest import Visitor

pytestmark = pytest.mark.django_db(transaction=True)
Visit = Callable[..., Visitor]


def fill(user: User) -> None:
    tell(user, "Read", status="read", created_at=ago(days=3))
    tell(user, "Low", priority="low", created_at=ago(hours=5), action_url="https://example.com/")
    tell(user, "High", priority="high", created_at=ago(minutes=7), action_url="/inbox/", action_text="Top up")
    tell(user, "Critical", kind=SystemNote, priority="critical", message="A word. " * 40)


def box(bell: Bell, part: str) -> dict[str, float]:
    found: dict[str, float] = bell.run(f"bell.shadowRoot.querySelector('{part}').getBoundingClientRect().toJSON()")
    return found


def style(bell: Bell, part: str, name: str) -> str:
    return str(bell.run(f"getComputedStyle(bell.shadowRoot.querySelector('{part}'))['{name}']"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_keeps_nobody_out(scheme: str, visit: Visit, member: User, accessible: Callable[..., None]) -> None:
    fill(member)
    bell = Bell.at(visit(member, color_scheme=scheme, reduced_motion="reduce"))
    bell.says("Notifications, 3 unread")
    bell.open()
    assert style(bell, ".panel", "animationName") == "none"
    accessible(bell.page)
    bell.press("Mark all read")
    expect(bell.panel.get_by_role("button", name="Undo")).to_be_visible()
    accessible(bell.page)
    bell.page.keyboard.press("Escape")
    bell.run("bell.setAttribute('toasts', '')")
    bell.says("Notifications")
    tell(member, "Worst", priority="critical")
    bell.run("bell.refresh()")
    expect(bell.toasts).to_have_count(1)
    accessible(bell.page)


def test_it_fits_a_page_of_320_pixels(visit: Visit, member: User) -> None:
    fill(member)
    bell = Bell.at(visit(member, viewport={"width": 320, "height": 480}))
    bell.says("Notifications, 3 unread")
    bell.run("bell.setAttribute('toasts', '')")
    bell.says("Notifications, 3 unread")
    bell.open()
    panel = box(bell, ".panel")
    assert (panel["left"], panel["right"]) == (8, 312)
    assert panel["bottom"] <= 480
    assert bell.page.evaluate("document.documentElement.scrollWidth") <= 320
    assert bell.run("bell.shadowRoot.querySelector('.scroll').scrollWidth") <= 304
    assert min(box(bell, ".toggle")["width"], box(bell, ".toggle")["height"]) >= 24
    bell.page.keyboard.press("Escape")
    tell(member, "Worst", priority="critical")
    bell.run("bell.refresh()")
    expect(bell.toasts).to_have_count(1)
    toast = box(bell, ".toast")
    assert toast["left"] >= 0
    assert toast["right"] <= 320


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_it_opens_towards_the_page_in_both_directions(direction: str, visit: Visit, member: User) -> None:
    fill(member)
    bell = Bell.at(visit(member, viewport={"width": 900, "height": 700}))
    bell.page.evaluate(f"document.documentElement.dir = '{direction}'")
    bell.run(
        "{ bell.setAttribute('locale', 'ar-EG'); Object.assign(bell.style, { position: 'fixed', left: '430px' }); }"
    )
    bell.says("Notifications, ٣ unread")
    bell.open()
    button, panel = box(bell, ".button"), box(bell, ".panel")
    near, far = ("right", "left") if direction == "ltr" else ("left", "right")
    assert round(panel[near]) == round(button[near])
    assert abs(panel[near] - panel[far]) == 400
    assert panel["top"] >= button["bottom"]
    open_, toggle = box(bell, ".name"), box(bell, ".toggle")
    assert abs(open_[far] - panel[far]) < abs(toggle[far] - panel[far])
    expect(bell.item("Low").locator("time")).to_have_text("قبل ٥ ساعات")  # noqa: RUF001
    bell.run("bell.setAttribute('placement', 'bottom-start')")
    assert round(box(bell, ".panel")[far]) == round(button[far])
    bell.run("{ bell.setAttribute('placement', 'top-end'); bell.style.top = '600px'; }")
    assert box(bell, ".panel")["bottom"] <= box(bell, ".button")["top"]


def test_the_admin_says_by_a_class_that_it_is_dark(visit: Visit, admin: User, accessible: Callable[..., None]) -> None:
    fill(admin)
    bell = Bell.at(visit(admin, reduced_motion="reduce"), "/admin/")
    bell.says("Notifications, 3 unread")
    bell.open()
    light = style(bell, ".panel", "backgroundColor")
    accessible(bell.page, within="notification-bell")
    bell.page.evaluate("document.documentElement.classList.toggle('dark', true)")
    expect(bell.element.locator(".bell.dark")).to_have_count(1)
    assert style(bell, ".panel", "backgroundColor") != light
    accessible(bell.page, within="notification-bell")


def test_how_a_page_sets_its_own_text_does_not_reach_the_panel(visit: Visit, member: User) -> None:
    fill(member)
    bell = Bell.at(visit(member))
    bell.run("Object.assign(document.body.style, { textTransform: 'uppercase', letterSpacing: '.2em' })")
    bell.open()
    found = {(style(bell, part, "textTransform"), style(bell, part, "letterSpacing")) for part in (".title", ".empty")}
    assert found == {("none", "normal")}


def test_a_page_sets_its_looks_and_words(visit: Visit, member: User) -> None:
    for number in range(120):
        tell(member, f"Number {number}")
    bell = Bell.at(visit(member, forced_colors="active"))
    bell.says("Notifications, 120 unread")
    expect(bell.element.locator(".badge")).to_have_text("99+")
    expect(bell.page).to_have_title("(99+) Inbox - Bellwether")
    assert style(bell, ".badge", "borderTopStyle") == "solid"
    bell.page.evaluate(
        """() => {
            const sheet = new CSSStyleSheet();
            sheet.replaceSync(`
                notification-bell { --bell-width: 20rem; --bell-ground: rgb(1 2 3); }
                notification-bell::part(item) { padding-top: 41px; }
                notification-bell::part(critical) { padding-top: 42px; }`);
            document.adoptedStyleSheets = [sheet];
            const bell = document.querySelector("notification-bell");
            bell.words = { title: "Meldungen", unread: "{n} ungelesen", markAll: "Alle gelesen" };
            bell.setAttribute("limit", "2");
            const footer = document.createElement("a");
            Object.assign(footer, { slot: "footer", href: "/inbox/", textContent: "Alle Meldungen" });
            bell.append(footer);
        }"""
    )
    expect(bell.element.get_by_role("button", name="Meldungen, 120 ungelesen")).to_be_visible()
    bell.run("bell.open()")
    expect(bell.element.get_by_role("dialog", name="Meldungen").get_by_role("listitem")).to_have_count(2)
    expect(bell.page.get_by_role("link", name="Alle Meldungen")).to_be_visible()
    assert box(bell, ".panel")["width"] == 320
    assert style(bell, "li", "paddingTop") == "41px"
    bell.run("bell.close()")
    expect(bell.page.get_by_role("link", name="Alle Meldungen")).to_be_hidden()
