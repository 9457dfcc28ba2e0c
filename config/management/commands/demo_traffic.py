import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config.demo import traffic


class Command(BaseCommand):
    help = "Sends live demo traffic through the API until stopped, and says what happens. Only with DEMO=true."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Demo traffic signs in with the published password. Set DEMO=true if this is a demo.")
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        traffic.run(stop=stop, say=self._say)

    def _say(self, text: str) -> None:
        self.stdout.write(f"{timezone.localtime():%H:%M:%S}  {text}")
        self.stdout.flush()
