"""No interleaving of batches, receipts, refunds, cancelling, top-ups, corrections and expiry loses or makes a credit.

Hypothesis plays two tenants against the real database and keeps books of its own, written as simply as can be.
"""

import contextlib
import copy
import datetime
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

import pytest
import time_machine
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from sms import services
from sms.models import CreditAccount, CreditEntry, CreditFall, Message, Status
from sms.services import AlreadyMoved, NotEnoughCredits
from sms.services.credits import announce_falls
from sms.tests.helpers import receipt
from sms.tests.ledger import balance, grants, send
from tenants.models import Tenant
from tenants.scope import all_tenants

Refunds = CreditAccount.Refunds
FAILED = (Status.UNDELIVERED, Status.REJECTED, Status.EXPIRED)
START = datetime.datetime(2026, 3, 10, 12, tzinfo=datetime.UTC)
_numbers = itertools.count()


@dataclass
class Grant:
    left: int
    expires_at: datetime.datetime | None


@dataclass
class Attempt:
    was_refused: bool = False


@dataclass
class Books:
    """What one tenant's credits should be."""

    tenant: Tenant
    refunds: Refunds = Refunds.FAILED
    grants: list[Grant] = field(default_factory=list)
    available: int = 0
    reserved: int = 0
    bought: int = 0
    spent: int = 0
    expired: int = 0
    payments: dict[str, int] = field(default_factory=dict)

    def give(self, credits: int, expires_at: datetime.datetime | None = None) -> None:
        self.grants.append(Grant(credits, expires_at))
        self.available += credits
        self.bought += credits

    def take(self, credits: int) -> None:
        """From the oldest grants."""
        for grant in self.grants:
            taken = min(grant.left, credits)
            grant.left -= taken
            credits -= taken  # noqa: A001 (as the field calls it)
        assert credits == 0

    @contextlib.contextmanager
    def attempt(self) -> Iterator["Attempt"]:
        """What is refused leaves everything as it was, what had expired meanwhile included."""
        before = copy.deepcopy((self.grants, self.available, self.expired))
        attempt = Attempt()
        try:
            yield attempt
        except (AlreadyMoved, NotEnoughCredits):
            attempt.was_refused = True
            self.grants, self.available, self.expired = before

    def expire(self, now: datetime.datetime) -> None:
        held = self.reserved
        for grant in self.grants:
            kept = min(grant.left, held)
            held -= kept
            if grant.expires_at is not None and grant.expires_at <= now:
                self.available -= grant.left - kept
                self.expired += grant.left - kept
                grant.left = kept


@dataclass
class Sent:
    """A message on its way or ended, and what it costs."""

    pk: UUID
    books: Books
    cost: int
    name: str = ""
    is_closed: bool = False


