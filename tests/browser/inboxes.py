"""The inbox page in a test's hands."""

import re
from collections.abc import Sequence
from typing import Any

from playwright.sync_api import Locator, Page, expect

from accounts.models import User
from notifications.models import Notification
from notifications.tests.helpers import tell

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"


def fill(user: User, count: int, title: str = "Note", **fields: Any) -> list[Notification]:
    """So many of them; the last one is the newest."""
    return [tell(user, f"{title} {number}", **fields) for number in range(count)]


def status_of(*rows: Notification) -> list[str]:
    """As the database has it now, in this order; "gone" for those that were deleted."""
    found = dict(Notification.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", "status"))
    return [found.get(row.pk, "gone") for row in rows]


def rows(page: Page) -> Locator:
    return page.locator("#rows > li")


def row(page: Page, title: str) -> Locator:
    """By the whole of its title."""
    return rows(page).filter(has=page.locator(".row-title", has_text=re.compile(f"^{re.escape(title)}$")))


def shows(page: Page, titles: Sequence[str]) -> None:
    """Waits until the list shows exactly these, from the top."""
    expect(page.locator("#rows .row-title")).to_have_text(list(titles))


def pick(page: Page, *titles: str) -> None:
    for title in titles:
        row(page, title).get_by_role("checkbox").check()


def opened(page: Page) -> Locator:
    """What is shown in full; waits for it."""
    detail = page.locator("#detail")
    expect(detail.locator("h2")).to_be_visible()
    return detail


def arrive(page: Page) -> None:
    """As when the bell heard of a change."""
    page.evaluate("document.dispatchEvent(new CustomEvent('notification-count', {detail: {}}))")
