"""The outbox from claim to record, against claiming the same rows and nothing else."""

import time
from collections.abc import Collection, Mapping
from statistics import median
from typing import Any

from bench.measure import Bound, Found, Measure
from bench.stage import Stage
from bench.turns import in_turns, ratios

#: One batch of e-mail, as a worker takes it, so many times a turn.
BATCHES = 10
TURNS = 10
PEOPLE = 500


class Delivering(Measure):
    name = "delivering"
    bounds = (
        Bound(
            "delivery_rate",
            ">=",
            0.3,
            "outbox rows handled a second by one worker, to a channel that does nothing / bare claims of them",
        ),
    )

    def run(self, stage: Stage, keys: Collection[str]) -> Mapping[str, Found]:
        from notifications.channels import CHANNELS

        stage.say(f"{PEOPLE} people are told as often as it takes")
        _fill()
        before, CHANNELS["email"] = CHANNELS["email"], f"{__name__}.nothing"
        try:
            speeds = in_turns({"handled": _handled, "bare": _claimed}, turns=TURNS)
        finally:
            CHANNELS["email"] = before
        _check()
        each = f"{median(speeds['handled']):,.0f} / {median(speeds['bare']):,.0f} rows a second"
        return {"delivery_rate": Found(ratios(speeds["handled"], speeds["bare"]), each)}


def nothing() -> Any:
    """A channel that takes everything and does nothing."""
    from notifications.channels.base import Channel, Parcel

    class Nothing(Channel):
        slug = "email"

        def send(self, parcel: Parcel) -> str:
            return "taken"

    return Nothing()


def _fill() -> None:
    """Each turn handles BATCHES batches, and the same number is claimed bare; the first turn warms up."""
    from django.conf import settings

    from accounts.models import User
    from notifications import services
    from notifications.kinds import ProblemReported
    from notifications.models import Delivery

    settings.EMAIL_IS_SET, settings.STORM_LIMIT = True, 10**6
    people = User.objects.bulk_create(User(email=f"person-{n}@bench.test") for n in range(PEOPLE))
    while Delivery.objects.filter(state="waiting").count() < (TURNS + 1) * BATCHES * 50:
        services.notify(kind=ProblemReported, recipients=people, context=ProblemReported.variables)


def _handled() -> float:
    from notifications.channels import get_channel
    from notifications.delivery import claiming, dispatch

    channel = get_channel("email")
    begun, count = time.perf_counter(), 0
    for _ in range(BATCHES):
        mine = claiming.claim(channel="email", most=channel.batch)
        tried, _ = dispatch._hand_over(channel, mine, until=time.monotonic() + 60)
        count += dispatch.record(channel, tried)
    return count / (time.perf_counter() - begun)


def _claimed() -> float:
    """The same rows once more: what was sent waits again, which is not timed, and is claimed by the bare statement."""
    from django.utils import timezone
    from uuid_utils.compat import uuid7

    from notifications.delivery import claiming
    from notifications.models import Delivery

    newest = Delivery.objects.filter(state="sent").order_by("-finished_at").values("pk")[: BATCHES * 50]
    Delivery.objects.filter(pk__in=list(newest.values_list("pk", flat=True))).update(due_at="2000-01-01T00:00Z")
    old = Delivery.objects.filter(due_at__lt="2001-01-01T00:00Z")
    old.update(state="waiting", finished_at=None)
    begun, count = time.perf_counter(), 0
    for _ in range(BATCHES):
        count += len(claiming.take(channel="email", most=50, now=timezone.now(), token=uuid7()))
    seconds = time.perf_counter() - begun
    old.update(state="sent", claim_token=None, due_at=timezone.now(), finished_at=timezone.now())
    return count / seconds


def _check() -> None:
    """Fast and wrong would be worth nothing."""
    from notifications.models import Delivery, DeliveryAttempt

    tried = (TURNS + 1) * BATCHES * 50
    assert DeliveryAttempt.objects.filter(outcome="accepted").count() == tried
    assert Delivery.objects.filter(state="sent", reference="taken").count() == tried
