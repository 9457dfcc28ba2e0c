"""Which provider carries what, and what happens when one does badly."""

import datetime
from collections import Counter
from collections.abc import Iterator

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from notifications.models import Incident, Notification
from sms import providers
from sms.models import Attempt, Message, ProviderState, Route, RouteMove, Status
from sms.providers.base import Outbound, Temporary
from sms.services import dispatch, review_providers, routing
from sms.tests.helpers import Carrier, at_once, make_message
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]


class First(Carrier):
    slug = "first"


class Second(Carrier):
    slug = "second"


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """The platform sends three of four messages by the first provider."""
    monkeypatch.setattr(providers, "PROVIDERS", (First, Second))
    settings.SMS_PROVIDER = "first"
    Route.objects.create(provider="first", weight=75)
    Route.objects.create(provider="second", weight=25)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2027-01-02T10:00:30Z", tick=False) as clock:
        yield clock


def tried(tenant: Tenant, provider: str, *outcomes: str) -> None:
    message = make_message(tenant, provider=provider, status=Status.SENT)
    now = timezone.now()
    Attempt.objects.bulk_create(
        Attempt(tenant=tenant, message=message, number=1, provider=provider, outcome=outcome, started_at=now)
        for outcome in outcomes
    )


def settled(tenant: Tenant, provider: str, *, delivered: int, failed: int, seconds: int = 2) -> None:
    now = timezone.now()
    taken = now - datetime.timedelta(seconds=seconds)
    for status, count in ((Status.DELIVERED, delivered), (Status.UNDELIVERED, failed)):
        Message.objects.bulk_create(
            Message(tenant=tenant, recipient="+255754000001", sender_id="A", text="Hi", segments=1, provider=provider,
                    status=status, status_changed_at=now, submitted_at=taken)
            for _ in range(count)
        )  # fmt: skip


def shares() -> dict[str, int]:
    return dict(ProviderState.objects.values_list("provider", "share_percent"))


def test_without_routes_everything_goes_to_the_one_provider(tenant: Tenant) -> None:
    assert routing.choose(tenant_id=tenant.pk, count=3) == ["simulator"] * 3


def test_messages_are_shared_out_by_weight(tenant: Tenant, two: None) -> None:
    counted = Counter(routing.choose(tenant_id=tenant.pk, count=4000))
    assert 2800 < counted["first"] < 3200
    assert counted["first"] + counted["second"] == 4000


def test_a_tenants_own_routes_are_all_it_has(tenant: Tenant, other_tenant: Tenant, two: None) -> None:
    Route.objects.create(tenant=tenant, provider="second")
    assert set(routing.choose(tenant_id=tenant.pk, count=50)) == {"second"}
    assert set(routing.choose(tenant_id=other_tenant.pk, count=200)) == {"first", "second"}


def test_a_route_without_weight_carries_nothing(tenant: Tenant, two: None) -> None:
    Route.objects.filter(provider="second").update(weight=0)
    assert set(routing.choose(tenant_id=tenant.pk, count=200)) == {"first"}


def test_a_message_that_one_provider_refuses_is_tried_at_another(tenant: Tenant, two: None) -> None:
    class Closed(First):
        def submit(self, message: Outbound) -> str:
            raise Temporary("gateway_unreachable")

    providers.PROVIDERS = (Closed, Second)
    message = make_message(tenant, provider="first")
    dispatch(provider="first")
    message.refresh_from_db()
    assert (message.status, message.provider) == ("queued", "second")
    Message.objects.update(next_attempt_at=None)
    dispatch(provider="second")
    message.refresh_from_db()
    assert (message.status, message.attempts) == ("submitted", 2)
    assert list(Attempt.objects.order_by("number").values_list("provider", flat=True)) == ["first", "second"]


# --- Reviews -----------------------------------------------------------------------------------------------------


def test_while_all_are_well_nothing_moves(tenant: Tenant, two: None, clock: time_machine.Traveller) -> None:
    tried(tenant, "first", *["accepted"] * 13, *["temporary"] * 7)  # 35 %
    settled(tenant, "first", delivered=13, failed=7, seconds=599)
    assert review_providers() == []
    assert RouteMove.objects.count() == 0


