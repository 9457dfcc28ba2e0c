"""The ways the bell gets what it shows: tokens on any page, and the event stream."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect
from pytest_django import Settings

from accounts import services as accounts
from accounts.models import User
from notifications.tests.helpers import tell
from notifications.tests.streams import StreamProcess, running
from tests.browser.bell import BARE, Bell, front_end, token_of, until
from tests.browser.conftest import Visitor

pytestmark = pytest.mark.django_db(transaction=True)
Visit = Callable[..., Visitor]


def bare(visitor: Visitor, attributes: str = "") -> Bell:
    """A page that is not ours, of our origin."""
    page = BARE.format(address="", attributes=attributes)
    visitor.context.route("**/bare/", lambda route: route.fulfill(body=page, content_type="text/html"))
    return Bell.at(visitor, "/bare/", waits=False)


@pytest.fixture
def elsewhere(live_server: Any, settings: Settings) -> Iterator[str]:
    """The address of a bare page of another origin."""
    page = BARE.format(address=live_server.url, attributes='auth="token"')
    for served in front_end(settings):
        yield served(page.replace(f'src="{live_server.url}/static', 'src="'))


def test_a_token_is_enough(visit: Visit, member: User, owner: User) -> None:
    tell(member, "For Mina")
    tell(owner, "For Olu")
    visitor = visit(owner)  # whose cookie is not sent
    bell = bare(visitor, 'auth="token"')
    bell.says("Notifications")
    assert bell.polls == 0
    bell.run(f"{{ bell.token = {token_of(member)!r}; }}")
    bell.says("Notifications, 1 unread")
    bell.open()
    bell.press("Mark as read: For Mina")
    bell.says("Notifications")
    bell.run(f"{{ bell.token = {token_of(owner)!r}; }}")
    bell.says("Notifications, 1 unread")
    expect(bell.items).to_have_count(1)
    expect(bell.item("For Olu")).to_be_visible()
    bell.run("{ bell.token = ''; }")
    bell.says("Notifications")
    expect(bell.items).to_have_count(0)


def test_what_was_set_before_the_module_came_counts(visit: Visit, member: User) -> None:
    tell(member)
    visitor = visit()
    script = "document.addEventListener('readystatechange', () => { document.querySelector('notification-bell')"
    visitor.context.add_init_script(f"{script}.token = {token_of(member)!r}; }}, {{ once: true }});")
    bell = bare(visitor, 'auth="token"')
    bell.says("Notifications, 1 unread")


def test_a_provider_is_asked_for_a_fresh_token_once(visit: Visit, member: User) -> None:
    tell(member)
    visitor = visit()
    visitor.watched.allow("401")
    bell = bare(visitor, 'auth="token"')
    fresh = token_of(member)
    bell.run(
        f"{{ globalThis.asked = []; bell.tokenProvider = async ({{ refused }}) => {{"
        f" asked.push(refused); return refused ? {fresh!r} : 'expired'; }}; }}"
    )
    bell.says("Notifications, 1 unread")
    assert bell.page.evaluate("asked") == [False, True]
    accounts.end_sessions(user=member, because="signed out")
    bell.run("bell.refresh()")
    bell.says("Notifications, You are signed out.")
    assert bell.page.evaluate("asked") == [False, True] * 2


def test_a_page_of_another_origin(visit: Visit, member: User, elsewhere: str) -> None:
    tell(member, "From afar")
    visitor = visit()
    bells = []
    for _ in range(2):
        bell = Bell(visitor.tab())
        bell.page.goto(elsewhere)
        bell.run(f"{{ bell.token = {token_of(member)!r}; }}")
        bell.says("Notifications, 1 unread")
        bells.append(bell)
    bells[0].open()
    bells[0].press("Mark all read")
    bells[0].says("Notifications")
    bells[1].says("Notifications")  # X-Inbox may be read across origins, so they know each other
    assert bells[1].polls == 1


@pytest.fixture
def stream(settings: Settings) -> Iterator[StreamProcess]:
    with running() as process:
        settings.STREAM_PORT = process.port
        yield process


def test_the_stream_tells_at_once_and_polls_become_seldom(visit: Visit, member: User, stream: StreamProcess) -> None:
    visitor = visit(member)
    clock = visitor.context.clock
    clock.install()
    bell, follower = Bell.at(visitor), Bell.at(visitor)
    until(bell.page, lambda: bell.polls == 2)  # one for the page, one as the stream opens
    tell(member)
    bell.says("Notifications, 1 unread")
    follower.says("Notifications, 1 unread")
    asked = bell.polls
    clock.run_for(290_000)
    assert bell.polls == asked
    clock.run_for(60_000)
    until(bell.page, lambda: bell.polls == asked + 1)

    stream.stop()
    tell(member)
    for _ in range(30):  # in steps: a poll that is on its way has a time-out by the same clock
        clock.run_for(5_000)
        bell.page.wait_for_timeout(300)
        if bell.button.get_attribute("aria-label") == "Notifications, 2 unread":
            break
    bell.says("Notifications, 2 unread")
    assert follower.polls == 1


def test_a_sign_out_elsewhere_is_known_at_once(visit: Visit, member: User, stream: StreamProcess) -> None:
    visitor = visit(member)
    visitor.watched.allow("status of 401")
    clock = visitor.context.clock
    clock.install()
    bell = Bell.at(visitor)
    until(bell.page, lambda: bell.polls == 2)
    Bell.at(visitor).page.get_by_role("button", name="Sign out").click()
    bell.says("Notifications, You are signed out.")
    assert bell.polls == 3  # not the one of the next interval


def test_with_a_token_the_stream_is_opened_by_a_ticket(
    visit: Visit, member: User, owner: User, stream: StreamProcess
) -> None:
    bell = Bell.at(visit(owner))
    bell.says("Notifications")
    bell.polls = 0
    bell.run(f"{{ bell.setAttribute('auth', 'token'); bell.token = {token_of(member)!r}; }}")
    until(bell.page, lambda: bell.polls == 2)
    tell(member)
    bell.says("Notifications, 1 unread")
    # Stopped for a new version, it says when to come back.
    stream.stop()
    bell.run("bell.refresh()")
    stream.start()
    tell(member)
    bell.says("Notifications, 2 unread")
