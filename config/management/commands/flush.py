from typing import Any

from django.core.management.commands import flush

from config.database import as_owner


class Command(flush.Command):
    help = "Empties every table, as the owner role (the app role may not TRUNCATE)."

    def handle(self, **options: Any) -> None:
        with as_owner():
            super().handle(**options)
