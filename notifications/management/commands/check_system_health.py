import argparse
import contextlib
import datetime
import io
import math
import os
import sys
from collections.abc import Iterable
from typing import Any, NoReturn

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import Error, connection

from accounts.arguments import refusing
from notifications.system_monitor import fallback, heartbeat, isolation, monitor, runner
from notifications.system_monitor.checks import CHECKS
from notifications.system_monitor.checks.base import HealthCheck
from notifications.system_monitor.checks.of_tenant import checks_of
from notifications.system_monitor.formats import FORMATS, Document, Look, nagios
from notifications.system_monitor.formats.document import OpenIncident, open_incidents
from notifications.system_monitor.report import State
from tenants.models import Tenant

log = structlog.get_logger(__name__)
#: Longer than any run could take: what is more is a slip of the finger.
MOST_SECONDS = 3600


class BadArgument(Exception):
    """The message says which one, and what would be right."""


class Command(BaseCommand):
    help = (
        "Checks the platform's health and brings incidents and notifications up to date. "
        "Exit code: 0 ok, 1 warning, 2 critical, 3 unknown or bad arguments."
    )
    requires_system_checks: list[str] = []  # they would ask a database that may be down

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        return refusing(parser, code=State.UNKNOWN.exit_code)

    def add_arguments(self, parser: CommandParser) -> None:
        slugs = [check.slug for check in CHECKS]
        parser.add_argument(
            "--verbose",
            action=argparse.BooleanOptionalAction,
            default=False,
            help="Say what each check measured, and which incidents are open (text only).",
        )
        parser.add_argument("--format", choices=list(FORMATS), default="text", help="How to print it.")
        parser.add_argument(
            "--check",
            nargs="+",
            action="extend",
            choices=slugs,
            metavar="NAME",
            help=f"Ask only these, and write nothing: {', '.join(slugs)}.",
        )
        parser.add_argument(
            "--tenant", metavar="SLUG", help="Show what concerns this tenant, and write nothing: docs/monitoring.md."
        )
        parser.add_argument(
            "--timeout",
            type=_seconds,
            metavar="S",
            help="Seconds for all checks together (MONITOR_TIME_LIMIT_SECONDS).",
        )
        parser.add_argument("--no-notify", action="store_true", help="Evaluate, and write nothing and tell nobody.")
        parser.add_argument("--quiet", action="store_true", help="Print nothing when all is well (for cron).")

    def handle(self, *args: Any, verbose: bool, quiet: bool, **options: Any) -> None:
        try:
            document = self._look(**options)
            text = FORMATS[options["format"]](document, Look(verbose, self._paint))
        except BadArgument as error:
            self._fail(str(error), **options)
        except monitor.NoReportYet:
            self._fail("Another health check is running, and there is no earlier report.", **options)
        except Exception as error:  # a fault of the monitor is "unknown", and 1 would mean "warning"
            log.exception("the health check itself failed", error=type(error).__name__)
            self._fail(f"The health check itself failed: {type(error).__name__}. The log says more.", **options)
        if quiet and document.state is State.OK:
            sys.exit(State.OK.exit_code)
        self._print(text)
        self._end(document.state, says=self._aside(document, no_notify=options["no_notify"]))

    def _look(self, *, tenant: str | None, check: list[str] | None, no_notify: bool, **options: Any) -> Document:
        """The whole platform, brought up to date; or a part of it, where nothing is written: what a check says can
        depend on what others say, so only all of them together open and resolve incidents."""
        limit = None if options["timeout"] is None else datetime.timedelta(seconds=options["timeout"])
        if tenant is None and not check and not no_notify:
            report = fallback.check_health(is_scheduled=settings.MONITOR_SCHEDULER == "cron", time_limit=limit)
            heartbeat.ping(report)
            return Document(report, _incidents(report))
        checks: Iterable[type[HealthCheck]] = CHECKS if tenant is None else _checks_of(tenant)
        asked = [one for one in checks if not check or one.slug in check]
        hidden = set(check or []) - {one.slug for one in asked}
        if hidden:
            raise BadArgument(f"--check {' '.join(sorted(hidden))}: not shown for a tenant.")
        report = runner.run(checks=asked, time_limit=limit).as_json()
        report |= fallback.known_schedule() | {"age_seconds": 0.0, "stored": False}
        incidents = None if tenant is not None else _incidents(report)
        return Document(report, incidents, is_partial=bool(check), tenant=tenant or "")

    def _paint(self, style: str, word: str) -> str:
        return str(getattr(self.style, style)(word))

    def _aside(self, document: Document, *, no_notify: bool) -> str:
        is_meant = no_notify or document.is_partial or document.tenant
        if document.report["stored"] or is_meant:
            return ""
        if not document.report["complete"]:
            return "The run was cut short, so it was not stored, and nobody was notified.\n"
        return "The report could not be stored, and nobody was notified in their inbox.\n"

    def _print(self, text: str) -> None:
        """Whoever reads may go away at any line, as `head` does; that says nothing of the platform's health."""
        try:
            self.stdout.write(text, ending="")
            self.stdout.flush()
        except BrokenPipeError:
            # Python writes out what is left when it ends, and would fail again.
            with contextlib.suppress(OSError, io.UnsupportedOperation):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def _fail(self, why: str, *, format: str, **options: Any) -> NoReturn:
        """There is no report. Nagios and its kin read standard output alone."""
        if format == "nagios":
            self._print(nagios.failed(why))
            sys.exit(State.UNKNOWN.exit_code)
        self._end(State.UNKNOWN, says=f"{why}\n")

    def _end(self, state: State, *, says: str) -> NoReturn:
        if says:
            self.stderr.write(says, ending="")
        sys.exit(state.exit_code)


def _seconds(text: str) -> float:
    """Raises ArgumentTypeError."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= MOST_SECONDS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from above 0 to {MOST_SECONDS}.")
    return seconds


def _incidents(report: dict[str, Any]) -> list[OpenIncident] | None:
    """Where Postgres did not say when the monitor last ran, nobody waits for it once more."""
    return None if report["monitor"] is None else open_incidents()


def _checks_of(slug: str) -> Iterable[type[HealthCheck]]:
    """Raises BadArgument. Without Postgres, which would say what they are, the platform's own."""
    try:
        tenant = isolation.within(2.0, lambda: Tenant.objects.filter(slug=slug).first(), name="the tenant")
    except (Error, isolation.OutOfTime):
        with contextlib.suppress(Error):
            connection.close()
        return CHECKS
    except ValueError:  # what no text in Postgres can be
        tenant = None
    if tenant is None:
        raise BadArgument(f"--tenant {slug}: there is no such tenant.")
    return checks_of(tenant)
