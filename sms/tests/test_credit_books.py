"""The books are compared every night; and what happened to a tenant's credits can be read line by line."""

import datetime
from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.utils import timezone

from config.demo.seed import seed
from sms import services, tasks
from sms.models import CreditAccount, CreditEntry, CreditGrant, Message, Status
from sms.services import reconcile_credits, statement
from sms.signals import Difference
from sms.tests.helpers import at_once
from sms.tests.ledger import balance, end, falls, send, top_up
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]


@pytest.fixture
def busy(tenant: Tenant, other_tenant: Tenant) -> None:
    """Two tenants with every kind of movement behind them."""
    for one in (tenant, other_tenant):
        top_up(one, 100)
        top_up(one, 10, expires_at=timezone.now() + datetime.timedelta(days=1))
        services.adjust(tenant_id=one.pk, credits=-5, reference="a", note="Ticket 7")
        ids = send(one, 20)
        end(ids[:8], Status.DELIVERED)
        end(ids[8:12], Status.UNDELIVERED)
        services.expire_grants(now=timezone.now() + datetime.timedelta(days=1))


def test_books_that_agree_are_no_difference(tenant: Tenant, busy: None) -> None:
    assert balance(tenant) == (79, 8)
    assert reconcile_credits() == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda mine: CreditAccount.objects.filter(tenant=mine).update(available=80),
        lambda mine: CreditAccount.objects.filter(tenant=mine).update(reserved=7),
        lambda mine: CreditAccount.objects.filter(tenant=mine).update(available=78, reserved=9),
        lambda mine: CreditGrant.objects.filter(tenant=mine).order_by("id")[:1].get().delete(),
        lambda mine: CreditEntry.objects.create(tenant=mine, kind="adjust", reference="by hand", available_delta=1),
        # A message that ended without anybody closing it, and one that was put there by hand.
        lambda mine: Message.objects.filter(tenant=mine, status="queued").update(status=Status.EXPIRED),
        lambda mine: Message.objects.filter(tenant=mine, status="delivered").update(
            status=Status.SENT, credits_settled_at=None
        ),
    ],
)
def test_whatever_does_not_fit_is_found_and_only_with_its_tenant(
    tenant: Tenant, busy: None, spoil: Callable[[Tenant], object]
) -> None:
    spoil(tenant)
    assert [one.tenant_id for one in reconcile_credits()] == [tenant.pk]


def test_a_difference_says_all_its_numbers(tenant: Tenant, busy: None) -> None:
    CreditAccount.objects.filter(tenant=tenant).update(available=1000)
    assert reconcile_credits() == [
        Difference(
            tenant_id=tenant.pk,
            tenant_name="Acme",
            available=1000,
            reserved=8,
            ledger_available=79,
            ledger_reserved=8,
            granted=87,
            on_their_way=8,
        )
    ]


def test_a_ledger_without_an_account_is_a_difference(tenant: Tenant) -> None:
    CreditEntry.objects.create(tenant=tenant, kind="adjust", reference="by hand", available_delta=1)
    assert [one.ledger_available for one in reconcile_credits()] == [1]


@pytest.mark.django_db(transaction=True)
def test_it_finds_nothing_while_everything_moves(tenant: Tenant) -> None:
    top_up(tenant, 10_000)

    def work(index: int) -> int:
        for _ in range(10):
            if index == 0 and (found := reconcile_credits()):
                return len(found)
            if index:
                end(send(tenant, 5), Status.DELIVERED if index % 2 else Status.UNDELIVERED)
        return 0

    assert at_once(4, work) == [0, 0, 0, 0]
    assert balance(tenant) == (9900, 0)


def test_the_demo_begins_with_books_that_agree_and_bands_to_show() -> None:
    assert seed()
    assert reconcile_credits() == []
    left = CreditAccount.objects.filter(is_unlimited=False).order_by("tenant__slug")
    assert list(left.values_list("tenant__slug", "available")) == [
        ("acacia-pharmacy", 1_000_000),
        ("baobab-bank", 500_000),
        ("coral-clinic", 420),
        ("dune-deliveries", 350),
        ("ebony-events", 0),
    ]
    assert [falls(one)[-1] for one in Tenant.objects.filter(slug__in=["coral-clinic", "ebony-events"])] == [
        (21, "warning"),
        (0, "empty"),
    ]


