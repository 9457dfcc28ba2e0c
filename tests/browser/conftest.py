"""A real Chromium in front of the real pages. A page that logs an error, or calls another host, fails its test."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from accounts.models import User
from conftest import PASSWORD
from tests.browser.chromium import FLAGS, NoChromium, find


def path_of_chromium() -> str:
    """Without one the tests are skipped; in CI that is a failure."""
    try:
        return find()
    except NoChromium as says:
        if os.environ.get("CI") == "true":
            pytest.fail(str(says))
        pytest.skip(str(says))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser on a busy machine may lose a race that is the test's own: one that fails is tried once more, which the
    summary tells. What is wrong fails twice."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = path_of_chromium()
    # Playwright keeps an event loop in this thread, beside which Django refuses every query unless told otherwise.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    expect.set_options(timeout=20_000)  # what comes comes soon, on an idle machine
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


class Watched:
    """What a page did that nobody asked it to. `allow` names what a test provokes on purpose."""

    def __init__(self, context: BrowserContext, host: str) -> None:
        self.host = host
        self.complaints: list[str] = []
        # Every page asks for the event stream, whose process no test starts unless it says so.
        self.allowed: list[str] = ["/api/notifications/stream/"]
        context.on("console", self._heard)
        context.on("weberror", lambda error: self.complaints.append(f"uncaught: {error.error}"))
        context.on("request", self._called)

    def allow(self, *parts: str) -> None:
        self.allowed += parts

    def unexpected(self) -> list[str]:
        return [one for one in self.complaints if not any(part in one for part in self.allowed)]

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def _called(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.hostname != self.host:
            self.complaints.append(f"another host: {request.url}")


class Visitor:
    """One browser profile: its tabs share cookies, storage and locks."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.context = context
        self.address = address
        self.watched = Watched(context, urlsplit(address).hostname or "")

    def tab(self, path: str = "", **options: Any) -> Page:
        page = self.context.new_page()
        if path:
            page.goto(f"{self.address}{path}", **options)
        return page

    def sign_in_as(self, user: User) -> None:
        """With the cookies of a real sign-in, which the tests of the sign-in page go through by hand."""
        client = Client()
        reply = client.post("/sign-in/", {"username": user.email, "password": PASSWORD})
        assert reply.status_code == 302, reply.content
        self.context.add_cookies(
            [{"name": name, "value": one.value, "url": self.address} for name, one in client.cookies.items()]
        )


@pytest.fixture
def visit(chromium: Browser, live_server: Any) -> Iterator[Callable[..., Visitor]]:
    """Makes visitors: `visit(user)` signed in, `visit()` not; other arguments are Playwright's for a new context."""
    visitors: list[Visitor] = []

    def make(user: User | None = None, **options: Any) -> Visitor:
        visitor = Visitor(chromium.new_context(**options), live_server.url)
        visitors.append(visitor)
        if user is not None:
            visitor.sign_in_as(user)
        return visitor

    yield make
    complaints = [one for visitor in visitors for one in visitor.watched.unexpected()]
    for visitor in visitors:
        visitor.context.close()
    assert complaints == []


#: WCAG 2.2 A and AA, and the best practices, by axe-core.
RULES = {"resultTypes": ["violations"]}


@pytest.fixture
def accessible() -> Callable[..., None]:
    """Fails with axe-core's words where a page (or a part of it) keeps somebody out."""

    def check(page: Page, *, within: Any = None, but_for: tuple[str, ...] = ()) -> None:
        found = Axe().run(page, context=within, options=RULES).response["violations"]
        told = [
            f"{one['id']}: {one['help']} at {[node['target'] for node in one['nodes']][:5]}"
            for one in found
            if one["id"] not in but_for
        ]
        assert told == []

    return check


@pytest.fixture
def on_the_wire(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The status of each reply to a poll, as the server sent it: browsers make a 200 of a 304."""
    statuses: list[int] = []

    class Log:
        def info(self, event: str, *, path: str, status: int, **rest: Any) -> None:
            if path.endswith("/notifications/recent/"):
                statuses.append(status)

    monkeypatch.setattr("config.middleware.log", Log())
    return statuses
