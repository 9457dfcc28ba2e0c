import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from sms.providers import simulator


class Command(BaseCommand):
    help = "The simulated carrier: run its engine, change its health, or see what it has done."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("run", help="Post receipts to our webhook as they come due, until stopped.")
        actions.add_parser("status", help="Say the profile and how many messages the carrier took.")
        profile = actions.add_parser("profile", help="Change the carrier's health while it runs.")
        profile.add_argument("name", choices=sorted(simulator.PROFILES))

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        getattr(self, action)(**options)

    def run(self, **_: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        while not stop.is_set():
            if simulator.post_due_receipts() < simulator.LARGEST_BATCH:
                stop.wait(0.2)

    def profile(self, name: str, **_: Any) -> None:
        simulator.set_profile(name)
        self.stdout.write(f"The simulated carrier is now {name}.")

    def status(self, **_: Any) -> None:
        counted = simulator.counters()
        self.stdout.write(
            f"Profile {simulator.profile_name()}; {counted['accepted']} messages taken, {counted['duplicates']} twice."
        )