@pytest.mark.parametrize("outcome", ["temporary", "uncertain"])
def test_a_gateway_that_gives_no_clear_answers_loses_its_traffic(
    tenant: Tenant, two: None, clock: time_machine.Traveller, outcome: str
) -> None:
    tried(tenant, "first", *["accepted"] * 12, *[outcome] * 8)
    waiting = [make_message(tenant, provider="first") for _ in range(40)]
    (move,) = review_providers()
    assert (move.provider, move.share_before, move.share_after) == ("first", 100, 5)
    assert move.reason == "8 of 20 submissions got no clear yes or no (40 % is too many)"
    assert shares() == {"first": 5, "second": 100}
    given = Message.objects.filter(pk__in=[one.pk for one in waiting], provider="second").count()
    assert move.requeued == given > 20


def test_a_clear_no_says_nothing_against_the_gateway(tenant: Tenant, two: None, clock: time_machine.Traveller) -> None:
    tried(tenant, "first", *["permanent"] * 15, *["throttled"] * 15)
    assert review_providers() == []


def test_a_provider_whose_messages_fail_loses_its_traffic(
    tenant: Tenant, two: None, clock: time_machine.Traveller
) -> None:
    settled(tenant, "second", delivered=12, failed=8)
    (move,) = review_providers()
    assert (move.provider, move.reason) == ("second", "8 of 20 settled messages failed (40 % is too many)")


def test_a_provider_that_delivers_slowly_loses_its_traffic(
    tenant: Tenant, two: None, clock: time_machine.Traveller
) -> None:
    settled(tenant, "first", delivered=20, failed=0, seconds=1700)
    (move,) = review_providers()
    assert move.provider == "first"
    assert move.reason == "95 % of deliveries took up to 1740 s (600 s is too long)"


def test_too_few_are_no_sample(tenant: Tenant, two: None, clock: time_machine.Traveller) -> None:
    tried(tenant, "first", *["temporary"] * 19)
    settled(tenant, "first", delivered=0, failed=19)
    assert review_providers() == []


def test_where_there_is_nowhere_to_go_nothing_moves(tenant: Tenant, clock: time_machine.Traveller) -> None:
    tried(tenant, "simulator", *["temporary"] * 50)
    assert review_providers() == []


def test_it_rests_and_then_comes_back_in_steps_and_every_move_is_on_record(
    tenant: Tenant, two: None, clock: time_machine.Traveller
) -> None:
    tried(tenant, "first", *["temporary"] * 20)
    history = []
    for minute in range(16):
        clock.move_to(datetime.datetime(2027, 1, 2, 10, minute, 30, tzinfo=datetime.UTC))
        history += [(minute, move.share_before, move.share_after) for move in review_providers()]
    assert history == [(0, 100, 5), (11, 5, 25), (12, 25, 45), (13, 45, 65), (14, 65, 85), (15, 85, 100)]
    recorded = RouteMove.objects.order_by("created_at").values_list("share_before", "share_after")
    assert list(recorded) == [(before, after) for _, before, after in history]


def test_one_that_does_badly_again_on_its_way_back_is_sent_away_again(
    tenant: Tenant, two: None, clock: time_machine.Traveller
) -> None:
    ProviderState.objects.create(provider="first", share_percent=45, changed_at=timezone.now())
    tried(tenant, "first", *["uncertain"] * 20)
    (move,) = review_providers()
    assert (move.share_before, move.share_after) == (45, 5)


def test_when_none_is_well_all_keep_carrying(tenant: Tenant, two: None, settings: Settings) -> None:
    settings.SMS_FAILOVER_SHARE_PERCENT = 0
    for slug in ("first", "second"):
        ProviderState.objects.create(provider=slug, share_percent=0)
    assert set(routing.choose(tenant_id=tenant.pk, count=200)) == {"first", "second"}


def test_admins_are_told_of_the_move_once_and_when_all_is_back(
    tenant: Tenant, two: None, clock: time_machine.Traveller, admin: User
) -> None:
    tried(tenant, "first", *["temporary"] * 20)
    for minute in range(16):
        clock.move_to(datetime.datetime(2027, 1, 2, 10, minute, 30, tzinfo=datetime.UTC))
        review_providers()
    assert list(Notification.objects.filter(recipient=admin).order_by("id").values_list("title", flat=True)) == [
        "SMS Service: traffic was moved away from first",
        "Resolved: SMS Service: traffic was moved away from first",
    ]
    assert Incident.objects.get().state == "resolved"


@pytest.mark.django_db(transaction=True)
def test_8_reviews_at_once_move_once(tenant: Tenant, two: None) -> None:
    tried(tenant, "first", *["temporary"] * 20)
    moves = at_once(8, lambda _: review_providers())
    assert sum(map(len, moves)) == RouteMove.objects.count() == 1
