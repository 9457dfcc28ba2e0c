from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class ConfigConfig(AppConfig):
    """Installed so that its management commands are found."""

    name = "config"


class BellwetherAdminConfig(AdminConfig):
    default = False
    default_site = "config.admin.BellwetherAdminSite"
