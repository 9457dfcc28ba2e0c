from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from notifications import services


class Command(BaseCommand):
    help = "Deletes notifications that were read, archived or expired long ago. Safe to run twice and to kill."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, default=settings.RETENTION_DAYS, help="Keep this many days.")
        parser.add_argument("--dry-run", action="store_true", help="Count what would go, and delete nothing.")
        parser.add_argument("--quiet", action="store_true", help="Print nothing when it went well (for cron).")

    def handle(self, *args: Any, days: int, dry_run: bool, quiet: bool, **options: Any) -> None:
        if not 1 <= days <= services.MAX_DAYS:
            raise CommandError(f"--days must be from 1 to {services.MAX_DAYS}.")
        gone = services.cleanup(days=days, dry_run=dry_run)
        if not quiet:
            verb = "Would delete" if dry_run else "Deleted"
            parts = f"{gone.read} read, {gone.archived} archived, {gone.expired} expired"
            self.stdout.write(f"{verb} {gone.total} notifications older than {days} days ({parts}).")
