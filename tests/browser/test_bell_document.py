"""docs/bell.md: its snippets run as they stand, and it names all that the bell has."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from accounts.models import User
from conftest import PASSWORD
from notifications.tests.helpers import tell
from tests.browser.bell import MODULE, Bell, front_end
from tests.browser.conftest import Visitor
from tests.house import ROOT
from tests.snippets import FENCE

pytestmark = pytest.mark.django_db(transaction=True)
Visit = Callable[..., Visitor]
PAGE = (ROOT / "docs" / "bell.md").read_text()
EXAMPLE = "https://bellwether.example.com"


def snippets(language: str, count: int) -> list[str]:
    found = [text for kind, text in FENCE.findall(PAGE) if kind == language]
    assert len(found) == count, "a snippet that no test runs"
    return found


def body(snippet: str) -> str:
    return f'<!doctype html><html lang="en"><title>A page</title><h1>A page</h1>{snippet}'


@pytest.fixture
def elsewhere(live_server: object, settings: object) -> Iterator[Callable[[str], str]]:
    yield from front_end(settings)


def test_on_a_page_of_ours(visit: Visit, member: User) -> None:
    plain, _, slotted = snippets("html", 3)
    tell(member, "Hello", action_url="/inbox/?from=bell")
    visitor = visit(member)
    visitor.context.route("**/plain/", lambda route: route.fulfill(body=body(plain), content_type="text/html"))
    bell = Bell.at(visitor, "/plain/")
    bell.says("Notifications, 1 unread")

    script = plain.splitlines()[0]
    with_slots = body(script + slotted)
    visitor.context.route("**/slots/", lambda route: route.fulfill(body=with_slots, content_type="text/html"))
    bell = Bell.at(visitor, "/slots/")
    _, words, events = snippets("js", 3)
    bell.run(f"{{ {words} }}")
    button = bell.element.get_by_role("button", name="Arifa, 1 hazijasomwa")
    button.click()
    for text in ("Messages", "What is new", "What I am told"):
        expect(bell.page.get_by_text(text)).to_be_visible()

    (css,) = snippets("css", 1)
    apply = (
        "css => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css); document.adoptedStyleSheets = [sheet]; }"
    )
    bell.page.evaluate(apply, css)
    link = bell.element.get_by_role("link", name="Open")
    expect(link).to_have_css("color", "rgb(102, 51, 153)")
    bell.run(f"{{ {events} }}")
    link.click()
    expect(bell.page).to_have_url(re.compile(r"/inbox/\?from=bell$"))
    assert bell.page.evaluate("document.querySelector('notification-bell') !== null")  # the same page
    expect(link).to_be_hidden()
    bell.run("bell.open()")
    expect(bell.element.get_by_role("dialog")).to_be_visible()
    bell.run("bell.markAllRead()")
    expect(bell.element.get_by_role("button", name="Arifa", exact=True)).to_be_visible()


def test_on_a_page_elsewhere(visit: Visit, owner: User, live_server: object, elsewhere: Callable[[str], str]) -> None:
    tell(owner)
    _, html, _ = snippets("html", 3)
    script, *_ = snippets("js", 3)
    address = str(live_server)
    script = script.replace("owner@example.com", owner.email).replace("bellwether-demo", PASSWORD)
    html = re.sub(r'src="[^"]+\.js"', 'src="/notification-bell.js"', html)  # a copy; the rest as it stands
    page = body(f'{html}<script type="module">{script}</script>').replace(EXAMPLE, address)
    bell = Bell(visit().tab())
    bell.page.goto(elsewhere(page))
    bell.says("Notifications, 1 unread")


def test_everything_has_its_line_in_the_document() -> None:
    source = MODULE.read_text()
    attributes = set(re.findall(r'(?:get|has)Attribute\("([\w-]+)"', source)) | {"placement"}
    observed = set(re.findall(r'"([\w-]+)"', source.split("observedAttributes = [")[1].split("]")[0]))
    properties = set(re.findall(r"--bell-\w+", source))
    parts = set(re.findall(r'piece\("\w+", "([\w-]+)"', source)) | {"item", "toast", "chip"}
    words = set(re.findall(r"^  (\w+): ", source.split("const WORDS = {")[1].split("};")[0], re.MULTILINE))
    events = {f"notification-{name}" for name in re.findall(r'fire\("(\w+)"', source)}
    documented = set(re.findall(r"`([\w-]+)`", PAGE))
    assert observed <= attributes
    for names in (attributes, properties, parts, words, events):
        assert names - documented == set()
    assert set(re.findall(r"--bell-\w+", PAGE)) == properties
