"""Signing in, and where that leads."""

from collections.abc import Callable

import pytest

from accounts.models import User
from conftest import PASSWORD
from tests.browser.conftest import Visitor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("who", "place"), [("member", "/inbox/"), ("admin", "/admin/")])
def test_signing_in_leads_everybody_to_their_place(
    who: str, place: str, visit: Callable[..., Visitor], request: pytest.FixtureRequest
) -> None:
    user: User = request.getfixturevalue(who)
    page = visit().tab("/")
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"**{place}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_sign_in_page_keeps_nobody_out(
    scheme: str, visit: Callable[..., Visitor], accessible: Callable[..., None]
) -> None:
    page = visit(color_scheme=scheme).tab("/sign-in/")
    accessible(page)
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
