"""The bell in many tabs of one browser: one of them asks, all of them know, and nobody sees another's."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from accounts.models import User
from notifications.tests.helpers import ago, tell
from tenants import services as tenants
from tenants.models import Tenant
from tests.browser.bell import Bell, until
from tests.browser.conftest import Visitor

pytestmark = pytest.mark.django_db(transaction=True)
Visit = Callable[..., Visitor]
#: X-Poll-Interval with all of its jitter.
INTERVAL = 34_000


def opened(visitor: Visitor, count: int, *, says: str = "Notifications") -> list[Bell]:
    """So many tabs, the first of which leads."""
    bells = []
    for _ in range(count):
        bells.append(Bell.at(visitor, alone=False))
        bells[-1].says(says)
    return bells


def test_others_follow_and_take_over_when_the_leader_is_closed(visit: Visit, member: User) -> None:
    visitor = visit(member)
    clock = visitor.context.clock
    clock.install()
    leader, follower, third = opened(visitor, 3)
    tell(member, "First")
    clock.fast_forward(INTERVAL)
    for bell in (leader, follower, third):
        bell.says("Notifications, 1 unread")
    assert [leader.polls, follower.polls, third.polls] == [2, 1, 1]

    # What is done in one tab is seen in all of them.
    follower.open()
    follower.press("Mark as read: First")
    for bell in (follower, leader, third):
        bell.says("Notifications")
    polls = [leader.polls, third.polls]

    leader.page.close()
    tell(member, "Second")
    clock.fast_forward(INTERVAL)
    follower.says("Notifications, 1 unread")
    third.says("Notifications, 1 unread")
    assert [leader.polls, third.polls] == polls  # `follower` had waited for longer


def test_hidden_tabs_ask_nothing_and_lead_nobody(visit: Visit, member: User) -> None:
    visitor = visit(member)
    clock = visitor.context.clock
    clock.install()
    leader, follower = opened(visitor, 2)
    leader.hide()
    tell(member)
    clock.fast_forward(INTERVAL)
    follower.says("Notifications, 1 unread")
    leader.says("Notifications, 1 unread")  # its title too
    assert leader.polls == 1

    follower.hide()
    tell(member)
    clock.run_for(600_000)
    assert [leader.polls, follower.polls] == [1, 2]
    leader.says("Notifications, 1 unread")
    leader.hide(False)
    leader.says("Notifications, 2 unread")
    follower.says("Notifications, 2 unread")


def test_a_leader_that_has_gone_silent_is_made_up_for(visit: Visit, member: User) -> None:
    visitor = visit(member)
    clock = visitor.context.clock
    clock.install()
    leader, follower = opened(visitor, 2)
    leader.run("{ globalThis.fetch = () => new Promise(() => {}); }")
    tell(member)
    clock.fast_forward(1_000_000)
    follower.says("Notifications, 1 unread")


def test_ten_tabs_of_an_unchanged_inbox_cost_what_one_costs(
    visit: Visit, member: User, on_the_wire: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    tell(member, created_at=ago(hours=3))  # its age is not worded anew in these five minutes
    visitor = visit(member)
    clock = visitor.context.clock
    clock.install()
    bells = opened(visitor, 10, says="Notifications, 1 unread")
    began = [bell.polls for bell in bells]
    assert on_the_wire[0] == 200
    on_the_wire.clear()
    for asked_so_far in range(9):
        clock.fast_forward(33_300)
        until(bells[0].page, lambda: bells[0].answers > asked_so_far + began[0])  # noqa: B023 (called here)
        bells[0].page.evaluate("fetch('/healthz')")  # what came has been taken by now
    asked = [bell.polls - before for bell, before in zip(bells, began, strict=True)]
    with capsys.disabled():
        print(f"\n10 tabs, 5 minutes, nothing new: {asked} requests, answered on the wire by {on_the_wire}")  # noqa: T201
    assert asked[1:] == [0] * 9
    assert asked[0] == 9  # every 30 s and up to a tenth of that
    assert on_the_wire == [304] * asked[0]


def test_who_signs_in_after_somebody_else_sees_nothing_of_theirs(visit: Visit, member: User, owner: User) -> None:
    tell(member, "For Mina alone")
    tell(owner, "For Olu alone")
    visitor = visit(member)
    minas = Bell.at(visitor)
    minas.says("Notifications, 1 unread")
    visitor.context.clear_cookies()
    visitor.sign_in_as(owner)
    olus = Bell.at(visitor)
    olus.page.evaluate("bell = document.querySelector('notification-bell')")
    seen = """new MutationObserver(() => { all += bell.shadowRoot.textContent; })
        .observe(bell.shadowRoot, { childList: true, subtree: true, characterData: true })"""
    olus.page.evaluate(f"{{ globalThis.all = ''; {seen}; }}")
    # The tab that was Mina's hears of it, and has forgotten what it showed.
    minas.open()
    expect(minas.item("For Olu alone")).to_be_visible()
    expect(minas.items).to_have_count(1)

    # And whatever a tab of Mina's might still say, such as what was under way, is not taken.
    minas.page.evaluate(
        """() => {
            const items = [{ id: "1", title: "For Mina alone", is_unread: true }];
            new BroadcastChannel(`notification-bell ${location.origin}/api/notifications 10 cookie`)
                .postMessage({ who: "another", items, unread: 1, at: Date.now() });
        }"""
    )
    until(olus.page, lambda: olus.polls > 1)  # it looked who is right
    olus.open()
    expect(olus.items).to_have_count(1)
    assert "Olu" in olus.page.evaluate("all")
    assert "Mina" not in olus.page.evaluate("all")


def test_another_tenant_is_another_inbox(visit: Visit, member: User, tenant: Tenant, other_tenant: Tenant) -> None:
    tenants.add_member(tenant=other_tenant, user=member)
    tell(member, "Of Acme", tenant=tenant)
    visitor = visit(member)
    bells = opened(visitor, 2, says="Notifications, 1 unread")
    tenants.switch_tenant(user=member, tenant_id=other_tenant.pk)
    bells[1].run("bell.refresh()")
    for bell in bells:
        bell.says("Notifications")
        bell.open()
        expect(bell.items).to_have_count(0)
