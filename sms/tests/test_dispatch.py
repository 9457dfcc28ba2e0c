"""What becomes of a waiting message when a worker takes it."""

import datetime
from collections.abc import Callable

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from sms import services
from sms.models import Attempt, Message, Status
from sms.providers import UnknownProvider, get_provider, simulator
from sms.providers.base import Outbound, Permanent, Provider, RateLimited, Temporary, Uncertain
from sms.tests.helpers import Carrier, Killed, at_once, credits_of, deliver, hints, make_message
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]
Use = Callable[[type[Provider]], None]


class Busy(Carrier):
    def submit(self, message: Outbound) -> str:
        raise Temporary("too_many_requests", code="503")


class Strict(Carrier):
    def submit(self, message: Outbound) -> str:
        raise Permanent("barred_sender", code="21212")


class Silent(Carrier):
    def submit(self, message: Outbound) -> str:
        raise Uncertain("time_out")


def queued(tenant: Tenant) -> Message:
    return make_message(tenant, provider="carrier")


def test_a_message_is_handed_over_as_it_was_written(tenant: Tenant, use: Use) -> None:
    seen: list[Outbound] = []

    class Watching(Carrier):
        def submit(self, message: Outbound) -> str:
            seen.append(message)
            return super().submit(message)

    use(Watching)
    until = timezone.now() + datetime.timedelta(hours=1)
    message = make_message(tenant, provider="carrier", valid_until=until)
    deliver(message)
    assert seen == [Outbound(message.pk, "+255754000001", "Acme", "Hello", until)]


def test_a_message_that_the_carrier_takes_is_submitted_with_the_carriers_id(
    tenant: Tenant, other_tenant: Tenant, use: Use
) -> None:
    use(Carrier)
    message, theirs = queued(tenant), make_message(other_tenant, provider="elsewhere")
    with time_machine.travel("2027-01-02T10:00:00Z", tick=False):
        assert deliver(message) == "submitted"
    now = datetime.datetime(2027, 1, 2, 10, 0, tzinfo=datetime.UTC)
    assert message.provider_message_id == f"c-{message.pk}"
    assert message.status_changed_at == message.submitted_at == message.handover_at == now
    assert message.deliver_before == datetime.datetime(2027, 1, 2, 10, 10, tzinfo=datetime.UTC)
    assert (message.attempts, message.failure_reason) == (1, "")
    assert (message.claim_token, message.claim_expires_at) == (None, None)
    theirs.refresh_from_db()
    assert (theirs.status, theirs.attempts) == ("queued", 0)


def test_claim_and_handing_over_are_stored_before_the_carrier_is_called(tenant: Tenant, use: Use) -> None:
    seen: list[Message] = []

    class Watching(Carrier):
        def submit(self, message: Outbound) -> str:
            seen.append(Message.objects.get(pk=message.reference))
            return super().submit(message)

    use(Watching)
    with time_machine.travel("2027-01-02T10:00:00Z", tick=False):
        deliver(queued(tenant))
    (during,) = seen
    assert (during.status, during.attempts) == ("claimed", 1)
    assert during.claim_token is not None
    assert during.claim_expires_at == datetime.datetime(2027, 1, 2, 10, 1, tzinfo=datetime.UTC)
    assert during.handover_at == datetime.datetime(2027, 1, 2, 10, 0, tzinfo=datetime.UTC)


def test_every_attempt_is_kept_for_the_timeline(tenant: Tenant, use: Use) -> None:
    use(Busy)
    message = queued(tenant)
    deliver(message)
    use(Carrier)
    Message.objects.update(next_attempt_at=None)
    deliver(message)
    kept = Attempt.objects.order_by("number").values_list(
        "tenant", "message", "number", "provider", "outcome", "reason", "error_code", "provider_message_id"
    )
    assert list(kept) == [
        (tenant.pk, message.pk, 1, "carrier", "temporary", "too_many_requests", "503", ""),
        (tenant.pk, message.pk, 2, "carrier", "accepted", "", "", f"c-{message.pk}"),
    ]


