from typing import Any

from django.core.management.commands import migrate

from config.database import as_owner, grant_to_app_role


class Command(migrate.Command):
    help = "Brings the database up to date as the owner role, and lets the app role use what is made."

    def handle(self, *args: Any, **options: Any) -> None:
        with as_owner():
            grant_to_app_role()
            super().handle(*args, **options)
