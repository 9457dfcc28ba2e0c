"""The bell of one page, as people and screen readers find it."""

import re
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Self

from playwright.sync_api import Locator, Page, expect

from accounts.models import User
from conftest import signed_in
from tests.browser.conftest import Visitor

MODULE = Path(__file__).resolve().parents[2] / "notifications/static/notifications/notification-bell.js"
#: A page of somebody else's: the embedding of docs/bell.md and nothing more.
BARE = """<!doctype html><html lang="en"><title>Bare</title><h1>Bare</h1>
<script type="module" src="{address}/static/notifications/notification-bell.js"></script>
<notification-bell src="{address}/api/notifications" {attributes}></notification-bell>"""


class Bell:
    def __init__(self, page: Page) -> None:
        self.page = page
        self.element = page.locator("notification-bell")
        self.button = self.element.get_by_role("button", name=re.compile("^Notifications"))
        self.panel = self.element.get_by_role("dialog", name="Notifications")
        self.items = self.panel.get_by_role("listitem")
        self.toasts = self.element.locator(".toast")
        self.polls = self.answers = 0
        page.on("request", self._asked)
        page.on("requestfinished", self._answered)

    def _answered(self, request: Any) -> None:
        self.answers += "/notifications/recent/" in request.url

    @classmethod
    def at(cls, visitor: Visitor, path: str = "/inbox/", *, waits: bool = True, alone: bool = True) -> Self:
        """In a new tab, and counting from its first request, whose reply it `waits` for. `alone`: without what the
        inbox page does with its events (and without the browser's cache, which Playwright then switches off).

        Its name is the same before that reply and after one that says nought, and a clock that is put forward in
        between starts the next interval too late.
        """
        bell = cls(visitor.tab())
        if alone:
            script = {"body": "", "content_type": "text/javascript"}
            bell.page.route("**/inbox/main.js", lambda route: route.fulfill(**script))
        bell.page.goto(f"{visitor.address}{path}")
        if waits:
            until(bell.page, lambda: bell.answers)
            bell.page.evaluate("fetch('/healthz')")  # what came has been taken by now
        return bell

    def _asked(self, request: Any) -> None:
        self.polls += "/notifications/recent/" in request.url

    def says(self, name: str) -> None:
        """The button's whole name; it carries the count."""
        expect(self.button).to_have_accessible_name(name)

    def open(self) -> None:
        self.button.click()
        expect(self.panel).to_be_visible()

    def item(self, title: str) -> Locator:
        """The line of this notification."""
        return self.items.filter(has_text=title)

    def press(self, name: str) -> None:
        self.panel.get_by_role("button", name=name).click()

    def run(self, script: str) -> Any:
        """`bell` is the element."""
        return self.element.evaluate(f"bell => {script}")

    def listen(self, *, prevent: bool = False) -> None:
        """Keeps what events tell, for `heard`."""
        self.run(f"""{{
            globalThis.heard = [];
            for (const name of ["open", "action", "count", "error"])
                bell.addEventListener(`notification-${{name}}`, (event) => {{
                    heard.push([name, event.detail]);
                    if ({str(prevent).lower()}) event.preventDefault();
                }});
        }}""")

    def heard(self, name: str) -> list[Any]:
        return [detail for kind, detail in self.page.evaluate("heard") if kind == name]

    def hide(self, hidden: bool = True) -> None:
        """As the browser does with a tab behind another one. Playwright keeps all of them in front."""
        self.page.evaluate(
            """hidden => {
                Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
                document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
            }""",
            hidden,
        )


def until(page: Page, holds: Callable[[], Any]) -> None:
    """Waits for what no element shows."""
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        page.wait_for_timeout(20)  # which lets Playwright's own handlers run


def token_of(user: User) -> str:
    """An access token of a new session."""
    return str(vars(signed_in(user))["_credentials"]["HTTP_AUTHORIZATION"]).removeprefix("Bearer ")


def front_end(settings: Any) -> Iterator[Callable[[str], str]]:
    """Somebody's own front end, at an origin that may call the API, with a copy of the module.

    Gives a function that puts a page there and returns its address.
    """
    pages: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_module = self.path.endswith(".js")
            self.send_response(200)
            self.send_header("Content-Type", "text/javascript" if is_module else "text/html")
            self.end_headers()
            self.wfile.write(MODULE.read_bytes() if is_module else pages[-1].encode())

        def log_message(self, *of: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("localhost", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        origin = f"http://localhost:{server.server_port}"
        settings.CORS_ALLOWED_ORIGINS = [origin]

        def serve(page: str) -> str:
            pages.append(page)
            return origin

        yield serve
        server.shutdown()
