from notifications.views.credits import CreditTestView
from notifications.views.history import HistoryViewSet
from notifications.views.inbox import NotificationViewSet
from notifications.views.incidents import IncidentViewSet
from notifications.views.maintenance import MaintenanceViewSet
from notifications.views.metrics import metrics
from notifications.views.preferences import (
    PlatformDefaultsView,
    PreferencesView,
    SnoozeView,
    TenantDefaultsView,
)
from notifications.views.settings import SettingsView
from notifications.views.stream import StreamView, TicketView
from notifications.views.system import SystemViewSet
from notifications.views.templates import TemplateViewSet
from notifications.views.thresholds import ThresholdViewSet
from notifications.views.webhooks import SystemWebhookViewSet, WebhookViewSet

__all__ = [
    "CreditTestView",
    "HistoryViewSet",
    "IncidentViewSet",
    "MaintenanceViewSet",
    "NotificationViewSet",
    "PlatformDefaultsView",
    "PreferencesView",
    "SettingsView",
    "SnoozeView",
    "StreamView",
    "SystemViewSet",
    "SystemWebhookViewSet",
    "TemplateViewSet",
    "TenantDefaultsView",
    "ThresholdViewSet",
    "TicketView",
    "WebhookViewSet",
    "metrics",
]
