from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Installed so that its management commands are found."""

    name = "config"
