import argparse
import sys
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandParser

from notifications.system_monitor import fallback
from notifications.system_monitor.monitor import NoReportYet
from notifications.system_monitor.report import State

MARKS = {"OK": "SUCCESS", "WARNING": "WARNING", "ERROR": "ERROR", "UNKNOWN": "NOTICE"}


class Command(BaseCommand):
    help = (
        "Checks the platform's health and brings incidents and notifications up to date. "
        "Exit code: 0 ok, 1 warning, 2 critical, 3 unknown or bad arguments."
    )
    requires_system_checks: list[str] = []  # they would ask a database that may be down

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)

        def refuse(message: str) -> NoReturn:
            # argparse's own code for a bad argument is 2, which means critical to whoever reads ours.
            parser.print_usage(sys.stderr)
            sys.stderr.write(f"{parser.prog}: {message}\n")
            sys.exit(State.UNKNOWN.exit_code)

        parser.error = refuse  # type: ignore[method-assign]
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--verbose", action=argparse.BooleanOptionalAction, default=False, help="Say what each check measured."
        )

    def handle(self, *args: Any, verbose: bool, **options: Any) -> None:
        try:
            report = fallback.check_health()
        except NoReportYet:
            self.stderr.write("Another health check is running and has not finished, and there is no earlier report.")
            sys.exit(State.UNKNOWN.exit_code)
        except Exception as error:  # noqa: BLE001 (a fault of the monitor is "unknown", and 1 would mean "warning")
            self.stderr.write(f"The health check itself failed: {type(error).__name__}. The log says more.")
            sys.exit(State.UNKNOWN.exit_code)
        state = State(report["state"])
        self._print(report, verbose=verbose)
        sys.exit(state.exit_code)

    def _print(self, report: dict[str, Any], *, verbose: bool) -> None:
        age = report["age_seconds"]
        when = f"{report['timestamp']}{f', {age:g} s ago' if age >= 1 else ''}"
        self.stdout.write(f"System health: {self._paint(report['state'].upper())}  ({when})")
        for item in report["components"]:
            self.stdout.write(f"  {self._paint(item['status'], width=8)} {item['component']}: {_summary(item)}")
            if verbose:
                self._print_measure(item["details"])
        if not report["stored"]:
            self.stderr.write("The report could not be stored, and nobody was notified.")

    def _print_measure(self, details: dict[str, Any]) -> None:
        if "threshold" not in details:
            return
        measured = "nothing" if details["measured"] is None else f"{_number(details['measured'])} {details['unit']}"
        facts = f"measured {measured}, sample {details['sample']}, threshold {details['threshold']}"
        self.stdout.write(f"           {facts}, took {details['milliseconds']:g} ms")
        for low in details.get("lowest", []):
            self.stdout.write(
                f"           - {low['tenant']}: {low['available']} credits, {low['percent']:g} % ({low['band']})"
            )
        for reason in details.get("reasons", []):
            self.stdout.write(f"           - {reason['reason']}: {reason['messages']}")

    def _paint(self, word: str, *, width: int = 0) -> str:
        style = getattr(self.style, MARKS.get(word, "ERROR"), str)
        return str(style(word.ljust(width)))


def _number(value: float) -> str:
    """Without a trailing `.0`, and a count in full: `g` alone would print 1234567 as 1.23457e+06."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _summary(item: dict[str, Any]) -> str:
    return str(item["details"]["summary"])
