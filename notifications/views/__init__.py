from notifications.views.credits import CreditTestView
from notifications.views.inbox import NotificationViewSet
from notifications.views.preferences import (
    PlatformDefaultsView,
    PreferencesView,
    SnoozeView,
    TenantDefaultsView,
)
from notifications.views.settings import SettingsView
from notifications.views.system import SystemViewSet
from notifications.views.templates import TemplateViewSet

__all__ = [
    "CreditTestView",
    "NotificationViewSet",
    "PlatformDefaultsView",
    "PreferencesView",
    "SettingsView",
    "SnoozeView",
    "SystemViewSet",
    "TemplateViewSet",
    "TenantDefaultsView",
]
