from notifications.views.credits import CreditTestView
from notifications.views.inbox import NotificationViewSet
from notifications.views.settings import SettingsView
from notifications.views.system import SystemViewSet
from notifications.views.templates import TemplateViewSet
from notifications.views.webhooks import SystemWebhookViewSet, WebhookViewSet

__all__ = [
    "CreditTestView",
    "NotificationViewSet",
    "SettingsView",
    "SystemViewSet",
    "SystemWebhookViewSet",
    "TemplateViewSet",
    "WebhookViewSet",
]
