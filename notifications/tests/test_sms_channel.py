"""SMS through our own sending room: paid, capped, short, and never by the provider that it tells of."""

import threading

import pytest
from pytest_django import Settings

from accounts.models import User
from notifications import services
from notifications.channels import sms as channel
from notifications.channels.base import Refused, Uncertain
from notifications.channels.sms import Sms, one_segment, provider_in
from notifications.delivery import claiming, dispatch, sweeping
from notifications.models import Delivery, SmsSpending
from notifications.models.priority import Priority
from notifications.tests.delivering import Urgent, deliver, only, wants
from notifications.tests.helpers import ago, in_threads, problem, see
from sms import services as sms
from sms.models import Batch, Message, Route, Status
from sms.providers.base import Outbound, Temporary
from sms.segments import segment
from sms.services.routing import NoOtherRoute, _hand_to_others, choose
from sms.tests.helpers import Carrier, credits_of, receipt
from sms.tests.test_routing import First, Second, two
from tenants.models import Tenant
from tenants.scope import all_tenants

__all__ = ["two"]
pytestmark = pytest.mark.usefixtures("platform")


@pytest.fixture
def paying(settings: Settings, tenant: Tenant) -> Tenant:
    """The tenant that pays for SMS notifications, with ten credits."""
    settings.NOTIFICATION_SMS_TENANT = tenant.slug
    sms.top_up(tenant_id=tenant.pk, credits=10)
    return tenant


@pytest.fixture
def reader(member: User) -> User:
    """Somebody who is told by SMS."""
    User.objects.filter(pk=member.pk).update(phone_number="+255754123456", phone_verified=True)
    member.refresh_from_db()
    return wants(member, sms_notifications_enabled=True)


def tell(user: User, message: str = "The database is slow.") -> None:
    services.notify(kind=Urgent, recipients=[user], context={"title": "Slow", "message": message})


def arrives(message: Message, status: Status, reason: str = "") -> None:
    sms.dispatch(provider=message.provider)
    message.refresh_from_db()
    told = receipt(message.provider_message_id, status, reason=reason)
    sms.apply_receipts(provider=message.provider, receipts=[told])


def test_it_is_queued_and_paid_like_any_message_and_its_receipt_is_the_outcome(
    paying: Tenant, reader: User, two: None
) -> None:
    tell(reader)
    assert deliver("sms") == {"accepted": 1}
    message = Message.objects.get()
    assert (message.recipient, message.text, message.sender_id) == (
        "+255754123456",
        "Slow: The database is slow.",
        "Bellwether",
    )
    assert message.valid_until is not None
    assert (only("sms").state, only("sms").reference, only("sms").finished_at) == ("sent", str(message.pk), None)
    assert sweeping.sweep()["settled"] == 0  # nobody has said anything yet
    arrives(message, Status.DELIVERED)
    assert sweeping.sweep()["settled"] == 1
    row = only("sms")
    assert (row.state, row.reason) == ("sent", f"The phone has it, by {message.provider}.")
    assert row.finished_at is not None
    assert (credits_of(paying), SmsSpending.objects.get().credits) == (9, 1)


def test_one_that_does_not_arrive_is_given_up_with_the_carriers_reason(
    paying: Tenant, reader: User, two: None
) -> None:
    tell(reader)
    deliver("sms")
    arrives(Message.objects.get(), Status.UNDELIVERED, "absent_subscriber")
    assert sweeping.sweep()["settled"] == 1
    row = only("sms")
    assert (row.state, "absent_subscriber" in row.reason) == ("dead", True)
    assert [one.outcome for one in row.tries.all()] == ["refused"]
    assert sweeping.try_again(ids=[row.pk]) == 1
    assert deliver("sms") == {"accepted": 1}
    assert Message.objects.count() == 2


def test_whoever_dies_after_queueing_queues_nothing_twice(paying: Tenant, reader: User, two: None) -> None:
    tell(reader)
    (claimed,) = claiming.claim(channel="sms", most=1)
    carrier = Sms()
    parcel = dispatch._parcel(claimed, carrier.besides([claimed])[claimed.id])
    queued = carrier.send(parcel)
    Delivery.objects.filter(pk=claimed.id).update(lease_expires_at=ago(seconds=1))
    assert sweeping.sweep()["replayed"] == 1
    assert deliver("sms") == {"accepted": 1}
    assert (only("sms").reference, Message.objects.count()) == (queued, 1)
    with pytest.raises(Uncertain):  # nor does one that still holds the old parcel
        carrier.send(parcel)
    assert (Message.objects.count(), SmsSpending.objects.get().credits) == (1, 1)


def test_the_days_cap_holds_also_at_the_same_moment(
    paying: Tenant, reader: User, settings: Settings, two: None
) -> None:
    settings.NOTIFICATION_SMS_DAILY_CREDITS = 2
    for number in range(4):
        tell(reader, f"Number {number}.")
    assert deliver("sms") == {"accepted": 2, "refused": 2}
    assert (Message.objects.count(), SmsSpending.objects.get().credits) == (2, 2)
    assert only("sms", state="dead", reason__contains="used up", content__message="Number 3.")


