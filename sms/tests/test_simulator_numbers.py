"""The numbers that decide what becomes of a message: each one sent for real, until nothing more happens to it."""

import datetime
import re
import threading
from collections import Counter

import phonenumbers
import pytest
import time_machine
from django.conf import settings as django_settings
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.phone import to_e164
from sms import rates
from sms.models import Attempt, Message, Receipt
from sms.models.states import FINAL
from sms.providers.simulator import MAGIC, PROFILES, counters, memory, post_due_receipts
from sms.services import dispatch, sweep
from sms.tests.helpers import make_message
from tenants.models import Tenant

#: How each ends: status, failure reason, how the attempts to hand it over went, how many receipts were kept.
ENDS = {
    "0000100": ("delivered", "", ["accepted"], 2),
    "0000101": ("delivered", "", ["accepted"], 2),
    "0000102": ("delivered", "", ["accepted"], 1),
    "0000201": ("undelivered", "absent_subscriber", ["accepted"], 2),
    "0000202": ("undelivered", "network_congestion", ["accepted"], 2),
    "0000203": ("undelivered", "unknown_subscriber", ["accepted"], 2),
    "0000204": ("undelivered", "unknown_error", ["accepted"], 2),
    "0000205": ("delivered", "", ["accepted"], 3),
    "0000301": ("rejected", "blocked_by_operator", ["accepted"], 2),
    "0000302": ("rejected", "filtered", ["accepted"], 2),
    "0000303": ("rejected", "invalid_number", ["permanent"], 0),
    "0000304": ("rejected", "sender_id_refused", ["permanent"], 0),
    "0000401": ("expired", "validity_passed", ["accepted"], 2),
    "0000402": ("expired", "no_receipt_in_time", ["accepted"], 0),
    "0000403": ("expired", "no_receipt_in_time", ["accepted"], 1),
    "0000501": ("delivered", "", ["uncertain"], 2),
    "0000502": ("delivered", "", ["uncertain", "accepted"], 2),
    "0000503": ("delivered", "", ["throttled", "accepted"], 2),
    "0000504": ("delivered", "", ["temporary", "temporary", "accepted"], 2),
    "0000505": ("rejected", "gateway_unavailable", ["temporary"] * 3, 0),
    "0000601": ("delivered", "", ["accepted"], 2),
    "0000602": ("delivered", "", ["accepted"], 3),
    "0000603": ("delivered", "", ["accepted"], 2),
    "0000604": ("delivered", "", ["accepted"], 2),
}
#: Seconds that pass between one look and the next, so that every wait of ours is over in one of them.
PAUSES = (3, 10, 40, 100, 400, 700, 700, 700)


def pass_time(clock: time_machine.TimeMachineFixture, seconds: float) -> None:
    clock.move_to(timezone.now() + datetime.timedelta(seconds=seconds))
    rates.client().delete("rate:simulator:paused")  # a wait of a second by the server's clock, which did not move
    post_due_receipts()
    sweep()


def test_every_number_has_an_end_that_is_tested() -> None:
    assert ENDS.keys() == MAGIC.keys()


@pytest.mark.parametrize("suffix", MAGIC)
def test_every_number_is_a_valid_one_of_tanzania_and_is_sent_to_as_it_is_written(suffix: str) -> None:
    number = f"+25575{suffix}"
    assert phonenumbers.is_valid_number(phonenumbers.parse(number))
    assert to_e164(f"075{suffix}", region="TZ") == number


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("platform")
class TestSent:
    @pytest.fixture(autouse=True)
    def _small(self, live_server: LiveServer, settings: Settings) -> None:
        settings.PUBLIC_URL = live_server.url
        settings.SMS_MAX_ATTEMPTS = 3

    @pytest.mark.parametrize("suffix", MAGIC)
    def test_a_message_to_it_ends_as_it_says(
        self, tenant: Tenant, other_tenant: Tenant, time_machine: time_machine.TimeMachineFixture, suffix: str
    ) -> None:
        message = make_message(tenant, recipient=f"+25575{suffix}", batch_id=None)
        for pause in PAUSES:
            dispatch(provider="simulator", seconds=5)
            pass_time(time_machine, pause)
            message.refresh_from_db()
            if message.status in FINAL and not memory.waiting():
                break
        attempts = list(Attempt.objects.order_by("number").values_list("outcome", flat=True))
        assert (message.status, message.failure_reason, attempts, Receipt.objects.count()) == ENDS[suffix]
        assert message.status in FINAL
        assert Receipt.objects.filter(applied_at=None).count() == 0
        assert counters()["duplicates"] == 0

    def test_all_of_them_at_once_disturb_nobody_else(
        self, tenant: Tenant, other_tenant: Tenant, time_machine: time_machine.TimeMachineFixture
    ) -> None:
        for suffix in MAGIC:
            make_message(tenant, recipient=f"+25575{suffix}", batch_id=None)
        theirs = [make_message(other_tenant, recipient=f"+2557540{n:05d}", batch_id=None) for n in range(20)]
        for pause in PAUSES:
            dispatch(provider="simulator", seconds=10)
            pass_time(time_machine, pause)
        ended = dict(Message.objects.filter(tenant=tenant).values_list("recipient", "status"))
        assert ended == {f"+25575{suffix}": end[0] for suffix, end in ENDS.items()}
        assert Message.objects.filter(pk__in=[one.pk for one in theirs], status__in=FINAL).count() == 20
        assert counters()["duplicates"] == 0

    def test_its_receipts_come_before_its_answer(self, tenant: Tenant) -> None:
        """With the engine running beside the worker, and no clock moved."""
        message = make_message(tenant, recipient="+255750000603", batch_id=None)
        stop = threading.Event()

        def engine() -> None:
            while not stop.wait(0.05):
                post_due_receipts()

        thread = threading.Thread(target=engine)
        thread.start()
        try:
            dispatch(provider="simulator", seconds=5)
        finally:
            stop.set()
            thread.join()
        message.refresh_from_db()
        assert message.status == "delivered"
        assert message.submitted_at is not None
        assert Receipt.objects.filter(received_at__lt=message.submitted_at, applied_at__isnull=False).count() == 2


# --- The document ------------------------------------------------------------------------------------------------


def rows(heading: str) -> dict[str, str]:
    """The first two columns of the table below a heading of docs/simulator.md."""
    text = (django_settings.BASE_DIR / "docs" / "simulator.md").read_text()
    section = text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    found = re.findall(r"^\| `([^`]+)` \| ([^|]+?) \|", section, flags=re.MULTILINE)
    assert max(Counter(name for name, _ in found).values()) == 1
    return dict(found)


def test_the_document_lists_the_numbers_as_they_are() -> None:
    assert rows("Numbers") == {suffix: magic.meaning for suffix, magic in MAGIC.items()}


def test_the_document_lists_the_profiles_as_they_are() -> None:
    assert rows("Profiles") == {name: profile.meaning for name, profile in PROFILES.items()}