@pytest.mark.parametrize("status", [status for status in Status if status != Status.QUEUED])
def test_only_a_queued_message_is_taken(tenant: Tenant, use: Use, status: Status) -> None:
    use(Carrier)
    message = make_message(tenant, provider="carrier", status=status)
    services.dispatch(provider="carrier")
    message.refresh_from_db()
    assert (message.status, message.attempts, Carrier.taken) == (status, 0, [])


def test_a_message_is_not_taken_before_its_next_attempt(tenant: Tenant, use: Use) -> None:
    use(Carrier)
    now = timezone.now()
    message = make_message(tenant, provider="carrier", next_attempt_at=now + datetime.timedelta(seconds=5))
    assert deliver(message) is None
    with time_machine.travel(now + datetime.timedelta(seconds=6)):
        assert deliver(message) == "submitted"


def test_a_scheduled_message_waits_since_it_was_due_and_not_since_it_was_written(tenant: Tenant, use: Use) -> None:
    use(Silent)
    due = timezone.now() - datetime.timedelta(seconds=90)
    written = timezone.now() - datetime.timedelta(days=30)
    message = make_message(tenant, provider="elsewhere", next_attempt_at=due, status_changed_at=written)
    services.sweep()
    message.refresh_from_db()
    assert (message.status, message.next_attempt_at, message.status_changed_at) == ("queued", None, due)


def test_a_message_past_its_validity_is_not_sent_any_more(tenant: Tenant, use: Use) -> None:
    use(Carrier)
    message = make_message(tenant, provider="carrier", valid_until=timezone.now() - datetime.timedelta(seconds=1))
    assert deliver(message) is None
    services.sweep()
    message.refresh_from_db()
    assert (message.status, message.failure_reason, Carrier.taken) == ("expired", "validity_passed", [])


@pytest.mark.django_db(transaction=True)
def test_8_workers_racing_for_24_messages_hand_each_over_once(tenant: Tenant, other_tenant: Tenant) -> None:
    for index in range(24):
        make_message((tenant, other_tenant)[index % 2])
    outcomes = at_once(8, lambda _: services.dispatch(provider="simulator"))
    assert sum(outcome.get("accepted", 0) for outcome in outcomes) == 24
    assert simulator.counters() == {"accepted": 24, "duplicates": 0}
    assert set(Message.objects.values_list("status", flat=True)) == {"submitted"}


def test_what_is_not_done_in_one_stint_is_asked_for_again(tenant: Tenant, use: Use) -> None:
    use(Carrier)
    for _ in range(3):
        queued(tenant)
    assert services.dispatch(provider="carrier", seconds=-1) == {}
    assert hints() == ["carrier"]


# --- Refusals ----------------------------------------------------------------------------------------------------


def test_a_temporary_refusal_is_tried_again_later_and_ever_later(
    tenant: Tenant, use: Use, time_machine: time_machine.TimeMachineFixture
) -> None:
    use(Busy)
    message = queued(tenant)
    waits = []
    for _ in range(5):
        time_machine.move_to(message.next_attempt_at or "2027-01-02T10:00:00Z", tick=False)
        assert deliver(message) == "queued"
        assert message.next_attempt_at is not None
        assert message.status_changed_at == timezone.now()
        waits.append((message.next_attempt_at - timezone.now()).total_seconds())
    assert all(step <= wait <= 1.2 * step for step, wait in zip([5, 15, 60, 300, 300], waits, strict=True)), waits
    assert (message.attempts, message.failure_reason, message.error_code) == (5, "too_many_requests", "503")
    assert (message.claim_token, message.claim_expires_at) == (None, None)


def test_what_failed_together_does_not_come_back_together(tenant: Tenant, use: Use) -> None:
    use(Busy)
    for _ in range(20):
        queued(tenant)
    services.dispatch(provider="carrier")
    assert len(set(Message.objects.values_list("next_attempt_at", flat=True))) == 20


