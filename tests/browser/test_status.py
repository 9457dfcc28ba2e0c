"""The public status page, as anybody's browser shows it."""

import datetime
from collections.abc import Callable, Iterator

import pytest
from django.utils import timezone
from pytest_django import Settings

from notifications import status_page
from notifications.models import CheckResult, MaintenanceWindow
from notifications.models.priority import Priority
from notifications.system_monitor.fallback import check_health
from notifications.tests.helpers import problem, resolve, see
from tests.browser.conftest import Visitor

pytestmark = pytest.mark.django_db(transaction=True)
DAY = datetime.timedelta(days=1)


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    status_page.forget()
    yield
    status_page.forget()


@pytest.fixture
def eventful() -> None:
    """Something of everything that the page can show."""
    check_health()
    now = timezone.now()
    CheckResult.objects.create(check_slug="database", span="hour", at=now - 3 * DAY, ok=50, critical=10)
    resolve(see(problem(kind="message_delivery")))
    see(problem(Priority.HIGH))
    MaintenanceWindow.objects.create(title="Upgrade", starts_at=now + DAY, minutes=60, checks=["database"])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_keeps_nobody_out(
    scheme: str, eventful: None, visit: Callable[..., Visitor], accessible: Callable[..., None]
) -> None:
    page = visit(color_scheme=scheme).tab("/status/")
    page.get_by_text("Days with trouble").click()
    accessible(page)
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_it_says_everything_without_script_and_colours(eventful: None, visit: Callable[..., Visitor]) -> None:
    page = visit(java_script_enabled=False, forced_colors="active").tab("/status/")
    assert page.get_by_role("heading", level=1).inner_text() == "Some things do not work as they should"
    parts = page.locator(".parts > li")
    assert parts.locator(".state span").all_inner_texts() == ["Working", "Degraded", "Working", "Working"]
    strip = page.get_by_role("img", name="Website and API, the last 90 days")
    assert "trouble on 1" in (strip.get_attribute("aria-label") or "")
    heights = strip.locator("rect").evaluate_all("all => new Set(all.map((one) => one.getAttribute('height'))).size")
    assert heights > 1


def test_it_keeps_itself_up_to_date(visit: Callable[..., Visitor], settings: Settings) -> None:
    settings.STATUS_PAGE_FRESH = datetime.timedelta()
    check_health()
    page = visit().tab("/status/")
    assert page.get_by_role("heading", level=1).inner_text() == "Everything works"
    see(problem(Priority.HIGH))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # as when it is looked at again
    page.get_by_role("heading", name="Some things do not work as they should").wait_for()
