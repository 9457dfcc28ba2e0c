"""Says what somebody would be told, on which channel, and why."""

import datetime
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.fields import in_utc
from notifications.delivery import finding
from notifications.delivery.explaining import HELD, SENT, Explanation, Outcome, explain
from notifications.delivery.rules import Wishes, shown
from notifications.kinds import BY_SLUG
from notifications.models.priority import Priority

COLOURS = {SENT: "SUCCESS", HELD: "WARNING"}


class Command(BaseCommand):
    help = "Says what somebody would be told of a kind of notification now, on every channel, and why."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--user", required=True, help="e-mail address or id")
        parser.add_argument("--kind", required=True, choices=sorted(BY_SLUG), metavar="KIND", help=", ".join(BY_SLUG))
        parser.add_argument("--tenant", default="", help="slug or id")
        parser.add_argument("--priority", choices=Priority.values, help="instead of the kind's own")
        parser.add_argument("--at", type=_moment, help="ISO 8601; now, unless given")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user = finding.user(options["user"])
            tenant = finding.tenant(options["tenant"]) if options["tenant"] else None
        except finding.NotFound as missing:
            raise CommandError(str(missing)) from None
        priority = Priority(options["priority"]) if options["priority"] else None
        self._print(
            explain(user=user, kind=BY_SLUG[options["kind"]], tenant=tenant, priority=priority, at=options["at"])
        )

    def _print(self, one: Explanation) -> None:
        self.stdout.write(f"{one.kind.slug} ({one.kind.notification_type}, {one.priority}) for {one.user.email}")
        self.stdout.write(f"  at {_when(one, one.at)}, {one.tenant.name if one.tenant else 'no tenant'}")
        self.stdout.write(f"  {one.readers}")
        for outcome in one.channels:
            self._print_outcome(one, outcome)

    def _print_outcome(self, one: Explanation, outcome: Outcome) -> None:
        paint = getattr(self.style, COLOURS.get(outcome.outcome, "NOTICE"))
        until = f" until {_when(one, outcome.due_at)}" if outcome.due_at else ""
        self.stdout.write(f"{outcome.title}: {paint(outcome.outcome.upper())}{until}")
        for number, step in enumerate(outcome.steps, start=1):
            self.stdout.write(f"  {number}. {step}")


def _moment(text: str) -> datetime.datetime:
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise ArgumentTypeError(f"{text} is no time such as 2026-03-10T22:30Z")
    return in_utc(moment if timezone.is_aware(moment) else moment.replace(tzinfo=datetime.UTC))


def _when(one: Explanation, moment: datetime.datetime) -> str:
    return shown(moment, Wishes(timezone=one.user.timezone))
