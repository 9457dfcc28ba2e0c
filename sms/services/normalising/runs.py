"""One run over the stored numbers, page by page."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import count
from uuid import UUID

from django.db import IntegrityError, OperationalError, transaction
from psycopg2.errors import DeadlockDetected
from uuid_utils.compat import uuid7

from sms.services.normalising.contacts import Contacts
from sms.services.normalising.reports import Report
from sms.services.normalising.reviews import record
from sms.services.normalising.rows import Finding, Outcome, Row, RowsMoved, judge
from sms.services.normalising.subjects import Messages, Subject, Users
from tenants.scope import all_tenants, tenant_scope

SUBJECTS: dict[str, type[Subject]] = {one.slug.value: one for one in (Contacts, Users, Messages)}
#: A page that others keep changing is read again as often as this.
MOST_ATTEMPTS = 20


@dataclass(frozen=True)
class Order:
    """What to normalise and how. `merge` joins contacts that have one number; else the second is left as it is."""

    region: str
    models: tuple[str, ...] = tuple(SUBJECTS)
    tenant_id: UUID | None = None
    batch_size: int = 1000
    merge: bool = False
    run_id: UUID = field(default_factory=uuid7)


@dataclass
class Tally:
    """How many rows were read, and what came of them."""

    read: int = 0
    kept: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def rejected(self) -> int:
        return self.outcomes[Outcome.REFUSED] + self.outcomes[Outcome.COLLIDED]

    @property
    def reject_rate(self) -> float:
        """Percent of the rows read; 0 without any."""
        return 100 * self.rejected / self.read if self.read else 0.0

    def add(self, rows: list[Row], findings: list[Finding]) -> None:
        self.read += len(rows)
        self.kept += len({row.id for row in rows} - {one.row.id for one in findings})
        for one in findings:
            self.outcomes[one.outcome] += 1
            if one.outcome is Outcome.REFUSED:
                self.reasons[one.reason] += 1


def normalise(
    order: Order,
    *,
    apply: bool,
    report: Report | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Tally:
    """Reads the numbers of an order and says what comes of them; writes it only with `apply`.

    Each page is a transaction of its own, with its record. `progress` is told of every page's size.
    """
    tally = Tally()
    with _scope_of(order.tenant_id):
        for subject in _subjects(order):
            for rows in _pages(subject, order.batch_size):
                page = _apply if apply else _foresee
                tally.add(rows, page(subject, rows, order, report))
                progress(len(rows))
    return tally


def size_of(order: Order) -> int:
    """How many rows there are to read."""
    with _scope_of(order.tenant_id):
        return sum(subject.count() for subject in _subjects(order))


def _scope_of(tenant_id: UUID | None) -> AbstractContextManager[None]:
    """One tenant's rows; None is those of all."""
    return tenant_scope(tenant_id) if tenant_id else all_tenants(because="the numbers of all tenants are normalised")


def _subjects(order: Order) -> list[Subject]:
    return [SUBJECTS[model](order.tenant_id) for model in order.models]


def _pages(subject: Subject, size: int) -> Iterator[list[Row]]:
    after = subject.START
    while rows := subject.page(after, size):
        yield rows
        after = subject.key(rows[-1])


def _judge(rows: list[Row], order: Order) -> list[Finding]:
    return [found for row in rows if (found := judge(row, region=order.region))]


def _foresee(subject: Subject, rows: list[Row], order: Order, report: Report | None) -> list[Finding]:
    findings = subject.foresee(_judge(rows, order), merge=order.merge)
    if report:
        report.write(findings, subject=subject.slug)
    return findings


def _apply(subject: Subject, rows: list[Row], order: Order, report: Report | None) -> list[Finding]:
    """Writes one page. Where somebody else changed a row of it or took a number meanwhile, it is read again."""
    for attempt in count(1):
        try:
            with transaction.atomic():
                findings = subject.write(_judge(rows, order), merge=order.merge)
                record(findings, subject=subject.slug, run_id=order.run_id)
                if report:
                    report.write(findings, subject=subject.slug)
        except (RowsMoved, IntegrityError, OperationalError) as error:
            is_race = not isinstance(error, OperationalError) or isinstance(error.__cause__, DeadlockDetected)
            if attempt == MOST_ATTEMPTS or not is_race:
                raise
        else:
            return findings
        rows = subject.again(row.id for row in rows)
    raise AssertionError("unreachable")
