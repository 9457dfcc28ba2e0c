import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.arguments import refusing
from sms import services
from sms.signals import Difference
from tenants.scope import all_tenants

AGREE, DIFFER, UNKNOWN = 0, 2, 3


class Command(BaseCommand):
    help = (
        "Compares every tenant's account with its ledger, its grants and its messages on their way, and opens or "
        "closes an incident for each. Exit code: 0 they agree, 2 they differ, 3 unknown or bad arguments."
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        return refusing(parser, code=UNKNOWN)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--quiet", action="store_true", help="Print nothing when they agree (for cron).")

    def handle(self, *args: Any, quiet: bool, **options: Any) -> None:
        try:
            with all_tenants(because="the books of every tenant are compared"):
                differences = services.reconcile_credits()
        except Exception as error:  # noqa: BLE001 (a fault of ours is "unknown", and 1 says nothing to Nagios)
            self.stderr.write(f"The books could not be compared: {type(error).__name__}.")
            sys.exit(UNKNOWN)
        for one in differences:
            self.stdout.write(_line(one))
        if not differences and not quiet:
            self.stdout.write("All books agree.")
        sys.exit(DIFFER if differences else AGREE)


def _line(one: Difference) -> str:
    return (
        f"{one.tenant_name} ({one.tenant_id}): account {one.available} + {one.reserved} reserved, ledger "
        f"{one.ledger_available} + {one.ledger_reserved} reserved, grants {one.granted}, messages on their way "
        f"{one.on_their_way}"
    )