def test_the_last_attempt_rejects_with_the_carriers_reason(tenant: Tenant, use: Use, settings: Settings) -> None:
    use(Busy)
    settings.SMS_MAX_ATTEMPTS = 3
    message = make_message(tenant, provider="carrier", attempts=1)
    assert deliver(message) == "queued"
    Message.objects.update(next_attempt_at=None)
    assert deliver(message) == "rejected"
    assert (message.attempts, message.failure_reason, message.error_code) == (3, "too_many_requests", "503")


def test_a_carrier_that_finds_us_too_fast_is_left_alone_by_every_worker_for_as_long_as_it_says(
    tenant: Tenant, use: Use, settings: Settings
) -> None:
    class Throttling(Carrier):
        def submit(self, message: Outbound) -> str:
            super().submit(message)
            raise RateLimited(wait=2.0)

    use(Throttling)
    settings.SMS_MAX_ATTEMPTS = 1  # that we are too fast says nothing against the message
    message, second = queued(tenant), queued(tenant)
    services.dispatch(provider="carrier")
    message.refresh_from_db()
    assert (message.status, message.failure_reason, message.attempts) == ("queued", "throttled", 1)
    assert message.next_attempt_at is not None
    assert 1.5 < (message.next_attempt_at - timezone.now()).total_seconds() <= 2.4
    Message.objects.update(next_attempt_at=None)
    before = list(Carrier.taken)
    assert services.dispatch(provider="carrier") == {}
    assert Carrier.taken == before
    second.refresh_from_db()
    assert second.status == "queued"


def test_a_message_taken_after_a_refusal_keeps_no_reason(tenant: Tenant, use: Use) -> None:
    use(Carrier)
    message = make_message(tenant, provider="carrier", attempts=1, failure_reason="too_many_requests", error_code="1")
    assert deliver(message) == "submitted"
    assert (message.failure_reason, message.error_code) == ("", "")


def test_a_permanent_refusal_rejects_at_once(tenant: Tenant, use: Use) -> None:
    use(Strict)
    message = queued(tenant)
    assert deliver(message) == "rejected"
    assert (message.attempts, message.failure_reason, message.error_code) == (1, "barred_sender", "21212")


def test_a_refused_message_gives_its_credits_back(tenant: Tenant, topped_up: None, use: Use) -> None:
    use(Strict)
    before = credits_of(tenant)
    services.queue_messages(tenant_id=tenant.pk, addressees=[services.Addressee("+255754000001", "Hi")], sender_id="A")
    assert credits_of(tenant) == before - 1
    services.dispatch(provider="carrier")
    assert credits_of(tenant) == before


def test_an_uncertain_outcome_is_unknown_and_not_tried_again(tenant: Tenant, use: Use) -> None:
    use(Silent)
    message = queued(tenant)
    assert deliver(message) == "unknown"
    assert deliver(message) is None
    assert (message.attempts, message.claim_token, message.failure_reason) == (1, None, "time_out")
    assert message.deliver_before is not None  # so that it ends, if nobody ever answers


def test_an_adapter_that_breaks_may_have_sent_before_it_broke(tenant: Tenant, use: Use) -> None:
    class Broken(Carrier):
        def submit(self, message: Outbound) -> str:
            raise ZeroDivisionError

    use(Broken)
    message, second = queued(tenant), queued(tenant)
    assert deliver(message) == "unknown"
    second.refresh_from_db()
    assert second.status == "unknown"


def test_a_message_of_a_provider_we_do_not_have_is_rejected(tenant: Tenant) -> None:
    message = make_message(tenant, provider="retired")
    assert deliver(message) == "rejected"
    assert message.failure_reason == "unknown_provider"


def test_a_provider_is_found_by_its_slug() -> None:
    assert get_provider("simulator").title == "Simulator"
    with pytest.raises(UnknownProvider):
        get_provider("Simulator")


# --- Workers that die, and workers whose lease ran out -----------------------------------------------------------


