import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from sms.providers import simulator
from sms.providers.simulator import memory


class Command(BaseCommand):
    help = "The simulated carrier: run its engine, change its health, see what it has done, list its magic numbers."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("run", help="Post receipts to our webhook as they come due, until stopped.")
        actions.add_parser(
            "status", help="Say the profile, how many messages the carrier took, and what it still posts."
        )
        actions.add_parser("numbers", help="List the numbers that decide what becomes of a message.")
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
        self.stdout.write(f"The simulated carrier is now {name}: {simulator.PROFILES[name].meaning}.")
        if settings.DEMO:
            self.stdout.write("The demo's story changes it again when its time comes: DEMO_STORY.")

    def status(self, **_: Any) -> None:
        name, counted = simulator.profile_name(), simulator.counters()
        for label, text in (
            ("Profile", f"{name}: {simulator.PROFILES[name].meaning}"),
            ("Messages taken", str(counted["accepted"])),
            ("Handed over twice", str(counted["duplicates"])),
            ("Receipts to post", str(memory.waiting())),
        ):
            self.stdout.write(f"{label:<18} {text}")

    def numbers(self, **_: Any) -> None:
        for suffix, magic in simulator.MAGIC.items():
            self.stdout.write(f"+25575{suffix}  {magic.meaning}")
