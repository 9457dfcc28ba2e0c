import argparse
import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.arguments import refusing
from notifications.system_monitor.backtest import MOST_DAYS, backtest
from notifications.system_monitor.backtest.picture import BLOCKS, lines
from notifications.system_monitor.checks import CHECKS
from notifications.thresholds import ThresholdRefused, UnknownThreshold

EXIT_ARGUMENTS = 2


class Command(BaseCommand):
    help = (
        "Says which incidents other limits of a check would have opened over stored history, beside those in force. "
        "It writes nothing. Exit code: 0 done, 2 bad arguments."
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        return refusing(parser, code=EXIT_ARGUMENTS, more=f"Limits, by check: {_limits()}.\n")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", required=True, metavar="NAME", help=f"One of: {_limits()}.")
        parser.add_argument("--days", type=int, default=7, metavar="N", help=f"From 1 to {MOST_DAYS}; 7.")
        parser.add_argument("--format", choices=["text", "json"], default="text")
        parser.add_argument(
            "--set", action="append", default=[], type=_pair, metavar="LIMIT=N", help="A limit by name; repeatable."
        )
        for name in sorted({limit.name for check in CHECKS for limit in check.limits}):
            parser.add_argument(f"--{name.replace('_', '-')}", dest=name, type=int, metavar="N")

    def handle(self, *args: Any, check: str, days: int, **options: Any) -> None:
        if not 1 <= days <= MOST_DAYS:
            raise CommandError(f"--days must be from 1 to {MOST_DAYS}.", returncode=EXIT_ARGUMENTS)
        try:
            found = backtest(check=check, proposed=_proposed(options), days=days, now=timezone.now())
        except (UnknownThreshold, ThresholdRefused) as refused:
            raise CommandError(str(refused), returncode=EXIT_ARGUMENTS) from None
        if options["format"] == "json":
            self.stdout.write(json.dumps(found.as_json(), indent=2))
        else:
            self.stdout.write("\n".join(lines(found, blocks=_can_show_blocks())))


def _limits() -> str:
    return "; ".join(f"{check.slug} ({', '.join(limit.name for limit in check.limits)})" for check in CHECKS)


def _proposed(options: dict[str, Any]) -> dict[str, int]:
    named = {limit.name: options.get(limit.name) for check in CHECKS for limit in check.limits}
    return {name: value for name, value in named.items() if value is not None} | dict(options["set"])


def _pair(text: str) -> tuple[str, int]:
    name, _, value = text.partition("=")
    if not value.isascii() or not value.removeprefix("-").isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a name, an equals sign and a whole number")
    return name, int(value)


def _can_show_blocks() -> bool:
    try:
        BLOCKS.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
