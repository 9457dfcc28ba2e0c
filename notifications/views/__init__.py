from notifications.views.credits import CreditTestView
from notifications.views.inbox import NotificationViewSet
from notifications.views.settings import SettingsView
from notifications.views.stream import StreamView, TicketView
from notifications.views.system import SystemViewSet
from notifications.views.templates import TemplateViewSet

__all__ = [
    "CreditTestView",
    "NotificationViewSet",
    "SettingsView",
    "StreamView",
    "SystemViewSet",
    "TemplateViewSet",
    "TicketView",
]
