"""docs/credits.md tells the truth: its examples are played line by line."""

import datetime
import re
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
import time_machine
from django.conf import settings

from sms import services
from sms.models import CreditEntry, CreditFall, Message, Status
from sms.tests.ledger import balance, end, grants, send, top_up
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]
PAGE = (settings.BASE_DIR / "docs" / "credits.md").read_text()
START = datetime.datetime(2026, 3, 10, 12, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)


def table(name: str) -> Iterator[dict[str, str]]:
    """The rows of the example that is marked with this name."""
    after = PAGE.split(f"<!-- played: {name} -->\n")[1]
    head, _, *rows = [line for line in after.split("\n\n")[0].splitlines() if line.startswith("|")]
    names = [cell.strip() for cell in head.strip("|").split("|")]
    for row in rows:
        yield dict(zip(names, (cell.strip() for cell in row.strip("|").split("|")), strict=True))


class Player:
    """Does what a line says."""

    def __init__(self, tenant: Tenant, clock: time_machine.Traveller) -> None:
        self.tenant, self.clock = tenant, clock
        self.numbers = iter(range(100))

    def do(self, line: str) -> None:
        for pattern, way in self.ways().items():
            if found := re.fullmatch(pattern, line):
                way(*(int(number) for number in found.groups()))
                return
        raise AssertionError(f"Nobody knows how to play: {line}")

    def ways(self) -> dict[str, Callable[..., object]]:
        return {
            r"top up (\d+)": lambda count: top_up(self.tenant, count),
            r"top up (\d+) for a day": lambda count: top_up(self.tenant, count, expires_at=START + DAY),
            r"send (\d+)": lambda count: send(self.tenant, count),
            r"deliver (\d+)": lambda count: end(self.waiting(count), Status.DELIVERED),
            r"fail (\d+)": lambda count: end(self.waiting(count), Status.UNDELIVERED),
            r"cancel (\d+)": lambda count: end(self.waiting(count), Status.CANCELLED, taken=False),
            r"adjust ([+-]\d+)": lambda count: services.adjust(
                tenant_id=self.tenant.pk, credits=count, reference=f"ticket {next(self.numbers)}", note="Why"
            ),
            r"the day ends": self.end_of_day,
        }

    def waiting(self, count: int) -> list[UUID]:
        rows = Message.objects.filter(tenant=self.tenant, status=Status.QUEUED).order_by("id")
        ids = list(rows.values_list("pk", flat=True)[:count])
        assert len(ids) == count
        return ids

    def end_of_day(self) -> None:
        self.clock.move_to(START + DAY)
        services.expire_grants()


@pytest.fixture
def player(tenant: Tenant) -> Iterator[Player]:
    with time_machine.travel(START, tick=False) as clock:
        yield Player(tenant, clock)


@pytest.mark.parametrize("name", ["a day", "expiry"])
def test_the_examples_come_out_as_the_page_says(player: Player, name: str) -> None:
    written = 0
    for row in table(name):
        player.do(row["what happens"])
        entries = CreditEntry.objects.oldest_first()[written:]
        kind, moved = row["entry"].split()
        assert sum(entry.available_delta for entry in entries if entry.kind == kind) == int(moved), row
        written += len(entries)
        held = [int(number) for number in row["grants"].split()]
        assert (*balance(player.tenant), grants(player.tenant)) == (int(row["available"]), int(row["reserved"]), held)


def test_the_falls_come_out_as_the_page_says(player: Player) -> None:
    seen = 0
    for row in table("falls"):
        player.do(row["what happens"])
        assert balance(player.tenant)[0] == int(row["available"]), row
        new = CreditFall.objects.order_by("id")[seen:]
        assert [f"{fall.percent} {fall.band}".strip() for fall in new] == [row["fall"]] * bool(row["fall"]), row
        seen += len(new)


def test_every_kind_of_entry_is_explained() -> None:
    explained = set(re.findall(r"^\| `(\w+)` \|", PAGE, flags=re.MULTILINE))
    assert set(CreditEntry.Kind.values) <= explained


def test_every_kind_of_refund_is_explained() -> None:
    for refunds in ("failed", "rejected", "never"):
        assert f"`refunds={refunds}`" in PAGE
