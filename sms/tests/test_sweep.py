"""What the sweeper finds, and what it leaves alone."""

import datetime
from collections.abc import Callable

import pytest
import time_machine
from celery import Celery
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings
from uuid_utils.compat import uuid7

from sms import providers, rates
from sms.models import Contact, Message, Receipt, Status
from sms.providers import simulator
from sms.providers.base import CannotAsk, DeliveryReceipt, Outbound, Provider, Temporary, Uncertain
from sms.services import Addressee, apply_receipts, dispatch, queue_messages, sweep
from sms.services import hints as hinting
from sms.services.dispatch import outbound
from sms.tests.helpers import Carrier, at_once, deliver, hints, make_message, number, receipt
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]
Use = Callable[[type[Provider]], None]
NOTHING = dict.fromkeys(("reclaimed", "lost_claims", "asked", "cancelled", "expired", "parked", "hinted"), 0)


def ago(seconds: float) -> datetime.datetime:
    return timezone.now() - datetime.timedelta(seconds=seconds)


def claimed(tenant: Tenant, *, expires_at: datetime.datetime) -> Message:
    return make_message(
        tenant,
        provider="carrier",
        status=Status.CLAIMED,
        claim_token=uuid7(),
        claim_expires_at=expires_at,
        attempts=1,
        status_changed_at=ago(60),
        handover_at=ago(60),
        deliver_before=ago(-540),
    )


def test_there_is_nothing_to_sweep_in_a_healthy_house(tenant: Tenant, use: Use) -> None:
    use(Carrier)
    for status in set(Status) - {Status.UNKNOWN, Status.QUEUED}:
        make_message(tenant, provider="carrier", status=status, claim_expires_at=ago(-60), deliver_before=ago(-60))
    before = list(Message.objects.order_by("id").values())
    assert sweep() == NOTHING
    assert list(Message.objects.order_by("id").values()) == before


# --- Lost claims and unknown messages ----------------------------------------------------------------------------


def test_a_lost_claim_is_asked_about_and_not_sent_again_when_the_carrier_has_it(
    tenant: Tenant, other_tenant: Tenant, use: Use
) -> None:
    use(Carrier)
    message, held = claimed(tenant, expires_at=ago(1)), claimed(other_tenant, expires_at=ago(-1))
    Carrier.taken.append(message.pk)
    assert sweep() == NOTHING | {"lost_claims": 1, "asked": 1}
    message.refresh_from_db()
    assert (message.status, message.provider_message_id) == ("submitted", f"c-{message.pk}")
    assert (message.claim_token, message.claim_expires_at) == (None, None)
    assert deliver(message) is None
    assert Carrier.taken == [message.pk]
    held.refresh_from_db()
    assert held.status == "claimed"
    assert held.claim_token is not None


def test_a_worker_killed_after_the_hand_over_does_not_make_the_message_go_out_twice(tenant: Tenant) -> None:
    ended = {"claim_token": uuid7(), "claim_expires_at": ago(1), "handover_at": ago(60)}
    message = make_message(tenant, status=Status.CLAIMED, attempts=1, **ended)
    simulator.Simulator().submit(outbound(message))  # and the worker died here
    sweep()
    message.refresh_from_db()
    assert message.status == "submitted"
    assert simulator.counters() == {"accepted": 1, "duplicates": 0}


def test_a_lost_claim_is_sent_again_when_the_carrier_surely_has_it_not(tenant: Tenant, use: Use) -> None:
    use(Carrier)
    message = claimed(tenant, expires_at=ago(1))
    assert sweep() == NOTHING | {"lost_claims": 1, "asked": 1, "hinted": 1}
    message.refresh_from_db()
    assert message.status == "queued"
    assert hints() == ["carrier"]
    assert deliver(message) == "submitted"
    assert Carrier.taken == [message.pk]


def test_a_claim_that_was_lost_before_the_hand_over_began_is_taken_back_unasked(tenant: Tenant, use: Use) -> None:
    use(Carrier)
    message = claimed(tenant, expires_at=ago(1))
    Message.objects.update(handover_at=None)
    assert sweep() == NOTHING | {"reclaimed": 1, "hinted": 1}
    message.refresh_from_db()
    assert (message.status, message.attempts, message.claim_token) == ("queued", 0, None)


def test_an_unknown_message_stays_unknown_while_the_carrier_cannot_be_asked(tenant: Tenant, use: Use) -> None:
    class Deaf(Carrier):
        def lookup(self, message: Outbound, *, since: datetime.datetime) -> str | None:
            raise Temporary("gateway_unreachable")

    use(Deaf)
    message = claimed(tenant, expires_at=ago(1))
    sweep()
    message.refresh_from_db()
    assert message.status == "unknown"
    changed = message.status_changed_at
    sweep()
    message.refresh_from_db()
    assert (message.status, message.status_changed_at) == ("unknown", changed)  # so that it is seen to be stuck
    use(Carrier)
    sweep()
    message.refresh_from_db()
    assert message.status == "unknown"  # it was asked about a moment ago
    with time_machine.travel(timezone.now() + datetime.timedelta(seconds=31)):
        sweep()
    message.refresh_from_db()
    assert message.status == "queued"


