from notifications.views.credits import CreditTestView
from notifications.views.inbox import NotificationViewSet
from notifications.views.incidents import IncidentViewSet
from notifications.views.maintenance import MaintenanceViewSet
from notifications.views.settings import SettingsView
from notifications.views.system import SystemViewSet
from notifications.views.templates import TemplateViewSet

__all__ = [
    "CreditTestView",
    "IncidentViewSet",
    "MaintenanceViewSet",
    "NotificationViewSet",
    "SettingsView",
    "SystemViewSet",
    "TemplateViewSet",
]
