"""Ten thousand messages through everything that carriers do to their receipts, and the books agree afterwards."""

import datetime
import random
from collections import Counter
from typing import Any

import pytest
import time_machine
from django.db.models import Count, Sum
from django.utils import timezone

from sms import counts, services
from sms.models import CreditAccount, CreditEntry, CreditGrant, Message, Receipt, Status
from sms.models.states import FAILED, FINAL
from sms.providers import simulator
from sms.providers.base import DeliveryReceipt
from sms.tests.helpers import at_once
from tenants.models import Tenant
from tenants.scope import all_tenants

MESSAGES, THREADS = 10_000, 4
#: Written out once more, so that the product's table is tested and not repeated.
HEIGHT = {"sent": 1, "undelivered": 2, "rejected": 2, "expired": 2, "delivered": 3}
FATES: tuple[tuple[str, ...], ...] = (
    ("sent", "delivered"),
    ("sent", "delivered", "delivered", "sent"),
    ("delivered",),
    ("sent", "undelivered"),
    ("undelivered", "rejected", "sent"),
    ("rejected", "delivered"),
    ("expired", "sent"),
    ("sent",),
    (),
)


def addressees(dice: random.Random, count: int) -> list[services.Addressee]:
    texts = ("Hi", "Long " * 40, "€" * 90)
    return [services.Addressee(f"+255754{index:06d}", dice.choice(texts)) for index in range(count)]


@pytest.mark.django_db(transaction=True)
def test_after_any_shuffle_of_receipts_states_credits_and_counts_agree(tenant: Tenant, other_tenant: Tenant) -> None:
    dice = random.Random(20261125)
    with all_tenants(because="the test plays the platform"):
        for one in (tenant, other_tenant):
            services.top_up(tenant_id=one.pk, credits=15_000)
            services.top_up(tenant_id=one.pk, credits=15_000)
            for _ in range(5):
                services.queue_messages(
                    tenant_id=one.pk, addressees=addressees(dice, MESSAGES // 10), sender_id="ACME"
                )
        at_once(2, lambda _: services.dispatch(provider="simulator", seconds=120))
        assert Message.objects.filter(status=Status.SUBMITTED).count() == MESSAGES
        assert simulator.counters() == {"accepted": MESSAGES, "duplicates": 0}

        reported = _report(dice)
        with time_machine.travel(timezone.now() + datetime.timedelta(hours=1)):
            at_once(2, lambda _: services.sweep())  # what no receipt settled is given up
        services.squash_counts()
        _assert_states(reported)
        _assert_books()
        _assert_counts()


def _report(dice: random.Random) -> dict[Any, list[str]]:
    """Every message's fate in receipts, lost now and then, shuffled over all, some with ids that nobody knows."""
    reported: dict[Any, list[str]] = {}
    receipts = []
    for key, name in Message.objects.order_by("pk").values_list("pk", "provider_message_id"):
        reported[key] = [status for status in dice.choice(FATES) if dice.random() > 0.05]
        receipts += [(name, status) for status in reported[key]]
    receipts += [(f"stray-{index}", "delivered") for index in range(50)]
    dice.shuffle(receipts)
    calls = []
    while receipts:
        size = dice.choice((1, 20, 200))
        calls.append([_receipt(*one) for one in receipts[:size]])
        del receipts[:size]

    def post(index: int) -> None:
        for call in calls[index::THREADS]:
            services.apply_receipts(provider="simulator", receipts=call)

    at_once(THREADS, post)
    return reported


def _receipt(name: str, status: str) -> DeliveryReceipt:
    return DeliveryReceipt(name, Status(status), "", timezone.now())


def _assert_states(reported: dict[Any, list[str]]) -> None:
    wrong = {}
    for key, status in Message.objects.values_list("pk", "status"):
        highest = max((HEIGHT[one] for one in reported[key]), default=0)
        # Without a final receipt it was given up: as high as a failure.
        if HEIGHT.get(status) != max(highest, 2):
            wrong[key] = (status, reported[key])
    assert wrong == {}
    assert Receipt.objects.filter(applied_at=None).count() == 50  # the strays, kept and counted


def _assert_books() -> None:
    for account in CreditAccount.objects.all():
        mine = {"tenant_id": account.tenant_id}
        ledger = CreditEntry.objects.filter(**mine).aggregate(a=Sum("available_delta"), r=Sum("reserved_delta"))
        assert (account.available, account.reserved) == (ledger["a"], ledger["r"])
        granted = CreditGrant.objects.filter(**mine).aggregate(n=Sum("remaining"))["n"]
        assert granted == account.available + account.reserved
        messages = Message.objects.filter(**mine)
        in_flight = messages.exclude(status__in=FINAL).aggregate(n=Sum("credits"))["n"] or 0
        assert account.reserved == in_flight == 0
        spent = CreditEntry.objects.filter(**mine, kind=CreditEntry.Kind.SETTLE).aggregate(n=Sum("reserved_delta"))[
            "n"
        ]
        assert account.available == 30_000 + spent
        per_message = CreditEntry.objects.filter(**mine, kind__in=["settle", "release"])
        assert per_message.count() == messages.count() == messages.filter(credits_settled_at__isnull=False).count()
        # What was delivered without having failed before is paid; what failed and stayed so is not.
        settled = set(per_message.filter(kind="settle").values_list("reference", flat=True))
        delivered = {str(key) for key in messages.filter(status=Status.DELIVERED).values_list("pk", flat=True)}
        failed = {str(key) for key in messages.filter(status__in=FAILED).values_list("pk", flat=True)}
        assert settled <= delivered
        assert settled & failed == set()


def _assert_counts() -> None:
    since, until = timezone.now() - datetime.timedelta(hours=1), timezone.now() + datetime.timedelta(hours=2)
    counted: Counter[Any] = Counter()
    for one in counts.of_platform(since=since):
        counted[one.status] += one.messages
    actual = Message.objects.values("status").annotate(n=Count("pk")).order_by()
    assert counted == {row["status"]: row["n"] for row in actual}
    for tenant_id in Message.objects.order_by().values_list("tenant_id", flat=True).distinct():
        span = {"since": since.replace(minute=0, second=0), "until": until}
        mine = sum(one.messages for _, one in counts.of_tenant(tenant_id=tenant_id, **span))
        assert mine == MESSAGES // 2