def test_a_worker_killed_while_it_hands_over_leaves_the_first_unknown_and_the_rest_untouched(
    tenant: Tenant, use: Use
) -> None:
    class Deadly(Carrier):
        def submit(self, message: Outbound) -> str:
            raise Killed

    use(Deadly)
    first, second = queued(tenant), queued(tenant)
    with pytest.raises(Killed):
        services.dispatch(provider="carrier")
    with time_machine.travel(timezone.now() + datetime.timedelta(seconds=61)):
        swept = services.sweep()
    assert (swept["lost_claims"], swept["reclaimed"], swept["asked"]) == (1, 1, 1)
    for message in (first, second):
        message.refresh_from_db()
        assert message.status == "queued"  # the carrier surely does not have the first, nor did it see the second
    assert (first.attempts, second.attempts) == (1, 0)


@pytest.mark.parametrize("late", [None, Temporary("late"), Permanent("late"), Uncertain("late")], ids=str)
def test_a_worker_whose_lease_ran_out_cannot_overwrite(tenant: Tenant, use: Use, late: Exception | None) -> None:
    class Slow(Carrier):
        """Answers the first worker only after the sweeper and a second worker have been here."""

        calls = 0

        def submit(self, message: Outbound) -> str:
            type(self).calls += 1
            if self.calls == 2:
                return "second"
            with time_machine.travel(timezone.now() + datetime.timedelta(seconds=61)):
                services.sweep()
                assert services.dispatch(provider="carrier") == {"accepted": 1}
            if late is not None:
                raise late
            return "first"

    use(Slow)
    message = queued(tenant)
    services.dispatch(provider="carrier")
    message.refresh_from_db()
    assert (message.status, message.provider_message_id) == ("submitted", "second")
    assert (message.attempts, message.failure_reason, message.next_attempt_at) == (2, "", None)


@pytest.mark.parametrize("late", [Temporary("late"), Permanent("late")], ids=str)
def test_a_late_refusal_cannot_end_the_claim_of_another_worker(tenant: Tenant, use: Use, late: Exception) -> None:
    class Slow(Carrier):
        """The second worker is still waiting for its answer when the first gets its own."""

        calls = 0

        def submit(self, message: Outbound) -> str:
            type(self).calls += 1
            if self.calls == 2:
                raise Killed
            with time_machine.travel(timezone.now() + datetime.timedelta(seconds=61)):
                services.sweep()
                with pytest.raises(Killed):
                    services.dispatch(provider="carrier")
            raise late

    use(Slow)
    message = queued(tenant)
    services.dispatch(provider="carrier")
    message.refresh_from_db()
    assert (message.status, message.attempts, message.failure_reason) == ("claimed", 2, "")
    assert message.claim_token is not None


def test_what_the_sweeper_took_back_before_it_was_handed_over_is_not_handed_over(tenant: Tenant, use: Use) -> None:
    class Slow(Carrier):
        def submit(self, message: Outbound) -> str:
            if not self.taken:
                with time_machine.travel(timezone.now() + datetime.timedelta(seconds=61)):
                    services.sweep()
            return super().submit(message)

    use(Slow)
    first, second = queued(tenant), queued(tenant)
    services.dispatch(provider="carrier", seconds=0.0001)
    second.refresh_from_db()
    assert first.pk in Carrier.taken
    assert Carrier.taken.count(second.pk) <= 1
    assert second.status in ("queued", "submitted")


def test_the_carriers_yes_counts_also_after_the_sweeper_called_it_unknown(tenant: Tenant, use: Use) -> None:
    class SlowAndDeaf(Carrier):
        def submit(self, message: Outbound) -> str:
            with time_machine.travel(timezone.now() + datetime.timedelta(seconds=61)):
                services.sweep()
            assert Message.objects.get(pk=message.reference).status == "unknown"
            return "taken"

        def lookup(self, message: Outbound, *, since: datetime.datetime) -> str | None:
            raise Temporary("gateway_unreachable")

    use(SlowAndDeaf)
    message = queued(tenant)
    assert deliver(message) == "submitted"
    assert message.provider_message_id == "taken"
