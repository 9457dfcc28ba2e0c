import argparse
import contextlib
import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import phonenumbers
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from accounts.phone import REFUSALS
from sms.services import normalising
from sms.services.normalising import BadReport, Order, RowsMoved, Tally
from sms.services.normalising.reports import new_report
from sms.services.normalising.runs import SUBJECTS, size_of
from tenants.models import Tenant

EXIT_REJECTED, EXIT_ARGUMENTS, EXIT_FAILED = 1, 2, 3
LARGEST_BATCH = 10_000
DRY = "A dry run: nothing was written. --apply writes it; --report FILE names each number, and can undo it."


class Command(BaseCommand):
    help = (
        "Brings stored phone numbers into E.164. Without --apply it writes nothing and says what it would do. Safe to "
        "kill and to start again: what is done is done. Exit code: 0 done; 1 more rejects than --max-reject-rate "
        "allows, and nothing was written; 2 bad arguments; 3 it failed on the way, start it again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("--tenant", metavar="SLUG", help="Only this tenant's contacts, members and messages.")
        add("--region", metavar="TZ", help="Country of numbers without a country code; else SMS_DEFAULT_REGION.")
        add("--model", action="append", choices=sorted(SUBJECTS), help="May be repeated; without it, all three.")
        add("--apply", action="store_true", help="Write it.")
        add("--batch-size", type=int, default=1000, metavar="N", help="Rows in one transaction; 1000.")
        add("--report", type=Path, metavar="FILE", help="Write a CSV of each number before and after; for --undo.")
        add("--undo", type=Path, metavar="FILE", help="Put back what the run of this report changed.")
        add("--on-collision", choices=["skip", "merge"], default="skip", help="Two contacts with one number: leave "
            "the second as it is (skip), or join them into the oldest, opted out if one was (merge).")  # fmt: skip
        add("--max-reject-rate", type=_percent, metavar="PERCENT", help="Write nothing when more are refused or "
            "collide. It reads everything once before it writes.")  # fmt: skip
        add("--quiet", action=argparse.BooleanOptionalAction, default=False, help="Print only what went wrong.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["undo"]:
                self._undo(options)
            else:
                self._normalise(options)
        except (FileExistsError, FileNotFoundError, IsADirectoryError, PermissionError) as error:
            raise CommandError(f"{error.filename}: {error.strerror}.", returncode=EXIT_ARGUMENTS) from error
        except BadReport as error:
            raise CommandError(str(error), returncode=EXIT_ARGUMENTS) from error
        except (DatabaseError, OSError, RowsMoved) as error:
            message = f"{type(error).__name__}: {str(error).strip()}\nWhat was done is done. Start it again."
            raise CommandError(message, returncode=EXIT_FAILED) from error

    def _normalise(self, options: dict[str, Any]) -> None:
        order, limit, apply = _order(options), options["max_reject_rate"], options["apply"]
        with contextlib.ExitStack() as stack:
            report = stack.enter_context(new_report(options["report"])) if options["report"] else None
            bar = stack.enter_context(self._bar(order, options))
            if apply and limit is not None:
                self._require(normalising.normalise(order, apply=False, progress=bar("Reading")), limit)
            words = "Normalising" if apply else "Reading"
            tally = normalising.normalise(order, apply=apply, report=report, progress=bar(words))
        if not options["quiet"]:
            self._say(tally, order, apply=apply)
        if not apply and limit is not None:
            self._require(tally, limit)

    def _undo(self, options: dict[str, Any]) -> None:
        if any(options[name] is not None for name in ("report", "tenant", "region", "model", "max_reject_rate")):
            raise CommandError("--undo goes with --apply and --quiet only.", returncode=EXIT_ARGUMENTS)
        done = normalising.undo(options["undo"], apply=options["apply"])
        if not options["quiet"]:
            verb = "Put back" if options["apply"] else "Would put back"
            self.stdout.write(f"{verb} {done.restored} rows; {done.left} have changed since and are left as they are.")

    def _require(self, tally: Tally, limit: float) -> None:
        if tally.reject_rate > limit:
            raise CommandError(
                f"{tally.rejected} of {tally.read} numbers ({tally.reject_rate:.1f} %) are refused or collide, and at "
                f"most {limit:g} % may. Nothing was written.",
                returncode=EXIT_REJECTED,
            )

    def _say(self, tally: Tally, order: Order, *, apply: bool) -> None:
        counts = ", ".join(f"{number} {word.value}" for word, number in sorted(tally.outcomes.items()))
        self.stdout.write(f"Read {tally.read} numbers: {tally.kept} are E.164 already{counts and ', '}{counts}.")
        for reason, number in tally.reasons.most_common():
            why, _, _ = REFUSALS.get(reason, "").partition(".")
            self.stdout.write(f"  {number} refused: {reason}{why and f' ({why})'}")
        self.stdout.write(f"Run {order.run_id}." if apply else DRY)

    @contextlib.contextmanager
    def _bar(self, order: Order, options: dict[str, Any]) -> "Iterator[Callable[[str], Callable[[int], None]]]":
        """On a terminal only: cron's mail wants no bars."""
        if options["quiet"] or not sys.stderr.isatty():
            yield lambda _: lambda _: None
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True)) as progress:
            total = size_of(order)

            def start(words: str) -> Callable[[int], None]:
                task = progress.add_task(words, total=total)
                return lambda done: progress.advance(task, done)

            yield start


def _percent(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is no percentage from 0 to 100")
    return value


def _order(options: dict[str, Any]) -> Order:
    """Raises CommandError for what argparse cannot know."""
    region = (options["region"] or settings.SMS_DEFAULT_REGION).upper()
    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise CommandError(f"--region: no country {region}. Use two letters, such as TZ.", returncode=EXIT_ARGUMENTS)
    if not 1 <= options["batch_size"] <= LARGEST_BATCH:
        raise CommandError(f"--batch-size must be from 1 to {LARGEST_BATCH}.", returncode=EXIT_ARGUMENTS)
    return Order(
        region=region,
        models=tuple(options["model"] or SUBJECTS),
        tenant_id=_tenant(options["tenant"]),
        batch_size=options["batch_size"],
        merge=options["on_collision"] == "merge",
    )


def _tenant(slug: str | None) -> UUID | None:
    if slug is None:
        return None
    found: UUID | None = Tenant.objects.filter(slug=slug).values_list("pk", flat=True).first()
    if found is None:
        raise CommandError(f"--tenant: no tenant is called {slug!r}.", returncode=EXIT_ARGUMENTS)
    return found
