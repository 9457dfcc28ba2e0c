from django.apps import AppConfig
from django.db.backends.signals import connection_created


class TenantsConfig(AppConfig):
    name = "tenants"

    def ready(self) -> None:
        from tenants import services  # noqa: F401, PLC0415 (importing it connects its receivers)
        from tenants.isolation import watch_connection  # noqa: PLC0415 (models are not ready before)

        connection_created.connect(watch_connection, dispatch_uid="tenants.isolation")
