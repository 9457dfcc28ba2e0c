"""`make screenshots`: the pictures of the README, taken in a real browser of a house with live traffic."""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import FLAGS, find
from tests.house import PASSWORD, ROOT, House

FOLDER = ROOT / "docs" / "images"
WIDE, TALL = {"width": 1280, "height": 800}, {"width": 1280, "height": 1300}
PHONE = {"width": 360, "height": 720}
#: A carrier that does badly for so long that everything has something to show.
STORY = "healthy:20,degraded:600"


@dataclass(frozen=True)
class Picture:
    name: str
    who: str
    """Whose sign-in; nobody's where it is empty."""
    path: str
    scheme: str = "light"
    size: Any = None
    opens_bell: bool = False


PICTURES = (
    Picture("sign-in", "", "/sign-in/"),
    Picture("bell", "admin@example.com", "/inbox/", opens_bell=True),
    Picture("bell-dark", "admin@example.com", "/inbox/", scheme="dark", opens_bell=True),
    Picture("inbox", "admin@example.com", "/inbox/"),
    Picture("inbox-phone", "admin@example.com", "/inbox/", scheme="dark", size=PHONE),
    Picture("dashboard", "staff@example.com", "/admin/", size=TALL),
    Picture("dashboard-dark", "staff@example.com", "/admin/", scheme="dark"),
    Picture("status", "", "/status/"),
    Picture("status-dark", "", "/status/", scheme="dark"),
)


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make screenshots", description=__doc__)
    parser.add_argument("names", nargs="*", help="only these: " + ", ".join(one.name for one in PICTURES))
    chosen = set(parser.parse_args(words).names)
    FOLDER.mkdir(exist_ok=True)
    with _house() as house, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=FLAGS)
        for picture in PICTURES:
            if not chosen or picture.name in chosen:
                _take(picture, browser, house)
                print(f"  {FOLDER.relative_to(ROOT)}/{picture.name}.png", flush=True)
        browser.close()
    return 0


@contextmanager
def _house() -> Iterator[House]:
    with tempfile.TemporaryDirectory(prefix="bellwether-pictures-") as folder:
        house = House(Path(folder) / "data", DEMO_STORY=STORY)
        try:
            print("Starting a house, and waiting until its carrier does badly (about a minute) ...", flush=True)
            house.start()
            headers = house.sign_in()
            house.wait_until(lambda: _has_problems(house, headers), seconds=180)
            yield house
        finally:
            house.end()


def _has_problems(house: House, headers: dict[str, str]) -> bool:
    found = house.get("/api/notifications/recent/", headers=headers).json()["notifications"]
    return any("success rate" in one["title"] for one in found)


def _take(picture: Picture, browser: Browser, house: House) -> None:
    size = picture.size or WIDE
    context = browser.new_context(viewport=size, color_scheme=picture.scheme, device_scale_factor=1)  # type: ignore[arg-type]
    page = context.new_page()
    if picture.who:
        sign_in(page, house, picture.who)
    page.goto(f"{house.url}{picture.path}")
    page.wait_for_load_state("networkidle" if not picture.who else "load")
    page.wait_for_timeout(1500)
    if picture.opens_bell:
        page.locator("notification-bell").evaluate("bell => bell.open()")
        page.wait_for_timeout(500)
    newcomers = page.locator("#newcomers")
    if newcomers.is_visible():  # what arrived since the page was loaded
        newcomers.click()
    page.screenshot(path=FOLDER / f"{picture.name}.png")
    context.close()


def sign_in(page: Page, house: House, who: str) -> None:
    page.goto(f"{house.url}/sign-in/")
    page.get_by_label("E-mail").fill(who)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