class Ledger(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.books = [self._tenant(), self._tenant()]
        self.sent: list[Sent] = []

    @staticmethod
    def _tenant() -> Books:
        number = next(_numbers)
        books = Books(Tenant.objects.create(name=f"Tenant {number}", slug=f"tenant-{number}"))
        services.set_terms(tenant_id=books.tenant.pk)
        return books

    # --- What people do --------------------------------------------------------------------------------------------

    @rule(
        who=st.integers(0, 1),
        credits=st.integers(1, 150),
        hours=st.none() | st.integers(1, 30),
        payment=st.integers(1, 6),
    )
    def top_up(self, who: int, credits: int, hours: int | None, payment: int) -> None:
        books, reference = self.books[who], f"pay-{payment}"
        expires_at = self.now + datetime.timedelta(hours=hours) if hours else None
        known = books.payments.get(reference)
        with time_machine.travel(self.now, tick=False), books.attempt() as attempt:
            books.expire(self.now)
            is_new = services.top_up(
                tenant_id=books.tenant.pk, credits=credits, reference=reference, expires_at=expires_at
            )
            assert is_new == (known is None)
            if is_new:
                books.payments[reference] = credits
                books.give(credits, expires_at)
        assert attempt.was_refused == (known not in (None, credits))

    @rule(who=st.integers(0, 1), credits=st.integers(-60, 60).filter(bool))
    def adjust(self, who: int, credits: int) -> None:
        books, reference = self.books[who], f"ticket-{next(_numbers)}"

        def adjust() -> bool:
            return services.adjust(
                tenant_id=books.tenant.pk, credits=credits, reference=reference, note="A correction"
            )

        with time_machine.travel(self.now, tick=False), books.attempt() as attempt:
            books.expire(self.now)
            enough = books.available + credits >= 0
            assert adjust()
            assert not adjust()
            if credits > 0:
                books.give(credits)
            else:
                books.take(-credits)
                books.available += credits
                books.bought += credits
        assert attempt.was_refused != enough

    @rule(who=st.integers(0, 1), refunds=st.sampled_from(Refunds))
    def agree_on_refunds(self, who: int, refunds: Refunds) -> None:
        books = self.books[who]
        books.refunds = refunds
        with time_machine.travel(self.now, tick=False):
            books.expire(self.now)
            services.set_terms(tenant_id=books.tenant.pk, refunds=refunds)

    @rule(who=st.integers(0, 1), recipients=st.integers(1, 8), segments=st.integers(1, 3))
    def send(self, who: int, recipients: int, segments: int) -> None:
        books, cost = self.books[who], recipients * segments
        text = "a" * (153 * segments if segments > 1 else 10)
        with time_machine.travel(self.now, tick=False), books.attempt() as attempt:
            books.expire(self.now)
            enough = books.available >= cost
            ids = send(books.tenant, recipients, text=text)
            books.available -= cost
            books.reserved += cost
            self.sent += [Sent(key, books, segments) for key in ids]
        assert attempt.was_refused != enough

    # --- What becomes of messages ----------------------------------------------------------------------------------

    @precondition(lambda self: any(not one.name and not one.is_closed for one in self.sent))
    @rule(data=st.data(), count=st.integers(1, 6))
    def carrier_takes(self, data: st.DataObject, count: int) -> None:
        waiting = [one for one in self.sent if not one.name and not one.is_closed]
        for one in waiting[:count]:
            one.name = f"c-{one.pk}"
            Message.objects.filter(pk=one.pk).update(
                status=Status.SUBMITTED, submitted_at=self.now, provider_message_id=one.name
            )

    @precondition(lambda self: any(one.name for one in self.sent))
    @rule(
        said=st.lists(
            st.tuples(st.integers(0, 30), st.sampled_from([Status.SENT, Status.DELIVERED, *FAILED])),
            min_size=1,
            max_size=6,
        )
    )
    def receipts_come(self, said: list[tuple[int, Status]]) -> None:
        """In any order, repeated, of several tenants in one call."""
        taken = [one for one in self.sent if one.name]
        heard: dict[str, list[Status]] = {}
        for place, status in said:
            heard.setdefault(taken[place % len(taken)].name, []).append(status)
        with time_machine.travel(self.now, tick=False):
            services.apply_receipts(
                provider="simulator",
                receipts=[
                    receipt(name, status, second=place)
                    for name, statuses in heard.items()
                    for place, status in enumerate(statuses)
                ],
            )
        states = dict(Message.objects.filter(pk__in=[one.pk for one in taken]).values_list("pk", "status"))
        closed = [one for one in taken if one.name in heard and not one.is_closed and states[one.pk] != Status.SENT]
        released = []
        for one in closed:
            is_spent = states[one.pk] == Status.DELIVERED or not _goes_back(one.books.refunds, Status(states[one.pk]))
            self._close(one, is_spent=is_spent)
            released += [] if is_spent else [one]
        self._expire_after_release(released)

    @precondition(lambda self: any(not one.name and not one.is_closed for one in self.sent))
    @rule(place=st.integers(0, 30), again=st.booleans())
    def cancel(self, place: int, again: bool) -> None:
        waiting = [one for one in self.sent if not one.name and not one.is_closed]
        one = waiting[place % len(waiting)]
        with time_machine.travel(self.now, tick=False):
            assert services.cancel_message(message_id=one.pk)
            if again:
                assert not services.cancel_message(message_id=one.pk)
        self._close(one, is_spent=False)
        self._expire_after_release([one])

    @staticmethod
    def _close(one: Sent, *, is_spent: bool) -> None:
        one.is_closed = True
        one.books.reserved -= one.cost
        if is_spent:
            one.books.spent += one.cost
            one.books.take(one.cost)
        else:
            one.books.available += one.cost

    def _expire_after_release(self, released: list[Sent]) -> None:
        """What comes back of an expired grant goes at once; what else has expired, with it."""
        for books in self.books:
            if any(one.books is books for one in released):
                books.expire(self.now)

    # --- What time does --------------------------------------------------------------------------------------------

    @rule(hours=st.integers(1, 40), sweep=st.booleans())
    def time_passes(self, hours: int, sweep: bool) -> None:
        self.now += datetime.timedelta(hours=hours)
        if sweep:
            services.expire_grants(now=self.now)
            for books in self.books:
                books.expire(self.now)

    @rule(who=st.integers(0, 1))
    def announce(self, who: int) -> None:
        announce_falls(tenant_id=self.books[who].tenant.pk)

    # --- What must hold after every step ---------------------------------------------------------------------------

    @invariant()
    def the_books_agree(self) -> None:
        for books in self.books:
            assert balance(books.tenant) == (books.available, books.reserved)
            assert grants(books.tenant) == [grant.left for grant in books.grants]
            assert books.bought - books.spent - books.expired == books.available + books.reserved

    @invariant()
    def nothing_is_to_be_reconciled(self) -> None:
        assert services.reconcile_credits() == []

    @invariant()
    def no_message_is_closed_twice(self) -> None:
        for books in self.books:
            mine = CreditEntry.objects.filter(tenant=books.tenant, kind__in=["settle", "release"])
            closed = [one for one in self.sent if one.books is books and one.is_closed]
            assert set(mine.values_list("reference", flat=True)) == {str(one.pk) for one in closed}
            assert mine.count() == len(closed)

    @invariant()
    def falls_only_go_down_until_a_top_up(self) -> None:
        for books in self.books:
            rows = CreditFall.objects.filter(tenant=books.tenant).order_by("id")
            for _, group in itertools.groupby(rows, key=lambda fall: fall.top_up):
                mine = list(group)
                assert all(after.percent_before == before.percent for before, after in itertools.pairwise(mine))
                bands = [fall.band for fall in mine if fall.band]
                assert len(bands) == len(set(bands))


def _goes_back(refunds: Refunds, status: Status) -> bool:
    return refunds is Refunds.FAILED or (refunds is Refunds.REJECTED and status is Status.REJECTED)


@pytest.fixture
def everybody(db: None) -> Iterator[None]:
    with all_tenants(because="the machine plays the platform"):
        yield


def test_no_interleaving_loses_or_makes_a_credit(everybody: None) -> None:
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=50,
            stateful_step_count=30,
            deadline=None,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )
