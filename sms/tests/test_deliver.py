"""What becomes of a queued message when a worker takes it."""

import datetime
from collections.abc import Callable

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from sms import services
from sms.models import Message, Status
from sms.providers import UnknownProvider, get_provider, simulator
from sms.providers.base import Outbound, Permanent, Provider, Temporary, Uncertain
from sms.services import deliver
from sms.tests.helpers import Carrier, at_once, make_message
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]
Use = Callable[[type[Provider]], None]


class Busy(Carrier):
    def submit(self, message: Outbound) -> str:
        raise Temporary("too_many_requests")


class Strict(Carrier):
    def submit(self, message: Outbound) -> str:
        raise Permanent("barred_sender")


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
    message = queued(tenant)
    deliver(message_id=message.pk)
    assert seen == [Outbound(message.pk, "+255754000001", "Acme", "Hello")]


def test_a_message_that_the_carrier_takes_is_submitted_with_the_carriers_id(
    tenant: Tenant, other_tenant: Tenant, use: Use
) -> None:
    use(Carrier)
    message, theirs = queued(tenant), queued(other_tenant)
    with time_machine.travel("2027-01-02T10:00:00Z", tick=False):
        assert deliver(message_id=message.pk) == "submitted"
    message.refresh_from_db()
    assert message.status == "submitted"
    assert message.provider_message_id == f"c-{message.pk}"
    assert message.status_changed_at == datetime.datetime(2027, 1, 2, 10, 0, tzinfo=datetime.UTC)
    assert message.deliver_before == datetime.datetime(2027, 1, 2, 10, 10, tzinfo=datetime.UTC)
    assert (message.attempts, message.failure_reason) == (1, "")
    assert (message.claim_token, message.claim_expires_at) == (None, None)
    theirs.refresh_from_db()
    assert (theirs.status, theirs.attempts) == ("queued", 0)


def test_the_claim_is_stored_before_the_carrier_is_called(tenant: Tenant, use: Use) -> None:
    seen: list[Message] = []

    class Watching(Carrier):
        def submit(self, message: Outbound) -> str:
            seen.append(Message.objects.get(pk=message.reference))
            return super().submit(message)

    use(Watching)
    with time_machine.travel("2027-01-02T10:00:00Z", tick=False):
        deliver(message_id=queued(tenant).pk)
    (during,) = seen
    assert (during.status, during.attempts) == ("claimed", 1)
    assert during.claim_token is not None
    assert during.claim_expires_at == datetime.datetime(2027, 1, 2, 10, 1, tzinfo=datetime.UTC)


@pytest.mark.parametrize("status", [status for status in Status if status != Status.QUEUED])
def test_only_a_queued_message_is_taken(tenant: Tenant, use: Use, status: Status) -> None:
    use(Carrier)
    message = make_message(tenant, provider="carrier", status=status)
    assert deliver(message_id=message.pk) is None
    message.refresh_from_db()
    assert (message.status, message.attempts, Carrier.taken) == (status, 0, [])


def test_a_message_is_not_taken_before_its_next_attempt(tenant: Tenant, use: Use) -> None:
    use(Carrier)
    now = timezone.now()
    message = make_message(tenant, provider="carrier", next_attempt_at=now + datetime.timedelta(seconds=5))
    assert deliver(message_id=message.pk) is None
    with time_machine.travel(now + datetime.timedelta(seconds=6)):
        assert deliver(message_id=message.pk) == "submitted"


@pytest.mark.django_db(transaction=True)
def test_8_workers_racing_for_one_message_hand_it_over_once(tenant: Tenant, other_tenant: Tenant) -> None:
    message, theirs = make_message(tenant), make_message(other_tenant)
    outcomes = at_once(8, lambda _: deliver(message_id=message.pk))
    assert sorted(outcomes, key=str) == [None] * 7 + ["submitted"]
    assert simulator.counters() == {"accepted": 1, "duplicates": 0}
    theirs.refresh_from_db()
    assert theirs.status == "queued"


@pytest.mark.django_db(transaction=True)
def test_8_workers_with_the_same_24_messages_hand_each_over_once(tenant: Tenant, other_tenant: Tenant) -> None:
    ids = [make_message((tenant, other_tenant)[index % 2]).pk for index in range(24)]

    def work(index: int) -> int:
        return sum(deliver(message_id=key) is not None for key in ids[index * 3 :] + ids[: index * 3])

    assert sum(at_once(8, work)) == 24
    assert simulator.counters() == {"accepted": 24, "duplicates": 0}


# --- Refusals ----------------------------------------------------------------------------------------------------


def test_a_temporary_refusal_is_tried_again_later_and_ever_later(
    tenant: Tenant, use: Use, time_machine: time_machine.TimeMachineFixture
) -> None:
    use(Busy)
    message = queued(tenant)
    waits = []
    for _ in range(4):
        time_machine.move_to(message.next_attempt_at or "2027-01-02T10:00:00Z", tick=False)
        assert deliver(message_id=message.pk) == "queued"
        message.refresh_from_db()
        assert message.status == "queued"
        assert message.next_attempt_at is not None
        assert message.status_changed_at == timezone.now()
        waits.append((message.next_attempt_at - timezone.now()).total_seconds())
    assert waits == [5, 15, 60, 300]
    assert (message.attempts, message.failure_reason) == (4, "too_many_requests")
    assert (message.claim_token, message.claim_expires_at) == (None, None)


