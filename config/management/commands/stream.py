from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.asgi import application
from notifications.stream.server import serve


class Command(BaseCommand):
    help = "Serves /api/notifications/stream/ until it is stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8001)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            serve(application, host=options["host"], port=options["port"])
        except OSError as error:
            raise CommandError(f"Cannot listen at {options['host']}:{options['port']}: {error.strerror}") from None