def test_a_carrier_that_cannot_answer_does_not_keep_the_sweeper_from_the_others(
    tenant: Tenant, use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Deaf(Carrier):
        slug = "deaf"
        asked = 0

        def lookup(self, message: Outbound, *, since: datetime.datetime) -> str | None:
            type(self).asked += 1
            raise Temporary("gateway_unreachable")

    use(Carrier)
    monkeypatch.setattr(providers, "PROVIDERS", (Deaf, Carrier))
    for _ in range(5):
        make_message(tenant, provider="deaf", status=Status.UNKNOWN)
    message = make_message(tenant, provider="carrier", status=Status.UNKNOWN)
    sweep()
    message.refresh_from_db()
    assert (message.status, Deaf.asked) == ("queued", 1)


def test_a_carrier_that_cannot_be_asked_answers_by_receipt_or_not_at_all(tenant: Tenant, use: Use) -> None:
    class Closed(Carrier):
        def lookup(self, message: Outbound, *, since: datetime.datetime) -> str | None:
            raise CannotAsk

    use(Closed)
    told, silent = (
        make_message(tenant, provider="carrier", status=Status.UNKNOWN, deliver_before=ago(-60), handover_at=ago(9))
        for _ in range(2)
    )
    sweep()
    mine = DeliveryReceipt("theirs", Status.DELIVERED, "", timezone.now(), reference=told.pk)
    apply_receipts(provider="carrier", receipts=[mine])
    with time_machine.travel(timezone.now() + datetime.timedelta(seconds=61)):
        sweep()
    for message in (told, silent):
        message.refresh_from_db()
    assert (told.status, told.provider_message_id, told.submitted_at) == ("delivered", "theirs", told.handover_at)
    assert (silent.status, silent.failure_reason) == ("expired", "no_receipt_in_time")
    assert Carrier.taken == []


def test_an_unknown_message_of_a_provider_that_was_taken_away_is_given_up(tenant: Tenant) -> None:
    message = make_message(tenant, provider="retired", status=Status.UNKNOWN)
    sweep()
    message.refresh_from_db()
    assert (message.status, message.failure_reason) == ("expired", "unknown_provider")


def test_a_carrier_that_never_says_whether_it_took_a_message_is_given_up_in_the_end(
    tenant: Tenant, use: Use, settings: Settings
) -> None:
    class Mute(Carrier):
        def submit(self, message: Outbound) -> str:
            raise Uncertain("time_out")

    use(Mute)
    settings.SMS_MAX_ATTEMPTS = 3
    message = make_message(tenant, provider="carrier")
    for _ in range(5):
        dispatch(provider="carrier")
        sweep()
    message.refresh_from_db()
    assert (message.status, message.attempts, message.failure_reason) == ("rejected", 3, "gateway_not_answering")


def test_an_answer_that_is_older_than_the_last_attempt_does_not_send_again(tenant: Tenant, use: Use) -> None:
    class Slow(Carrier):
        """While one sweeper waits for its no, another has requeued the message and it was handed over, unseen."""

        asked = 0

        def submit(self, message: Outbound) -> str:
            super().submit(message)
            raise Uncertain("time_out")

        def lookup(self, message: Outbound, *, since: datetime.datetime) -> str | None:
            type(self).asked += 1
            if self.asked > 1:
                return super().lookup(message, since=since)
            Message.objects.update(asked_at=None)
            sweep()
            assert dispatch(provider="carrier") == {"uncertain": 1}
            return None

    use(Slow)
    message = make_message(tenant, provider="carrier", status=Status.UNKNOWN, attempts=1)
    sweep()
    message.refresh_from_db()
    assert (message.status, message.attempts) == ("unknown", 2)
    Message.objects.update(asked_at=None)
    sweep()
    message.refresh_from_db()
    assert message.status == "submitted"
    assert Carrier.taken == [message.pk]


@pytest.mark.django_db(transaction=True)
def test_4_sweepers_at_once_ask_without_sending_twice(tenant: Tenant, other_tenant: Tenant, use: Use) -> None:
    use(Carrier)
    messages = [claimed((tenant, other_tenant)[index % 2], expires_at=ago(1)) for index in range(20)]
    Carrier.taken.extend(message.pk for message in messages[:10])
    at_once(4, lambda _: sweep())
    at_once(4, lambda _: dispatch(provider="carrier"))
    assert set(Message.objects.values_list("status", flat=True)) == {"submitted"}
    assert sorted(Carrier.taken) == sorted(message.pk for message in messages)


# --- Past the deadline -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.SUBMITTED, Status.SENT])
def test_a_message_without_a_receipt_in_time_is_expired(tenant: Tenant, other_tenant: Tenant, status: Status) -> None:
    late = make_message(tenant, status=status, provider_message_id="late", deliver_before=ago(1))
    in_time = make_message(other_tenant, status=status, provider_message_id="in time", deliver_before=ago(-1))
    assert sweep() == NOTHING | {"expired": 1}
    late.refresh_from_db()
    in_time.refresh_from_db()
    assert (late.status, late.failure_reason) == ("expired", "no_receipt_in_time")
    assert in_time.status == status


@pytest.mark.parametrize("status", [Status.QUEUED, Status.DELIVERED, Status.UNDELIVERED, Status.CANCELLED])
def test_what_is_not_with_the_carrier_does_not_expire(tenant: Tenant, status: Status) -> None:
    message = make_message(tenant, status=status, deliver_before=ago(1))
    assert sweep()["expired"] == 0
    message.refresh_from_db()
    assert message.status == status


def test_an_expired_message_that_arrived_after_all_is_delivered(tenant: Tenant) -> None:
    message = make_message(tenant, status=Status.SENT, provider_message_id="one", deliver_before=ago(1))
    sweep()
    apply_receipts(provider="simulator", receipts=[receipt("one", Status.DELIVERED)])
    message.refresh_from_db()
    assert (message.status, message.failure_reason) == ("delivered", "")


# --- Forgotten ones ----------------------------------------------------------------------------------------------


def test_what_waits_although_its_hint_was_lost_is_hinted_at_again(tenant: Tenant, other_tenant: Tenant) -> None:
    make_message(tenant)
    make_message(other_tenant)
    make_message(tenant, next_attempt_at=ago(-1))
    make_message(tenant, provider="elsewhere", next_attempt_at=ago(1))
    assert sweep() == NOTHING | {"hinted": 2}
    assert sorted(hints()) == ["elsewhere", "simulator"]


def test_a_worker_that_was_asked_for_is_not_asked_for_twice(tenant: Tenant) -> None:
    make_message(tenant)
    for _ in range(3):
        sweep()
    assert hints() == ["simulator"]
    dispatch(provider="simulator")
    make_message(tenant)
    sweep()
    assert hints() == ["simulator"] * 2


def test_a_batch_is_hinted_at_only_after_its_commit(
    tenant: Tenant, topped_up: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        queue_messages(tenant_id=tenant.pk, addressees=[Addressee(number(1), "Hi")], sender_id="Acme")
        assert hints() == []
    assert hints() == ["simulator"]


def test_a_batch_is_accepted_without_a_broker_and_found_later(
    tenant: Tenant,
    topped_up: None,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    nowhere = Celery(broker="redis://127.0.0.1:1/0", set_as_current=False)
    nowhere.conf.update(task_publish_retry=False, broker_transport_options={"max_retries": 0})
    with monkeypatch.context() as without, django_capture_on_commit_callbacks(execute=True):
        without.setattr(hinting, "current_app", nowhere)
        queue_messages(tenant_id=tenant.pk, addressees=[Addressee(number(1), "Hi")], sender_id="Acme")
    assert hints() == []
    rates.has_begun("simulator")  # or five seconds later
    assert sweep()["hinted"] == 1
    assert hints() == ["simulator"]


def test_what_was_queued_while_its_reader_opted_out_is_called_off(tenant: Tenant, other_tenant: Tenant) -> None:
    for one in (tenant, other_tenant):
        make_message(one, recipient=number(7))
    Contact.objects.create(tenant=tenant, phone_number=number(7), raw_phone_number="7", opted_out_at=ago(1))
    assert dispatch(provider="simulator") == {"accepted": 1}
    assert sweep()["cancelled"] == 1
    found = Message.objects.values_list("tenant", "status", "failure_reason")
    assert set(found) == {(tenant.pk, "cancelled", "opted_out"), (other_tenant.pk, "submitted", "")}


# --- Parked receipts ---------------------------------------------------------------------------------------------


def parked(provider_message_id: str, *, received_at: datetime.datetime) -> Receipt:
    return Receipt.objects.create(
        provider="simulator",
        provider_message_id=provider_message_id,
        status=Status.DELIVERED,
        occurred_at=received_at,
        received_at=received_at,
    )


def test_a_receipt_that_missed_its_submission_is_applied_by_the_sweeper(tenant: Tenant, other_tenant: Tenant) -> None:
    message = make_message(tenant, status=Status.SUBMITTED, provider_message_id="one")
    theirs = make_message(other_tenant, status=Status.SUBMITTED, provider_message_id="two")
    waiting = parked("one", received_at=ago(1))
    assert sweep() == NOTHING | {"parked": 1}
    message.refresh_from_db()
    theirs.refresh_from_db()
    waiting.refresh_from_db()
    assert (message.status, theirs.status) == ("delivered", "submitted")
    assert waiting.applied_at is not None
    assert sweep() == NOTHING


def test_a_receipt_about_no_message_of_ours_is_kept_and_left_alone_after_a_day() -> None:
    young, old = parked("young", received_at=ago(86_000)), parked("old", received_at=ago(87_000))
    assert sweep() == NOTHING | {"parked": 1}
    for one in (young, old):
        one.refresh_from_db()
        assert one.applied_at is None