def test_the_last_attempt_rejects_with_the_carriers_reason(tenant: Tenant, use: Use, settings: Settings) -> None:
    use(Busy)
    settings.SMS_MAX_ATTEMPTS = 3
    message = make_message(tenant, provider="carrier", attempts=1)
    assert deliver(message_id=message.pk) == "queued"
    Message.objects.update(next_attempt_at=None)
    assert deliver(message_id=message.pk) == "rejected"
    message.refresh_from_db()
    assert (message.status, message.attempts, message.failure_reason) == ("rejected", 3, "too_many_requests")


def test_the_longest_wait_is_kept_when_more_attempts_are_allowed(tenant: Tenant, use: Use, settings: Settings) -> None:
    use(Busy)
    settings.SMS_MAX_ATTEMPTS = 50
    message = make_message(tenant, provider="carrier", attempts=20)
    with time_machine.travel("2027-01-02T10:00:00Z", tick=False):
        deliver(message_id=message.pk)
    message.refresh_from_db()
    assert message.next_attempt_at == datetime.datetime(2027, 1, 2, 10, 5, tzinfo=datetime.UTC)


def test_a_message_taken_after_a_refusal_keeps_no_reason(tenant: Tenant, use: Use) -> None:
    use(Carrier)
    message = make_message(tenant, provider="carrier", attempts=1, failure_reason="too_many_requests")
    deliver(message_id=message.pk)
    message.refresh_from_db()
    assert (message.status, message.failure_reason) == ("submitted", "")


def test_a_permanent_refusal_rejects_at_once(tenant: Tenant, use: Use) -> None:
    use(Strict)
    message = queued(tenant)
    assert deliver(message_id=message.pk) == "rejected"
    message.refresh_from_db()
    assert (message.status, message.attempts, message.failure_reason) == ("rejected", 1, "barred_sender")


def test_an_uncertain_outcome_is_unknown_and_not_tried_again(tenant: Tenant, use: Use) -> None:
    use(Silent)
    message = queued(tenant)
    assert deliver(message_id=message.pk) == "unknown"
    assert deliver(message_id=message.pk) is None
    message.refresh_from_db()
    assert (message.status, message.attempts, message.claim_token) == ("unknown", 1, None)


def test_a_message_of_a_provider_we_do_not_have_is_rejected(tenant: Tenant) -> None:
    message = make_message(tenant, provider="retired")
    assert deliver(message_id=message.pk) == "rejected"
    message.refresh_from_db()
    assert (message.status, message.failure_reason) == ("rejected", "unknown_provider")


def test_a_provider_is_found_by_its_slug() -> None:
    assert get_provider("simulator").title == "Simulator"
    with pytest.raises(UnknownProvider):
        get_provider("Simulator")


def test_a_number_the_carrier_cannot_reach_is_rejected_with_its_reason(tenant: Tenant) -> None:
    message = make_message(tenant, recipient="0754123456")
    assert deliver(message_id=message.pk) == "rejected"
    message.refresh_from_db()
    assert message.failure_reason == "invalid_number"


def test_an_error_nobody_foresaw_leaves_the_claim_for_the_sweeper(tenant: Tenant, use: Use) -> None:
    class Broken(Carrier):
        def submit(self, message: Outbound) -> str:
            raise ZeroDivisionError

    use(Broken)
    message = queued(tenant)
    with pytest.raises(ZeroDivisionError):
        deliver(message_id=message.pk)
    message.refresh_from_db()
    assert message.status == "claimed"
    with time_machine.travel(timezone.now() + datetime.timedelta(seconds=61)):
        assert services.sweep()["lost_claims"] == 1
    message.refresh_from_db()
    assert message.status == "queued"  # the carrier surely does not have it


# --- A worker whose lease ran out --------------------------------------------------------------------------------


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
                assert deliver(message_id=message.reference) == "submitted"
            if late is not None:
                raise late
            return "first"

    use(Slow)
    message = queued(tenant)
    assert deliver(message_id=message.pk) is None
    message.refresh_from_db()
    assert (message.status, message.provider_message_id) == ("submitted", "second")
    assert (message.attempts, message.failure_reason, message.next_attempt_at is None) == (2, "", False)


@pytest.mark.parametrize("late", [Temporary("late"), Permanent("late")], ids=str)
def test_a_late_refusal_cannot_end_the_claim_of_another_worker(tenant: Tenant, use: Use, late: Exception) -> None:
    class Slow(Carrier):
        """The second worker is still waiting for its answer when the first gets its own."""

        calls = 0

        def submit(self, message: Outbound) -> str:
            type(self).calls += 1
            if self.calls == 2:
                raise ZeroDivisionError  # as killed: its claim stays
            with time_machine.travel(timezone.now() + datetime.timedelta(seconds=61)):
                services.sweep()
                with pytest.raises(ZeroDivisionError):
                    deliver(message_id=message.reference)
            raise late

    use(Slow)
    message = queued(tenant)
    assert deliver(message_id=message.pk) is None
    message.refresh_from_db()
    assert (message.status, message.attempts, message.failure_reason) == ("claimed", 2, "")
    assert message.claim_token is not None


def test_the_carriers_yes_counts_also_after_the_sweeper_called_it_unknown(tenant: Tenant, use: Use) -> None:
    class SlowAndDeaf(Carrier):
        def submit(self, message: Outbound) -> str:
            with time_machine.travel(timezone.now() + datetime.timedelta(seconds=61)):
                services.sweep()
            assert Message.objects.get(pk=message.reference).status == "unknown"
            return "taken"

        def lookup(self, reference: object) -> str | None:
            raise Temporary("gateway_unreachable")

    use(SlowAndDeaf)
    message = queued(tenant)
    assert deliver(message_id=message.pk) == "submitted"
    message.refresh_from_db()
    assert (message.status, message.provider_message_id) == ("submitted", "taken")
