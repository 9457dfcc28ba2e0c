from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.demo.seed import seed


class Command(BaseCommand):
    help = "Makes the demo's people, tenants and credits, once. Only with DEMO=true."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The demo's sign-ins have a published password. Set DEMO=true if this is a demo.")
        self.stdout.write("Demo data made." if seed() else "The demo data is there already.")