# --- Nightly, and by hand ----------------------------------------------------------------------------------------


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        call_command("reconcile_credits", *words)
    return int(ended.value.code or 0)


def test_the_command_says_so_and_is_quiet_when_asked(busy: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    assert capsys.readouterr().out == "All books agree.\n"
    assert run("--quiet") == 0
    assert capsys.readouterr().out == ""


def test_the_command_names_the_tenant_and_the_numbers(
    tenant: Tenant, busy: None, capsys: pytest.CaptureFixture[str]
) -> None:
    CreditAccount.objects.filter(tenant=tenant).update(available=1000)
    assert run("--quiet") == 2
    assert capsys.readouterr().out == (
        f"Acme ({tenant.pk}): account 1000 + 8 reserved, ledger 79 + 8 reserved, grants 87, messages on their way 8\n"
    )


def test_a_bad_argument_and_a_fault_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("--loud") == 3

    def fail(*_: object) -> None:
        raise OperationalError("SELECT secret")

    with connection.execute_wrapper(fail):
        assert run() == 3


def test_the_tasks_say_what_they_did(tenant: Tenant, busy: None) -> None:
    assert tasks.reconcile_credits() == {"differences": 0}
    assert tasks.expire_credits() == {"expired": 0}
    assert tasks.announce_falls() == {"announced": 6}


# --- The statement -----------------------------------------------------------------------------------------------


def test_a_statement_has_every_line_with_what_the_account_held_after_it(tenant: Tenant, busy: None) -> None:
    found = statement(tenant.pk)
    lines = [(line.entry.kind, line.available, line.reserved) for line in found.lines()]
    assert lines[:4] == [("top_up", 100, 0), ("top_up", 110, 0), ("adjust", 105, 0), ("reserve", 85, 20)]
    assert lines[11] == ("settle", 85, 12)
    assert lines[-2:] == [("release", 89, 8), ("expire", 79, 8)]
    assert len(lines) == 17


def test_a_part_of_it_begins_with_what_was_there_and_leaves_out_the_end(tenant: Tenant, busy: None) -> None:
    times = list(CreditEntry.objects.filter(tenant=tenant).oldest_first().values_list("created_at", flat=True))
    found = statement(tenant.pk, times[2], times[4])
    assert (found.available, found.reserved) == (110, 0)
    assert [(line.entry.kind, line.available) for line in found.lines()] == [("adjust", 105), ("reserve", 85)]
    assert list(statement(tenant.pk, timezone.now()).lines()) == []


def test_a_long_one_is_read_some_lines_at_a_time(tenant: Tenant, busy: None, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [line.entry.pk for line in statement(tenant.pk).lines()]
    monkeypatch.setattr("sms.services.credits.statements.CHUNK", 3)
    assert [line.entry.pk for line in statement(tenant.pk).lines()] == whole


def test_entries_are_in_the_order_in_which_they_happened(tenant: Tenant, busy: None) -> None:
    rows = CreditEntry.objects.filter(tenant=tenant)
    times = list(rows.oldest_first().values_list("created_at", flat=True))
    assert times == sorted(times)
    assert (
        list(rows.newest_first().values_list("pk", flat=True))
        == list(rows.oldest_first().values_list("pk", flat=True))[::-1]
    )


@pytest.mark.django_db(transaction=True)
def test_whoever_writes_at_once_the_running_balance_is_never_below_zero(tenant: Tenant) -> None:
    top_up(tenant, 1)

    def work(index: int) -> None:
        for number in range(15):
            if index % 2:
                top_up(tenant, 1, reference=f"{index}/{number}")
            else:
                try:
                    send(tenant)
                except services.NotEnoughCredits:
                    continue

    at_once(6, work)
    assert min(line.available for line in statement(tenant.pk).lines()) >= 0
    balance(tenant)