@pytest.mark.django_db(transaction=True)
def test_8_at_once_spend_no_more_than_the_cap(paying: Tenant, settings: Settings) -> None:
    settings.NOTIFICATION_SMS_DAILY_CREDITS = 3
    refused = threading.Semaphore(0)

    def spend(_: int) -> None:
        try:
            channel._spend(1)
        except Refused:
            refused.release()

    in_threads(8, spend)
    assert SmsSpending.objects.get().credits == 3
    assert sum(refused.acquire(blocking=False) for _ in range(9)) == 5


def test_no_credits_are_a_reason_to_try_again_and_no_number_is_none(paying: Tenant, reader: User, two: None) -> None:
    sms.adjust(tenant_id=paying.pk, credits=-10, reference="a", note="All of it.")
    tell(reader)
    assert deliver("sms") == {"try_again": 1}
    assert "no credits" in only("sms").reason
    assert not SmsSpending.objects.exists()
    User.objects.filter(pk=reader.pk).update(phone_verified=False)
    Delivery.objects.update(due_at=only("sms").created_at)
    assert deliver("sms") == {"refused": 1}


def test_a_tenant_that_is_not_there_is_a_setting_to_mend(
    paying: Tenant, reader: User, settings: Settings, two: None
) -> None:
    tell(reader)
    settings.NOTIFICATION_SMS_TENANT = "nobody"
    assert deliver("sms") == {"try_again": 1}


@pytest.mark.parametrize("scope", ["first", "provider:first"])
def test_it_never_goes_through_the_provider_that_it_tells_of(
    paying: Tenant, admin: User, two: None, scope: str
) -> None:
    User.objects.filter(pk=admin.pk).update(phone_number="+255754123456", phone_verified=True)
    wants(admin, sms_notifications_enabled=True)
    assert provider_in(scope) == "first"
    for number in range(6):
        see(problem(Priority.HIGH, kind=f"sms_service_{number}", scope=scope))
    assert deliver("sms") == {"accepted": 6}
    assert set(Message.objects.values_list("provider", flat=True)) == {"second"}
    assert set(Batch.objects.values_list("avoid", flat=True)) == {"first"}


def test_nor_does_it_come_there_when_the_other_one_refuses_it(
    paying: Tenant, admin: User, two: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(self: Carrier, message: Outbound) -> str:
        raise Temporary("busy")

    User.objects.filter(pk=admin.pk).update(phone_number="+255754123456", phone_verified=True)
    wants(admin, sms_notifications_enabled=True)
    see(problem(Priority.HIGH, scope="provider:first"))
    deliver("sms")
    monkeypatch.setattr(Second, "submit", busy)
    sms.dispatch(provider="second")
    message = Message.objects.get()
    assert (message.status, message.provider, message.attempts) == (Status.QUEUED, "second", 1)


def test_where_there_is_no_other_provider_the_reason_is_on_record(
    paying: Tenant, admin: User, two: None, settings: Settings
) -> None:
    Route.objects.filter(provider="second").delete()
    User.objects.filter(pk=admin.pk).update(phone_number="+255754123456", phone_verified=True)
    wants(admin, sms_notifications_enabled=True)
    see(problem(Priority.HIGH, scope="provider:first"))
    assert deliver("sms") == {"refused": 1}
    assert "must not go through it" in only("sms").reason
    assert not Message.objects.exists()
    with pytest.raises(NoOtherRoute):
        choose(tenant_id=paying.pk, count=1, avoid=First.slug)


def test_moving_traffic_away_leaves_what_must_avoid_a_provider_where_it_is(paying: Tenant, two: None) -> None:
    with all_tenants(because="the test queues"):
        to = [sms.Addressee(f"+25575400000{n}", "Hi") for n in range(3)]
        sms.queue_messages(tenant_id=paying.pk, addressees=to, sender_id="A", avoid="first")
        assert _hand_to_others("second") == 0
    assert set(Message.objects.values_list("provider", flat=True)) == {"second"}


@pytest.mark.parametrize(
    ("title", "message"),
    [
        ("SMS Service: the success rate is low", "69.6 % of 56 settled messages were delivered. " * 5),
        ("“Curly” \u2013 title", "café … ça va, naïve"),
        ("データベース", "データベースは一時間以上応答していません。 " * 4),
        ("x" * 500, "y"),
        ("😀" * 60, ""),
        ("[]{}" * 60, "€"),
        ("Short", "Done."),
    ],
)
def test_a_text_is_cut_after_a_word_to_one_segment(title: str, message: str) -> None:
    text = one_segment(title, message)
    assert segment(text).segments == 1
    assert text.endswith(" ...") or len(text) >= len(" ".join(f"{title}: {message}".split())) - 5
    if text.endswith(" ...") and " " in title:
        assert f"{title}: {message}".startswith(text.removesuffix(" ...").split(" ")[0])
